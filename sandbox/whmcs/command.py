"""What every API command works with: its parameters, its rows, and WHMCS's list wrappers."""

import re
import sqlite3
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.storage import Settings
from sandbox.whmcs import accounts, settings

DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?")


class CommandError(Exception):
    """Becomes `result: error` with this message, HTTP 200."""


@dataclass(frozen=True)
class Call:
    """One authorised call."""

    db: sqlite3.Connection
    installation: Settings
    form: dict[str, str]
    caller: str

    def text(self, name: str) -> str:
        return self.form.get(name, "")

    def number(self, name: str, default: int = 0) -> int:
        """PHP's (int): leading digits count, anything else is 0."""
        if name not in self.form:
            return default
        digits = re.match(r"\s*([0-9]{1,15})", self.form[name])
        return int(digits.group(1)) if digits else 0

    def truth(self, name: str) -> bool:
        """PHP's truth of a text: even "false" is true."""
        return self.text(name) not in ("", "0")

    def amount(self, name: str) -> Decimal:
        """0 when absent or empty, rounded to cents."""
        text = self.text(name).strip()
        if not text:
            return Decimal(0)
        if not DECIMAL.fullmatch(text):
            raise CommandError(f"Invalid amount given for {name}")
        return Decimal(text).quantize(accounts.CENT, ROUND_HALF_UP)

    def invoice(self) -> sqlite3.Row:
        row = accounts.invoice(self.db, self.number("invoiceid"))
        if row is None:
            raise CommandError("Invoice ID Not Found")
        return row

    def client(self, name: str = "clientid") -> sqlite3.Row:
        row = accounts.client(self.db, self.number(name))
        if row is None:
            raise CommandError("Client ID Not Found")
        return row

    def wrapped(self, name: str, rows: list[dict[str, object]]) -> object:
        """Rows inside their wrapper, in the shape this installation is set to."""
        shape = settings.text(self.installation, "list_shape")
        if not rows:
            empty = settings.text(self.installation, "empty_shape")
            return {"wrapped": {name: []}, "string": "", "object": {}, "array": []}[empty]
        if shape == "single" and len(rows) == 1:
            return {name: rows[0]}
        if shape == "numbered":
            return {name: {str(index): row for index, row in enumerate(rows)}}
        return {name: rows}
