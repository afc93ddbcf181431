"""Whose it is: the merchant and its WHMCS or website."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.money import Money
from ledger.ports import new_token
from ledger.sealed import SealedField, SealedModel

WHMCS_DECIMALS = 2


class Merchant(SealedModel):
    """A business with its own WHMCS: the tenant every row belongs to.

    token           public, names the merchant in checkout URLs.
    signing_secret  the WHMCS modules sign their forms with it.
    members         staff who see this merchant's rows and nobody else's.
    """

    name = models.CharField(max_length=120, unique=True)
    token = models.CharField(max_length=40, unique=True, editable=False, default=new_token)
    signing_secret = SealedField()
    time_zone = models.CharField(
        max_length=60,
        default="UTC",
        help_text=_("For dates told to WHMCS, such as Europe/Vilnius."),
    )
    active = models.BooleanField(default=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="merchants")
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("merchant"), _("merchants")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def tenant_id(self) -> int:
        return int(self.pk)


class Biller(SealedModel):
    """A merchant's WHMCS or website, and how it wants to be told.

    identifier, secret, access_key  of a WHMCS its credential; of a website as
                     ledger.billing.website.Website takes them.
    top_up_mode      how a client's top-up is booked.
    when_paid        what to do with money for an invoice that is paid already.
    longest_run_seconds  the longest time WHMCS may go on working on a call we gave up on.
    open_until, failures  the breaker: after several failed calls in a row only one probe at a time.
    """

    class Kind(models.TextChoices):
        WHMCS = "whmcs", "WHMCS"
        WEBSITE = "website", _("website without WHMCS")

    class TopUp(models.TextChoices):
        TRANSACTION = "transaction", _("as a transaction (WHMCS refuses repeats)")
        CREDIT = "credit", _("as credit only (the published VodafoneCash way)")

    class WhenPaid(models.TextChoices):
        CREDIT = "credit", _("add it to the client's credit")
        PARK = "park", _("park it for a person")

    merchant = models.OneToOneField(Merchant, on_delete=models.PROTECT, related_name="biller")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.WHMCS)
    url = models.URLField("URL", max_length=300)
    identifier = models.CharField(_("API identifier"), max_length=200)
    secret = SealedField()
    access_key = SealedField()
    top_up_mode = models.CharField(
        max_length=12,
        choices=TopUp.choices,
        default=TopUp.TRANSACTION,
        verbose_name=_("Book top-ups"),
    )
    when_paid = models.CharField(
        max_length=8,
        choices=WhenPaid.choices,
        default=WhenPaid.CREDIT,
        verbose_name=_("Money for an invoice that is paid already"),
    )
    longest_run_seconds = models.PositiveIntegerField(
        _("Longest WHMCS run (s)"),
        default=120,
        help_text=_(
            "How long your WHMCS may go on working on a call after we stop waiting for it: PHP's "
            "max_execution_time plus any queue in front of it."
        ),
    )
    paused = models.BooleanField(default=False, help_text=_("While ticked, WHMCS is told nothing."))
    failures = models.PositiveIntegerField(default=0, editable=False)
    open_until = models.DateTimeField(null=True, editable=False)
    last_ok = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("biller"), _("billers")

    def __str__(self) -> str:
        name = (
            gettext("website of {merchant}") if self.is_website else gettext("WHMCS of {merchant}")
        )
        return name.format(merchant=self.merchant)

    @property
    def is_website(self) -> bool:
        """It is told, and cannot be asked what it holds."""
        return self.kind == self.Kind.WEBSITE

    def keeps(self, amount: Money) -> Money:
        """What it can book of an amount: WHMCS takes ### or ###.##, whatever the currency's own.

        Source  https://developers.whmcs.com/api-reference/addcredit/
        """
        return amount if self.is_website else amount.to_decimals(WHMCS_DECIMALS)

    @property
    def called(self) -> str:
        """Its name in sentences."""
        return "the website" if self.is_website else "WHMCS"
