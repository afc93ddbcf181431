"""What a phone forwarded: each SMS read, kept once, and offered to the claims."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from gateways.accounts import Account
from gateways.models import Callback, Phone, Receipt, VodafoneCashGateway, Wallet
from gateways.receipts import joining
from gateways.wallet import sms
from gateways.wallet.forwarders import Sms, Upload
from ledger.money import Money
from ledger.ports import Clock

Status = Receipt.Status

MATCHED, WAITING, REVIEW, UNREAD, IGNORED, REPEATED = (
    "matched", "waiting", "review", "unread", "ignored", "repeated",
)  # fmt: skip
# Two texts without a reference that agree in payer, amount and balance this close are one SMS.
SAME_SMS = timedelta(hours=24)
# Apps send again for so long what was not answered.
RETRIED = timedelta(hours=12)
# Without the carrier's stamp a text may be any age.
SAME_TEXT = timedelta(days=60)


def note(
    account: Account, phone: Phone, callback: Callback, upload: Upload, clock: Clock
) -> list[str]:
    """One verdict word per SMS, in the order of the upload. Worked in the order of sending, so that
    balances follow each other."""
    verdicts = [IGNORED] * len(upload.messages)
    order = sorted(range(len(upload.messages)), key=lambda n: upload.messages[n].sent_ms or 0)
    for number in order:
        verdicts[number] = _one(account, phone, callback, upload.messages[number], clock)
    return verdicts


def _one(account: Account, phone: Phone, callback: Callback, came: Sms, clock: Clock) -> str:
    if sms.is_otp(came.text):
        return IGNORED
    sent_at = moment_of(came.sent_ms)
    reading = sms.read(came.sender, came.text, sent_at or callback.received_at)
    if isinstance(reading, sms.Unread):
        return _unread(account, phone, callback, came, reading, clock())
    found = _Found(account, phone, callback, came, sent_at)
    receipt = found.keep(reading, clock())
    if receipt is None:
        # Whoever kept it may have died before it was offered to the claims.
        for again in found.kept(reading).filter(status=Status.NEW):
            joining.find_claim(account, again.pk, clock=clock)
        return REPEATED
    if receipt.status == Status.NEW and joining.find_claim(account, receipt.pk, clock=clock):
        return MATCHED
    receipt.refresh_from_db()
    return {Status.MATCHED: MATCHED, Status.REVIEW: REVIEW}.get(Status(receipt.status), WAITING)


def moment_of(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds // 1000, UTC)


def _unread(
    account: Account,
    phone: Phone,
    callback: Callback,
    came: Sms,
    reading: sms.Unread,
    now: datetime,
) -> str:
    if reading.balance is not None and reading.trusted_sender:
        wallet = _wallet_of(phone, sms.wallets_of(came.sender), came, None, None)
        if wallet:
            set_balance(wallet, reading.balance, moment_of(came.sent_ms) or callback.received_at)
    reverses = reading.reverses if reading.trusted_sender else None
    if reverses and not joining.reversed_by_wallet(account.gateway_id, reverses, now=now):
        sent_at = moment_of(came.sent_ms)
        kept = _create(
            merchant_id=account.merchant_id,
            gateway_id=account.gateway_id,
            phone=phone,
            callback=callback,
            status=Status.UNREAD,
            reason=f"The wallet took back the transfer {reverses}, of which nothing is known here.",
            sender_id=came.sender,
            text=came.text,
            fingerprint=sms.text_fingerprint(came.sender, came.text, sent_at),
            transaction_id=reverses,
            trusted=True,
            sent_at=sent_at,
            received_at=callback.received_at,
        )
        return UNREAD if kept else REPEATED
    if not reading.looks_like_money:
        return IGNORED
    sent_at = moment_of(came.sent_ms)
    kept = _create(
        merchant_id=account.merchant_id,
        gateway_id=account.gateway_id,
        phone=phone,
        callback=callback,
        status=Status.UNREAD,
        reason=sms.REASONS[reading.reason],
        sender_id=came.sender,
        text=came.text,
        fingerprint=sms.text_fingerprint(came.sender, came.text, sent_at),
        trusted=reading.trusted_sender,
        sent_at=sent_at,
        received_at=callback.received_at,
    )
    return UNREAD if kept else REPEATED


def _create(**values: Any) -> Receipt | None:
    """None where the same SMS is kept already."""
    try:
        with transaction.atomic():
            return Receipt.objects.create(**values)
    except IntegrityError:
        same = Receipt.objects.filter(
            gateway_id=values["gateway_id"], fingerprint=values["fingerprint"]
        )
        for receipt in same[:1]:
            receipt.times += 1
            receipt.save(update_fields=["times"])
        return None


def reread(account: Account, receipt: Receipt, now: datetime) -> str:
    """Read a kept SMS with today's templates, into the same row."""
    came = Sms(receipt.sender_id, receipt.text)
    reading = sms.read(came.sender, came.text, receipt.sent_at or receipt.received_at)
    if isinstance(reading, sms.Unread):
        return UNREAD
    found = _Found(account, receipt.phone, receipt.callback, came, receipt.sent_at)
    columns = found.columns(reading, now)
    # Whoever dismissed it meanwhile was quicker.
    if not Receipt.objects.filter(pk=receipt.pk, status=Status.UNREAD).update(**columns):
        return UNREAD
    return REVIEW if columns["status"] == Status.REVIEW else WAITING


@dataclass(frozen=True, slots=True)
class _Found:
    account: Account
    phone: Phone
    callback: Callback
    came: Sms
    sent_at: datetime | None

    @transaction.atomic
    def keep(self, reading: sms.Receipt, now: datetime) -> Receipt | None:
        """The new row and the wallet's new balance, both or neither; None where it is kept."""
        columns = self.columns(reading, now)
        receipt = _create(
            merchant_id=self.account.merchant_id,
            gateway_id=self.account.gateway_id,
            phone=self.phone,
            callback=self.callback,
            sender_id=self.came.sender,
            text=self.came.text,
            fingerprint=self._fingerprint(),
            sent_at=self.sent_at,
            received_at=self.callback.received_at,
            **columns,
        )
        wallet = columns["wallet"]
        if receipt and receipt.status == Status.NEW and wallet and reading.balance:
            # What is doubted does not move the chain: else two forged ones would vouch for each other.
            set_balance(wallet, reading.balance, self._stamp())
        return receipt

    def _stamp(self) -> datetime:
        """The carrier's, but never later than we had it: a forged one must not end the chain."""
        came = self.callback.received_at
        return min(self.sent_at, came) if self.sent_at else came

    def _fingerprint(self) -> str:
        """Of a text without the carrier's stamp, the same words long after are another message; a
        person looks at it, as its doubts say."""
        mark = sms.text_fingerprint(self.came.sender, self.came.text, self.sent_at)
        if self.sent_at is None:
            before = self.callback.received_at - RETRIED
            old = Receipt.objects.filter(gateway_id=self.account.gateway_id, fingerprint=mark)
            if old.filter(received_at__lt=before).exists():
                return f"{mark[:40]}-{self.callback.pk:x}"
        return mark

    def kept(self, reading: sms.Receipt) -> "QuerySet[Receipt]":
        """The row of the same SMS, however it was told apart."""
        fingerprint = sms.text_fingerprint(self.came.sender, self.came.text, self.sent_at)
        same = Q(fingerprint=fingerprint)
        if reading.transaction_id:
            same |= Q(wallet_kind=reading.wallet, transaction_id=reading.transaction_id)
        return Receipt.objects.filter(same, gateway_id=self.account.gateway_id)

    def columns(self, reading: sms.Receipt, now: datetime) -> dict[str, Any]:
        """What was read, and whether a person must look at it first."""
        wallet = _wallet_of(
            self.phone,
            (reading.wallet,),
            self.came,
            reading.receiver_phone,
            reading.receiver_last4,
        )
        doubts = list(self._doubts(reading, wallet, self._stamp(), now))
        return {
            "wallet": wallet,
            "status": Status.REVIEW if doubts else Status.NEW,
            "reason": " ".join(doubts),
            "wallet_kind": reading.wallet,
            "template": reading.template,
            "amount_units": reading.amount.units,
            "left_units": reading.amount.units,
            "payer_phone": reading.sender_phone or "",
            "payer_name": (reading.sender_name or "")[:120],
            "balance_units": reading.balance.units if reading.balance else None,
            # A stranger's message must not take the place of the genuine one.
            "transaction_id": (reading.transaction_id or "") if reading.trusted_sender else "",
            "trusted": reading.trusted_sender,
            "happened_at": _aware(reading.happened),
        }

    def _doubts(
        self, reading: sms.Receipt, wallet: Wallet | None, stamp: datetime, now: datetime
    ) -> Iterable[str]:
        """Why it must not match by itself, each with what to do."""
        if not reading.trusted_sender:
            yield (
                f"It came from {self.came.sender}, which is not the wallet's own sender name: anybody "
                "can write such an SMS. Look at the wallet itself before you match it."
            )
        if not reading.captured:
            yield (
                "Its wording was never seen in a real message: compare it with the wallet before you "
                "match it."
            )
        if wallet is None:
            named = reading.receiver_phone or reading.receiver_last4 or reading.wallet
            yield (
                f"It is for a wallet that the store does not have or cannot tell ({named}). Add the "
                "wallet and its SIM, or dismiss this."
            )
        if self._was_taken_back(reading):
            yield "The wallet took this transfer back before its message came: dismiss it."
        if self._is_known_elsewhere(reading):
            yield "Another store's phone forwarded the same transfer: it may be booked there."
        older = timedelta(hours=self._store().receipt_age_hours)
        if not sms.is_recent(reading.happened, stamp, now, older):
            yield "It is too old to be matched by itself: was its money booked already?"
        if wallet and reading.balance and reading.trusted_sender:
            known = wallet.balance_units
            newer = wallet.balance_at is None or stamp >= wallet.balance_at
            if known is not None and newer:
                before = Money(known, reading.balance.currency)
                if not sms.balance_follows(before, reading.amount, reading.balance):
                    yield (
                        f"Its balance of {reading.balance} does not follow from {before}: a message "
                        "is missing, or this one is not genuine. Compare it with the wallet."
                    )
        if not reading.transaction_id and self._is_likely_repeat(reading, now):
            yield "The same payer, amount and balance came before: probably one SMS twice."

    def _was_taken_back(self, reading: sms.Receipt) -> bool:
        if not reading.transaction_id:
            return False
        return Receipt.objects.filter(
            gateway_id=self.account.gateway_id,
            status=Status.UNREAD,
            wallet_kind="",
            transaction_id=reading.transaction_id,
        ).exists()

    def _is_known_elsewhere(self, reading: sms.Receipt) -> bool:
        if not reading.transaction_id:
            return False
        same = Receipt.objects.filter(
            wallet_kind=reading.wallet, transaction_id=reading.transaction_id
        )
        return same.exclude(gateway_id=self.account.gateway_id).exists()

    def _store(self) -> VodafoneCashGateway:
        return self.phone.gateway

    def _is_likely_repeat(self, reading: sms.Receipt, now: datetime) -> bool:
        same = Receipt.objects.filter(
            gateway_id=self.account.gateway_id,
            amount_units=reading.amount.units,
            payer_phone=reading.sender_phone or "",
            balance_units=reading.balance.units if reading.balance else None,
            received_at__gte=now - (SAME_SMS if self.sent_at else SAME_TEXT),
        )
        return same.exists()


def _wallet_of(
    phone: Phone,
    kinds: Iterable[str],
    came: Sms,
    receiver: str | None,
    last4: str | None,
) -> Wallet | None:
    """The wallet that was paid: the one named, else the only one it can be on that SIM."""
    wallets = list(
        Wallet.objects.filter(gateway_id=phone.gateway_id, kind__in=tuple(kinds), active=True)
    )
    if receiver:
        return next((each for each in wallets if each.number == receiver), None)
    if last4:
        fitting = [each for each in wallets if each.number.endswith(last4)]
        return fitting[0] if len(fitting) == 1 else None
    here = [each for each in wallets if each.phone_id in (None, phone.pk)]
    on_sim = [each for each in here if came.sim and each.sim == came.sim] or here
    return on_sim[0] if len(on_sim) == 1 else None


def set_balance(wallet: Wallet, balance: Money, at: datetime) -> None:
    """Only forward in time: messages may come out of order."""
    older = Wallet.objects.filter(pk=wallet.pk).exclude(balance_at__gt=at)
    older.update(balance_units=balance.units, balance_at=at)


def _aware(happened: datetime | None) -> datetime | None:
    return happened.replace(tzinfo=sms.CAIRO).astimezone(UTC) if happened else None
