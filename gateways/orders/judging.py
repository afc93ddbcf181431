"""What the coins that came for an offer mean: values in, a verdict out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateways.orders.rules import Rules
from ledger.money import Money
from ledger.rate import Rate

# A transfer counts as on time if it was seen this long after the offer's end: wallets and blocks
# are slower than clocks.
GRACE = timedelta(minutes=10)
# Late money is booked by the rules until then; later a person decides.
LATE_WINDOW = timedelta(hours=48)

DECIDE = "Approve what you accept, or refuse and refund the payer."


@dataclass(frozen=True, slots=True)
class Coins:
    """An offer and the coins that are news for it.

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
    def late(self) -> Money:
        return self.confirmed - self.on_time

    @property
    def worth(self) -> Money:
        """What the confirmed coins are worth by the offer's own rate."""
        return self.due.share(self.confirmed, self.asked)

    @property
    def missing(self) -> Money:
        """What the payer has still to send."""
        return _above(self.asked, self.seen)

    def enough(self, tolerance_bp: int) -> Money:
        """How much must come for the bill to be paid in full."""
        units = self.asked.units - self.asked.units * tolerance_bp // 10_000
        return Money(max(units, 1), self.asked.currency)

    def beyond(self, counted: Money) -> "Coins":
        """Only what came besides the coins that are dealt with, which were the first to come."""
        return replace(
            self,
            seen=_above(self.seen, counted),
            confirmed=_above(self.confirmed, counted),
            on_time=_above(self.on_time, counted),
        )

    def fair_worth(self) -> Money:
        """On time by the offer's rate, late by the lower of that and today's. Needs `rate_now` where
        anything is late."""
        if self.rate_now is None or not self.late.units:
            return self.worth
        by_offer = self.due.share(self.on_time, self.asked)
        # From the whole, so that rounding twice costs the payer nothing.
        return by_offer + min(self.worth - by_offer, self.rate_now.worth_of(self.late))

    def too_late(self, rules: Rules, now: datetime) -> str:
        """Why the late part is not booked by itself; "" where it is, or where nothing is late."""
        if not self.late.units:
            return ""
        if rules.late != "lower":
            return "after the offer ended"
        if now > self.ends + LATE_WINDOW and self._is_very_late():
            return "more than two days after the offer ended, when its rate was long out of date"
        if self.rate_now is None:
            return f"after the offer ended, and today's rate could not be had ({self.no_rate})"
        return ""

    def _is_very_late(self) -> bool:
        return self.last_seen is None or self.last_seen > self.ends + LATE_WINDOW


def _above(money: Money, floor: Money) -> Money:
    return Money(max(money.units - floor.units, 0), money.currency)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen: the order's next status (None: it stays), and what is booked.

    credit     what is booked, and `counts` the coins that this stands for.
    attention  for the merchant: what a person must look at, and what to do.
    """

    text: str
    status: str | None = None
    credit: Money | None = None
    counts: Money | None = None
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
        return Verdict(
            f"only {coins.confirmed} of {coins.asked} came", "review", attention=attention
        )
    return Verdict(f"{coins.seen} of {coins.asked} seen, {coins.missing} missing", "pending")


def _paid(coins: Coins, rules: Rules) -> Verdict:
    """Late coins beside enough in time are no part of this: they are judged once it is settled."""
    credit, attention = coins.due, ""
    surplus = _above(coins.on_time, coins.asked)
    worth = coins.due.share(surplus, coins.asked)
    if rules.over == "credit":
        credit += worth
    elif worth.units:
        attention = _overpaid(surplus, worth, coins.due)
    if not rules.auto_confirm:
        return _held(coins, credit, attention)
    text = f"paid: {credit} booked"
    if coins.on_time < coins.asked:
        text += f"; {coins.asked - coins.on_time} less than asked, which your tolerance allows"
    return Verdict(text, "paid", credit, coins.on_time, attention)


def _late(coins: Coins, rules: Rules, now: datetime) -> Verdict:
    came = f"{coins.confirmed} of {coins.asked} came, {coins.late} of it"
    if why := coins.too_late(rules, now):
        attention = (
            f"Paid too late: {came} {why}. By the offer's rate it is worth {coins.worth}. {DECIDE}"
        )
        return Verdict("paid too late: a person decides", "review", attention=attention)
    credit, attention = coins.fair_worth(), ""
    if credit.units <= 0:
        attention = f"Paid too late: {came} after the offer ended, worth nothing today. {DECIDE}"
        return Verdict("paid too late: worth nothing", "review", attention=attention)
    if credit > coins.due and rules.over != "credit":
        attention = _overpaid(_above(coins.confirmed, coins.asked), credit - coins.due, coins.due)
        credit = coins.due
    if not rules.auto_confirm:
        return _held(coins, credit, attention)
    today = f" ({coins.rate_now.text})" if coins.rate_now else ""
    text = (
        f"paid late: {came} after the offer ended; {credit} booked, by the lower of the offer's "
        f"rate and today's{today}"
    )
    return Verdict(text, "paid", credit, coins.confirmed, attention)


def _overpaid(surplus: Money, worth: Money, booked: Money) -> str:
    return (
        f"Overpaid by {surplus}, worth {worth}. Only {booked} is booked by itself. Refund the rest, "
        "or add it to the client's credit in WHMCS."
    )


def _held(coins: Coins, credit: Money, surplus: str) -> Verdict:
    attention = (
        f"{coins.confirmed} came and is confirmed, worth {credit}. Auto confirm is off: approve "
        f"{credit}, or refuse and refund the payer. {surplus}"
    ).strip()
    text = f"paid; auto confirm is off, so a person decides. {surplus}".strip()
    return Verdict(text, "review", attention=attention)


@dataclass(frozen=True, slots=True)
class After:
    """What is to happen to an order that is settled: a further booking, or a person's attention."""

    text: str
    extra: Money | None = None
    attention: str = ""


def judge_settled(
    coins: Coins, counted: Money, booked: Money, before: Money, rules: Rules, now: datetime
) -> After:
    """The verdict on money that came, or went, after settling.

    counted  the coins that the bookings so far stand for; booked what those were worth.
    before   what was seen when it was last asked about.
    """
    if coins.seen < counted:
        gone = counted - coins.seen
        attention = (
            f"A payment disappeared: {counted} were confirmed and {booked} is booked, but the "
            f"network now knows only {coins.seen}; {gone} are gone. Nothing was changed. Ask the "
            "payer to pay again; if the money stays away, take the booking back in WHMCS."
        )
        return After(f"{gone} disappeared after settling: nothing changed", None, attention)
    if before < counted:
        attention = (
            f"A payment that had disappeared is back: {coins.seen} is known again. {booked} is booked "
            "here; if you took that back in WHMCS meanwhile, book it there again."
        )
        return After("what had disappeared is back", None, attention)
    news = coins.beyond(counted)
    if not news.confirmed.units:
        return After("paid already: nothing changed")
    late = news.too_late(rules, now)
    worth = news.worth if late else news.fair_worth()
    if not worth.units:
        return After(f"{news.confirmed} more came, which is worth nothing")
    if rules.over == "credit" and rules.auto_confirm and not late:
        return After(f"{news.confirmed} more came: {worth} booked", worth)
    attention = (
        f"{news.confirmed} more came {late or 'after this order was paid'}, worth {worth} by the "
        "offer's rate. Refund it, or add it to the client's credit in WHMCS."
    )
    return After(f"{news.confirmed} more came after it was paid", None, attention)
