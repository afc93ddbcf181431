"""Writing down what a message did to its order."""

from dataclasses import dataclass
from datetime import datetime

from gateways.models import Callback, Order
from gateways.orders.states import change
from gateways.providers.base import Notice


@dataclass(frozen=True, slots=True)
class Applied:
    """What a notice did. `shout` is True where the message contradicts what we hold."""

    order: Order | None
    text: str
    shout: bool = False


@dataclass(slots=True)
class Teller:
    """Writes the order and its event, and turns both into the answer."""

    order: Order
    notice: Notice
    source: str
    now: datetime
    callback: Callback | None
    actor: str

    def __call__(self, text: str, *, to: str | None = None, shout: bool = False) -> Applied:
        change(
            self.order,
            to or self.order.status,
            self.now,
            self.source,
            text=text,
            callback=self.callback,
            actor=self.actor,
            provider_status=self.notice.provider_status,
        )
        return Applied(self.order, text, shout)
