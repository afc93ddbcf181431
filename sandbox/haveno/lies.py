"""Answers of a relay that was broken into, or is somebody else's: as faults, for one call each."""

import json
import sqlite3

from sandbox.haveno import addresses, offers, settings, signing
from sandbox.web import Response, json_answer

KINDS = (
    "wrong_signature", "unsigned", "wrong_amount", "wrong_currency", "wrong_invoice", "wrong_offer",
    "other_address_in_uri",
)  # fmt: skip


def tell(db: sqlite3.Connection, kind: str, response: Response) -> Response:
    """The answer with one thing wrong in it. What is not signed, such as an error, stays true.

    A wrong signature is a stranger's; every other lie is signed by the relay itself.
    """
    if kind not in KINDS:
        return response
    members = json.loads(response.body)
    if "signature" not in members:
        return response
    seed = settings.signing_seed(settings.read(db))
    if kind == "wrong_signature":
        seed = signing.stranger()
    elif kind != "unsigned":
        members |= _change(kind, members)
    told = signing.with_signature(members, seed)
    if kind == "unsigned":
        del told["signature"]
    return json_answer(told, response.status)


def _change(kind: str, members: dict[str, str]) -> dict[str, str]:
    """Members that say something else. A member the answer does not have is not invented."""
    currency = members.get("currency", "")
    changes: dict[str, dict[str, str]] = {
        "wrong_amount": {
            name: f"1{members[name]}" for name in ("amount", "received") if name in members
        },
        "wrong_currency": {"currency": "BTC" if currency == "XMR" else "XMR"},
        "wrong_invoice": {"invoice_id": "WHMCS-INV-999999"},
        "wrong_offer": {"offer_id": offers.new_name()},
        "other_address_in_uri": {
            "uri": members.get("uri", "").replace(
                members.get("pay_to", "") or " ", addresses.fresh(currency, "", "ERC-20")
            )
        },
    }
    return {name: value for name, value in changes[kind].items() if name in members}
