"""Telling WHMCS, effectively once: claim, look, write the attempt, call, judge.

WHMCS has no idempotency keys and does not refuse a repeated AddInvoicePayment. So nothing is sent
that was not looked for first, after the longest time an earlier call could still be at work.

delivering  one delivery, top to bottom
claiming    which delivery may be worked, by one worker at a time
writing     the attempts, the drawn edges, and what every answer does to a delivery
deciding    what a person may do
"""
