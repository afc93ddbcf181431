"""What a receipt is held against before it may pay anything by itself."""

from datetime import datetime, timedelta

from gateways.wallet.sms.dates import AHEAD, cairo_time

# An inbox that is imported again must not pay again.
OLDEST = timedelta(hours=48)


def is_recent(
    happened: datetime | None, received_at: datetime, now: datetime, oldest: timedelta = OLDEST
) -> bool:
    """Whether a receipt is young enough to match by itself, and not from the future.

    happened     naive Cairo time that the message names; None where it names none
    received_at  the phone's stamp, and `now` the clock; both aware
    """
    clock = cairo_time(now)
    stamps = [cairo_time(received_at), *([happened] if happened else [])]
    return all(clock - oldest <= stamp <= clock + AHEAD for stamp in stamps)
