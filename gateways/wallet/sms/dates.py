"""The moment that a message names, as Cairo's clocks showed it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

CAIRO = ZoneInfo("Africa/Cairo")
# A message is stamped by two clocks; the network's may run a little ahead of the phone's.
AHEAD = timedelta(hours=1)
# A date without a year further off than this was misread, or the phone's clock is wrong.
FURTHEST = timedelta(days=60)
LEAP_YEAR = 2024

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


class OddDate(ValueError):
    """The digits stand where a date belongs and are none."""


def cairo_time(moment: datetime) -> datetime:
    """An aware moment as naive Cairo time."""
    if moment.utcoffset() is None:
        raise ValueError("the time of receipt has no time zone")
    return moment.astimezone(CAIRO).replace(tzinfo=None)


def moment(found: Mapping[str, str | None], received_at: datetime | None) -> datetime | None:
    """What the slots year, month, day, hour ... say; None without a date, any year, or an hour.

    A year that the message leaves out comes from the receipt: the latest that is not after it.
    Raises OddDate for a 31st of June, a 13 o'clock PM, and a date far from its receipt.
    """
    if not found.get("day"):
        return None
    year = found.get("year")
    try:
        if year is None:
            if received_at:
                return _nearest(found, cairo_time(received_at))
            # No year fits a 31st of June.
            _built(LEAP_YEAR, found)
            return None
        if "either" in found:
            return _either(found, received_at)
    except OverflowError:
        raise OddDate("the time of receipt is at an end of the calendar") from None
    built = _built(_full(year), found)
    return built if found.get("hour") else None


def _full(year: str) -> int:
    return int(year) + (2000 if len(year) == 2 else 0)


def _nearest(found: Mapping[str, str | None], received: datetime) -> datetime:
    candidates = []
    for year in (received.year - 1, received.year, received.year + 1):
        try:
            candidates.append(_built(year, found))
        except OddDate:
            continue
    past = [each for each in candidates if each <= received + AHEAD]
    if not past or received - max(past) > FURTHEST:
        raise OddDate("the date is not near the receipt")
    return max(past)


def _either(found: Mapping[str, str | None], received_at: datetime | None) -> datetime:
    """05-04-26 before the time is day-month-year; 26-04-05 was seen too. The receipt decides."""
    turned = {**found, "year": found["day"], "day": found["year"]}
    candidates = []
    for order in (found, turned):
        try:
            candidates.append(_built(_full(str(order["year"])), order))
        except OddDate:
            continue
    if not candidates:
        raise OddDate("no such date")
    if received_at is None:
        return candidates[0]
    received = cairo_time(received_at)
    return min(candidates, key=lambda each: (each > received + AHEAD, abs(received - each)))


def _built(year: int, found: Mapping[str, str | None]) -> datetime:
    month = str(found["month"])
    hour = int(found.get("hour") or "0")
    half = (found.get("half") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise OddDate("no such hour")
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
        second = int(found.get("second") or "0")
        parts = (
            year,
            number,
            int(found["day"] or "0"),
            hour,
            int(found.get("minute") or "0"),
            second,
        )
        return datetime(*parts, tzinfo=CAIRO).replace(tzinfo=None)
    except ValueError:
        raise OddDate("no such date") from None
