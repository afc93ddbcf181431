"""What a QR code carries, so that ordinary wallets fill in address and amount by themselves."""

from urllib.parse import quote

from gateways.providers.haveno.addresses import is_plausible
from ledger.money import Money

# USDT's contract on Ethereum's main chain: https://etherscan.io/token/0xdac17f958d2ee523a2206206994597c13d831ec7
TETHER = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
ETHEREUM_CHAIN = 1


def payment_uri(currency: str, pay_to: str, pay: Money, label: str = "", message: str = "") -> str:
    """The payment link of one order; "" where no standard names one (TRC-20, bank accounts).

    label    who is paid, message what for; shown by the payer's wallet.
    Raises ValueError where the address cannot be one of the currency, or `pay` is of another.
    """
    if pay.currency != currency or not is_plausible(pay_to, currency):
        raise ValueError(f"no address and amount of {currency}")
    if currency == "XMR":
        return _monero(pay_to, pay, label, message)
    if currency == "BTC":
        return _bitcoin(pay_to, pay, label, message)
    if currency == "USDT" and pay_to.startswith("0x"):
        return _erc20(pay_to, pay)
    return ""


def _monero(pay_to: str, pay: Money, label: str, message: str) -> str:
    """tx_amount is decimal XMR, never atomic units. wallet2 takes a repeated key, and text with a
    bare "=", for an error.

    Source  https://github.com/monero-project/monero/wiki/URI-Formatting
    """
    texts = {"recipient_name": label, "tx_description": message}
    return f"monero:{pay_to}?tx_amount={_decimal(pay)}{_arguments(texts)}"


def _bitcoin(pay_to: str, pay: Money, label: str, message: str) -> str:
    """Source  BIP-321, which replaces BIP-21: https://bips.dev/321/"""
    return (
        f"bitcoin:{pay_to}?amount={_decimal(pay)}{_arguments({'label': label, 'message': message})}"
    )


def _erc20(pay_to: str, pay: Money) -> str:
    """The target is the token's contract; the payee is an argument of its transfer function.

    Source  ERC-681: https://eips.ethereum.org/EIPS/eip-681
    """
    return f"ethereum:{TETHER}@{ETHEREUM_CHAIN}/transfer?address={pay_to}&uint256={pay.units}"


def _decimal(pay: Money) -> str:
    return pay.amount.rstrip("0").rstrip(".")


def _arguments(texts: dict[str, str]) -> str:
    return "".join(
        f"&{name}={quote(text, safe='', errors='replace')}" for name, text in texts.items() if text
    )
