"""The options: four to six to choose from, with ticks for the limits, and what was excluded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.charts import chances
from advisor.report.headline import horizon, money_of
from advisor.report.page import Block, Bullets, Cell, Heading, Paragraph, Ranged, Table, TableColumn
from advisor.report.terms import Terms


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """The table of options, quality against cost, what was excluded by which rule, segments."""
    if verdict.arms:
        yield Paragraph(
            "Medians and 80 % intervals. Limits are target, budget, deadline and policy, at the "
            "likely values. Best is the share of simulated futures in which the option wins."
        )
        yield from _table(verdict, terms)
        options = [option for option, _ in extract.folded(verdict)]
        target = extract.number(verdict, "quality.target")
        chart = chances.quality_against_cost(options, verdict, terms, target)
        if chart is not None:
            yield chart
    yield from _excluded(verdict)
    yield from _segments(verdict, terms)


def _table(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    folds = extract.folded(verdict)
    priced = any(has_errors(option) for option, _ in folds)
    titles = ["once", "per month", f"cash, {horizon(verdict)}"]
    titles += ["errors", "quality"] if priced else ["weeks", "quality"]
    columns = (
        TableColumn("option"),
        *(TableColumn(title, right=True) for title in titles),
        TableColumn("limits"),
        TableColumn("best", right=True),
    )
    rows = tuple(
        (f"{place}. {_name(option, count, terms)}", *_cells(option, verdict, priced=priced))
        for place, (option, count) in enumerate(folds, 1)
    )
    rows += tuple(_by_hand(verdict, len(columns)))
    strong = frozenset(i for i, (option, _) in enumerate(folds) if option.id == verdict.arm)
    yield Table("options", columns, rows, strong)


def _by_hand(verdict: Verdict, columns: int) -> Iterator[tuple[Cell, ...]]:
    """What is done today without a model, where the brief states its cost."""
    month = extract.number(verdict, "baseline.monthly_usd")
    if month is None:
        return
    process = extract.answer(verdict, "baseline.process")
    name = f"By hand: {process}" if process else "By hand"
    total = fmt.money(month * extract.level_months(verdict))
    score = extract.number(verdict, "baseline.score")
    quality = "" if score is None else fmt.score(score)
    yield (name, "$0", fmt.money(month), total, "", quality, *("",) * (columns - 6))


def has_errors(option: OptionRecord) -> bool:
    """Whether wrong answers of the option have a price."""
    return bool(extract.interval(option, "run.errors").p90)


def _name(option: OptionRecord, count: int, terms: Terms) -> str:
    name = terms.option(option.id)
    return name if count == 1 else f"{name} (best of {fmt.plural(count, 'variant')})"


def _cells(option: OptionRecord, verdict: Verdict, *, priced: bool) -> tuple[Cell, ...]:
    """Money, then the cost of errors where they have a price, else weeks; quality, limits, best."""
    once = money_of(option, option.one_off_usd, "once.total")
    month = money_of(option, option.monthly_usd, "run.total")
    cash = extract.cash(option)
    total = money_of(option, cash, "horizon.cash")
    money = (
        Ranged(once, fmt.tight_span(option.one_off_usd)),
        Ranged(month, fmt.tight_span(option.monthly_usd)),
        Ranged(total, fmt.tight_span(cash)),
    )
    score = fmt.score(option.quality.p50)
    rest = (_ticks(option, verdict), fmt.share(option.p_best))
    if priced:
        errors = extract.money(extract.interval(option, "horizon.errors"))
        return (*money, errors, score, *rest)
    weeks = Ranged(fmt.weeks(option.weeks.p50), fmt.short_span(option.weeks, fmt.weeks))
    quality = Ranged(score, fmt.short_span(option.quality, fmt.score))
    return (*money, weeks, quality, *rest)


def _ticks(option: OptionRecord, verdict: Verdict) -> str:
    """`✓ all`, or `✗ target`: which stated limits the likely values break.

    What policy forbids is excluded before.
    """
    target = extract.number(verdict, "quality.target")
    checks = (
        ("target", _keeps(target, option.quality.p50) if target else None),
        ("budget", _in_budget(option, verdict)),
        ("deadline", _keeps(option.weeks.p50, extract.number(verdict, "budget.weeks"))),
    )
    broken = [name for name, is_kept in checks if is_kept is False]
    return f"✗ {', '.join(broken)}" if broken else "✓ all"


def _in_budget(option: OptionRecord, verdict: Verdict) -> bool | None:
    once = _keeps(option.one_off_usd.p50, extract.number(verdict, "budget.one_off_usd"))
    month = _keeps(option.monthly_usd.p50, extract.number(verdict, "budget.monthly_usd"))
    if once is None or month is None:
        return once if month is None else month
    return once and month


def _keeps(value: float | None, limit: float | None) -> bool | None:
    return None if value is None or limit is None else value <= limit


def _excluded(verdict: Verdict) -> Iterator[Block]:
    if verdict.excluded:
        yield Heading("Excluded by a rule")
        counts = Counter(fmt.clean(excluded.rule) for excluded in verdict.excluded)
        items = [f"{rule}: {fmt.plural(count, 'option')}" for rule, count in counts.most_common()]
        yield Bullets(tuple(items))
        yield Paragraph("The appendix lists each of them with its reason.")


def _segments(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    if not verdict.segments:
        return
    yield Heading("Segments")
    yield Paragraph(
        "Each is judged as if it stood alone, with all fixed costs: "
        "the rows add up to more than the whole."
    )
    titles = ("segment", "verdict", "option", "best", "once", "per month")
    columns = tuple(TableColumn(title, right=place > 2) for place, title in enumerate(titles))
    rows = tuple(
        (
            fmt.clean(segment.name),
            fmt.APPROACH_WORDS.get(segment.verdict, fmt.clean(segment.verdict)),
            terms.option(segment.arm),
            fmt.share(segment.p_best),
            extract.money(segment.one_off_usd),
            extract.money(segment.monthly_usd),
        )
        for segment in verdict.segments
    )
    yield Table("segments", columns, rows)
