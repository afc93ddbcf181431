"""A message pasted into a box: what the reader makes of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateways.admin.wallet_names import kind_name
from gateways.receipts.reasons import sentence
from gateways.wallet import sms
from ledger.admin.showing import BAD, GOOD, QUIET, WARN, Fact, Facts, Page, visible
from ledger.ports import database_now

LONGEST = 4 * sms.LONGEST


class PasteForm(forms.Form):
    sender = forms.CharField(
        max_length=80,
        strip=False,
        label=_("Sender"),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "dir": "auto"}),
        help_text=_("As the phone shows it, letter for letter: VF-Cash. Trust goes by it."),
    )
    text = forms.CharField(
        max_length=LONGEST,
        strip=False,
        label=_("Message"),
        widget=forms.Textarea(
            attrs={"rows": 6, "class": "key", "dir": "auto", "spellcheck": "false"}
        ),
    )


def what_it_reads(said: dict[str, Any]) -> Page:
    reading = sms.read(said["sender"], said["text"], database_now())
    known = Fact(gettext("Known sender"), _yes(reading.trusted_sender))
    balance = Fact(gettext("Balance"), str(reading.balance or ""))
    if isinstance(reading, sms.Unread):
        tone = BAD if reading.looks_like_money else QUIET
        facts = [
            Fact(gettext("Reason"), reading.reason),
            known,
            Fact(gettext("Goes to the unread list"), _yes(reading.looks_like_money)),
            balance,
        ]
        why = sentence([(f"sms_{reading.reason}", {})])
        told = gettext("No receipt. {why}").format(why=why)
        return Page(told, tone, facts=[Facts(gettext("What was read"), facts)])
    happened = reading.happened.isoformat(sep=" ") if reading.happened else ""
    facts = [
        Fact(gettext("Amount"), str(reading.amount)),
        Fact(gettext("Wallet"), kind_name(reading.wallet)),
        Fact(gettext("Layout"), reading.template),
        Fact(gettext("Kind"), reading.kind),
        Fact(gettext("Payer's phone"), reading.sender_phone or ""),
        Fact(gettext("Payer's name"), visible(reading.sender_name or "")),
        Fact(gettext("Paid to"), reading.receiver_phone or reading.receiver_last4 or ""),
        balance,
        Fact(gettext("Transaction id"), visible(reading.transaction_id or "")),
        Fact(gettext("Time in the message"), happened),
        known,
    ]
    if not reading.trusted_sender:
        told, tone = gettext("{amount}, but anybody could have sent it: it waits."), WARN
    elif not reading.captured:
        told, tone = gettext("{amount}, in wording never seen for real: it waits."), WARN
    else:
        told, tone = gettext("{amount} came in."), GOOD
    read = Facts(gettext("What was read"), facts)
    return Page(told.format(amount=reading.amount), tone, facts=[read])


def _yes(is_so: bool) -> str:
    return gettext("yes") if is_so else gettext("no")
