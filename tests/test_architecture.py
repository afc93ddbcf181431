"""The shape of the house: who may import whom, and what only one module may do.

Each rule is shown a planted violation first, so that a rule which cannot fail is found out.
"""

import re
from pathlib import Path

import pytest

from tests import house_rules as rules
from tests.house_rules import EDGES, ROOT, Module, Rule, every_module, read

HOUSE = every_module()

# Rule: the planted violations, each as (path, code).
PLANTED: dict[Rule, list[tuple[str, str]]] = {
    rules.arrows_point_down: [
        ("ledger/bills.py", "from gateways.models import Order"),
        ("ledger/bills.py", "from gateways import models"),
        ("ledger/bills.py", "def late():\n    import config.settings"),
        ("gateways/inbox.py", "from ledger import outbox"),
        ("gateways/inbox.py", "from ledger.outbox import retry"),
        ("gateways/inbox.py", "from ledger.billing.whmcs import Whmcs"),
        ("gateways/inbox.py", "from config import health"),
        ("gateways/inbox.py", "from ..ledger import reconcile"),
        ("gateways/pay.py", "import sandbox.whmcs"),
        ("gateways/pay.py", "from ledger.admin import bills"),
        ("ledger/admin/bills.py", "from gateways.models import Order"),
        ("config/urls.py", "from sandbox import pages"),
        ("config/urls.py", "from tests.world import Shop"),
        ("sandbox/web.py", "from ledger.money import Money"),
        ("sandbox/web.py", "import gateways"),
    ],
    rules.no_arrow_hides_in_text: [
        ("ledger/bills.py", 'import_string("gateways.orders.applying.apply")'),
        ("gateways/inbox.py", 'import_string("config.health.ready")'),
    ],
    rules.pure_modules_know_no_framework: [
        ("gateways/providers/haveno.py", "from django.conf import settings"),
        ("gateways/providers/spectrocoin/legacy.py", "from gateways.models import Order"),
        ("gateways/providers/haveno.py", "from ledger.ports import system_now"),
        ("gateways/oracles/web.py", "from django.conf import settings"),
        ("gateways/oracles/relay.py", "from gateways.models import Order"),
        ("gateways/oracles/quoting.py", "from ledger.ports import system_now"),
        ("gateways/wallet/sms.py", "from django.utils import timezone"),
        ("gateways/wallet/sms.py", "from gateways.models import Order"),
        ("ledger/billing/whmcs/hits.py", "from django.db import models"),
        ("ledger/billing/base.py", "from ledger.models import Bill"),
        ("ledger/money.py", "from django.conf import settings"),
        ("ledger/rate.py", "from ledger.models import Bill"),
        ("sandbox/web.py", "import django"),
    ],
    rules.only_tasks_know_the_queue: [
        ("ledger/outbox/delivering.py", "from django_q.tasks import async_task"),
        ("gateways/webhooks.py", "def wake():\n    import django_q.tasks"),
    ],
    rules.only_commands_know_the_sandbox: [
        ("gateways/pay.py", 'URL = "http://127.0.0.1:8001/_sandbox/settings"'),
        ("config/settings.py", 'PORT = env.int("SANDBOX_PORT")'),
    ],
    rules.only_config_reads_the_environment: [
        ("gateways/pay.py", 'import os\nos.environ["GATEBOOK_URL"]'),
        ("gateways/pay.py", "from os import getenv"),
        ("ledger/http.py", "import environ"),
    ],
    rules.only_settlement_books: [
        ("gateways/inbox.py", "Payment.objects.create(credit_units=1)"),
        ("gateways/inbox.py", "Payment(credit_units=1).save()"),
        ("gateways/inbox.py", "models.Payment.objects.get_or_create(reference='x')"),
        ("ledger/bills.py", "Payment.objects.filter(pk=1).update(credit_units=2)"),
        ("ledger/bills.py", "Payment.objects.bulk_create([])"),
        ("ledger/admin/bills.py", "Payment.objects.all().delete()"),
    ],
    rules.only_outbox_moves_deliveries: [
        ("ledger/reconcile.py", 'mine.update(status="parked", lease_until=None)'),
        ("ledger/settlement.py", 'Delivery(payment=payment, status="delivered")'),
        ("ledger/bills.py", 'Delivery.objects.filter(pk=1).update(status="ready")'),
        ("gateways/inbox.py", 'Delivery.objects.create(status="ready")'),
        ("ledger/admin/deliveries.py", 'delivery.status = "ready"\ndelivery.save()'),
    ],
    rules.only_money_turns_text_into_units: [
        ("gateways/orders/applying.py", "units = int(text.replace('.', ''))"),
        ("ledger/settlement.py", "from decimal import Decimal"),
        ("gateways/providers/haveno.py", "import decimal"),
        ("ledger/bills.py", "from fractions import Fraction"),
        ("gateways/oracles/web.py", "from decimal import Decimal"),
        ("gateways/oracles/quoting.py", "import fractions"),
    ],
    rules.no_float_meets_money: [
        ("gateways/orders/applying.py", "enough = float(received) >= 0"),
        ("ledger/billing/whmcs/hits.py", "TOLERANCE = 0.01"),
        ("ledger/money.py", "def share(self, part: float): ..."),
        ("ledger/rate.py", "worth = round(units * rate)"),
        ("gateways/oracles/web.py", "price = float(text)"),
        ("ledger/money.py", "units = round(units * rate)"),
        ("ledger/models/bookings.py", "amount = models.DecimalField(max_digits=12, decimal_places=2)"),
    ],
    rules.outside_comes_through_ports: [
        ("ledger/outbox/delivering.py", "now = datetime.now(UTC)"),
        ("ledger/outbox/delivering.py", "now = datetime.datetime.utcnow()"),
        ("ledger/outbox/delivering.py", "now = timezone.now()"),
        ("ledger/outbox/delivering.py", "import time"),
        ("ledger/outbox/delivering.py", "from time import sleep"),
        ("ledger/outbox/delivering.py", "time.sleep(1)"),
        ("gateways/orders/opening.py", "import random"),
        ("gateways/orders/opening.py", "from uuid import uuid4"),
        ("gateways/orders/opening.py", "import secrets"),
        ("ledger/billing/whmcs/api.py", "import requests"),
        ("gateways/providers/spectrocoin/asking.py", "from requests import post"),
    ],
    rules.no_transaction_is_open_during_a_call: [
        ("ledger/outbox/delivering.py", "@transaction.atomic\ndef send(c):\n    c.book(1)"),
        ("gateways/inbox.py", "with transaction.atomic():\n    account.provider.fetch('x', c)"),
    ],
    rules.secrets_are_compared_in_constant_time: [
        ("gateways/pay.py", "ok = expected == self.signature"),
        ("gateways/pay.py", "ok = sent_token != token"),
        ("gateways/providers/haveno.py", 'ok = body["sign"] == made'),
        ("gateways/providers/haveno.py", 'ok = hmac.new(k, m, sha256).hexdigest() == body["x"]'),
        ("gateways/api.py", 'ok = given == merchant.reveal("signing_secret")'),
        ("gateways/api.py", "ok = row.token_digest == given"),
    ],
    rules.tls_is_verified: [
        ("ledger/http.py", "session.get(url, verify=False)"),
        ("ledger/http.py", "context.verify_mode = ssl.CERT_NONE"),
        ("ledger/http.py", "ssl._create_unverified_context()"),
    ],
    rules.html_is_escaped: [
        ("gateways/admin/orders.py", "from django.utils.safestring import mark_safe"),
        ("gateways/admin/orders.py", "html.mark_safe(text)"),
        ("gateways/admin/orders.py", "SafeString(order.attention)"),
    ],
    rules.module_is_read_in_one_sitting: [
        ("ledger/outbox/delivering.py", "x = 1\n" * (rules.LONGEST_MODULE + 1))
    ],
    rules.names_say_what_is_inside: [("ledger/helpers.py", ""), ("gateways/core/money.py", "")],
    rules.nothing_is_left_unfinished: [
        ("ledger/bills.py", f"# {'TO'}{'DO'}: later"),
        ("ledger/bills.py", f"raise NotImplemented{'Error'}"),
    ],
}  # fmt: skip


def told(rule: Rule, modules: list[Module]) -> list[str]:
    return [f"{module.path}:{line} {what}" for module in modules for line, what in rule(module)]


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_house_keeps(rule: Rule) -> None:
    assert told(rule, HOUSE) == []


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [(rule, *plant) for rule, plants in PLANTED.items() for plant in plants],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_planted_violation_is_seen(rule: Rule, path: str, code: str) -> None:
    assert told(rule, [Module(path, code)])


def test_every_module_is_read() -> None:
    paths = {module.path for module in HOUSE}
    assert {"manage.py", "ledger/money.py", "gateways/webhooks.py", "sandbox/web.py"} <= paths
    assert len(paths) > 80


@pytest.mark.parametrize("edge", EDGES)
def test_every_exception_is_still_needed(edge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its line in the list, the module would break a rule."""
    for path in EDGES[edge]:
        module = read(ROOT / path)
        with monkeypatch.context() as patch:
            patch.setitem(EDGES, edge, {})
            assert any(told(rule, [module]) for rule in PLANTED), f"{path} needs no {edge}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("templates/**/*.html")), ids=lambda p: p.name)
def test_templates_escape_and_bring_no_script_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq", text)
    assert not re.search(
        r"<script(?![^>]*\bsrc=)|\bon\w+\s*=\s*[\"']|\bstyle\s*=|javascript:", text
    )
