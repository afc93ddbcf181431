"""Forwarder apps that keep only the host of the address they are given, end to end."""

import pytest
from django.conf import settings

from gateways import accounts
from gateways.models import Phone
from ledger.ports import new_token
from tests.store_world import StoreShop


@pytest.mark.parametrize("app", ["tahweel", "httpsms_phone"])
def test_an_app_that_drops_the_path_is_known_by_its_header_key(
    store_shop: StoreShop, app: str
) -> None:
    shop, key = store_shop, new_token()
    shop.phone.seal("header_key", key)
    shop.phone.save()
    accounts.forget()
    shop.set_phone(app=app, upload_url=settings.GATEBOOK_URL, header_key=key)
    order = shop.ask(shop.new_invoice("10.00"))
    assert shop.sms(order.asked) == [200]
    shop.work()
    assert shop.claim(order) == "matched"
    shop.phone.refresh_from_db()
    assert (shop.phone.app, shop.phone.last_message is None) == (app, False)


@pytest.mark.parametrize("app", ["tahweel", "httpsms_phone"])
def test_what_a_switched_off_phone_forwards_is_sent_again_when_it_is_on(
    store_shop: StoreShop, app: str
) -> None:
    shop = store_shop
    shop.set_phone(app=app)
    Phone.objects.update(active=False)
    accounts.forget()
    assert set(shop.sms("500")) == {401}
    Phone.objects.update(active=True)
    shop.online(True)
    assert set(shop.sms("600")) == {200}
    shop.work()
    assert shop.receipt().status == "new"
