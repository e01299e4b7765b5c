"""How old a fact may be: the dates of sources are written as days, months, years, spans or
words.
"""

from __future__ import annotations

import re
from datetime import date

STALE_DAYS = 90
"""Age in days from which a fact is marked (design §10)."""

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_MONTHS = re.compile(r"(\d{4})-(\d{2})/(\d{2})")


def earliest_day(as_of: str) -> date | None:
    """The first day the text allows for the last look at the source; None where it allows any.

    "2026-08" may be its first of August; of a span ("2026-03..2026-08", "2026-07/08") the end
    counts, and "undated" or "no later than" leave it open.
    """
    text = _MONTHS.sub(r"\1-\2..\1-\3", as_of.strip())
    if not text or text.startswith("undated") or "no later than" in text:
        return None
    found = _DATE.findall(text.partition("(")[0])
    if not found:
        return None
    year, month, day = found[-1]
    try:
        return date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None


def stale(as_of: str, on: date) -> bool:
    """Whether a fact may be older than 90 days on that day; one that cannot be dated always is."""
    seen = earliest_day(as_of)
    return seen is None or (on - seen).days > STALE_DAYS


def oldest(texts: list[str]) -> str:
    """The as-of text that promises least, for a figure that rests on several rows; empty for
    none.
    """
    return min(texts, key=lambda text: earliest_day(text) or date.min, default="")
