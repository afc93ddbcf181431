"""Billers by slug, as dotted paths loaded on first use."""

BILLERS = {
    "website": "ledger.billing.website.Website",
    "whmcs": "ledger.billing.whmcs.Whmcs",
}
