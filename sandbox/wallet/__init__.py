"""The phone that holds the wallet SIM: receives SMS, and forwards them through one app or two."""
