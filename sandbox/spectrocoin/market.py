"""Currencies and fixed demo exchange rates, so that a test can work out every amount by hand."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal

# Euros for one unit. One euro buys 1/45000 BTC today, tomorrow and in every test.
EUROS = {
    "BTC": Decimal("45000"),
    "ETH": Decimal("2500"),
    "LTC": Decimal("80"),
    "XMR": Decimal("150"),
    "USDC": Decimal("0.9"),
    "USDT": Decimal("0.9"),
    "EUR": Decimal("1"),
    "USD": Decimal("0.9"),
    "GBP": Decimal("1.2"),
    "PLN": Decimal("0.25"),
    "CHF": Decimal("1.05"),
    "SEK": Decimal("0.09"),
    "AUD": Decimal("0.6"),
    "CAD": Decimal("0.65"),
    "CZK": Decimal("0.04"),
    "DKK": Decimal("0.13"),
    "NOK": Decimal("0.085"),
}
COINS = ("BTC", "ETH", "LTC", "XMR", "USDC", "USDT")
NETWORKS = {"USDC": "ETH", "USDT": "TRX"}


def coins_for(amount: Decimal, currency: str, coin: str) -> Decimal:
    """What the payer must send for `amount`: eight decimals, rounded up so that it suffices."""
    exact = amount * EUROS[currency] / EUROS[coin]
    return exact.quantize(Decimal("0.00000001"), ROUND_UP)


def worth_of(coins: Decimal, coin: str, currency: str) -> Decimal:
    """What `coins` bring the merchant: two decimals for money, eight for a coin, rounded down."""
    places = Decimal("0.00000001") if currency in COINS else Decimal("0.01")
    return (coins * EUROS[coin] / EUROS[currency]).quantize(places, ROUND_DOWN)


def deposit_address(coin: str) -> str:
    """Recognisably not an address, so that nobody can send coins to it."""
    return f"sandbox-{coin.lower()}-address"
