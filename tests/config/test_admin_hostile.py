"""V20, V22: what outsiders wrote stays text, and secrets never come back out."""

from urllib.parse import quote_plus

import pytest
from django.urls import reverse

from gateways.models import (
    Callback,
    HavenoGateway,
    Order,
    Phone,
    Receipt,
    VodafoneCashGateway,
    Wallet,
)
from ledger.models import Delivery
from tests.config.admin_world import (
    OWN_MODELS,
    Elements,
    Shown,
    acts_of,
    superuser,
    url,
    what_csp_would_stop,
)
from tests.world import PRIVATE_KEY

pytestmark = pytest.mark.django_db

PAYLOADS = [
    "<script>alert('xyzzy')</script>",
    '"><img src=xyzzy onerror=alert(1)>',
    "'><svg/onload=alert('xyzzy')>",
    "javascript:alert('xyzzy')",
    "</pre></textarea><iframe src=//xyzzy></iframe>",
    "{{ request.user.password }}{% debug %}xyzzy",
    "<a href=\"javascript:alert('xyzzy')\">x</a>",
    "&lt;script&gt;xyzzy&lt;/script&gt;",
]


def elements_with(html: str) -> list[str]:
    """The tags that data could have made: the payload's word stands in a telling attribute.

    Django's lists repeat the search term in their own links, quoted.
    """
    return [
        f"{tag} {name}"
        for tag, attrs in Elements(html).found
        for name, value in attrs.items()
        if "xyzzy" in (value or "")
        and name in ("src", "href", "action", "id", "class")
        and not (value or "").startswith(("?", "/admin/"))
    ]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_v20_hostile_text_stays_text_on_every_page(payload: str) -> None:
    shown = Shown("alpha", text=payload)
    shown.callback(
        f"orderId={quote_plus(payload)}&{quote_plus(payload)}=1".encode(),
        "application/x-www-form-urlencoded",
    )
    shown.callback(('{"id": "' + payload.replace('"', "'") + '"}').encode(), "application/json")
    Order.objects.update(open_error=payload, payment_url=payload)
    shown.quoted(pay_to=payload, rate=payload, rate_source=payload, document=payload)
    shown.quoted(document='{"pay_to": "' + payload.replace('"', "'") + '"}', due_units=1600)
    HavenoGateway.objects.update(receive_account=payload, relay_keys=payload, fixed_rates=payload)
    VodafoneCashGateway.objects.update(system_url=payload, store_id=payload[:20], rate=payload[:20])
    Wallet.objects.update(number=payload[:40], sim=payload[:10])
    Phone.objects.update(name=payload, app=payload[:40], network=payload[:40])
    Receipt.objects.update(wallet=Wallet.objects.get(), transaction_id=payload[:40])
    shown.transfer(pay_to=payload, rate=payload, due_units=1700)
    client = superuser()
    plain = {tag for tag, _ in Elements(superuser().get("/admin/").content.decode()).found}
    pages = [reverse("admin:index"), reverse("admin:find") + f"?q={quote_plus(payload)}"]
    for model in OWN_MODELS:
        pages.append(url(model, "changelist") + f"?q={quote_plus(payload)}")
        pages.append(url(model, "changelist"))
        for row in model._default_manager.all():
            pages += [url(model, "change", row), url(model, "history", row)]
            pages += [url(model, "act", row, slug) for slug in acts_of(model)]
    assert "iframe" not in plain
    for page in pages:
        answer = client.get(page)
        html = answer.content.decode()
        assert answer.status_code == 200, page
        assert not what_csp_would_stop(html), page
        assert not elements_with(html), page
        assert "iframe" not in {tag for tag, _ in Elements(html).found}, page


def test_v20_a_callback_that_is_not_text_is_shown_in_hexadecimal() -> None:
    shown = Shown("alpha")
    row = shown.callback(b"\xff\xfe<b>\x00", "application/octet-stream")
    page = superuser().get(url(Callback, "change", row)).content.decode()
    assert "ff fe 3c 62 3e 00" in page
    assert "<b>" not in page


def test_v20_signs_that_mislead_the_eye_are_spelled_out() -> None:
    shown = Shown("alpha")
    row = shown.callback("paid \u202e00.01\u202c EUR \x1b[2J".encode(), "text/plain")
    page = superuser().get(url(Callback, "change", row)).content.decode()
    assert "\u202e" not in page
    assert "\\u202e" in page
    assert "\\x1b" in page


def test_v22_no_secret_is_on_any_page() -> None:
    shown = Shown("alpha")
    client = superuser()
    body = PRIVATE_KEY.splitlines()[3]
    for model in OWN_MODELS:
        row = shown.rows[model]
        pages = [url(model, "changelist"), url(model, "change", row), url(model, "history", row)]
        pages += [url(model, "act", row, slug) for slug in acts_of(model)]
        for page in pages:
            html = client.get(page).content.decode()
            for secret in [*shown.secrets, body]:
                assert secret not in html, page
            assert "s1." not in html, f"{page} shows a ciphertext"


def test_v22_a_refused_form_does_not_echo_the_secret() -> None:
    shown = Shown("alpha")
    client = superuser()
    for model, names in (
        ("vodafonecashgateway", ("new_store_key",)),
        ("phone", ("new_smsgate_key", "new_httpsms_passphrase")),
        ("biller", ("new_secret", "new_access_key")),
        ("spectrocoingateway", ("new_client_secret", "new_private_key")),
    ):
        target = next(m for m in OWN_MODELS if m._meta.model_name == model)
        entered = {name: f"typed-canary-{name}" for name in names}
        answer = client.post(url(target, "change", shown.rows[target]), {**entered, "name": ""})
        assert answer.status_code == 200
        for value in entered.values():
            assert value not in answer.content.decode()


def test_v22_viewers_see_hints_only() -> None:
    shown = Shown("alpha")
    names = (
        "biller", "spectrocoingateway", "havenogateway", "vodafonecashgateway", "phone", "merchant",
    )  # fmt: skip
    client = shown.member(*(f"view_{name}" for name in names))
    for model in OWN_MODELS:
        if model._meta.model_name not in names:
            continue
        html = client.get(url(model, "change", shown.rows[model])).content.decode()
        assert "fingerprint" in html
        assert "s1." not in html
        assert not any(secret in html for secret in shown.secrets)
        assert client.post(url(model, "change", shown.rows[model]), {}).status_code == 403


def test_deliveries_show_each_call_with_request_and_answer() -> None:
    shown = Shown("alpha")
    page = superuser().get(url(Delivery, "change", shown.rows[Delivery])).content.decode()
    assert "Request" in page
    assert "Answer" in page
    assert "send 1" in page
