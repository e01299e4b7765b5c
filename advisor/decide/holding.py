"""How long a reason holds: the day its prices were looked up, and how much of what a tuned model
knows is out of date when it answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from advisor.core import format as fmt
from advisor.core.dates import earliest_day
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.decide.ages import PRICES


def price_days(estimate: Estimate) -> str:
    """A sentence with the days since when the prices of a monthly bill are known to hold; empty
    where none is dated.
    """
    dated = (earliest_day(f.as_of) for f in _inputs(estimate["run.total"], set()) if _is_price(f))
    days = sorted({day for day in dated if day is not None})
    if not days:
        return ""
    return f" Prices as of {_span(days[0], days[-1])}."


def stale_share(pick: Estimate, rival: Estimate | None) -> str:
    """A sentence on the one of the two whose knowledge ages the most; empty where nothing does."""
    shares = [(_stale(e), e.option.id) for e in (pick, rival) if e is not None]
    share, name = max(shares, key=lambda s: s[0])
    if share < 0.0005:
        return ""
    return (
        f" The knowledge of {name} goes stale: between two trainings, on average "
        f"{fmt.share(share, 1)} of its answers are out of date."
    )


def _span(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _stale(estimate: Estimate) -> float:
    figure = estimate.figures.get("quality.stale_share")
    return figure.value if figure is not None and figure.is_known else 0.0


def _is_price(figure: Figure) -> bool:
    return figure.id.startswith(PRICES)


def _inputs(figure: Figure, visited: set[int]) -> Iterator[Figure]:
    """The figures without operands that a figure rests on, each once."""
    if id(figure) in visited:
        return
    visited.add(id(figure))
    if not figure.operands:
        yield figure
    for operand in figure.operands:
        yield from _inputs(operand, visited)
