"""Wallet transfers: the store, its phones and wallets, what came, and who says to have sent it."""

from datetime import datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateways.models.callbacks import Callback
from gateways.models.gateways import Gateway
from gateways.models.orders import Order
from gateways.orders.rules import Rules
from gateways.receipts.reasons import sentence
from ledger.models import CURRENCY_LENGTH, Merchant, Payment
from ledger.money import Money
from ledger.ports import new_token
from ledger.sealed import SealedField, SealedModel

EGP = "EGP"


class VodafoneCashGateway(Gateway):
    """The store settings of vodafoncash.com, for our own phones or as the client of an account there.

    rate               EGP for one unit of the store's currency, as text: 50.00
    store_key          what plugins show us.
    hold_*             anti-spam: which claims wait for a person.
    """

    class Mode(models.TextChoices):
        OWN = "own", _("our own phones")
        UPSTREAM = "upstream", _("my account at vodafoncash.com")

    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.OWN)
    system_url = models.URLField(
        _("VodafoneCash System URL"), max_length=300, default="https://vodafoncash.com"
    )
    store_id = models.CharField(_("Store ID"), max_length=20, blank=True)
    store_key = SealedField(_("Store key"))
    legacy_open = models.BooleanField(default=False)
    store_currency = models.CharField(_("Currency"), max_length=CURRENCY_LENGTH, default="USD")
    rate = models.CharField(max_length=20)
    offer_timeout_minutes = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(5), MaxValueValidator(24 * 60)]
    )
    receipt_age_hours = models.PositiveSmallIntegerField(
        default=48, validators=[MinValueValidator(1), MaxValueValidator(24 * 30)]
    )
    hold_first = models.BooleanField(default=False)
    hold_above_units = models.BigIntegerField(null=True, blank=True)
    hold_after_failures = models.PositiveSmallIntegerField(default=0)
    unique_amounts = models.BooleanField(default=False)
    silent_minutes = models.PositiveSmallIntegerField(default=30)

    class Meta:
        verbose_name, verbose_name_plural = _("VodafoneCash store"), _("VodafoneCash stores")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.provider, self.method = "vodafonecash", "vodafoncash"
        super().save(*args, **kwargs)

    def accepts(self, currency: str) -> bool:
        return currency in (EGP, self.store_currency)

    def rules(self) -> Rules:
        return Rules(
            coins=(EGP,),
            offer_time=timedelta(minutes=self.offer_timeout_minutes),
            confirmations=0,
            over="credit",
            late="review",
        )

    def credentials(self) -> dict[str, str]:
        """What gateways.providers.vodafonecash needs. Raises SealBroken."""
        wallet = self.wallets.filter(active=True).order_by("pk").first()
        return {
            "mode": self.mode,
            "system_url": self.system_url.rstrip("/"),
            "store_id": self.store_id,
            "store_key": self.reveal("store_key"),
            "wallet_number": wallet.number if wallet else "",
        }


class Phone(SealedModel):
    """A phone that forwards the wallet's SMS. `token` is the unguessable part of its URL."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    gateway = models.ForeignKey(
        VodafoneCashGateway, on_delete=models.PROTECT, related_name="phones"
    )
    name = models.CharField(max_length=80)
    token = models.CharField(max_length=40, unique=True, editable=False, default=new_token)
    active = models.BooleanField(default=True)
    header_key = SealedField(_("Header key"))
    smsgate_key = SealedField(_("SMSGate signing key"))
    httpsms_key = SealedField(_("httpSMS signing key"))
    httpsms_passphrase = SealedField(_("httpSMS passphrase"))
    smsforwarder_secret = SealedField(_("SmsForwarder secret"))
    last_seen = models.DateTimeField(null=True, editable=False)
    last_message = models.DateTimeField(null=True, editable=False)
    app = models.CharField(max_length=40, blank=True, editable=False)
    app_version = models.CharField(max_length=40, blank=True, editable=False)
    battery = models.PositiveSmallIntegerField(null=True, editable=False)
    network = models.CharField(max_length=40, blank=True, editable=False)
    pending = models.PositiveIntegerField(null=True, editable=False)
    warning = models.CharField(max_length=300, blank=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("phone"), _("phones")

    def __str__(self) -> str:
        return self.name


class Wallet(models.Model):
    """A number that receives money, and the SIM it lies on.

    balance  what its last message said; the next one must follow from it.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    gateway = models.ForeignKey(
        VodafoneCashGateway, on_delete=models.PROTECT, related_name="wallets"
    )
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, null=True, related_name="wallets")
    kind = models.CharField(max_length=30, default="vodafone_cash")
    number = models.CharField(max_length=40)
    sim = models.CharField(max_length=10, blank=True)
    active = models.BooleanField(default=True)
    balance_units = models.BigIntegerField(null=True, editable=False)
    balance_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("wallet"), _("wallets")
        constraints = (
            models.UniqueConstraint(fields=("gateway", "kind", "number"), name="wallet_once"),
        )

    def __str__(self) -> str:
        return f"{self.number} ({self.kind})"


class Receipt(models.Model):
    """One wallet SMS: read as "money received", or a money-looking one that no template reads.

    why          codes of gateways/receipts/reasons.py: why it waits for a person, or was not read.
    fingerprint  tells re-deliveries
    left_units   what no payment has been booked for yet
    """

    class Status(models.TextChoices):
        NEW = "new", _("waiting for its claim")
        MATCHED = "matched", _("matched")
        REVIEW = "review", _("a person must look")
        UNREAD = "unread", _("could not be read")
        DISMISSED = "dismissed", _("dismissed")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    gateway = models.ForeignKey(
        VodafoneCashGateway, on_delete=models.PROTECT, related_name="receipts"
    )
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, related_name="receipts")
    callback = models.ForeignKey(Callback, on_delete=models.PROTECT, related_name="receipts")
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, null=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.NEW)
    why = models.JSONField(default=list, blank=True)
    sender_id = models.CharField(max_length=80)
    text = models.TextField()
    fingerprint = models.CharField(max_length=64)
    wallet_kind = models.CharField(max_length=30, blank=True)
    template = models.CharField(max_length=60, blank=True)
    amount_units = models.BigIntegerField(null=True)
    left_units = models.BigIntegerField(default=0)
    payer_phone = models.CharField(max_length=20, blank=True)
    payer_name = models.CharField(max_length=120, blank=True)
    balance_units = models.BigIntegerField(null=True)
    transaction_id = models.CharField(max_length=40, blank=True)
    trusted = models.BooleanField(default=False)
    happened_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name, verbose_name_plural = _("receipt"), _("receipts")
        permissions = (("decide_receipt", "Can match, split or dismiss a receipt"),)
        constraints = (
            models.UniqueConstraint(
                fields=("gateway", "wallet_kind", "transaction_id"),
                condition=~Q(transaction_id=""),
                name="receipt_reference_once",
            ),
            models.UniqueConstraint(fields=("gateway", "fingerprint"), name="receipt_text_once"),
            models.CheckConstraint(
                condition=Q(status="unread") | Q(amount_units__gt=0), name="receipt_has_amount"
            ),
        )
        indexes = (
            models.Index(
                fields=("gateway", "amount_units"),
                condition=Q(status__in=("new", "review")),
                name="receipt_open",
            ),
            models.Index(fields=("payer_phone",), name="receipt_payer"),
            models.Index(fields=("transaction_id",), name="receipt_reference"),
            models.Index(fields=("status", "-received_at"), name="receipt_by_status"),
        )

    def __str__(self) -> str:
        if self.amount_units is None:
            return f"unread message from {self.sender_id}"
        phone = f"…{self.payer_phone[-4:]}" if self.payer_phone else ""
        return f"{self.amount} from {phone or self.payer_name or self.sender_id}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_units or 0, EGP)

    @property
    def reason(self) -> str:
        """In the language of whoever reads it now; never store it. What was doubted of one that is
        dismissed counts again only when it is put back."""
        why = self.why
        if self.status == Receipt.Status.DISMISSED:
            why = [each for each in why if each[0] in ("dismissed", "wallet_took_back")]
        return sentence(why)

    @property
    def stamp(self) -> datetime:
        """The carrier's, but never later than we had it: a forged one must not end the chain."""
        return min(self.sent_at or self.received_at, self.received_at)


class Balance(models.Model):
    """One step of a wallet's chain: what a message of it told, in the order of sending.

    units       what the wallet held then; None where the message does not print it
    came_units  what came in with it; None of a message that only tells the balance
    """

    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="balances")
    receipt = models.OneToOneField(
        Receipt, on_delete=models.PROTECT, null=True, related_name="step"
    )
    at = models.DateTimeField()
    units = models.BigIntegerField(null=True)
    came_units = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("wallet", "at", "units"),
                condition=Q(receipt__isnull=True),
                name="balance_told_once",
            ),
        )
        indexes = (models.Index(fields=("wallet", "at"), name="balance_by_time"),)


class Claim(models.Model):
    """A customer saying "I sent 100 from 010...": an order's counterpart of a receipt.

    One receipt serves one claim: the constraint decides between parallel ones.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("looking for the money")
        MATCHED = "matched", _("matched")
        HELD = "held", _("waits for approval")
        FAILED = "failed", _("not found")
        EXPIRED = "expired", _("expired")

    class Source(models.TextChoices):
        PAGE = "page", _("pay page")
        MODULE = "module", _("WHMCS module")
        PLUGIN = "plugin", _("plugin")
        STAFF = "staff", _("staff")

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT)
    gateway = models.ForeignKey(
        VodafoneCashGateway, on_delete=models.PROTECT, related_name="claims"
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="claims")
    receipt = models.OneToOneField(
        Receipt, on_delete=models.PROTECT, null=True, related_name="claim"
    )
    # What it was booked from; of a receipt that was split, each part's claim says so. Of a held claim
    # without the store's key, what it wants and has not (gateways/receipts/wanting.py).
    booked_from = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, null=True, related_name="parts"
    )
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="claims")
    hold = models.TextField(blank=True, default="")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    source = models.CharField(max_length=8, choices=Source.choices)
    phone = models.CharField(max_length=20, blank=True)
    amount_units = models.BigIntegerField()
    reference = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=120, blank=True)
    user_name = models.CharField(max_length=120, blank=True)
    client = models.CharField(max_length=64, blank=True)
    upstream_id = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("claim"), _("claims")
        constraints = (
            models.CheckConstraint(condition=Q(amount_units__gt=0), name="claim_amount_positive"),
        )
        indexes = (
            models.Index(
                fields=("gateway", "amount_units", "phone"),
                condition=Q(status="open"),
                name="claim_open",
            ),
            models.Index(
                fields=("gateway", "reference"),
                condition=~Q(reference=""),
                name="claim_reference",
            ),
            models.Index(F("expires"), condition=Q(status="open"), name="claim_to_expire"),
            models.Index(fields=("gateway", "phone", "-created"), name="claim_by_phone"),
        )

    def __str__(self) -> str:
        return f"{self.amount} from {self.phone or self.name or self.reference}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_units, EGP)
