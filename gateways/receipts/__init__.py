"""Wallet transfers: SMS noted as receipts, claims taken from payers, and the two brought together.

noting    what a phone forwarded, as receipts; balances holds each against its wallet's others
reasons   why one waits: codes in rows, words on screens
quoting   pounds for what is due
claiming  a payer says to have sent money; topping_up where no order asked for it
joining   one receipt and one claim become one payment, or wait for a person
arriving  stored messages of phones and of vodafoncash.com
wanting   who shows no key keeps no receipt from others
outcome   claim and receipt when a person decides about their order
deciding  what a person may do
"""
