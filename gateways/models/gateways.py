"""A merchant's configured provider accounts."""

from datetime import timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateways.oracles.quoting import PriceSettings
from gateways.orders.rules import Rules
from ledger.models import CURRENCY_LENGTH, Merchant
from ledger.ports import new_token
from ledger.sealed import SealedField, SealedModel


class Gateway(SealedModel):
    """A merchant's configured provider account; each provider adds a child table.

    provider  the slug in gateways.providers.
    method    what the biller calls it: the name of its payment module.
    token     unguessable part of the webhook URL.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="gateways")
    provider = models.CharField(max_length=20, editable=False)
    method = models.CharField(max_length=40, editable=False)
    name = models.CharField(max_length=80, help_text=_("How your staff call this account."))
    token = models.CharField(max_length=40, unique=True, editable=False, default=new_token)
    enabled = models.BooleanField(
        default=False, help_text=_("While off, no new orders are opened; payments still arrive.")
    )
    # A provider that signs for all its merchants with one key lets any of them pass as another;
    # what its signature says of the account is pinned here with the first settled order.
    provider_account = models.CharField(
        _("Account named in callbacks"),
        max_length=80,
        blank=True,
        help_text=_(
            "Learnt from the first settled payment; callbacks that name another are refused. "
            "Empty it only when the provider gave you a new account."
        ),
    )
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("merchant", "provider"),
                condition=Q(enabled=True),
                name="gateway_one_enabled",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.provider})"


DEFAULT_RECEIVE_CURRENCIES = "EUR,USD,PLN,CHF,SEK,GBP,AUD,CAD,CZK,DKK,NOK"


class SpectroCoinGateway(Gateway):
    """SpectroCoin's own settings screen, and which generation of its API to speak."""

    class Api(models.TextChoices):
        CURRENT = "current", _("current (client id and secret)")
        LEGACY = "legacy", _("legacy (private merchant key)")

    # "merchant_id" is the column of the tenant.
    vendor_merchant_id = models.CharField(_("Merchant ID"), max_length=64)
    project_id = models.CharField(_("Project ID"), max_length=64)
    private_key = SealedField(_("Private merchant key"))
    api_generation = models.CharField(
        _("API generation"), max_length=8, choices=Api.choices, default=Api.CURRENT
    )
    client_id = models.CharField(_("Client ID"), max_length=200, blank=True)
    client_secret = SealedField(_("Client secret"))
    receive_currency = models.CharField(
        max_length=CURRENCY_LENGTH,
        blank=True,
        help_text=_(
            "What SpectroCoin credits you in. Leave empty to use each invoice's own currency."
        ),
    )
    accepted_currencies = models.CharField(
        max_length=200,
        default=DEFAULT_RECEIVE_CURRENCIES,
        help_text=_("Invoice currencies that may be paid here, separated by commas."),
    )
    callback_public_key = models.TextField(
        blank=True,
        help_text=_(
            "SpectroCoin's public key for callbacks. Leave empty to fetch it from SpectroCoin."
        ),
    )
    base_url = models.URLField(max_length=300, default="https://spectrocoin.com")
    # What was fetched where callback_public_key is empty; kept a day.
    fetched_public_key = models.TextField(blank=True, editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False)
    # The last try, successful or not: failed verifications may ask again once a minute, no more.
    key_asked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("SpectroCoin account"), _("SpectroCoin accounts")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.provider = self.method = "spectrocoin"
        super().save(*args, **kwargs)

    def accepts(self, currency: str) -> bool:
        """Whether invoices of this currency may be paid here. No rate is kept for this provider,
        so a fixed receive currency takes invoices of that currency only."""
        wanted = {code.strip() for code in self.accepted_currencies.split(",")}
        return currency in wanted and self.receive_currency in ("", currency)

    def rules(self) -> Rules:
        """SpectroCoin judges by itself what was paid; these are never asked for."""
        return Rules()

    def credentials(self) -> dict[str, str]:
        """What gateways.providers.spectrocoin needs. Raises SealBroken."""
        pinned_merchant, _slash, pinned_project = self.provider_account.partition("/")
        return {
            "merchant_id": self.vendor_merchant_id,
            "project_id": self.project_id,
            "private_key": self.reveal("private_key"),
            "api_generation": self.api_generation,
            "client_id": self.client_id,
            "client_secret": self.reveal("client_secret"),
            "base_url": self.base_url.rstrip("/"),
            "callback_public_key": self.callback_public_key or self.fetched_public_key,
            "callback_merchant_id": pinned_merchant,
            "callback_api_id": pinned_project,
            "pay_currency": "BTC",
            "receive_currencies": self.accepted_currencies,
        }


class HavenoGateway(Gateway):
    """The settings screen of the published HavenoPay plan, and what the relay needs besides.

    A rate is never kept here: prices come from the sources named, at the moment of a quote.
    """

    class Over(models.TextChoices):
        CREDIT = "credit", _("book it as the client's credit")
        REVIEW = "review", _("leave it for a person to decide")

    class Late(models.TextChoices):
        LOWER = "lower", _("book what it is worth: the lower of the old and the new quote")
        REVIEW = "review", _("leave it for a person to decide")

    class Source(models.TextChoices):
        RELAY = "relay", _("the relay")
        FIXED = "fixed", _("fixed rates")
        WEB = "web", _("a price service")

    accepted_currencies = models.CharField(max_length=40, default="XMR")
    offer_timeout_minutes = models.PositiveSmallIntegerField(
        _("Offer Expiry Time"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(24 * 60)],
    )
    # "merchant_id" is the column of the tenant.
    node_address = models.CharField(_("Merchant ID"), max_length=80)
    relay_keys = models.TextField(_("Public Key"))
    receive_account = models.CharField(max_length=200, blank=True)
    auto_confirm = models.BooleanField(default=True)
    webhook_secret = SealedField(_("Webhook secret"))
    relay_url = models.URLField(_("Relay URL"), max_length=300)
    merchant_key = SealedField(_("Merchant key"))
    merchant_public_key = models.CharField(max_length=64, blank=True, editable=False)
    # Still published, so that offers signed before a change of the key can be verified.
    previous_public_key = models.CharField(max_length=64, blank=True, editable=False)
    confirmations = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    # Hundredths of a percent, so that no decimal column is needed.
    tolerance_bp = models.PositiveSmallIntegerField(_("Underpayment tolerance"), default=0)
    over = models.CharField(
        _("When too much is paid"), max_length=6, choices=Over.choices, default=Over.CREDIT
    )
    late = models.CharField(
        _("When it is paid too late"), max_length=6, choices=Late.choices, default=Late.LOWER
    )
    price_source = models.CharField(
        _("Price from"), max_length=5, choices=Source.choices, default=Source.RELAY
    )
    price_checks = models.CharField(_("Checked against"), max_length=20, blank=True)
    fixed_rates = models.TextField(blank=True)
    price_url = models.URLField(
        _("Price service"),
        max_length=300,
        blank=True,
        default="https://api.coingecko.com/api/v3/simple/price",
    )
    deviation_bp = models.PositiveSmallIntegerField(_("Largest deviation"), default=300)
    price_age_minutes = models.PositiveSmallIntegerField(
        _("Oldest price"), default=10, validators=[MinValueValidator(1), MaxValueValidator(24 * 60)]
    )
    # Why no quote could be given, for the merchant; emptied by the next good quote.
    price_trouble = models.TextField(blank=True, editable=False)
    price_trouble_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("HavenoPay account"), _("HavenoPay accounts")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.provider, self.method = "haveno", "havenopay"
        super().save(*args, **kwargs)

    def coins(self) -> tuple[str, ...]:
        """What a payer may choose from; the first is offered first."""
        return tuple(filter(None, self.accepted_currencies.split(",")))

    def accepts(self, currency: str) -> bool:
        """Any invoice currency that a price source knows; whether one does shows when quoting."""
        return bool(self.coins())

    def rules(self) -> Rules:
        return Rules(
            coins=self.coins(),
            offer_time=timedelta(minutes=self.offer_timeout_minutes),
            confirmations=self.confirmations,
            tolerance_bp=self.tolerance_bp,
            auto_confirm=self.auto_confirm,
            over=self.over,
            late=self.late,
            prices=PriceSettings(
                primary=self.price_source,
                checks=tuple(filter(None, self.price_checks.split(","))),
                relay_url=self.relay_url.rstrip("/"),
                fixed_rates=self.fixed_rates,
                web_url=self.price_url,
                deviation_bp=self.deviation_bp,
                max_age_seconds=self.price_age_minutes * 60,
            ),
        )

    def credentials(self) -> dict[str, str]:
        """What gateways.providers.haveno needs. Raises SealBroken."""
        return {
            "relay_url": self.relay_url.rstrip("/"),
            "relay_keys": self.relay_keys,
            "merchant_key": self.reveal("merchant_key"),
            "merchant_id": self.node_address,
            "receive_account": self.receive_account,
            "webhook_secret": self.reveal("webhook_secret"),
            "confirmations": str(self.confirmations),
        }
