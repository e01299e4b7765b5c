"""Many briefs side by side: what each should do, what that costs, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from advisor.core import format as fmt
from advisor.core.verdict import Verdict
from advisor.report import extract, layout
from advisor.report.page import Table, TableColumn
from advisor.report.table import draw
from advisor.report.terms import Terms


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """One brief: its recommendation and money at the medians; None where unknown.

    `saving_usd` is cash over the horizon against today's option, else against the runner-up.
    """

    brief: str
    name: str
    verdict: str
    option: str
    one_off_usd: float | None
    monthly_usd: float | None
    saving_usd: float | None
    saving_against: str
    p_best: float


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All briefs, the largest saving first, and what they cost together."""

    schema: int
    rows: tuple[PortfolioRow, ...]
    one_off_usd: float | None
    monthly_usd: float | None


def portfolio(judged: Sequence[tuple[str, Verdict]]) -> Portfolio:
    """The rows of `(file, verdict)` pairs; a sum with an unknown part is unknown."""
    rows = sorted((_row(file, verdict) for file, verdict in judged), key=_order)
    return Portfolio(
        1, tuple(rows), _sum(r.one_off_usd for r in rows), _sum(r.monthly_usd for r in rows)
    )


def render(content: Portfolio, width: int = 80) -> str:
    """The portfolio as text of at most `width` columns."""
    return "\n".join(_lines(content, width)) + "\n"


def _row(file: str, verdict: Verdict) -> PortfolioRow:
    chosen = verdict.chosen
    name = fmt.clean(verdict.name)
    if chosen is None:
        return PortfolioRow(file, name, "no option left", "", None, None, None, "", 0.0)
    compared = extract.compared(verdict)
    other = compared[-1] if len(compared) > 1 else None
    saving = extract.cash_saved(verdict, other) if other is not None else None
    terms = Terms.of(verdict)
    return PortfolioRow(
        file,
        name,
        verdict.verdict,
        terms.option(chosen.id),
        chosen.one_off_usd.p50,
        chosen.monthly_usd.p50,
        saving,
        terms.option(other.id) if other is not None else "",
        verdict.p_best,
    )


def _order(row: PortfolioRow) -> tuple[float, str]:
    return (-(row.saving_usd or 0.0), row.brief)


def _sum(amounts: Iterator[float | None]) -> float | None:
    parts = list(amounts)
    return sum(a for a in parts if a is not None) if None not in parts else None


def _lines(content: Portfolio, width: int) -> Iterator[str]:
    yield f"Portfolio of {fmt.plural(len(content.rows), 'brief')}"
    yield ""
    titles = ("once", "per month", "saves", "best of 100")
    columns = (
        TableColumn("brief"),
        TableColumn("do"),
        *(TableColumn(title, right=True) for title in titles),
    )
    rows = tuple(
        (
            f"{row.name} ({fmt.clean(row.brief)})",
            fmt.VERDICT_WORDS.get(row.verdict, row.verdict).capitalize(),
            fmt.money(row.one_off_usd),
            fmt.money(row.monthly_usd),
            fmt.money(row.saving_usd),
            fmt.of_hundred(row.p_best),
        )
        for row in content.rows
    )
    yield from draw(Table("portfolio", columns, rows), width, str, str)
    yield ""
    once = fmt.money(content.one_off_usd)
    yield from layout.wrap(
        f"Together {once} once and {fmt.money_rate(content.monthly_usd)}. "
        "Saving: cash over each horizon, against what is in place, else the runner-up. "
        "Investments that several briefs share are counted for each.",
        width,
    )
