"""What a merchant decided about quoted orders, in the ledger's words."""

from dataclasses import dataclass
from datetime import timedelta

from gateways.oracles.quoting import PriceSettings


@dataclass(frozen=True, slots=True)
class Rules:
    """How the orders of one gateway are quoted and judged.

    coins          what payers may choose from; empty where the provider quotes.
    tolerance_bp   how much of what was asked may be missing, in hundredths of a percent; the bill is
                   paid in full then.
    auto_confirm   off: a person approves each payment.
    over           "credit": the surplus is booked as well, and becomes the client's credit;
                   "review": a person decides.
    prices         where rates come from; None where the provider quotes.
    late           "lower": money seen after expiry is worth the lower of the old and the new
                   quote; "review": a person decides.
    """

    coins: tuple[str, ...] = ()
    offer_time: timedelta = timedelta(minutes=60)
    confirmations: int = 10
    tolerance_bp: int = 0
    auto_confirm: bool = True
    over: str = "credit"
    late: str = "lower"
    prices: PriceSettings | None = None
