"""Payment links: what ordinary wallets read."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.providers.haveno import payment_uri
from gateways.providers.haveno.addresses import is_plausible
from ledger.money import Money
from tests.gateways.providers.haveno_messages import (
    BANK_ACCOUNT,
    BTC_ADDRESS,
    ERC20_ADDRESS,
    TRC20_ADDRESS,
    XMR_ADDRESS,
)


def money(amount: str, currency: str) -> Money:
    return Money.parse(amount, currency)


def test_moneros_link_has_decimal_xmr_and_escaped_texts() -> None:
    uri = payment_uri("XMR", XMR_ADDRESS, money("0.25", "XMR"), "Shop & Co=", "Invoice #123?")

    assert uri == (
        f"monero:{XMR_ADDRESS}?tx_amount=0.25"
        "&recipient_name=Shop%20%26%20Co%3D&tx_description=Invoice%20%23123%3F"
    )


def test_bitcoins_link_is_bip_321s() -> None:
    uri = payment_uri("BTC", BTC_ADDRESS, money("0.00035512", "BTC"), "Café", "Invoice 123")

    assert uri == (f"bitcoin:{BTC_ADDRESS}?amount=0.00035512&label=Caf%C3%A9&message=Invoice%20123")


def test_tethers_link_names_the_contract_and_pays_in_base_units() -> None:
    uri = payment_uri("USDT", ERC20_ADDRESS, money("28.5", "USDT"), "Shop", "Invoice 123")

    assert uri == (
        "ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7@1/transfer"
        f"?address={ERC20_ADDRESS}&uint256=28500000"
    )


def test_where_no_standard_is_there_is_no_link() -> None:
    assert payment_uri("USDT", TRC20_ADDRESS, money("28.5", "USDT"), "Shop", "x") == ""
    assert payment_uri("USD_BANK", BANK_ACCOUNT, money("28.5", "USD_BANK"), "Shop", "x") == ""


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1", "1"), ("10", "10"), ("100.10", "100.1"), ("0.000000000001", "0.000000000001"),
     ("1.000000000000", "1")],
)  # fmt: skip
def test_amounts_lose_only_zeros_that_say_nothing(amount: str, text: str) -> None:
    assert payment_uri("XMR", XMR_ADDRESS, money(amount, "XMR")).endswith(f"?tx_amount={text}")


@given(label=st.text(max_size=30), message=st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_out_of_its_place(label: str, message: str) -> None:
    """Each argument once, with one "=": wallet2 refuses the rest."""
    uri = payment_uri("XMR", XMR_ADDRESS, money("0.25", "XMR"), label, message)
    query = urlsplit(uri).query

    assert uri.isascii()
    assert not set(uri) & set(' "<>\n#')
    assert all(piece.count("=") == 1 for piece in query.split("&"))
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    assert len(names) == len(set(names))
    assert dict(parse_qsl(query))["tx_amount"] == "0.25"
    if label and label.isascii():
        assert unquote(query.split("recipient_name=")[1].split("&")[0]) == label


@pytest.mark.parametrize(
    ("currency", "pay_to", "pay"),
    [
        ("XMR", BTC_ADDRESS, money("1", "XMR")),
        ("XMR", XMR_ADDRESS, money("1", "BTC")),
        ("BTC", XMR_ADDRESS, money("1", "BTC")),
        ("BTC", f"{BTC_ADDRESS}?amount=9", money("1", "BTC")),
        ("USDT", f"{ERC20_ADDRESS}&uint256=1", money("1", "USDT")),
        ("EUR", "x", money("1", "EUR")),
    ],
)
def test_an_address_of_another_coin_makes_no_link(currency: str, pay_to: str, pay: Money) -> None:
    with pytest.raises(ValueError, match="no address and amount"):
        payment_uri(currency, pay_to, pay)


GOOD = {
    "XMR": ["4" + XMR_ADDRESS[1:], XMR_ADDRESS, "4" + "A" * 105],
    "BTC": [BTC_ADDRESS, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"],
    "USDT": [ERC20_ADDRESS, TRC20_ADDRESS],
    "USD_BANK": [BANK_ACCOUNT, "Zelle: shop@example.com", "حساب 123"],
}  # fmt: skip
BAD = {
    "XMR": ["5" + XMR_ADDRESS[1:], XMR_ADDRESS[:-1], XMR_ADDRESS + "A", "0" * 95, "8" + "A" * 105,
            XMR_ADDRESS[:-1] + "l", XMR_ADDRESS + "\n", " " + XMR_ADDRESS, "A" + XMR_ADDRESS[1:]],
    "BTC": ["2" + "A" * 33, "tb1" + BTC_ADDRESS[3:], BTC_ADDRESS.upper(), "bc1b", "m" + "A" * 33,
            "1" + "0" * 33, BTC_ADDRESS + "\n"],
    "USDT": [ERC20_ADDRESS[:-1], ERC20_ADDRESS + "0", "0x" + "g" * 40, "T" + "0" * 33,
             ERC20_ADDRESS[2:], TRC20_ADDRESS[:-1]],
    "USD_BANK": [" ", "a\nb", "a\0b", "a\u202eb", "x" * 201],
    "EUR": [BANK_ACCOUNT],
}  # fmt: skip

NO_TEXT: list[object] = ["", None, 1, []]


@pytest.mark.parametrize(
    ("currency", "pay_to"), [(c, a) for c, texts in GOOD.items() for a in texts]
)
def test_an_address_of_the_coin_is_plausible(currency: str, pay_to: str) -> None:
    assert is_plausible(pay_to, currency)


@pytest.mark.parametrize(
    ("currency", "pay_to"),
    [(c, a) for c, texts in BAD.items() for a in (*texts, *NO_TEXT)],
)
def test_another_is_not(currency: str, pay_to: object) -> None:
    assert not is_plausible(pay_to, currency)
