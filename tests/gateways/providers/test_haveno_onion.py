"""Merchant IDs: Tor v3 names with a port, checked offline."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.providers.haveno import check_merchant_id
from tests.gateways.providers.haveno_messages import MERCHANT_ID, OTHER_KEY, onion

NAME = MERCHANT_ID.partition(".")[0]
# Names that Tor made: DuckDuckGo, the Tor project, and the example in Tor's rend-spec-v3.
REAL = (
    "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion:443",
    "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion:80",
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:9999",
)


@pytest.mark.parametrize("address", [*REAL, f"{onion(bytes.fromhex(OTHER_KEY))}:1"])
def test_a_real_address_is_taken_and_brought_into_one_spelling(address: str) -> None:
    assert check_merchant_id(address) == address
    assert check_merchant_id(f"  {address.upper()}\n") == address


WRONG = {
    "nothing": ("", "Fill in"),
    "blanks": ("  ", "Fill in"),
    "no onion": ("node.example.com:9999", "not an onion address"),
    "a bare name": (NAME, "not an onion address"),
    "an e-mail": ("me@example.com", "not an onion address"),
    "a scheme": (f"http://{MERCHANT_ID}", "Leave out what stands before"),
    "another scheme": (f"tcp://{MERCHANT_ID}/", "Leave out what stands before"),
    "version 2": ("expyuzz4wqqyqhjn.onion:9999", "old version 2"),
    "a part before": (f"www.{MERCHANT_ID}", "and its dot"),
    "too short": (f"{NAME[1:]}.onion:9999", "55 characters"),
    "too long": (f"{NAME}a.onion:9999", "57 characters"),
    "a digit that is none": (f"{NAME[:-1]}1.onion:9999", "letters a to z"),
    "a full-width letter": (f"\uff41{NAME[1:]}.onion:9999", "letters a to z"),
    "a wrong letter": (f"{'b' if NAME[0] == 'a' else 'a'}{NAME[1:]}.onion:9999", "letter of this"),
    "version 4": (onion(bytes.fromhex(OTHER_KEY), b"\x04") + ":9999", "version 4"),
    "no point": (f"{onion(bytes(32))}:9999", "no usable key"),
    "off the curve": (onion(b"\x02" + bytes(31)) + ":9999", "no usable key"),
    "no port": (f"{NAME}.onion", "port is missing"),
    "an empty port": (f"{NAME}.onion:", "port is missing"),
    "port 0": (f"{NAME}.onion:0", "from 1 to 65535"),
    "port 65536": (f"{NAME}.onion:65536", "from 1 to 65535"),
    "a zero before": (f"{NAME}.onion:09999", "from 1 to 65535"),
    "a sign": (f"{NAME}.onion:+999", "from 1 to 65535"),
    "a path": (f"{MERCHANT_ID}/x", "from 1 to 65535"),
    "two ports": (f"{MERCHANT_ID}:1", "from 1 to 65535"),
    "Arabic digits": (f"{NAME}.onion:\u0669\u0669", "from 1 to 65535"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_address_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        check_merchant_id(text)

    assert str(refused.value).endswith(".")


@given(place=st.integers(0, 55), letter=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
@settings(max_examples=150, deadline=None)
def test_every_mistyped_letter_is_noticed(place: int, letter: str) -> None:
    typed = NAME[:place] + letter + NAME[place + 1 :]
    if typed == NAME:
        return

    with pytest.raises(ValueError, match=r"letter"):
        check_merchant_id(f"{typed}.onion:9999")


@given(text=st.text(max_size=100))
@settings(max_examples=100, deadline=None)
def test_no_text_brings_anything_but_a_sentence(text: str) -> None:
    for address in (text, f"{text}.onion:9999", f"{NAME}.onion:{text}"):
        try:
            check_merchant_id(address)
        except ValueError as refused:
            assert str(refused)
