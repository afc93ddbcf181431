"""A gateway with its provider and its credentials in clear, as the services use it."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from django.apps import apps
from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from gateways.models import Gateway, Phone, SpectroCoinGateway
from gateways.orders.rules import Rules
from gateways.providers import PROVIDERS, TABLES
from gateways.providers.base import Credentials, Provider, Unavailable
from ledger import ports
from ledger.cipher import SealBroken

# How long a process may answer webhooks from memory after somebody changed the settings. A message
# that fails to verify is checked again against settings at most a second old; not newer, because a
# flood of bad signatures would have them read each time.
CACHE_SECONDS = 5
FRESH_SECONDS = 1
KEY_KEPT = timedelta(days=1)
KEY_ASK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Account:
    gateway_id: int
    merchant_id: int
    token: str
    slug: str
    method: str
    provider: Provider
    credentials: Credentials
    rules: Rules
    phone_id: int | None = None


_by_token: dict[str, tuple[float, Account]] = {}
# Digests of the phones' header keys, with the tokens of the phones.
_header_keys: tuple[float, dict[bytes, str]] | None = None
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_providers: dict[str, Provider] = {}
# When this process last thought of asking for a key; spares the database the question in a flood.
_asked: dict[int, float] = {}


def provider_of(slug: str) -> Provider:
    """One instance a process: it may keep an access token between calls."""
    if slug not in _providers:
        _providers[slug] = import_string(PROVIDERS[slug])()
    return _providers[slug]


def load(gateway: Gateway) -> Account:
    """Raises SealBroken where a secret does not open."""
    row = apps.get_model(TABLES[gateway.provider])._base_manager.get(pk=gateway.pk)
    return Account(
        gateway_id=gateway.pk,
        merchant_id=gateway.merchant_id,
        token=gateway.token,
        slug=gateway.provider,
        method=gateway.method,
        provider=provider_of(gateway.provider),
        credentials=row.credentials(),
        rules=row.rules(),
    )


def by_token(token: str, *, max_age: float = CACHE_SECONDS) -> Account | None:
    """The account behind a webhook URL, from this process's memory for a few seconds."""
    now = ports.monotonic()
    kept = _by_token.get(token)
    if kept and now - kept[0] < max_age:
        return kept[1]
    if not _TOKEN.fullmatch(token):
        return None
    gateway = Gateway.objects.filter(token=token).first()
    if gateway is not None:
        account = load(gateway)
    elif phone := Phone.objects.filter(token=token, active=True).select_related("gateway").first():
        account = of_phone(phone)
    else:
        _by_token.pop(token, None)
        return None
    _by_token[token] = (now, account)
    return account


def by_phone_key(key: str) -> Account | None:
    """The account of the phone that shows this key: its header key, or the token of its URL. Raises
    SealBroken."""
    token = _tokens_by_header_key().get(_digest(key), key)
    account = by_token(token)
    return account if account and account.phone_id else None


def _tokens_by_header_key() -> dict[bytes, str]:
    """Sealed keys cannot be searched for, so all are opened, at most once a second. A key that
    several phones have tells none."""
    global _header_keys
    now, kept = ports.monotonic(), _header_keys
    if kept and now - kept[0] < FRESH_SECONDS:
        return kept[1]
    tokens = dict[bytes, str]()
    times = Counter[bytes]()
    for phone in Phone.objects.filter(active=True).exclude(header_key=""):
        try:
            digest = _digest(phone.reveal("header_key"))
        except SealBroken:
            continue
        tokens[digest] = phone.token
        times[digest] += 1
    found = {digest: token for digest, token in tokens.items() if times[digest] == 1}
    _header_keys = now, found
    return found


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def of_phone(phone: Phone) -> Account:
    """The store's account as one of its phones uses it: held to that phone's keys."""
    account = load(phone.gateway)
    keys = {
        name: phone.reveal(name)
        for name in (
            "header_key",
            "smsgate_key",
            "httpsms_key",
            "httpsms_passphrase",
            "smsforwarder_secret",
        )
    }
    address = f"{settings.GATEBOOK_URL}/webhooks/{phone.token}/"
    device = {"device": "1", "device_key": phone.token, "webhook_url": address, **keys}
    credentials = {**account.credentials, **device}
    return replace(account, token=phone.token, credentials=credentials, phone_id=phone.pk)


def with_fresh_keys(account: Account, *, now: datetime) -> Account | None:
    """Ask the provider for its public key again; None where it is not time yet, or in vain.

    One process asks at most once a minute for all, so that bad signatures cannot make us a
    flood. A key that the merchant pasted is never replaced.
    """
    asked, this_moment = _asked.get(account.gateway_id), ports.monotonic()
    if asked is not None and this_moment - asked < FRESH_SECONDS:
        return None
    _asked[account.gateway_id] = this_moment
    rows = SpectroCoinGateway.objects.filter(pk=account.gateway_id, callback_public_key="")
    may_ask = Q(key_asked_at__isnull=True) | Q(key_asked_at__lt=now - KEY_ASK_AGAIN)
    if not rows.filter(may_ask).update(key_asked_at=now):
        return None
    try:
        fresh = account.provider.refresh_keys(account.credentials)
    except Unavailable:
        return None
    key = fresh.get("callback_public_key", "")
    if not key or key == account.credentials.get("callback_public_key"):
        return None
    rows.update(fetched_public_key=key, fetched_at=now)
    _by_token.pop(account.token, None)
    return replace(account, credentials={**account.credentials, **fresh})


def ensure_keys(account: Account, *, now: datetime) -> None:
    """Fetch the provider's public key where none is known yet."""
    if account.credentials.get("callback_public_key") == "":
        with_fresh_keys(account, now=now)


def refresh_old_keys(now: datetime) -> int:
    """Once a day per account, ahead of need, so that a webhook seldom waits for a key."""
    old = Q(fetched_at__isnull=True) | Q(fetched_at__lt=now - KEY_KEPT)
    due = SpectroCoinGateway.objects.filter(old, enabled=True, callback_public_key="")
    return sum(with_fresh_keys(load(row), now=now) is not None for row in due)


def accepts(gateway: Gateway, currency: str) -> bool:
    """Whether invoices of this currency may be paid through this gateway."""
    row = apps.get_model(TABLES[gateway.provider])._base_manager.get(pk=gateway.pk)
    answer: bool = row.accepts(currency)
    return answer


def forget() -> None:
    """Drop what this process remembers of accounts and access tokens."""
    global _header_keys
    _header_keys = None
    _by_token.clear()
    _providers.clear()
    _asked.clear()
