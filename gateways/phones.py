"""What comes from a phone: signs of life are noted, messages kept with one-time passwords masked."""

from datetime import datetime
from typing import Any, cast

from django.http import HttpResponse

from gateways import tasks
from gateways.accounts import Account
from gateways.models import Phone
from gateways.providers.base import Inbound
from gateways.providers.vodafonecash import VodafoneCash
from gateways.storing import store
from gateways.wallet.forwarders import Upload


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
    facts: dict[str, Any] = {
        "last_seen": now,
        "app": upload.app[:40],
        "warning": upload.warning[:300],
    }
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
