"""What comes from a phone: signs of life are noted, messages kept with one-time passwords masked."""

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest, HttpResponse

from gateways import accounts, tasks
from gateways.accounts import Account
from gateways.models import Phone
from gateways.providers.base import Inbound, Rejected
from gateways.providers.vodafonecash import VodafoneCash
from gateways.storing import store
from gateways.wallet.forwarders import Upload
from gateways.wallet.forwarders.fields import read_members
from gateways.wallet.forwarders.proofs import bearer
from gateways.wallet.forwarders.reading import app_of


def shown_by(request: HttpRequest) -> Account | None:
    """The account of the phone whose key is in the headers: apps that keep no path of the address
    they were given show nothing else. Raises SealBroken."""
    headers = {"authorization": request.headers.get("Authorization", "")}
    stated = (request.headers.get("X-Api-Key", "").strip(), bearer(Inbound(b"", headers)))
    for key in filter(None, stated):
        if account := accounts.by_phone_key(key):
            return account
    return None


def is_upload(inbound: Inbound) -> bool:
    """Whether it has the shape of what a forwarder app sends, whatever is in it."""
    try:
        members, is_form = read_members(inbound)
        app = app_of(members, is_form=is_form)
    except Rejected:
        return False
    if app == "smsforwarder":
        return {"from", "content"} <= members.keys() or not is_form
    return app != "smsgate" or "payload" in members


def take_in(account: Account, inbound: Inbound, address: str, now: datetime) -> HttpResponse:
    """Answer a verified upload. 2xx for all that is kept or known; the apps send the rest again."""
    provider = cast(VodafoneCash, account.provider)
    upload = provider.uploaded(inbound, account.credentials)
    heard(account, upload, now)
    if upload.messages:
        store(account, provider.keepable(inbound), address, now)
        tasks.wake_inbox_soon()
    body, content_type = provider.answer(inbound, account.credentials)
    return HttpResponse(body, content_type=content_type)


def heard(account: Account, upload: Upload, now: datetime) -> None:
    """Note that the phone lives, and what it says of itself."""
    facts: dict[str, Any] = {"last_seen": now, "app": upload.app[:40]}
    if upload.messages or upload.warning:
        # A heartbeat a minute later says nothing of what is wrong with the messages.
        facts["warning"] = upload.warning[:300]
    if upload.messages:
        facts["last_message"] = now
    if beat := upload.heartbeat:
        told = {
            "battery": beat.battery,
            "network": beat.network[:40] or None,
            "pending": beat.pending,
            "app_version": beat.app_version[:40] or None,
        }
        facts |= {name: value for name, value in told.items() if value is not None}
    Phone.objects.filter(pk=account.phone_id or 0).update(**facts)
