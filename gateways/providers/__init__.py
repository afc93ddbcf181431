"""Providers by slug: the module that speaks to it and the table that keeps its accounts.

Dotted paths, loaded on first use, so that this package stays free of the framework.
"""

PROVIDERS = {
    "haveno": "gateways.providers.haveno.Haveno",
    "spectrocoin": "gateways.providers.spectrocoin.SpectroCoin",
    "vodafonecash": "gateways.providers.vodafonecash.VodafoneCash",
}
TABLES = {
    "haveno": "gateways.HavenoGateway",
    "spectrocoin": "gateways.SpectroCoinGateway",
    "vodafonecash": "gateways.VodafoneCashGateway",
}
