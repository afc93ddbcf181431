"""A message pasted into a box: what the reader makes of it."""

from typing import Any

from django import forms

from gateways.admin.wallet_names import kind_name
from gateways.wallet import sms
from ledger.admin.showing import BAD, GOOD, QUIET, WARN, Fact, Facts, Page, visible
from ledger.ports import database_now

LONGEST = 4 * sms.LONGEST


class PasteForm(forms.Form):
    sender = forms.CharField(
        max_length=80,
        strip=False,
        label="Sender",
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text="As the phone shows it, letter for letter: VF-Cash. Trust goes by it.",
    )
    text = forms.CharField(
        max_length=LONGEST,
        strip=False,
        label="Message",
        widget=forms.Textarea(
            attrs={"rows": 6, "class": "key", "dir": "auto", "spellcheck": "false"}
        ),
    )


def what_it_reads(said: dict[str, Any]) -> Page:
    reading = sms.read(said["sender"], said["text"], database_now())
    if isinstance(reading, sms.Unread):
        known = sms.REASONS.get(reading.reason, reading.reason)
        tone = BAD if reading.looks_like_money else QUIET
        facts = [
            Fact("Reason", reading.reason),
            Fact("Known sender", "yes" if reading.trusted_sender else "no"),
            Fact("Goes to the unread list", "yes" if reading.looks_like_money else "no"),
            Fact("Balance", str(reading.balance or "")),
        ]
        return Page(f"No receipt. {known}", tone, facts=[Facts("What was read", facts)])
    facts = [
        Fact("Amount", str(reading.amount)),
        Fact("Wallet", kind_name(reading.wallet)),
        Fact("Layout", reading.template),
        Fact("Kind", reading.kind),
        Fact("Payer's phone", reading.sender_phone or ""),
        Fact("Payer's name", visible(reading.sender_name or "")),
        Fact("Paid to", reading.receiver_phone or reading.receiver_last4 or ""),
        Fact("Balance", str(reading.balance or "")),
        Fact("Transaction id", visible(reading.transaction_id or "")),
        Fact(
            "Time in the message", reading.happened.isoformat(sep=" ") if reading.happened else ""
        ),
        Fact("Known sender", "yes" if reading.trusted_sender else "no"),
    ]
    if not reading.trusted_sender:
        sentence, tone = f"{reading.amount}, but anybody could have sent it: it waits.", WARN
    elif not reading.captured:
        sentence, tone = f"{reading.amount}, in wording never seen for real: it waits.", WARN
    else:
        sentence, tone = f"{reading.amount} came in.", GOOD
    return Page(sentence, tone, facts=[Facts("What was read", facts)])
