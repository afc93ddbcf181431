"""What a payer pays to: an address or bank account for each offer alone, and its payment link."""

import secrets
from decimal import Decimal

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
TETHER_CONTRACT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


def fresh(currency: str, offer_id: str, tether_network: str) -> str:
    """An address of the right length and letters. Its checksum is left to chance, that is wrong:
    no wallet will send coins there."""
    if currency == "XMR":
        return "8" + _letters(BASE58, 94)
    if currency == "BTC":
        return "bc1q" + _letters(BECH32, 38)
    if currency == "USDT":
        return (
            f"0x{secrets.token_hex(20)}"
            if tether_network == "ERC-20"
            else "T" + _letters(BASE58, 33)
        )
    return (
        f"IBAN XX00 {_letters('0123456789', 4)} {_letters('0123456789', 4)}, reference {offer_id}"
    )


def payment_link(currency: str, address: str, amount: str) -> str:
    """monero:, BIP-321 or ERC-681; empty where nothing is agreed on."""
    if currency == "XMR":
        return f"monero:{address}?tx_amount={amount}"
    if currency == "BTC":
        return f"bitcoin:{address}?amount={amount}"
    if currency == "USDT" and address.startswith("0x"):
        units = int(Decimal(amount).scaleb(6))
        return f"ethereum:{TETHER_CONTRACT}@1/transfer?address={address}&uint256={units}"
    return ""


def transaction_id(currency: str) -> str:
    if currency == "USD_BANK":
        return f"BANK-{secrets.token_hex(8).upper()}"
    return secrets.token_hex(32)


def _letters(alphabet: str, count: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(count))
