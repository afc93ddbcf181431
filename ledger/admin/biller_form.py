"""The settings of a biller: a WHMCS with its credential, or a website with its key and shape."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.admin.secrets_form import SecretField, SecretsForm
from ledger.billing.website import SHAPES, Website
from ledger.billing.whmcs import clean_root
from ledger.models import Biller
from ledger.ports import new_webhook_secret

Kind = Biller.Kind
OF_WHMCS = ("identifier", "new_secret", "new_access_key", "clear_access_key")
OF_WEBSITE = ("shape", "store", "new_key")

NAMES = {
    "plugin": _("GET as the WordPress plugin takes it"),
    "generic": _("GET with all fields"),
    "signed": _("signed POST (Standard Webhooks)"),
}
# What its columns, named after WHMCS, are called there.
WEBSITE_WORDS = {
    "url": {
        "help_text": _("The website's API URL, such as https://shop.example.com/callback"),
    },
    "longest_run_seconds": {
        "label": _("Longest run of the website (s)"),
        "help_text": _(
            "How long your website may go on working on a call after we stop waiting for it."
        ),
    },
    "paused": {"help_text": _("While ticked, the website is told nothing.")},
}


class BillerForm(SecretsForm):
    kind = forms.ChoiceField(
        label=_("The shop is"),
        choices=Kind.choices,
        initial=Kind.WHMCS,
        help_text=_("Chosen once. Then fill in the box of that name below."),
    )
    url = forms.CharField(
        label="URL",
        max_length=300,
        widget=forms.URLInput(attrs={"class": "vURLField", "dir": "ltr"}),
        help_text=_(
            "The root of WHMCS, such as https://billing.example.com; of a website its API URL, such "
            "as https://shop.example.com/callback"
        ),
    )
    identifier = forms.CharField(
        label=_("API identifier"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
    new_secret = SecretField(
        "secret",
        label=_("API secret"),
        help_text=_("Shown by WHMCS when the credential was generated."),
    )
    new_access_key = SecretField(
        "access_key",
        label=_("API access key"),
        clearable=True,
        help_text=_("Only where WHMCS's configuration.php sets $api_access_key."),
    )
    clear_access_key = forms.BooleanField(label=_("Remove the access key"), required=False)
    shape = forms.ChoiceField(
        label=_("Shape"),
        choices=[("", _("choose")), *((shape, NAMES[shape]) for shape in SHAPES)],
        required=False,
        help_text=_(
            "How the website is told of a payment. The signed POST is the safe one: the first "
            "carries the key in the address."
        ),
    )
    store = forms.CharField(
        label=_("Store ID"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"}),
        help_text=_("Told as store_id, as your VodafoneCash store shows it here. May stay empty."),
    )
    new_key = SecretField(
        "secret",
        label=_("Key"),
        max_length=200,
        help_text=_(
            "Told as “key”: the store key that your plugin holds. For the WordPress plugin."
        ),
    )

    class Meta:
        labels = {"merchant": _("Merchant"), "paused": _("Paused")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            return
        for name in ("kind", *(OF_WHMCS if self.instance.is_website else OF_WEBSITE)):
            self.fields.pop(name, None)
        if self.instance.is_website:
            shape, _colon, store = self.instance.identifier.partition(":")
            self.initial.update(shape=shape, store=store)
            for name, words in WEBSITE_WORDS.items():
                if name in self.fields:  # who may only look has no fields
                    vars(self.fields[name]).update(words)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind", self.instance.kind) == Kind.WEBSITE:
            self._clean_website(cleaned)
        elif "kind" not in self.errors:
            self._clean_whmcs(cleaned)
        return cleaned

    def _clean_whmcs(self, cleaned: dict[str, Any]) -> None:
        try:
            if "url" in cleaned:
                cleaned["url"] = clean_root(cleaned["url"])
        except ValueError as error:
            self.add_error("url", ValidationError(str(error)))
        named = bool(cleaned.get("identifier"))
        self._need("identifier", named, gettext("Enter the API identifier."))
        held = self.will_hold("secret") and not cleaned.get("new_key")
        self._need("new_secret", held, gettext("Enter the secret of the API credential."))

    def _clean_website(self, cleaned: dict[str, Any]) -> None:
        shape, store = str(cleaned.get("shape", "")), str(cleaned.get("store", "")).strip()
        self._need("shape", bool(shape), gettext("Choose how the website is told."))
        digits = store.isascii() and store.isdecimal()
        self._need("store", not store or digits, gettext("The Store ID is a number, such as 2."))
        held = self.will_hold("secret") and not cleaned.get("new_secret")
        self._need(
            "new_key", held or shape != "plugin", gettext("Enter the key that your plugin holds.")
        )
        cleaned["identifier"] = f"{shape}:{store}"
        if not self.errors:
            self._try_url(cleaned)

    def _try_url(self, cleaned: dict[str, Any]) -> None:
        """By the one who will use it."""
        cleaned["url"] = cleaned["url"].strip()
        try:
            Website(cleaned["url"], cleaned["identifier"], "", new_webhook_secret())
        except ValueError as error:
            self.add_error("url", gettext("This cannot be told: {problem}.").format(problem=error))

    def _need(self, name: str, there: bool, refusal: str) -> None:
        if not there and not self.has_error(name):
            self.add_error(name, refusal)

    def seal(self) -> list[tuple[str, str]]:
        """Besides the secrets, what shape and store are kept as."""
        changed = super().seal()
        told = str(self.cleaned_data.get("identifier", ""))
        if self.instance.is_website and {"shape", "store"} & set(self.changed_data):
            self.instance.identifier = told
            changed.append(("identifier", f"Told as {told}"))
        return changed
