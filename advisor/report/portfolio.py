"""Many briefs side by side: what each should do, what that costs, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from advisor.core import format as fmt
from advisor.core.brief import APPROACHES
from advisor.core.naming import model_name
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract, layout
from advisor.report.headline import approach_chance, as_is, is_hopeless
from advisor.report.page import Table, TableColumn
from advisor.report.table import draw
from advisor.report.terms import Terms


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """One brief: its recommendation and money at the medians; None where unknown.

    `saving_usd` is cash over the horizon against what is in place, else against the runner-up;
    `saving_with_errors_usd` counts wrong answers too, and `errors_usd` are those of the option.
    `is_counted` is false where the option only comes nearest and may not be used yet.
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
    errors_usd: float | None = None
    saving_with_errors_usd: float | None = None
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class SharedCost:
    """GPUs and upkeep of one model that several briefs serve themselves: the largest of them,
    counted once (USD per month), and what that saves against counting each.
    """

    what: str
    briefs: tuple[str, ...]
    monthly_usd: float
    saved_usd: float


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All briefs, decided ones first, then the largest saving with wrong answers counted; and what
    they cost together, shared costs once.
    """

    schema: int
    rows: tuple[PortfolioRow, ...]
    one_off_usd: float | None
    monthly_usd: float | None
    shared: tuple[SharedCost, ...] = ()
    as_of: str = ""


def portfolio(judged: Sequence[tuple[str, Verdict]]) -> Portfolio:
    """The rows of `(file, verdict)` pairs. Sums leave out options that may not be used yet; one
    with an unknown part is unknown.
    """
    rows = sorted((_row(file, verdict) for file, verdict in judged), key=_order)
    shared = tuple(_shared(judged))
    counted = [row for row in rows if row.is_counted]
    month = _sum(r.monthly_usd for r in counted)
    if month is not None:
        month -= sum(cost.saved_usd for cost in shared)
    as_of = max((verdict.as_of for _, verdict in judged), default="")
    return Portfolio(1, tuple(rows), _sum(r.one_off_usd for r in counted), month, shared, as_of)


def _shared(judged: Sequence[tuple[str, Verdict]]) -> Iterator[SharedCost]:
    """Where two briefs recommend the same model on GPUs of one kind, GPUs and upkeep are needed
    once: the load of each brief alone is far below that of a whole set.
    """
    costs: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for _, verdict in judged:
        chosen = None if is_hopeless(verdict) else verdict.chosen
        place = chosen.id.rpartition("+")[2] if chosen is not None else ""
        if chosen is None or place not in ("owned", "rented"):
            continue
        usd = sum(extract.interval(chosen, part).p50 or 0.0 for part in ("run.gpus", "run.people"))
        costs.setdefault((chosen.model, place), []).append((fmt.clean(verdict.name), usd))
    for (model, place), parts in costs.items():
        amounts = [usd for _, usd in parts]
        if len(parts) > 1 and sum(amounts) > max(amounts):
            what = f"{model_name(model)}: {place} GPUs and upkeep"
            names = tuple(name for name, _ in parts)
            yield SharedCost(what, names, max(amounts), sum(amounts) - max(amounts))


def render(content: Portfolio, width: int = 80) -> str:
    """The portfolio as text of at most `width` columns."""
    return "\n".join(_lines(content, width)) + "\n"


def _row(file: str, verdict: Verdict) -> PortfolioRow:
    chosen = verdict.chosen
    name = fmt.clean(verdict.name)
    if chosen is None:
        return PortfolioRow(file, name, "no option left", "", None, None, None, "", 0.0)
    saving = _saving(verdict, chosen)
    terms = Terms.of(verdict)
    return PortfolioRow(
        file,
        name,
        verdict.verdict,
        terms.option(chosen.id),
        chosen.one_off_usd.p50,
        chosen.monthly_usd.p50,
        saving.cash_usd,
        saving.against,
        approach_chance(verdict),
        _errors(chosen),
        saving.total_usd,
        not is_hopeless(verdict),
    )


class _Saving(NamedTuple):
    against: str
    cash_usd: float | None
    total_usd: float | None


def _saving(verdict: Verdict, chosen: OptionRecord) -> _Saving:
    """Against what is in place, an option or not; else against the runner-up."""
    place = extract.in_place(verdict)
    today = as_is(verdict)
    cash = extract.cash(chosen).p50
    if today is None and place is not None:
        saved = None if cash is None else place.cash_usd - cash
        errors = _errors(chosen)
        if saved is None or errors is None or place.errors_usd is None:
            return _Saving(place.name, saved, None)
        return _Saving(place.name, saved, saved + place.errors_usd - errors)
    other = today or extract.runner_up(verdict)
    if other is None or other.id == chosen.id:
        return _Saving("", None, None)
    name = Terms.of(verdict).option(other.id)
    return _Saving(name, extract.cash_saved(verdict, other), extract.saved(verdict, other))


def _errors(option: OptionRecord) -> float | None:
    """What wrong answers cost over the horizon; None where they have no price."""
    return extract.interval(option, "horizon.errors").p50 if extract.has_errors(option) else None


def _order(row: PortfolioRow) -> tuple[bool, float, str]:
    """Decided briefs first, then what is saved with wrong answers counted."""
    saving = row.saving_with_errors_usd
    largest = row.saving_usd if saving is None else saving
    return (row.verdict not in APPROACHES, -(largest or 0.0), row.brief)


def errors_text(row: PortfolioRow) -> str:
    """The cost of wrong answers, or that the brief gives them no price."""
    return "not priced" if row.errors_usd is None else fmt.money(row.errors_usd)


def left_out(content: Portfolio) -> str:
    """Whose money the sums leave out, as a sentence; empty where they leave out none."""
    count = sum(not row.is_counted for row in content.rows)
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    return f"{fmt.plural(count, 'brief')} {verb} not counted: no option may be used there yet. "


def _sum(amounts: Iterator[float | None]) -> float | None:
    parts = list(amounts)
    return sum(a for a in parts if a is not None) if None not in parts else None


def _lines(content: Portfolio, width: int) -> Iterator[str]:
    yield f"Portfolio of {fmt.plural(len(content.rows), 'brief')}"
    yield ""
    titles = ("once", "per month", "errors", "saves", "best of 100")
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
            errors_text(row),
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
        "Decided briefs come first, then the largest saving with wrong answers counted. "
        "Errors: what wrong answers cost over the horizon. "
        "Saving: cash over each horizon, against what is in place, else the runner-up. "
        f"{left_out(content)}"
        "GPUs and upkeep that several briefs share are counted once.",
        width,
    )
