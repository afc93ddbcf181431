"""Wallet transfers: SMS noted as receipts, claims taken from payers, and the two brought together.

noting    what a phone forwarded, as receipts
quoting   pounds for what is due
claiming  a payer says to have sent money
joining   one receipt and one claim become one payment, or wait for a person
deciding  what a person may do
"""
