"""What price sources say, over mocked HTTP; clocks that stand where the test puts them."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import responses

from gateways.oracles.asking import Oracles
from gateways.oracles.quoting import PriceSettings
from ledger.http import Answer, call

NOW = 1_790_000_100
RELAY = "https://relay.example.com"
WEB = "https://prices.example.com/api/v3/simple/price"
RELAY_PRICES = f"{RELAY}/v1/prices"
UNPRICED: list[Any] = [
    True, False, None, {}, [], ["145.20"], "", " ", "0", "0.0", "-145.20", "+1", "NaN", "Infinity",
    "1,5", "145.20 EUR", "\u0661", "1" * 19, "1e400", "0x10",
]  # fmt: skip


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1000

    def __call__(self) -> int:
        return self.at


class Scripted:
    """An HTTP port that counts what is asked, and waits for nobody."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers, self.asked, self.timeouts = list(answers), 0, set[int]()

    def __call__(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: int = 30,
    ) -> Answer:
        self.asked += 1
        self.timeouts.add(timeout_seconds)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def oracles(clock: Callable[[], int] | None = None) -> Oracles:
    return Oracles(clock or Seconds(), call)


def relay_body(prices: Any = None, **changed: Any) -> str:
    told = {"EUR": "145.20", "USD": "157.31", "BTC": "0.00262", "USDT": "157.40"}
    members = {"prices": told if prices is None else prices, "as_of": NOW - 60, "source": "node"}
    return json.dumps(members | changed)


def web_body(**changed: Any) -> str:
    told = {
        "monero": {"eur": 145.2, "usd": 157.31, "last_updated_at": NOW - 60},
        "bitcoin": {"eur": 55419.84, "usd": 60042.0, "last_updated_at": NOW - 50},
        "tether": {"eur": 0.922491, "usd": 0.9994, "last_updated_at": NOW - 40},
    }
    return json.dumps(told | changed)


def relay_says(
    web: responses.RequestsMock, body: str | bytes | Exception, status: int = 200
) -> None:
    web.get(RELAY_PRICES, body=body, status=status)


def web_says(web: responses.RequestsMock, body: str | bytes | Exception, status: int = 200) -> None:
    web.get(WEB, body=body, status=status)


def price_settings(primary: str = "relay", *checks: str, **changed: Any) -> PriceSettings:
    members: dict[str, Any] = {"relay_url": RELAY, "web_url": WEB} | changed
    return PriceSettings(primary=primary, checks=checks, **members)
