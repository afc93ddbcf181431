"""`make bench-matching`: receipts per second that find their claim among many open ones.

    python tests/with_postgres.py python bench/matching.py [--rounds 5] [--receipts 500] [--here]

One store's open claims, first 1,000, then 10,000, then 100,000, all of one order.
Half of them are over ten prices, as where everybody orders the same plans, so that thousands are
over one amount; the others are spread.
Each receipt is one claim's, picked at random: the open claims that it might be for are read through
the indexes and judged, as the console does it; nothing is booked. Every one must find its own claim,
else the run fails. The table shows medians of the rounds, and how much slower than among 1,000.

    phone      as Vodafone Cash's messages have it
    reference  typed by the payer
    name       banks' messages have no phone: all claims over the amount that name somebody are read

On PostgreSQL and then on SQLite; --here takes only the database of DATABASE_URL. One process.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402

from tests.environment import CONFIGURATION  # noqa: E402

if TYPE_CHECKING:
    from gateways.models import Claim, Order
    from gateways.wallet.matching import Came

SIZES = (1_000, 10_000, 100_000)
SIGNS = ("phone", "reference", "name")
OPENED = datetime(2026, 8, 1, 12, tzinfo=UTC)
SENT = int(OPENED.timestamp()) + 60
PRICES = (100, 150, 200, 250, 300, 400, 500, 800, 1_000, 1_500)
# None begins another, so that no two claims' names fit each other.
NAMES = (
    *("ADEL", "BASEM", "DALIA", "EMAD", "FATMA", "GAMAL", "HANY", "IBRAHIM", "KARIM", "LAILA"),
    *("MAGED", "NADIA", "OSAMA", "RANIA", "SALMA", "TAREK", "WALID", "YASMIN", "ZIAD", "SHERIF"),
)
BATCH = 5_000


def an_order() -> "Order":
    """An order of a new store, with what it takes."""
    from gateways.models import Order, VodafoneCashGateway
    from ledger.models import Bill, Biller, Merchant

    merchant = Merchant(name="Bench")
    merchant.seal("signing_secret", "for forms, which are not measured")
    merchant.save()
    biller = Biller.objects.create(merchant=merchant, url="https://whmcs.example.com")
    store = VodafoneCashGateway.objects.create(merchant=merchant, name="Wallets", rate="50.00")
    bill = Bill.objects.create(
        merchant=merchant, biller=biller, reference="1", client="1", currency="USD", due_units=200
    )
    return Order.objects.create(
        merchant=merchant,
        gateway=store,
        bill=bill,
        reference="1",
        due_units=200,
        currency="USD",
        token_digest="of no link",
        created=OPENED,
    )


def claims(order: "Order", first: int, last: int) -> list["Claim"]:
    """Claims of different people: every fourth pays through a bank and tells a name and no phone,
    every fourth a reference besides the phone."""
    from gateways.models import Claim

    dice = random.Random(first)
    found = []
    for number in range(first, last):
        pounds = dice.choice((dice.choice(PRICES), dice.randint(50, 5_000)))
        told = {"name": name_of(number)} if number % 4 == 0 else {"phone": f"010{number:08}"}
        if number % 4 == 1:
            told["reference"] = f"{number:012}"
        found.append(
            Claim(
                merchant_id=order.merchant_id,
                gateway_id=order.gateway_id,
                order=order,
                source=Claim.Source.MODULE,
                amount_units=pounds * 100,
                created=OPENED,
                expires=OPENED + timedelta(hours=1),
                **told,
            )
        )
    return found


def name_of(number: int) -> str:
    words = []
    for _ in range(4):
        number, place = divmod(number, len(NAMES))
        words.append(NAMES[place])
    return " ".join(words)


def fill(order: "Order", size: int) -> None:
    from django.db import connection

    from gateways.models import Claim

    for first in range(Claim.objects.count(), size, BATCH):
        Claim.objects.bulk_create(claims(order, first, min(first + BATCH, size)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def receipts(sign: str, count: int, dice: random.Random) -> list[tuple[int, "Came"]]:
    """Claims by id, with the receipts that are theirs."""
    from gateways.models import Claim
    from gateways.wallet.matching import Came

    able = Claim.objects.exclude(**{sign: ""})
    if sign == "phone":
        able = able.filter(reference="")
    picked = dice.choices(list(able.values_list("pk", flat=True)), k=count)
    rows = Claim.objects.in_bulk(set(picked))
    return [
        (
            number,
            Came(
                amount=rows[number].amount,
                phone=rows[number].phone,
                name=rows[number].name,
                # Vodafone's messages have one, whether the payer types it or not.
                reference=rows[number].reference or f"9{number:011}",
                moment=SENT,
            ),
        )
        for number in picked
    ]


def rate(gateway_id: int, wanted: list[tuple[int, "Came"]], sign: str) -> float:
    """Receipts per second; exits where one finds another claim than its own, or none."""
    from gateways.receipts.expecting import expected_for
    from gateways.wallet.matching import Match, match

    started = perf_counter()
    verdicts = [match(came, expected_for(gateway_id, came)) for _, came in wanted]
    seconds = perf_counter() - started
    for (number, came), verdict in zip(wanted, verdicts, strict=True):
        if not (isinstance(verdict, Match) and (verdict.id, verdict.by) == (number, sign)):
            sys.exit(f"by {sign}: {came} is claim {number}'s, but: {verdict}")
    return len(wanted) / seconds


def measure(rounds: int, count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    order = an_order()
    print(f"\n{connection.display_name}, {rounds} rounds of {count:,} receipts")
    print(f"  {'open claims':>11}  {'found by':10}{'receipts/s':>11}{'lowest':>9}{'highest':>9}")
    at_first: dict[str, float] = {}
    for size in SIZES:
        fill(order, size)
        for sign in SIGNS:
            dice = random.Random(size)
            rate(order.gateway_id, receipts(sign, count, dice), sign)
            rates = [
                rate(order.gateway_id, receipts(sign, count, dice), sign) for _ in range(rounds)
            ]
            median = statistics.median(rates)
            slower = at_first.setdefault(sign, median) / median
            spread = f"{median:11,.0f}{min(rates):9,.0f}{max(rates):9,.0f}"
            print(f"  {size:11,}  {sign:10}{spread}{slower:8.2f}x slower", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Receipts matched per second.")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind")
    parser.add_argument("--receipts", type=int, default=500, help="receipts in each")
    parser.add_argument("--here", action="store_true", help="only on DATABASE_URL")
    options = parser.parse_args()
    if options.here:
        measure(options.rounds, options.receipts)
        return
    with tempfile.TemporaryDirectory(prefix="gatebook-bench-") as folder:
        for url in (os.environ["DATABASE_URL"], f"sqlite:///{folder}/bench.sqlite3"):
            subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--here"],
                cwd=ROOT,
                env={**os.environ, **CONFIGURATION, "DATABASE_URL": url},
                check=True,
            )


if __name__ == "__main__":
    main()
