"""The other price source, in the shape of CoinGecko's simple/price.

https://docs.coingecko.com/reference/simple-price; prices are JSON numbers there.
"""

import sqlite3

from sandbox.haveno import market, settings
from sandbox.web import Request, Response, World, json_answer

WORDS = {429: "You've exceeded the Rate Limit."}


def simple_price(world: World, db: sqlite3.Connection, request: Request) -> Response:
    """Coins and currencies it does not know are left out without a word."""
    wanted = request.parameters
    for name in ("ids", "vs_currencies"):
        if not wanted.get(name):
            return json_answer({"error": f"Missing parameter {name}"}, 422)
    relay = settings.read(db)
    changed = settings.web_prices(relay)
    at = settings.now(relay) - settings.whole(relay, "web_price_age_seconds")
    answer: dict[str, dict[str, object]] = {}
    for coin in _names(wanted["ids"]):
        if coin not in market.IDS and coin not in changed:
            continue
        told: dict[str, object] = {}
        for currency in _names(wanted["vs_currencies"]):
            price = market.web_price(coin, currency, changed)
            if price is not None:
                told[currency] = price
        if wanted.get("include_last_updated_at") == "true":
            told["last_updated_at"] = at
        answer[coin] = told
    return json_answer(answer)


def instead(status: int, operation: str, request: Request) -> Response:
    message = WORDS.get(status, "Something went wrong.")
    return json_answer({"status": {"error_code": status, "error_message": message}}, status)


def _names(text: str) -> list[str]:
    return [name.strip().lower() for name in text.split(",") if name.strip()]
