"""Wallet transfers: SMS noted as receipts, claims taken from payers, and the two brought together.

noting    what a phone forwarded, as receipts
quoting   pounds for what is due
claiming  a payer says to have sent money; topping_up where no order asked for it
joining   one receipt and one claim become one payment, or wait for a person
arriving  stored messages of phones and of vodafoncash.com
outcome   claim and receipt when a person decides about their order
deciding  what a person may do
"""
