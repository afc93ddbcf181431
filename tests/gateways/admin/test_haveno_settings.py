"""The HavenoPay screen: the plan's table, what it refuses in words, and which keys it keeps."""

import logging
import re
from base64 import b64decode
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin import site
from django.contrib.messages import get_messages
from django.urls import reverse

from gateways.models import HavenoGateway
from gateways.providers.haveno import key_id, public_half, public_pem, read_secret
from ledger.models import AuditEvent, Merchant
from tests.config.admin_world import Elements, Shown, superuser, url
from tests.gateways.admin.haveno_rows import NEXT_RELAY_KEY, NODE, RELAY_KEY, WEBHOOK_SECRET

pytestmark = pytest.mark.django_db

WEAK_KEY = f"01{'00' * 31}"


def fields(row: HavenoGateway, **changes: Any) -> dict[str, Any]:
    """What the browser sends of the form as it stands, with changes; None leaves one out."""
    filled = {
        "name": row.name,
        "enabled": "on" if row.enabled else None,
        "accepted_currencies": row.accepted_currencies.split(","),
        "offer_timeout_minutes": row.offer_timeout_minutes,
        "node_address": row.node_address,
        "relay_keys": row.relay_keys,
        "receive_account": row.receive_account,
        "auto_confirm": "on" if row.auto_confirm else None,
        "relay_url": row.relay_url,
        "confirmations": row.confirmations,
        "tolerance_bp": "0",
        "over": row.over,
        "late": row.late,
        "price_source": row.price_source,
        "price_checks": [name for name in row.price_checks.split(",") if name],
        "fixed_rates": row.fixed_rates,
        "price_url": row.price_url,
        "deviation_bp": "3",
        "price_age_minutes": row.price_age_minutes,
        **changes,
    }
    return {name: value for name, value in filled.items() if value is not None}


def account(mark: str = "alpha") -> HavenoGateway:
    row: HavenoGateway = Shown(mark).rows[HavenoGateway]
    return row


def saved(row: HavenoGateway, **changes: Any) -> HavenoGateway:
    answer = superuser().post(url(HavenoGateway, "change", row), fields(row, **changes))
    assert answer.status_code == 302, errors_beside(answer.content.decode())
    return HavenoGateway.objects.get(pk=row.pk)


def refused(row: HavenoGateway, **changes: Any) -> str:
    """What is said beside the fields of a form that changed nothing."""
    before = HavenoGateway.objects.filter(pk=row.pk).values().get()
    answer = superuser().post(url(HavenoGateway, "change", row), fields(row, **changes))
    assert answer.status_code == 200
    assert HavenoGateway.objects.filter(pk=row.pk).values().get() == before
    return errors_beside(answer.content.decode())


def errors_beside(page: str) -> str:
    lists = re.findall(r'<ul class="errorlist" id="id_[a-z_]+_error">(.*?)</ul>', page, re.DOTALL)
    return " ".join(" ".join(lists).split())


def press(row: HavenoGateway, slug: str, **fields: str) -> Any:
    return superuser().post(url(HavenoGateway, "act", row, slug), fields)


def said(answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return "".join(str(message) for message in get_messages(answer.wsgi_request))


# --- the screen -----------------------------------------------------------------------------------
def test_the_plans_table_stands_first_in_its_order_and_words() -> None:
    page = superuser().get(url(HavenoGateway, "change", account())).content.decode()
    form = page[page.index('id="havenogateway_form"') :]
    places = [
        form.index(label)
        for label in (
            "Enable HavenoPay", "Accepted Currencies:", "Offer Expiry Time:", "Webhook URL:",
            "Merchant ID:", "Public Key:", "Receive account:", "Auto confirm", "Webhook secret:",
            "Relay URL:", "Confirmations:", "Underpayment tolerance:", "When too much is paid:",
            "When it is paid too late:", "Price from:", "Checked against:", "Fixed rates:",
            "Price service:", "Largest deviation:", "Oldest price:",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    boxes = [
        attrs["value"]
        for tag, attrs in Elements(form).found
        if tag == "input" and attrs.get("name") == "accepted_currencies"
    ]
    assert boxes == ["XMR", "USD_BANK", "USDT", "BTC"]


def test_the_page_has_what_the_relay_needs_to_copy() -> None:
    row = account()
    page = superuser().get(url(HavenoGateway, "change", row)).content.decode()
    copied = re.findall(r'class="copied">(.*?)</', page, re.DOTALL)
    assert copied.count(f"{settings.GATEBOOK_URL}/webhooks/{row.token}/") == 2
    assert row.merchant_public_key in copied
    assert public_pem(row.merchant_public_key).strip() in page.replace("&#x2B;", "+")
    published = f"{settings.GATEBOOK_URL}/.well-known/havenopay/{row.merchant.token}.json"
    assert published in copied
    for key in (row.relay_keys, row.merchant_public_key):
        assert key_id(key) in page


def test_both_relay_keys_are_shown_while_the_relay_changes_its_key() -> None:
    row = saved(account(), relay_keys=f"{RELAY_KEY}\r\n\r\n  {NEXT_RELAY_KEY.upper()} ")
    assert row.relay_keys == f"{RELAY_KEY}\n{NEXT_RELAY_KEY}"
    page = superuser().get(url(HavenoGateway, "change", row)).content.decode()
    assert key_id(RELAY_KEY) in page
    assert key_id(NEXT_RELAY_KEY) in page
    assert "Both are believed" in page


def test_a_new_account_gets_its_merchant_key_with_the_first_save() -> None:
    merchant = Merchant(name="Fresh")
    merchant.save()
    blank = HavenoGateway(
        name="New", node_address=NODE, relay_keys=RELAY_KEY, relay_url="https://relay.example.com"
    )
    more = {"merchant": merchant.pk, "_continue": "1", "tolerance_bp": "0.5"}
    client = superuser()
    empty = client.get(url(HavenoGateway, "add")).content.decode()
    assert "Shown here once this is saved" in empty
    offered = {a.get("name"): a.get("value") for tag, a in Elements(empty).found if tag == "input"}
    defaults = {"offer_timeout_minutes": "60", "confirmations": "10", "deviation_bp": "3"}
    assert defaults.items() <= offered.items()
    answer = client.post(url(HavenoGateway, "add"), fields(blank, **more), follow=True)
    row = HavenoGateway.objects.get(merchant=merchant)
    seed = row.reveal("merchant_key")
    assert row.merchant_public_key == public_half(seed)
    assert row.tolerance_bp == 50
    assert not row.enabled
    page = answer.content.decode()
    assert row.merchant_public_key in page
    assert seed not in page
    story = AuditEvent.objects.get(verb="create").detail
    assert "Underpayment tolerance: 0.5 %" in story
    assert seed not in story


def test_whoever_may_only_look_sees_percentages_and_no_form() -> None:
    shown = Shown("alpha")
    row = shown.rows[HavenoGateway]
    HavenoGateway.objects.update(tolerance_bp=50, deviation_bp=300)
    client = shown.member("view_havenogateway")
    page = client.get(url(HavenoGateway, "change", row)).content.decode()
    assert "0.5 %" in page
    assert "3 %" in page
    assert "New merchant key" not in page
    for slug in ("ask-prices", "test-relay", "new-secret", "remove-secret", "new-key"):
        assert client.post(url(HavenoGateway, "act", row, slug)).status_code == 403


def test_an_account_without_a_price_says_so_in_red_with_the_way_out() -> None:
    shown = Shown("alpha", text="XMR for EUR: The relay could not be reached.")
    row = shown.rows[HavenoGateway]
    page = superuser().get(url(HavenoGateway, "change", row)).content.decode()
    assert "tone-bad" in page
    assert "there is no price. XMR for EUR: The relay could not be reached." in page
    assert "press “Ask prices now”" in page
    HavenoGateway.objects.update(price_trouble="")
    page = superuser().get(url(HavenoGateway, "change", row)).content.decode()
    assert "is paid here in XMR. An offer holds for 60 minutes." in page


# --- what the form takes and refuses --------------------------------------------------------------
def test_what_is_typed_in_other_ways_is_stored_in_one() -> None:
    row = saved(
        account(),
        accepted_currencies=["BTC", "XMR"],
        node_address=f"  {NODE.upper()} ",
        relay_url="https://relay.example.com/v/ ",
        tolerance_bp="1.5",
        deviation_bp="0.25 %",
        fixed_rates="xmr/eur = 150.25\r\nBTC EUR 60000",
        price_checks=["web", "fixed"],
    )
    assert row.accepted_currencies == "XMR,BTC"
    assert row.node_address == NODE
    assert row.relay_url == "https://relay.example.com/v"
    assert (row.tolerance_bp, row.deviation_bp) == (150, 25)
    assert row.fixed_rates == "xmr/eur = 150.25\nBTC EUR 60000"
    assert row.price_checks == "fixed,web"
    page = superuser().get(url(HavenoGateway, "change", row)).content.decode()
    typed = {a.get("name"): a.get("value") for t, a in Elements(page).found if t == "input"}
    assert typed["tolerance_bp"] == "1.5"
    assert typed["deviation_bp"] == "0.25"
    ticked = {attrs.get("value") for _, attrs in Elements(page).found if "checked" in attrs}
    assert ticked == {None, "XMR", "BTC", "fixed", "web"}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("accepted_currencies", [], "Choose at least one currency"),
        ("accepted_currencies", ["DOGE"], "Select a valid choice"),
        ("offer_timeout_minutes", "4", "from 5 to 1440 minutes"),
        ("offer_timeout_minutes", "1441", "from 5 to 1440 minutes"),
        ("offer_timeout_minutes", "an hour", "from 5 to 1440 minutes"),
        ("offer_timeout_minutes", "60.5", "from 5 to 1440 minutes"),
        ("node_address", "", "This field is required"),
        ("node_address", "relay.example.com:9999", "not an onion address"),
        ("node_address", NODE.replace(":9999", ""), "The port is missing"),
        ("node_address", NODE.replace("2gzy", "2gzz"), "A letter of this onion address is wrong"),
        ("node_address", "expyuzz4wqqyqhjn.onion:9999", "old version 2"),
        ("relay_keys", "", "This field is required"),
        ("relay_keys", "hello", "neither hex nor base64"),
        ("relay_keys", "00" * 32, "all zeros"),
        ("relay_keys", WEAK_KEY, "weak"),
        ("relay_keys", RELAY_KEY[:-2], "62 hex digits"),
        ("relay_keys", f"{RELAY_KEY}\n{RELAY_KEY}", "twice"),
        ("relay_keys", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", "private key"),
        ("relay_url", "http://relay.example.com", "Use https:// and a plain address"),
        ("relay_url", "https://user:pass@relay.example.com", "Use https://"),
        ("relay_url", "https://relay.example.com/?x=1", "Use https://"),
        ("relay_url", "javascript:alert(1)", "Use https://"),
        ("confirmations", "0", "from 1 to 10000 confirmations"),
        ("tolerance_bp", "10.01", "At most 10 %"),
        ("tolerance_bp", "0.001", "at most two decimals"),
        ("tolerance_bp", "-1", "at most two decimals"),
        ("tolerance_bp", "a lot", "Write a percentage such as 0.5"),
        ("tolerance_bp", "1e1", "Write a percentage such as 0.5"),
        ("tolerance_bp", "٣", "Write a percentage such as 0.5"),
        ("tolerance_bp", "", "This field is required"),
        ("deviation_bp", "0", "More than 0"),
        ("deviation_bp", "51", "at most 50 %"),
        ("price_age_minutes", "0", "from 1 to 1440 minutes"),
        ("price_source", "guess", "Select a valid choice"),
        ("price_checks", ["relay"], "comes from the relay already"),
        ("price_checks", ["fixed"], "Enter your rates"),
        ("fixed_rates", "XMR EUR", "Line 1"),
        ("fixed_rates", "XMR EUR 150\nXMR EUR 151", "Line 2"),
        ("price_url", "http://prices.example.com/x", "Use https://"),
    ],
)
def test_a_wrong_field_says_what_is_wrong_with_it(name: str, value: Any, says: str) -> None:
    answer = superuser().post(
        url(HavenoGateway, "change", row := account()), fields(row, **{name: value})
    )
    page = answer.content.decode()
    beside = name if name != "price_checks" or value == ["relay"] else "fixed_rates"
    found = re.search(rf'id="id_{beside}_error">(.*?)</ul>', page, re.DOTALL)
    assert found, errors_beside(page)
    assert says in found[1], found[1]


def test_the_price_service_is_needed_where_it_is_used() -> None:
    row = account()
    assert "Enter its address" in refused(row, price_source="web", price_url="")
    keyed = "https://prices.example.com/simple/price?x_cg_demo_api_key=abc"
    assert saved(row, price_source="web", price_url=keyed).price_url == keyed


def test_fixed_rates_are_needed_where_they_are_used() -> None:
    row = account()
    assert "Enter your rates" in refused(row, price_source="fixed")
    assert saved(row, price_source="fixed", fixed_rates="XMR EUR 150").price_source == "fixed"


def test_the_own_public_key_is_not_taken_for_the_relays() -> None:
    row = account()
    assert "your own merchant key" in refused(row, relay_keys=row.merchant_public_key)


def test_a_second_enabled_account_is_a_form_error() -> None:
    row = account()
    second = HavenoGateway(merchant=row.merchant, name="Second", node_address=NODE)
    second.relay_keys, second.relay_url = RELAY_KEY, "https://relay.example.com"
    second.save()
    assert "is enabled for Merchant alpha already" in refused(second, enabled="on")
    assert saved(second, name="Still off").name == "Still off"


def test_saving_without_a_change_writes_nothing_and_keeps_the_keys() -> None:
    row = account()
    again = saved(row)
    assert not AuditEvent.objects.filter(verb="change settings").exists()
    assert again.reveal("merchant_key") == row.reveal("merchant_key")
    assert again.reveal("webhook_secret") == WEBHOOK_SECRET


def test_changes_are_written_down_in_words() -> None:
    row = account()
    saved(row, tolerance_bp="0.5", accepted_currencies=["XMR", "BTC"], auto_confirm=None)
    story = AuditEvent.objects.get(verb="change settings").detail
    assert "Underpayment tolerance: 0 % → 0.5 %" in story
    assert "Accepted Currencies: XMR → XMR,BTC" in story
    assert "Auto confirm: True → False" in story


# --- keys and secrets -----------------------------------------------------------------------------
def test_a_webhook_secret_is_shown_once_and_never_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    row = account()
    client = superuser()
    where = url(HavenoGateway, "act", row, "new-secret")
    assert "shows it once" in client.get(where).content.decode()
    answer = client.post(where)
    row.refresh_from_db()
    secret = row.reveal("webhook_secret")
    assert secret != WEBHOOK_SECRET
    assert len(read_secret(secret)) == 32
    assert len(b64decode(secret.removeprefix("whsec_"))) == 32
    once = answer.content.decode()
    assert "only time the webhook secret is shown" in once
    assert secret in once.replace("&#x2B;", "+")
    assert "no-store" in answer.headers["Cache-Control"]
    pages = [url(HavenoGateway, "change", row), url(HavenoGateway, "history", row)]
    pages += [reverse("admin:index"), url(AuditEvent, "changelist")]
    for page in pages:
        html = client.get(page).content.decode()
        assert secret not in html.replace("&#x2B;", "+"), page
    assert f"ends in …{secret[-4:]}" in client.get(pages[0]).content.decode()
    assert secret not in caplog.text
    event = AuditEvent.objects.get(verb="new webhook secret")
    assert secret not in f"{event.detail}{event.reason}"


def test_a_webhook_secret_is_removed_with_a_reason() -> None:
    row = account()
    assert press(row, "remove-secret", reason=" ").status_code == 400
    assert "is removed" in said(press(row, "remove-secret", reason="the relay signs"))
    row.refresh_from_db()
    assert row.webhook_secret == ""
    assert AuditEvent.objects.get(verb="remove webhook secret").reason == "the relay signs"
    page = superuser().get(url(HavenoGateway, "act", row, "remove-secret")).content.decode()
    assert "None is set" in page


def test_a_new_merchant_key_keeps_the_last_one_published() -> None:
    row = account()
    was, seed = row.merchant_public_key, row.reveal("merchant_key")
    assert press(row, "new-key", reason=" ").status_code == 400
    answer = press(row, "new-key", reason="a laptop was lost")
    row.refresh_from_db()
    assert row.previous_public_key == was
    assert row.merchant_public_key == public_half(row.reveal("merchant_key")) != was
    assert row.reveal("merchant_key") != seed
    assert key_id(row.merchant_public_key) in said(answer)
    event = AuditEvent.objects.get(verb="new merchant key")
    assert event.reason == "a laptop was lost"
    assert event.merchant == row.merchant
    page = superuser().get(url(HavenoGateway, "change", row)).content.decode()
    assert key_id(was) in page
    assert "Still published" in page
    for secret in (seed, row.reveal("merchant_key")):
        assert secret not in page


def test_no_page_and_no_log_holds_the_merchant_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    row = account()
    seed = row.reveal("merchant_key")
    client: Any = superuser()
    refusal = client.post(url(HavenoGateway, "change", row), fields(row, relay_url="x"))
    screen: Any = site._registry[HavenoGateway]
    pages = [refusal.content.decode()]
    for act in screen.get_acts():
        where = url(HavenoGateway, "act", row, act.slug)
        pages += [client.get(where).content.decode(), client.post(where).content.decode()]
    for page in pages:
        assert seed not in page
    assert seed not in caplog.text
