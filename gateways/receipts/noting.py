"""What a phone forwarded: each SMS read, kept once, and offered to the claims."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from gateways.accounts import Account
from gateways.models import Callback, Phone, Receipt, VodafoneCashGateway, Wallet
from gateways.receipts import balances, joining
from gateways.receipts.reasons import has
from gateways.wallet import sms
from gateways.wallet.forwarders import Sms, Upload
from gateways.wallet.matching import Reason, because
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
        return _unread(account, phone, callback, came, reading, clock)
    found = _Found(account, phone, callback, came, sent_at)
    receipt = found.keep(reading, clock())
    if receipt is None:
        # Whoever kept it may have died before it was offered to the claims.
        for again in found.kept(reading).filter(status=Status.NEW):
            joining.find_claim(account, again.pk, clock=clock)
        for again in found.kept(reading).select_related("wallet__gateway"):
            offer_freed(account, again.wallet, clock)
        return REPEATED
    if receipt.status == Status.NEW:
        joining.find_claim(account, receipt.pk, clock=clock)
    offer_freed(account, receipt.wallet, clock)
    receipt.refresh_from_db()
    return {Status.MATCHED: MATCHED, Status.REVIEW: REVIEW}.get(Status(receipt.status), WAITING)


def offer_freed(account: Account, wallet: Wallet | None, clock: Clock) -> None:
    """Receipts whose balance fits since the wallet's chain went on are offered to the claims."""
    for receipt_id in balances.heal(wallet, clock()) if wallet else ():
        joining.find_claim(account, receipt_id, clock=clock)
        balances.offered(receipt_id)


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
    clock: Clock,
) -> str:
    sent_at = moment_of(came.sent_ms)
    if reading.balance is not None and reading.trusted_sender:
        wallet = _wallet_of(phone, sms.wallets_of(came.sender), came, None, None)
        if wallet:
            stamp = min(sent_at or callback.received_at, callback.received_at)
            balances.told(wallet, reading.balance, stamp)
            offer_freed(account, wallet, clock)
    reverses = reading.reverses if reading.trusted_sender else None
    besides = None
    if reverses:
        besides = joining.reversed_by_wallet(account.gateway_id, reverses, now=clock())
    if not (besides or reading.looks_like_money):
        return IGNORED
    kept = _create(
        merchant_id=account.merchant_id,
        gateway_id=account.gateway_id,
        phone=phone,
        callback=callback,
        status=Status.UNREAD,
        why=[besides or because(f"sms_{reading.reason}")],
        sender_id=came.sender,
        text=came.text,
        fingerprint=sms.text_fingerprint(came.sender, came.text, sent_at),
        # Should the message of that transfer come later, it is known to be worth nothing.
        transaction_id=reverses if besides and reverses else "",
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
    receipt.refresh_from_db()
    found.judge(receipt, reading, now)
    return REVIEW if receipt.status == Status.REVIEW else WAITING


@dataclass(frozen=True, slots=True)
class _Found:
    account: Account
    phone: Phone
    callback: Callback
    came: Sms
    sent_at: datetime | None

    @transaction.atomic
    def keep(self, reading: sms.Receipt, now: datetime) -> Receipt | None:
        """The new row and its step in the wallet's chain; None where it is kept."""
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
            **self.columns(reading, now),
        )
        if receipt:
            self.judge(receipt, reading, now)
        return receipt

    def judge(self, receipt: Receipt, reading: sms.Receipt, now: datetime) -> None:
        """What shows only while nobody else judges a message of this wallet. The caller holds the
        receipt."""
        if has(receipt.why, "reference_again"):
            for other in self._told_otherwise(reading, self._of_reference(reading)):
                joining.review(other.pk, _again(reading, receipt.amount))
        if receipt.wallet is not None:
            balances.lock(receipt.wallet)
        if not receipt.transaction_id and self._is_likely_repeat(receipt, now):
            receipt.status, receipt.why = Status.REVIEW, [*receipt.why, because("repeat")]
            receipt.save(update_fields=["status", "why"])
        balances.judge(receipt)

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
        first = sms.text_fingerprint(self.came.sender, self.came.text, self.sent_at)
        same = Q(fingerprint__in=(first, self._fingerprint()))
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
        known = self._of_reference(reading)
        doubts = list(self._doubts(reading, wallet, known, now))
        # Neither a stranger's message nor one of another amount takes the place of the genuine one.
        is_first = reading.trusted_sender and not has(doubts, "reference_again")
        return {
            "wallet": wallet,
            "status": Status.REVIEW if doubts else Status.NEW,
            "why": doubts,
            "wallet_kind": reading.wallet,
            "template": reading.template,
            "amount_units": reading.amount.units,
            "left_units": reading.amount.units,
            "payer_phone": reading.sender_phone or "",
            "payer_name": (reading.sender_name or "")[:120],
            "balance_units": reading.balance.units if reading.balance else None,
            "transaction_id": (reading.transaction_id or "") if is_first else "",
            "trusted": reading.trusted_sender,
            "happened_at": _aware(reading.happened),
        }

    def _doubts(
        self,
        reading: sms.Receipt,
        wallet: Wallet | None,
        known: list[Receipt],
        now: datetime,
    ) -> Iterable[Reason]:
        """Why it must not match by itself; its balance is held against the wallet's chain besides."""
        if not reading.trusted_sender:
            yield because("untrusted_sender", sender=self.came.sender)
        if not reading.captured:
            yield because("unproven_wording")
        if wallet is None:
            named = reading.receiver_phone or reading.receiver_last4 or reading.wallet
            yield because("unknown_wallet", wallet=named)
        if self._was_taken_back(reading):
            yield because("taken_back_before")
        if any(each.gateway_id != self.account.gateway_id for each in known):
            yield because("known_elsewhere")
        for other in self._told_otherwise(reading, known):
            yield _again(reading, other.amount)
        older = timedelta(hours=self._store().receipt_age_hours)
        came = self.callback.received_at
        if not sms.is_recent(reading.happened, min(self.sent_at or came, came), now, older):
            yield because("too_old")

    def _was_taken_back(self, reading: sms.Receipt) -> bool:
        if not reading.transaction_id:
            return False
        # Also where somebody dismissed the wallet's word, of which nothing was known then.
        return Receipt.objects.filter(
            gateway_id=self.account.gateway_id,
            wallet_kind="",
            transaction_id=reading.transaction_id,
        ).exists()

    def _of_reference(self, reading: sms.Receipt) -> list[Receipt]:
        """Messages of the same transfer, at any store."""
        if not reading.transaction_id:
            return []
        reference = {"wallet_kind": reading.wallet, "transaction_id": reading.transaction_id}
        return list(Receipt.objects.filter(**reference))

    def _told_otherwise(self, reading: sms.Receipt, known: list[Receipt]) -> list[Receipt]:
        """Those that tell another amount: one is forged then, for the payer knows the reference as
        soon as the wallet does."""
        mine = [each for each in known if each.gateway_id == self.account.gateway_id]
        return [each for each in mine if reading.trusted_sender and each.amount != reading.amount]

    def _store(self) -> VodafoneCashGateway:
        return self.phone.gateway

    def _is_likely_repeat(self, receipt: Receipt, now: datetime) -> bool:
        # A stranger's words must not hold the genuine ones back that come after them.
        same = Receipt.objects.filter(
            gateway_id=self.account.gateway_id,
            trusted=True,
            amount_units=receipt.amount_units,
            payer_phone=receipt.payer_phone,
            balance_units=receipt.balance_units,
            received_at__gte=now - (SAME_SMS if self.sent_at else SAME_TEXT),
        )
        return same.exclude(pk=receipt.pk).exists()


def _wallet_of(
    phone: Phone,
    kinds: Iterable[str],
    came: Sms,
    receiver: str | None,
    last4: str | None,
) -> Wallet | None:
    """The wallet that was paid: the one named, else the only one it can be on that SIM."""
    known = Wallet.objects.filter(gateway_id=phone.gateway_id, kind__in=tuple(kinds), active=True)
    wallets = list(known.select_related("gateway"))
    if receiver:
        return next((each for each in wallets if each.number == receiver), None)
    if last4:
        fitting = [each for each in wallets if each.number.endswith(last4)]
        return fitting[0] if len(fitting) == 1 else None
    here = [each for each in wallets if each.phone_id in (None, phone.pk)]
    on_sim = [each for each in here if came.sim and each.sim == came.sim] or here
    return on_sim[0] if len(on_sim) == 1 else None


def _again(reading: sms.Receipt, amount: Money) -> Reason:
    return because("reference_again", reference=reading.transaction_id, amount=amount)


def _aware(happened: datetime | None) -> datetime | None:
    return happened.replace(tzinfo=sms.CAIRO).astimezone(UTC) if happened else None
