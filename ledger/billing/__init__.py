"""Billers by slug, as dotted paths loaded on first use."""

BILLERS = {"whmcs": "ledger.billing.whmcs.Whmcs"}
