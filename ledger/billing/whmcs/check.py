"""The lines of a connection test. WHMCS grants each action on its own, so each is asked."""

from collections.abc import Sequence

from ledger.billing.base import CheckLine
from ledger.billing.whmcs.answers import Malformed, rows_of, text_of
from ledger.billing.whmcs.api import Api, Reply
from ledger.billing.whmcs.faults import BROKEN

CHECK_TIMEOUT_SECONDS = 15

# Client 0 and invoice 0 exist nowhere: being told so proves the permission and reads nothing.
# WHMCS checks the role before it looks at what it was sent.
_READS: tuple[tuple[str, dict[str, str]], ...] = (
    ("WhmcsDetails", {}),
    ("GetPaymentMethods", {}),
    ("GetInvoice", {"invoiceid": "0"}),
    ("GetInvoices", {"limitnum": "1"}),
    ("GetClientsDetails", {"clientid": "0"}),
    ("GetClients", {"limitnum": "1"}),
    ("GetCurrencies", {}),
    ("GetTransactions", {"transid": "GATEBOOK-CONNECTION-TEST"}),
    ("GetCredits", {"clientid": "0"}),
    ("GetActivityLog", {"limitnum": "1"}),
)
# What each of these lacks is refused before anything is written, as its page documents: an invoice
# or client that exists, an amount, a payment method. Each lacks two of them.
_BOOKINGS: dict[str, dict[str, str]] = {
    "AddInvoicePayment": {"invoiceid": "0"},
    "AddTransaction": {"userid": "0"},
    "AddCredit": {"clientid": "0"},
}
_PROOF_ENOUGH = frozenset({"not_found", "validation"})


def check_lines(api: Api, methods: Sequence[str]) -> list[CheckLine]:
    """Ask each action in turn; stop where every further one would fail the same way."""
    lines = []
    for action, params in _READS:
        reply = api.ask(action, params, timeout_seconds=CHECK_TIMEOUT_SECONDS)
        fault = reply.fault
        if fault and not (fault.code in _PROOF_ENOUGH and "0" in params.values()):
            lines.append(CheckLine(action, False, fault.message, fault.way_out))
            if reply.http_status is None or fault.code in ("ip", "auth"):
                break
            continue
        lines.append(CheckLine(action, True, _version(reply) if action == "WhmcsDetails" else ""))
        if action == "GetPaymentMethods":
            lines += _method_lines(reply, methods)
    return lines


def booking_lines(api: Api, actions: Sequence[str]) -> list[CheckLine]:
    """Whether the role has each action, asked in a way that cannot book anything."""
    lines = []
    for action in actions:
        fault = api.ask(action, _BOOKINGS[action], timeout_seconds=CHECK_TIMEOUT_SECONDS).fault
        if fault is None or fault.code in _PROOF_ENOUGH:
            lines.append(CheckLine(action, True))
        else:
            lines.append(CheckLine(action, False, fault.message, fault.way_out))
    return lines


def _version(reply: Reply) -> str:
    details = reply.fields.get("whmcs")
    version = details.get("version") if isinstance(details, dict) else None
    return f"WHMCS {version}"[:60] if isinstance(version, str) else ""


def _method_lines(reply: Reply, methods: Sequence[str]) -> list[CheckLine]:
    try:
        rows = rows_of(reply.fields, "paymentmethods", "paymentmethod")
        active = {text_of(row, "module") for row in rows}
    except Malformed as error:
        return [CheckLine("GetPaymentMethods", False, str(error), BROKEN)]
    return [
        CheckLine(f"payment method {method}", True, "active")
        if method in active
        else CheckLine(
            f"payment method {method}",
            False,
            f"{method} is not active in WHMCS",
            "Activate it in WHMCS under System Settings > Payment Gateways, or correct its name"
            f" here. Active are: {', '.join(sorted(active)) or 'none'}.",
        )
        for method in methods
    ]
