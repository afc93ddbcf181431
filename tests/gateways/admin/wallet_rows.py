"""A VodafoneCash store with a wallet, a phone, receipts and claims, for the admin's tests."""

import secrets
from datetime import timedelta
from typing import Any

from gateways.models import EGP, Callback, Claim, Phone, Receipt, VodafoneCashGateway, Wallet
from ledger import ports
from ledger.models import Merchant

PHONE_KEYS = (
    "header_key", "smsgate_key", "httpsms_key", "httpsms_passphrase", "smsforwarder_secret",
)  # fmt: skip
WALLET = "01000000101"
PAYER = "01012345678"
# The English layout of Vodafone Cash.
SENDER = "VF-Cash"


def a_store(merchant: Merchant, **fields: Any) -> VodafoneCashGateway:
    values: dict[str, Any] = {"name": "VodafoneCash", "enabled": True, "rate": "50.00", **fields}
    store = VodafoneCashGateway(merchant=merchant, store_currency="EUR", **values)
    store.seal("store_key", f"canary-store_key-{secrets.token_hex(8)}")
    store.save()
    return store


def a_phone(store: VodafoneCashGateway, name: str = "Samsung", **fields: Any) -> Phone:
    """With the store's wallet on its first SIM."""
    phone = Phone(merchant_id=store.merchant_id, gateway=store, name=name, **fields)
    for column in PHONE_KEYS:
        phone.seal(column, f"canary-{column}-{secrets.token_hex(8)}")
    phone.save()
    Wallet.objects.get_or_create(
        merchant_id=store.merchant_id,
        gateway=store,
        number=WALLET,
        defaults={"phone": phone, "sim": "sim1"},
    )
    return phone


def a_receipt(
    phone: Phone, callback: Callback, status: str = Receipt.Status.NEW, **fields: Any
) -> Receipt:
    """800.00 EGP from PAYER."""
    now = ports.system_now()
    values: dict[str, Any] = {
        "wallet": phone.gateway.wallets.first(),
        "sender_id": SENDER,
        "text": "a message",
        "fingerprint": secrets.token_hex(32),
        "wallet_kind": "vodafone_cash",
        "template": "vf_en",
        "amount_units": 80_000,
        "left_units": 80_000,
        "payer_phone": PAYER,
        "transaction_id": f"0{secrets.randbelow(10**11):011}",
        "trusted": True,
        "happened_at": now,
        "received_at": now,
        **fields,
    }
    return Receipt.objects.create(
        merchant_id=phone.merchant_id,
        gateway=phone.gateway,
        phone=phone,
        callback=callback,
        status=status,
        **values,
    )


def a_claim(store: VodafoneCashGateway, **fields: Any) -> Claim:
    values: dict[str, Any] = {
        "source": Claim.Source.PAGE,
        "phone": PAYER,
        "amount_units": 80_000,
        "client": "7",
        "expires": ports.system_now() + timedelta(hours=1),
        **fields,
    }
    return Claim.objects.create(merchant_id=store.merchant_id, gateway=store, **values)


def asked() -> dict[str, Any]:
    """The columns of an order that asks for 800.00 EGP; nothing came yet."""
    now = ports.system_now()
    return {
        "pay_currency": EGP,
        "received_currency": EGP,
        "payable_units": 80_000,
        "rate": "50.00",
        "rate_source": "store rate",
        "priced_at": now,
        "pay_to": WALLET,
        "provider_reference": "",
        "valid_until": now + timedelta(hours=1),
    }


def form_of(store: VodafoneCashGateway, **changes: Any) -> dict[str, Any]:
    """What the browser sends of the form as it stands, with changes; None leaves one out."""
    wallets = list(store.wallets.order_by("pk"))
    filled: dict[str, Any] = {
        "name": store.name,
        "enabled": "on" if store.enabled else None,
        "mode": store.mode,
        "system_url": store.system_url,
        "store_id": store.store_id,
        "store_currency": store.store_currency,
        "rate": store.rate,
        "offer_timeout_minutes": store.offer_timeout_minutes,
        "unique_amounts": "on" if store.unique_amounts else None,
        "hold_first": "on" if store.hold_first else None,
        "hold_above_units": "",
        "hold_after_failures": store.hold_after_failures,
        "receipt_age_hours": store.receipt_age_hours,
        "legacy_open": "on" if store.legacy_open else None,
        "silent_minutes": store.silent_minutes,
        "wallets-TOTAL_FORMS": len(wallets) + 1,
        "wallets-INITIAL_FORMS": len(wallets),
        f"wallets-{len(wallets)}-kind": "vodafone_cash",
        f"wallets-{len(wallets)}-active": "on",
    }
    for number, wallet in enumerate(wallets):
        filled |= {
            f"wallets-{number}-id": wallet.pk,
            f"wallets-{number}-kind": wallet.kind,
            f"wallets-{number}-number": wallet.number,
            f"wallets-{number}-phone": wallet.phone_id,
            f"wallets-{number}-sim": wallet.sim,
            f"wallets-{number}-active": "on" if wallet.active else None,
        }
    return {name: value for name, value in {**filled, **changes}.items() if value is not None}
