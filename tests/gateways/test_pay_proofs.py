"""The signed offer can be checked by anybody, with nothing but jq, base64 and openssl."""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from gateways.models import HavenoGateway, Order
from gateways.orders.links import pay_token
from gateways.providers.haveno.keys import key_id, new_merchant_key, public_half, public_pem
from gateways.providers.haveno.signing import canonical_json, sign
from ledger.models import Merchant
from tests.gateways.coin_rows import XMR_ADDRESS, a_coin_order, a_haveno_gateway
from tests.ledger.rows import a_bill, a_gateway, a_merchant

pytestmark = pytest.mark.django_db

# Each is in the Debian package of its name; base64 in coreutils.
PROGRAMS = ("jq", "base64", "openssl")


def a_signed_order(key: str = "", **changes: Any) -> Order:
    """Its document as the provider makes it, signed by the gateway's own key unless one is given."""
    bill = a_bill()
    seed = key or a_haveno_gateway(bill.merchant).reveal("merchant_key")
    offer = {
        "type": "havenopay.offer",
        "version": 1,
        "network": "mainnet",
        "merchant_id": f"{'a' * 56}.onion:9999",
        "order_ref": "1043-7f3a000000000000",
        "invoice_id": "WHMCS-INV-000123",
        "offer_id": "HAV-OFF-XYZ123",
        "amount": "0.250000000000",
        "currency": "XMR",
        "pay_to": XMR_ADDRESS,
        "quote": {"amount": "28.50", "currency": "EUR", "rate": "114.00", "source": "relay, é/\\"},
        "confirmations": 10,
        "created_at": 1790000000,
        "expires_at": 1790003600,
        "callback_host": "console.example.com",
        "key_id": key_id(public_half(seed)),
        **changes,
    }
    return a_coin_order(bill, document=canonical_json(sign(offer, seed)).decode())


def keys_of(merchant: Merchant) -> str:
    return f"/.well-known/havenopay/{merchant.token}.json"


# --- the two files --------------------------------------------------------------------------------
def test_offer_is_downloaded_as_it_was_signed(client: Client) -> None:
    order = a_signed_order()
    answer = client.get(f"/pay/{pay_token(order)}/offer.json")
    assert answer.content.decode() == order.document
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="offer.json"'


def test_present_and_previous_keys_are_published_in_that_order(client: Client) -> None:
    gateway = a_haveno_gateway(a_merchant())
    before = public_half(new_merchant_key())
    HavenoGateway.objects.update(previous_public_key=before)
    answer = client.get(keys_of(gateway.merchant))
    assert answer.json() == {
        "keys": [
            {
                "key_id": key_id(public),
                "algorithm": "ed25519",
                "public_key": public,
                "pem": public_pem(public),
            }
            for public in (gateway.merchant_public_key, before)
        ]
    }
    assert gateway.reveal("merchant_key") not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_offers_of_a_gateway_that_is_off_can_still_be_checked(client: Client) -> None:
    gateway = a_haveno_gateway(a_merchant(), enabled=False)
    assert client.get(keys_of(gateway.merchant)).status_code == 200


def test_merchants_without_keys_look_like_no_merchants(client: Client) -> None:
    without, off, empty = a_merchant(), a_merchant(), a_merchant()
    a_gateway(without)
    a_haveno_gateway(off)
    a_haveno_gateway(empty, merchant_public_key="")
    Merchant.objects.filter(pk=off.pk).update(active=False)
    nowhere = client.get("/nowhere/")
    for path in (
        *(keys_of(each) for each in (without, off, empty)),
        "/.well-known/havenopay/x.json",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (404, nowhere.content)
        assert client.post(path).status_code == 405


# --- the documented commands ----------------------------------------------------------------------
@pytest.fixture
def programs() -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def documented(client: Client, order: Order) -> str:
    """The commands as the page shows them."""
    html = client.get(f"/pay/{pay_token(order)}/").content.decode()
    found = re.search(r"<pre[^>]*><code>(.*?)</code></pre>", html, re.S)
    assert found
    return unescape(found[1])


def follow(client: Client, order: Order, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Save both files, run the commands."""
    if not (folder / "offer.json").exists():
        offer = client.get(f"/pay/{pay_token(order)}/offer.json")
        (folder / "offer.json").write_bytes(offer.content)
    (folder / "keys.json").write_bytes(client.get(keys_of(order.merchant)).content)
    script = documented(client, order)
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True, timeout=20
    )


def test_documented_commands_verify_the_offer(
    client: Client, programs: None, tmp_path: Path
) -> None:
    order = a_signed_order()
    done = follow(client, order, tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully"), done
    signed = {**json.loads(order.document)}
    del signed["signature"]
    assert (tmp_path / "offer.txt").read_bytes() == canonical_json(signed)


def test_documented_commands_verify_an_offer_from_before_a_change_of_keys(
    client: Client, programs: None, tmp_path: Path
) -> None:
    old = new_merchant_key()
    order = a_signed_order(old)
    HavenoGateway.objects.update(previous_public_key=public_half(old))
    assert follow(client, order, tmp_path).returncode == 0


@pytest.mark.parametrize(
    "change", [{"pay_to": "8" * 95}, {"amount": "0.25"}, {"extra": "x"}], ids=str
)
def test_documented_commands_find_a_forged_offer(
    client: Client, programs: None, tmp_path: Path, change: dict[str, str]
) -> None:
    order = a_signed_order()
    forged = {**json.loads(order.document), **change}
    (tmp_path / "offer.json").write_text(json.dumps(forged))
    done = follow(client, order, tmp_path)
    assert done.returncode != 0
    assert "Verified Successfully" not in done.stdout
