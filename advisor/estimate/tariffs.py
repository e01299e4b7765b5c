"""Which rows of a price list hold: tiers by the length of a request, and changes inside the
horizon.

A row holds from its start until the next start of the same provider and model; a tier for requests
with more input tokens than its limit. Formulas: docs/reference/formulas.md#tiers, #price-changes.
"""

from __future__ import annotations

from datetime import date

from advisor.core.constants import DAYS_PER_MONTH
from advisor.core.facts import TokenPrice
from advisor.core.setting import Setting

Tiers = tuple[TokenPrice, ...]
"""Rows of one provider, model and day, by `above_tokens` ascending."""


def today(setting: Setting, tariff: TokenPrice | None) -> Tiers:
    """The tiers in force on the day of the decision; none without a tariff."""
    return periods(setting, tariff)[0][2] if tariff is not None else ()


def periods(
    setting: Setting, tariff: TokenPrice | None, months: int | None = None
) -> list[tuple[float, str, Tiers]]:
    """(months after the decision, first day, tiers) of today's price and of every change, within
    `months`.
    """
    if tariff is None:
        return []
    rows = setting.schedule(tariff)
    starts = sorted({row.start or date.min for row in rows})
    begun = max((s for s in starts if s <= setting.as_of), default=starts[0])
    changes = [(0.0, begun.isoformat(), _tiers(rows, begun))]
    for start in starts:
        begin = (start - setting.as_of).days / DAYS_PER_MONTH
        if start > begun and (months is None or begin < months):
            changes.append((begin, start.isoformat(), _tiers(rows, start)))
    return changes


def _tiers(rows: Tiers, start: date) -> Tiers:
    mine = (row for row in rows if (row.start or date.min) == start)
    return tuple(sorted(mine, key=lambda row: row.above_tokens))
