"""The quick checklist, tried out against the pretend WHMCS: each line works, or says how to mend it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gateways.models import Phone, VodafoneCashGateway, Wallet
from ledger import ports
from ledger.models import Attempt, Biller, Delivery, Merchant
from tests.config.admin_world import Shown, superuser, url
from tests.gateways.admin.wallet_rows import a_phone, a_store
from tests.world import Sandbox

pytestmark = pytest.mark.django_db

Store = VodafoneCashGateway


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    running = Sandbox()
    yield running
    running.stop()


def ready(sandbox: Sandbox) -> Store:
    """A store whose WHMCS is the pretend one."""
    whmcs = sandbox.whmcs_settings()
    store: Store = Shown("alpha").rows[Store]
    biller = Biller.objects.get()
    biller.url, biller.identifier = f"{sandbox.url}/whmcs", whmcs["identifier"]
    biller.seal("secret", whmcs["secret"])
    biller.seal("access_key", whmcs["access_key"])
    biller.save()
    return store


def checked(store: Store) -> dict[str, tuple[str, str]]:
    """{what: (works, fails or not tried; what is said of it)}"""
    answer: Any = superuser().post(url(Store, "act", store, "check"))
    assert answer.status_code == 200
    page = " ".join(answer.content.decode().split())
    lines = re.findall(r"<li class=\"(?:not-)?ok\">(.*?)</li>", page)
    told = {}
    for line in lines:
        what = re.search(r"<code>(.*?)</code>", line)
        chip = re.search(r"</span> (works|fails|not tried)</span>", line)
        assert what and chip, line
        told[what[1]] = (chip[1], line)
    return told


def test_all_is_well_where_all_is_ready(own_sandbox: Sandbox) -> None:
    store = ready(own_sandbox)
    Phone.objects.update(last_seen=ports.system_now())
    told = checked(store)
    works = {what for what, (chip, _) in told.items() if chip == "works"}
    assert {
        "Credentials", "Whitelisted IPs", "API IP Access Restriction", "Rate", "Wallet",
        "Phone Phone alpha", "Store key",
    } <= works  # fmt: skip
    assert told["API role: AddInvoicePayment"][0] == "works"
    assert told["API role: AddTransaction"][0] == "works"
    assert "1 EUR = 50.00 EGP" in told["Rate"][1]


def test_whmcs_own_refusal_names_the_address_to_copy_into_both_places(
    own_sandbox: Sandbox,
) -> None:
    store = ready(own_sandbox)
    own_sandbox.faults("whmcs", "invalid_ip", times=5)
    try:
        told = checked(store)
    finally:
        own_sandbox.no_faults("whmcs")
    chip, line = told["Whitelisted IPs"]
    assert chip == told["API IP Access Restriction"][0] == "fails"
    named = re.search(r'class="copied">([0-9a-f.:]+)</code>', line)
    assert named
    assert f"Invalid IP {named[1]}" in line
    assert "“Whitelisted IPs” and “API IP Access Restriction”" in line
    assert "copy-button" in line
    assert told["Credentials"][0] == "not tried"


def test_wrong_credentials_are_told_from_a_wrong_address(own_sandbox: Sandbox) -> None:
    store = ready(own_sandbox)
    biller = Biller.objects.get()
    biller.seal("secret", "wrong")
    biller.save()
    told = checked(store)
    assert told["Credentials"][0] == "fails"
    assert "Manage API Credentials" in told["Credentials"][1]
    assert "Whitelisted IPs" not in told


@pytest.mark.parametrize(
    ("mode", "action"), [("transaction", "AddTransaction"), ("credit", "AddCredit")]
)
def test_what_the_role_lacks_is_found_without_booking_anything(
    own_sandbox: Sandbox, mode: str, action: str
) -> None:
    store = ready(own_sandbox)
    Biller.objects.update(top_up_mode=mode)
    reads = (
        "WhmcsDetails GetPaymentMethods GetInvoice GetInvoices GetClientsDetails GetClients "
        "GetCurrencies GetTransactions GetCredits GetActivityLog AddInvoicePayment"
    ).split()
    state = own_sandbox.whmcs()
    own_sandbox.whmcs_settings(permissions=reads)
    try:
        told = checked(store)
    finally:
        own_sandbox.whmcs_settings(permissions=None)
    assert told["API role: AddInvoicePayment"][0] == "works"
    assert told[f"API role: {action}"][0] == "fails"
    assert f"Tick {action} in an API role" in told[f"API role: {action}"][1]
    assert checked(store)[f"API role: {action}"][0] == "works"
    booked = own_sandbox.whmcs()
    for kept in ("transactions", "credits", "activity"):
        assert booked[kept] == state[kept]


def test_what_is_missing_in_the_store_is_said_line_by_line() -> None:
    merchant = Merchant.objects.create(name="Fresh")
    Shown("alpha")
    store = a_store(merchant, rate="0", legacy_open=True)
    told = checked(store)
    assert {what: chip for what, (chip, _) in told.items()} == dict.fromkeys(
        ("WHMCS or website", "Rate", "Wallet", "Phone", "Store key"), "fails"
    )
    assert "Add a biller" in told["WHMCS or website"][1]
    assert "Switch it off" in told["Store key"][1]
    a_phone(store)
    assert checked(store)["Phone Samsung"][0] == "fails"
    assert "never seen" in checked(store)["Phone Samsung"][1]
    Wallet.objects.filter(gateway=store).update(active=False)
    assert checked(store)["Wallet"][0] == "fails"


def a_website(**fields: str) -> Biller:
    """In the place of the pretend WHMCS."""
    Biller.objects.update(
        kind="website", url="https://shop.example.com/cb?pin=4711", identifier="generic:", **fields
    )
    return Biller.objects.get()


def test_a_website_is_not_tried_but_known_by_what_it_answered_last() -> None:
    store = Shown("alpha").rows[Store]
    a_website()
    Attempt.objects.all().delete()
    told = checked(store)
    assert not [what for what, (_, line) in told.items() if "WHMCS" in line]
    assert told["Website"][0] == "works"
    assert told["Telling the website"][0] == "not tried"
    for number, (outcome, chip) in enumerate([("done", "works"), ("refused", "fails")], start=7):
        Attempt.objects.create(
            delivery=Delivery.objects.get(),
            number=number,
            epoch=number,
            kind=Attempt.Kind.SEND,
            outcome=outcome,
            message="The website refused the payment with HTTP 403",
            sent_at=ports.system_now(),
        )
        assert checked(store)["Telling the website"][0] == chip
    assert "HTTP 403" in checked(store)["Telling the website"][1]


def test_what_a_website_needs_besides_is_said() -> None:
    store = Shown("alpha").rows[Store]
    biller = a_website(secret="")
    Biller.objects.update(identifier="plugin:2")
    store.seal("store_key", "")
    store.save()
    told = checked(store)
    assert told["Website key"][0] == "fails"
    assert told["Store key"][0] == "fails"
    assert "plugin is refused without it" in told["Store key"][1]
    Biller.objects.filter(pk=biller.pk).update(identifier="signed:2", access_key="")
    assert checked(store)["Website"][0] == "fails"


def test_an_account_at_vodafoncash_is_asked_for_its_rate_only() -> None:
    Shown("alpha")
    store = a_store(
        Merchant.objects.create(name="Fresh"),
        mode="upstream",
        system_url="http://127.0.0.1:9",
        store_id="2",
    )
    told = checked(store)
    what = "http://127.0.0.1:9/api/public/store/2/rate"
    assert told[what][0] == "fails"
    assert "Check the System URL and the Store ID" in told[what][1]
    assert "Wallet" not in told


@pytest.mark.parametrize(
    ("there", "chip"),
    [
        ({"rate": "50", "currency": "عملة"}, "works"),
        ({"rate": "51.00", "currency": "عملة"}, "fails"),
        ({"rate": "50.00", "currency": "USD"}, "fails"),
    ],
)
def test_an_account_at_vodafoncash_must_reckon_as_we_do(
    own_sandbox: Sandbox, there: dict[str, str], chip: str
) -> None:
    Shown("alpha")
    requests.post(
        f"{own_sandbox.url}/vodafoncash/_sandbox/stores", json={"id": 2, **there}, timeout=10
    ).raise_for_status()
    store = a_store(
        Merchant.objects.create(name="Fresh"),
        mode="upstream",
        system_url=f"{own_sandbox.url}/vodafoncash",
        store_id="2",
    )
    (line,) = [line for what, line in checked(store).items() if what.endswith("/store/2/rate")]
    assert line[0] == chip
    assert ("Let currency and rate be the same" in line[1]) == (chip == "fails")
