"""Why a receipt waits, was not read, or is matched: codes in its row, words when it is shown."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gateways.wallet.matching import Reason
from gateways.wallet.sms import REASONS

Text = str | Promise

SENTENCES: Mapping[str, Text] = MappingProxyType(
    {
        # What was written before there were codes.
        "said": "{text}",
        # --- doubts about the message -------------------------------------------------------------
        "untrusted_sender": _(
            "It came from {sender}, which is not the wallet's own sender name: anybody can write such "
            "an SMS. Look at the wallet itself before you match it."
        ),
        "unproven_wording": _(
            "Its wording was never seen in a real message: compare it with the wallet before you "
            "match it."
        ),
        "unknown_wallet": _(
            "It is for a wallet that the store does not have or cannot tell ({wallet}). Add the "
            "wallet and its SIM, or dismiss this."
        ),
        "taken_back_before": _(
            "The wallet took this transfer back before its message came: dismiss it."
        ),
        "known_elsewhere": _(
            "Another store's phone forwarded the same transfer: it may be booked there."
        ),
        "reference_again": _(
            "Another message tells of {amount} under the same reference {reference}: one of the two "
            "is not genuine. Compare both with the wallet."
        ),
        "too_old": _("It is too old to be matched by itself: was its money booked already?"),
        "balance_apart": _(
            "Its balance of {balance} does not follow from {before}: a message is missing, or this "
            "one is not genuine. Compare it with the wallet."
        ),
        "balance_before": _(
            "Its balance of {balance} does not lead to {after}, which the wallet told next: a message "
            "is missing, or this one is not genuine. Compare it with the wallet."
        ),
        "no_balance": _(
            "It prints no balance, as the wallet's messages do: this one may not be genuine. Compare it "
            "with the wallet."
        ),
        "balance_found": _("Its balance follows since another message of the wallet came."),
        "repeat": _("The same payer, amount and balance came before: probably one SMS twice."),
        # --- which claim it is for ----------------------------------------------------------------
        "decide": _("Match, split or dismiss it by hand."),
        "pays_nothing": _("{amount} pays nothing."),
        "several_fit": _("{count} claims over {amount} fit by {by}."),
        "fits_by": _("It fits a claim by {by}."),
        "other_phone": _("But the money came from {phone} and the claim names {claimed}."),
        "other_reference": _("But its reference is {reference} and the claim names {claimed}."),
        "nobody_names": _("No open claim over {amount} names {payer}."),
        "no_payer": _("No open claim over {amount} fits, and its payer is not told."),
        "names_reference": _("A claim names its reference."),
        "names_payer": _("A claim names its payer {payer}."),
        "too_little": _("But {expected} is expected and {came} came: {missing} too little."),
        "too_much": _("But {expected} is expected and {came} came: {surplus} too much."),
        "too_early": _("But it was sent {hours} h {minutes} min before the claim was opened."),
        "too_late": _("But it was sent {hours} h {minutes} min after the claim expired."),
        "only_name": _("But it does not name the phone {phone} that sent it."),
        "claim_expired": _(
            "It fits a claim that has expired: {amount} from {payer}. Match it, or dismiss it."
        ),
        "paid_just_now": _(
            "The same payer has just paid an order of this amount: was it sent twice? Match it to "
            "another order, or send it back and dismiss it."
        ),
        "claims_other": _(
            "Its payer claims to have sent {amount}, which this does not fit: another amount, or sent "
            "at another time. Match it, or dismiss it."
        ),
        "order_closed": _(
            "It fits {order}, which is not open any more ({status}). Match it to another order, or "
            "send it back and dismiss it."
        ),
        "not_booked": _(
            "It fits a claim, but could not be booked: {text}. Match it to a new order of that invoice, "
            "or send it back and dismiss it."
        ),
        "other_currency": _(
            "Client {client} claims it, whose credit WHMCS keeps in {currency}; the store counts in "
            "{store}. Add the credit by hand in WHMCS, and dismiss this."
        ),
        "unclaimed": _("Nobody has claimed it. Find out whose it is, match it, or dismiss it."),
        "claim_refused": _(
            "Its claim was refused: match it to another order, or send it back and dismiss it."
        ),
        # --- taken back by the wallet -------------------------------------------------------------
        "wallet_took_back": _(
            "The wallet took the transfer {reference} back. If it was booked, book the refund in WHMCS."
        ),
        "took_back_unknown": _(
            "The wallet took back the transfer {reference}, of which nothing is known here."
        ),
        "took_back_dismissed": _(
            "The wallet took back the transfer {reference}, which was dismissed here. If you booked "
            "it by hand, book the refund in WHMCS; then dismiss this."
        ),
        # --- what was done ------------------------------------------------------------------------
        "matched_by": _("matched by {by}"),
        "matched_by_person": _("matched by {actor}: {text}"),
        "match_undone": _("Its match was taken back by {actor}: {text}."),
        "dismissed": _("dismissed by {actor}: {text}"),
        "restored": _("Put back on the list by {actor}: {text}."),
        # --- why it could not be read -------------------------------------------------------------
        **{f"sms_{code}": translation.gettext_lazy(text) for code, text in REASONS.items()},
    }
)
_SIGNS: Mapping[str, Text] = {
    "reference": _("reference"),
    "phone": _("phone"),
    "name": _("name"),
    "amount": _("amount"),
}
_ORDER: Mapping[str, Text] = {
    "paid": _("paid"),
    "failed": _("failed"),
    "expired": _("expired"),
    "test": _("test"),
    "review": _("review"),
    "refunded": _("refunded"),
}


def sentence(why: Iterable[Reason]) -> str:
    """In the language of whoever reads it now. A code that is not known stands for itself."""
    return " ".join(
        str(SENTENCES.get(code, code)).format(
            **{name: _word(name, v) for name, v in values.items()}
        )
        for code, values in why
    )


def english(why: Iterable[Reason]) -> str:
    """For what is written into rows and logs."""
    with translation.override("en"):
        return sentence(why)


def has(why: Iterable[Reason], *codes: str) -> bool:
    return any(code in codes for code, _values in why)


def taken_back(why: Iterable[Reason]) -> list[Reason]:
    """What holds whatever a person decides: the wallet took the transfer back."""
    return [each for each in why if each[0] == "wallet_took_back"]


def _word(name: str, value: str) -> str:
    """A value that is a word of ours stands in the row as its code."""
    return str(_WORDS[name].get(value, value)) if name in _WORDS else value


_WORDS: Mapping[str, Mapping[str, Text]] = {"by": _SIGNS, "status": _ORDER}
