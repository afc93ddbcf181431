"""What people did, in the reader's language. Rows keep the English verb."""

from django.utils.translation import gettext_lazy as _

_WORDS = {
    "approve order": _("approve order"),
    "cancel order": _("cancel order"),
    "change settings": _("change settings"),
    "change wallets": _("change wallets"),
    "clear flag": _("clear flag"),
    "create": _("create"),
    "dismiss callback": _("dismiss callback"),
    "dismiss receipt": _("dismiss receipt"),
    "fetch order": _("fetch order"),
    "match receipt": _("match receipt"),
    "new merchant key": _("new merchant key"),
    "new phone keys": _("new phone keys"),
    "new signing secret": _("new signing secret"),
    "new store key": _("new store key"),
    "new webhook secret": _("new webhook secret"),
    "note": _("note"),
    "process callback again": _("process callback again"),
    "read receipt again": _("read receipt again"),
    "refuse order": _("refuse order"),
    "remove store key": _("remove store key"),
    "remove webhook secret": _("remove webhook secret"),
    "restore receipt": _("restore receipt"),
    "retry delivery": _("retry delivery"),
    "settle delivery by hand": _("settle delivery by hand"),
    "switch phone off": _("switch phone off"),
    "undo match": _("undo match"),
    "withdraw booking": _("withdraw booking"),
}


def told(verb: str) -> str:
    return str(_WORDS.get(verb, verb))
