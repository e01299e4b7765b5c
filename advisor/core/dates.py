"""The day, and how old a fact may be. Sources state their dates as days, months, years, spans or
words.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

STALE_DAYS = 90
"""Age in days from which a fact is marked (design §10)."""

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_MONTHS = re.compile(r"(\d{4})-(\d{2})/(\d{2})")


def today() -> date:
    """The day in UTC, so that the same call gives the same answer in every time zone."""
    return datetime.now(UTC).date()


def earliest_day(as_of: str) -> date | None:
    """The earliest day on which the source may last have been read; None where that is open.

    "2026-08" may be its first of August; of a span ("2026-03..2026-08", "2026-07/08") the end
    counts, and "undated" or "no later than" leave it open.
    """
    text = _MONTHS.sub(r"\1-\2..\1-\3", as_of.strip())
    if text.startswith("undated") or "no later than" in text:
        return None
    dates = _DATE.findall(text.partition("(")[0])
    if not dates:
        return None
    year, month, day = dates[-1]
    try:
        return date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None


def stale(as_of: str, on: date) -> bool:
    """Whether a fact may be older than 90 days on that day; one that cannot be dated always is."""
    day = earliest_day(as_of)
    return day is None or (on - day).days > STALE_DAYS


def oldest(texts: list[str]) -> str:
    """The oldest of several as-of texts, one without a date first; empty where there is none."""
    return min(texts, key=lambda text: earliest_day(text) or date.min, default="")
