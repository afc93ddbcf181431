"""The quick checklist, tried out against the pretend WHMCS: each line works, or says how to mend it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

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
        "Credentials", "Whitelisted IPs", "Rate", "Wallet", "Phone Phone alpha", "Store key",
    } <= works  # fmt: skip
    assert told["API role: AddInvoicePayment"][0] == "not tried"
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
    assert chip == "fails"
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
    ("outcome", "code", "chip"),
    [("done", "ok", "works"), ("refused", "permission", "fails"), ("later", "", "not tried")],
)
def test_what_the_role_lacks_is_known_from_the_latest_bookings(
    own_sandbox: Sandbox, outcome: str, code: str, chip: str
) -> None:
    store = ready(own_sandbox)
    Attempt.objects.create(
        delivery=Delivery.objects.get(),
        number=2,
        epoch=2,
        kind=Attempt.Kind.SEND,
        outcome=outcome,
        code=code,
        sent_at=ports.system_now(),
        request={"action": "AddTransaction"},
    )
    told = checked(store)
    assert told["API role: AddTransaction"][0] == chip
    assert "AddCredit" not in " ".join(told)
    Biller.objects.update(top_up_mode=Biller.TopUp.CREDIT)
    assert checked(store)["API role: AddCredit"][0] == "not tried"


def test_what_is_missing_in_the_store_is_said_line_by_line() -> None:
    merchant = Merchant.objects.create(name="Fresh")
    Shown("alpha")
    store = a_store(merchant, rate="0", legacy_open=True)
    told = checked(store)
    assert {what: chip for what, (chip, _) in told.items()} == dict.fromkeys(
        ("WHMCS", "Rate", "Wallet", "Phone", "Store key"), "fails"
    )
    assert "Add a biller" in told["WHMCS"][1]
    assert "Switch it off" in told["Store key"][1]
    a_phone(store)
    assert checked(store)["Phone Samsung"][0] == "fails"
    assert "never seen" in checked(store)["Phone Samsung"][1]
    Wallet.objects.filter(gateway=store).update(active=False)
    assert checked(store)["Wallet"][0] == "fails"


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
