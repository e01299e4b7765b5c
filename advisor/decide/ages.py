"""Whether the prices behind a verdict are of its day: looked up long before it, or only after
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from advisor.core.dates import STALE_DAYS, earliest_day
from advisor.core.verdict import SourceRecord

PRICES = ("price.", "gpu.usd_per_hour")


def price_ages(sources: Sequence[SourceRecord], as_of: date) -> Iterator[str]:
    """A line where dated prices are older than 90 days on the day of the decision, and one where
    they are younger.
    """
    prices = [s for s in sources if any(used.startswith(PRICES) for used in s.used_for)]
    days = [(day, s.source) for s in prices if (day := earliest_day(s.as_of)) is not None]
    old = min(days, default=None)
    new = max(days, default=None)
    if old is not None and (as_of - old[0]).days > STALE_DAYS:
        age = (as_of - old[0]).days
        yield (
            f"Prices are up to {age:,} days old on {as_of:%Y-%m-%d}: look them up again. "
            f"The oldest is of {old[0]:%Y-%m-%d} ({old[1]})"
        )
    if new is not None and new[0] > as_of:
        yield (
            f"Prices were looked up after {as_of:%Y-%m-%d} ({new[1]}, {new[0]:%Y-%m-%d}): models "
            "and prices may have "
            "been others on that day"
        )
