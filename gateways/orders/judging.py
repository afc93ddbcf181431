"""What the coins that came for an offer mean: values in, a verdict out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateways.orders.rules import Rules
from ledger.money import Money
from ledger.rate import Rate

# A transfer counts as on time if it was seen this long after the offer's end: wallets and blocks
# are slower than clocks.
GRACE = timedelta(minutes=10)
# Late money is booked by the rules until then; later a person decides.
LATE_WINDOW = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Coins:
    """An offer and all that is known to have come for it.

    seen       everything, confirmed or not; confirmed the part deep enough to count, and on_time
               the part of that which was seen before the offer's end (with grace).
    rate_now   today's rate, for late money; None with `no_rate` saying why.
    """

    due: Money
    asked: Money
    ends: datetime
    seen: Money
    confirmed: Money
    on_time: Money
    last_seen: datetime | None = None
    rate_now: Rate | None = None
    no_rate: str = ""

    @property
    def worth(self) -> Money:
        """What the confirmed coins are worth by the offer's own rate."""
        return self.due.share(self.confirmed, self.asked)

    @property
    def missing(self) -> Money:
        """What the payer has still to send."""
        return Money(max(self.asked.units - self.seen.units, 0), self.asked.currency)

    def enough(self, tolerance_bp: int) -> Money:
        """How much must come for the bill to be paid in full."""
        units = self.asked.units - self.asked.units * tolerance_bp // 10_000
        return Money(max(units, 1), self.asked.currency)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen: the order's next status (None: it stays), and what is booked.

    attention  for the merchant: what a person must look at, and what to do.
    """

    text: str
    status: str | None = None
    credit: Money | None = None
    attention: str = ""


def judge(coins: Coins, rules: Rules, now: datetime) -> Verdict:
    """The verdict on an order that is not settled yet."""
    enough = coins.enough(rules.tolerance_bp)
    over = now > coins.ends + GRACE
    if coins.on_time >= enough:
        return _paid(coins, rules)
    if coins.confirmed >= enough:
        return _late(coins, rules, now)
    if coins.seen.units == 0:
        if over:
            return Verdict("nobody paid it in time", "expired")
        return Verdict("nothing came yet")
    if coins.seen >= enough:
        return Verdict(f"{coins.seen} seen, {coins.confirmed} of it confirmed", "pending")
    if over and coins.confirmed == coins.seen:
        attention = (
            f"Underpaid: {coins.confirmed} of {coins.asked} came before the offer ended, worth "
            f"{coins.worth} of {coins.due}. Approve {coins.worth}, or refuse and refund the payer."
        )
        return Verdict(f"only {coins.confirmed} of {coins.asked} came", "review", None, attention)
    return Verdict(f"{coins.seen} of {coins.asked} seen, {coins.missing} missing", "pending")


def _paid(coins: Coins, rules: Rules) -> Verdict:
    credit, attention = coins.due, ""
    surplus = Money(max(coins.confirmed.units - coins.asked.units, 0), coins.asked.currency)
    if surplus.units:
        worth = coins.due.share(surplus, coins.asked)
        if rules.over == "credit":
            credit += worth
        else:
            attention = (
                f"Overpaid by {surplus}, worth {worth}. {coins.due} is booked. Refund the rest, or "
                "add it to the client's credit in WHMCS."
            )
    if not rules.auto_confirm:
        return _held(coins, credit)
    text = f"paid: {credit} booked"
    if coins.confirmed < coins.asked:
        text += f"; {coins.asked - coins.confirmed} less than asked, which your tolerance allows"
    return Verdict(text, "paid", credit, attention)


def _late(coins: Coins, rules: Rules, now: datetime) -> Verdict:
    """What came on time counts by the offer's rate, the rest by the lower of that and today's."""
    late = coins.confirmed - coins.on_time
    came = f"{coins.confirmed} of {coins.asked} came, {late} of it after the offer ended"
    decide = "Approve what you accept, or refuse and refund the payer."
    if rules.late != "lower":
        attention = f"Paid too late: {came}; worth {coins.worth} by the offer's rate. {decide}"
        return Verdict("paid too late: a person decides", "review", None, attention)
    if now > coins.ends + LATE_WINDOW and _very_late(coins):
        attention = (
            f"Paid more than two days too late: {came}; worth {coins.worth} by the offer's rate, "
            f"which is out of date. {decide}"
        )
        return Verdict("paid far too late: a person decides", "review", None, attention)
    if coins.rate_now is None:
        attention = (
            f"Paid too late: {came}, and today's rate could not be had ({coins.no_rate}). {decide}"
        )
        return Verdict("paid too late and no rate: a person decides", "review", None, attention)
    by_offer = coins.due.share(coins.on_time, coins.asked)
    old, new = coins.due.share(late, coins.asked), coins.rate_now.worth_of(late)
    worth = by_offer + min(old, new)
    if worth > coins.due and rules.over != "credit":
        worth = coins.due
    if worth.units <= 0:
        attention = f"Paid too late: {came}, worth nothing at today's rate. {decide}"
        return Verdict("paid too late: worth nothing", "review", None, attention)
    if not rules.auto_confirm:
        return _held(coins, worth)
    text = (
        f"paid late: {came}; {worth} booked, by the lower of the offer's rate and today's "
        f"({coins.rate_now.text})"
    )
    return Verdict(text, "paid", worth)


def _very_late(coins: Coins) -> bool:
    return coins.last_seen is None or coins.last_seen > coins.ends + LATE_WINDOW


def _held(coins: Coins, credit: Money) -> Verdict:
    attention = (
        f"{coins.confirmed} came and is confirmed, worth {credit}. Auto confirm is off: approve "
        f"{credit}, or refuse and refund the payer."
    )
    return Verdict("paid; auto confirm is off, so a person decides", "review", None, attention)


@dataclass(frozen=True, slots=True)
class After:
    """What is to happen to an order that is settled: a further booking, or a person's attention."""

    text: str
    extra: Money | None = None
    attention: str = ""


def judge_settled(
    coins: Coins, counted: Money, booked: Money, rules: Rules, *, told: bool
) -> After:
    """The verdict on money that came, or went, after settling.

    counted  the coins that the bookings so far stand for; booked what those were worth.
    told     the provider listed every transfer; else less than counted means only an older message.
    """
    if told and coins.seen < counted:
        gone = counted - coins.seen
        attention = (
            f"A payment disappeared: {counted} were confirmed and {booked} is booked, but the "
            f"network now knows only {coins.seen}; {gone} are gone. Nothing was changed. Ask the "
            "payer to pay again; if the money stays away, take the booking back in WHMCS."
        )
        return After(f"{gone} disappeared after settling: nothing changed", None, attention)
    if coins.confirmed > counted:
        surplus = coins.confirmed - counted
        worth = coins.due.share(surplus, coins.asked)
        if rules.over == "credit" and rules.auto_confirm and worth.units > 0:
            return After(f"{surplus} more came: {worth} booked", worth)
        attention = (
            f"{surplus} more came after this order was paid, worth {worth} by the offer's rate. "
            "Refund it, or add it to the client's credit in WHMCS."
        )
        return After(f"{surplus} more came after it was paid", None, attention)
    return After("paid already: nothing changed")
