"""What WHMCS's error messages mean, and the way out of each.

The messages are no contract, so they are matched by their beginning in any case, and one that
is not known here is never taken for a plain no. They are quoted from the pages of
https://developers.whmcs.com/api/api-index/ and from what clients of the API have reported.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call brought no result. Fields as in ledger.billing.base.Outcome."""

    code: str
    message: str
    way_out: str = ""


_KNOWN = (
    ("invalid ip", "ip"),
    # Reported at sburina/laravel-whmcs-up#5; most likely the credential's own list.
    ("forbidden ip", "ip"),
    ("invalid or missing credentials", "auth"),
    # Older versions, and the login with an admin's name.
    ("authentication failed", "auth"),
    ("invalid permissions", "permission"),
    ("invoice id not found", "not_found"),
    ("client id not found", "not_found"),
    # GetClientsDetails alone leaves out the "ID".
    ("client not found", "not_found"),
    ("it is not possible to add a payment to an invoice that is", "state"),
    ("invoice not in unpaid status", "state"),
    ("transaction id must be unique", "duplicate"),
    ("amount must be in decimal format", "validation"),
    ("no amount provided", "validation"),
    ("date format is not valid", "validation"),
    ("type can only be", "validation"),
    ("payment method is required", "validation"),
    ("user id does not own the given invoice id", "validation"),
    ("currency id", "validation"),
    ("a currency id is required", "validation"),
    ("either clientid or email is required", "validation"),
)

_WAYS_OUT = {
    "auth": "Check the identifier and the secret in WHMCS under Manage API Credentials. Disabling"
    " or deleting the admin who owns the credential ends it too.",
    "not_found": "See in WHMCS whether it was deleted or merged, then settle this payment by hand.",
    "state": "Reopen the invoice in WHMCS and try again, or credit the client instead.",
    "validation": "Check currency, payment method and client in WHMCS, then try again.",
    "duplicate": "WHMCS holds this transaction id already. The next look shows whether it is ours.",
}

PAGE = (
    "A web page came in place of an API answer: check the WHMCS address, that WHMCS is not in"
    " maintenance mode, and that no firewall or bot check stands before includes/api.php."
)
BROKEN = (
    "Nothing to do at once: it is looked up again on its own. If it lasts, check WHMCS's error log."
)
UNREACHABLE = (
    "Check the WHMCS address, its certificate and that its server is up."
    " It is tried again on its own."
)


def fault_of(message: str, action: str) -> Fault:
    """The fault behind one error message of one action; "ambiguous" where it is not known."""
    code = _code_of(message)
    if code == "ip":
        return Fault(code, message, _listing(message))
    if code == "permission":
        return Fault(
            code,
            message,
            f"Tick {action} in an API role of this credential (Manage API Credentials > API Roles)."
            ' The admin who owns it also needs "API Access" in the admin role.',
        )
    if code == "ambiguous":
        return Fault(code, message or "WHMCS reported an error without a message", BROKEN)
    return Fault(code, message, _WAYS_OUT[code])


def _code_of(message: str) -> str:
    text = message.strip().lower()
    for beginning, code in _KNOWN:
        rest = text.removeprefix(beginning)
        # A whole word, so that "Invalid IPN" is no IP address.
        if text.startswith(beginning) and not rest[:1].isalnum():
            return code
    return "ambiguous"


def _listing(message: str) -> str:
    """WHMCS compares exact addresses, without ranges, and names the one it saw.

    Behind a proxy that is the proxy's, so ours would be the wrong one to suggest.
    """
    seen = re.search(r"\bIP:?\s+([0-9A-Fa-f:.]+)", message, re.IGNORECASE)
    address = seen.group(1).rstrip(".") if seen else "the address from the message"
    return (
        f"Add {address} in WHMCS in both places: General Settings > Security > API IP Access"
        " Restriction, and the IP list of the API credential itself (Manage API Credentials), if"
        " it has one. Where the address changes, set an access key ($api_access_key in WHMCS's"
        " configuration.php) and enter it here: it lifts the first check."
    )
