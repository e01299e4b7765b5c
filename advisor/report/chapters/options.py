"""The options: four to six to choose from, the limits that each keeps, and what was excluded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.constants import NOT_KNOWN_AT
from advisor.core.naming import model_name
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.charts import chances
from advisor.report.headline import as_is, horizon, money_of
from advisor.report.page import Block, Bullets, Cell, Heading, Paragraph, Ranged, Table, TableColumn
from advisor.report.terms import Terms

LATENCY = "traffic.max_latency_seconds"
KEPT = "✓"
BROKEN = "✗"
NOT_STATED = "–"
OPEN = "?"


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """The table of options, their limits, quality against cost, what was excluded, segments."""
    if verdict.arms:
        yield Paragraph(
            "Medians and 80 % intervals. Best is the share of simulated futures in which the "
            "option wins."
        )
        yield from _table(verdict, terms)
        yield from _limits(verdict, terms)
        options = [fold.option for fold in extract.folded(verdict)]
        target = extract.number(verdict, "quality.target")
        chart = chances.quality_against_cost(options, verdict, terms, target)
        if chart is not None:
            yield chart
    yield from _excluded(verdict)
    yield from _segments(verdict, terms)


def _table(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    folds = extract.folded(verdict)
    is_priced = any(extract.has_errors(fold.option) for fold in folds)
    titles = ["once", "per month", f"cash, {horizon(verdict)}"]
    titles += ["errors", "quality"] if is_priced else ["weeks", "quality"]
    columns = (
        TableColumn("option"),
        *(TableColumn(title, right=True) for title in (*titles, "best")),
    )
    rows = tuple(
        (f"{place}. {_name(fold, terms)}", *_cells(fold, is_priced=is_priced))
        for place, fold in enumerate(folds, 1)
    )
    rows += tuple(_today(verdict, len(columns), is_priced=is_priced))
    strong = frozenset(i for i, fold in enumerate(folds) if fold.option.id == verdict.subject)
    yield Table("options", columns, rows, strong)


def _today(verdict: Verdict, columns: int, *, is_priced: bool) -> Iterator[tuple[Cell, ...]]:
    """What is done today where it is not an option any more, and what is done by hand; one of both
    always has a row.
    """
    model = extract.answer(verdict, "current.model")
    month = extract.number(verdict, "current.monthly_usd")
    by_hand = extract.number(verdict, "baseline.monthly_usd")
    if as_is(verdict) is None and model:
        name = f"As today: {model_name(model)}, excluded"
        yield _unjudged(verdict, name, month, None, columns, None)
    if by_hand is not None:
        process = extract.answer(verdict, "baseline.process")
        name = f"By hand: {process}" if process else "By hand"
        score = extract.number(verdict, "baseline.score")
        errors = verdict.baseline_errors.cost_usd if is_priced else None
        yield _unjudged(verdict, name, by_hand, score, columns, errors)
    if as_is(verdict) is None and not model and by_hand is None:
        yield ("As today: not stated in the brief", *("",) * (columns - 1))


def _unjudged(
    verdict: Verdict,
    name: str,
    month: float | None,
    score: float | None,
    columns: int,
    errors_usd: Range | None,
) -> tuple[Cell, ...]:
    """A row of what is in place: nothing is invested, and no simulation ranks it."""
    total = "" if month is None else fmt.money(month * extract.level_months(verdict))
    monthly = "" if month is None else fmt.money(month)
    quality = "" if score is None else fmt.score(score)
    errors: Cell = extract.money(errors_usd) if errors_usd and errors_usd.is_known else ""
    return (name, "$0", monthly, total, errors, quality, *("",) * (columns - 6))


def _name(fold: extract.OptionFold, terms: Terms) -> str:
    name = terms.option(fold.option.id)
    return name if fold.count == 1 else f"{name} (best of {fmt.plural(fold.count, 'variant')})"


def _cells(fold: extract.OptionFold, *, is_priced: bool) -> tuple[Cell, ...]:
    """Money, then the cost of errors where they have a price, else weeks; quality, best."""
    option = fold.option
    once = money_of(option, option.one_off_usd, "once.total")
    month = money_of(option, option.monthly_usd, "run.total")
    cash = extract.cash(option)
    total = money_of(option, cash, "horizon.cash")
    money = (
        Ranged(once, fmt.tight_span(option.one_off_usd), option.one_off_usd),
        Ranged(month, fmt.tight_span(option.monthly_usd), option.monthly_usd),
        Ranged(total, fmt.tight_span(cash), cash),
    )
    quality = Ranged(fmt.score(option.quality.p50), fmt.short_span(option.quality, fmt.score))
    best = fmt.share(fold.p_best)
    if is_priced:
        return (*money, extract.money(extract.interval(option, "horizon.errors")), quality, best)
    weeks = Ranged(fmt.weeks(option.weeks.p50), fmt.short_span(option.weeks, fmt.weeks))
    return (*money, weeks, quality, best)


def _limits(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """A tick for each stated limit that the likely values keep. What policy forbids is excluded."""
    waits = bool(extract.number(verdict, LATENCY))
    titles = ["target", "budget", "deadline", *(["latency"] if waits else []), "policy"]
    is_soft = _has_soft_limits(verdict)
    binding = "the target and the latency" if waits else "the target"
    titles.append(f"chance to meet {binding}" if is_soft else "chance to meet all")
    columns = (
        TableColumn("limits"),
        *(TableColumn(title, right=title == titles[-1]) for title in titles),
    )
    folds = extract.folded(verdict)
    rows = tuple(
        (f"{place}. {terms.option(fold.option.id)}", *_ticks(fold.option, verdict))
        for place, fold in enumerate(folds, 1)
    )
    strong = frozenset(i for i, fold in enumerate(folds) if fold.option.id == verdict.subject)
    yield Table("limits", columns, rows, strong)
    yield Paragraph(
        f"{KEPT} kept at the likely values, {BROKEN} broken, {OPEN} not known: ask the provider, "
        f"{NOT_STATED} not stated."
        if any(OPEN in row for row in rows)
        else f"{KEPT} kept at the likely values, {BROKEN} broken, {NOT_STATED} not stated."
    )
    if is_soft:
        yield Paragraph(
            "Budget and deadline are soft here (budget.hard = false): a cross there is a warning, "
            "and the chance leaves them out."
        )


def _has_soft_limits(verdict: Verdict) -> bool:
    """Whether money or weeks are limited, but not bound to their limits."""
    limits = ("budget.one_off_usd", "budget.monthly_usd", "budget.weeks")
    is_hard = extract.answer(verdict, "budget.hard") in ("yes", "true")
    return not is_hard and any(extract.number(verdict, key) is not None for key in limits)


def _ticks(option: OptionRecord, verdict: Verdict) -> tuple[str, ...]:
    target = extract.number(verdict, "quality.target")
    weeks = extract.number(verdict, "budget.weeks")
    checks = (
        None if not target else _keeps(target, option.quality.p50),
        _in_budget(option, verdict),
        _keeps(option.weeks.p50, weeks),
    )
    marks = [NOT_STATED if is_within is None else (BROKEN, KEPT)[is_within] for is_within in checks]
    policy = OPEN if _is_policy_open(option, verdict) else KEPT
    return (*marks, *_latency(option, verdict), policy, fmt.share(option.p_meets_constraints))


def _latency(option: OptionRecord, verdict: Verdict) -> tuple[str, ...]:
    """Whether the likely answer comes in time; nothing where no limit is stated."""
    limit = extract.number(verdict, LATENCY)
    if not limit:
        return ()
    is_within = _keeps(extract.interval(option, "time.answer_seconds").p50, limit)
    return (OPEN if is_within is None else (BROKEN, KEPT)[is_within],)


def _is_policy_open(option: OptionRecord, verdict: Verdict) -> bool:
    """Whether a warning says that what the provider guarantees is not known."""
    named = [w.partition(NOT_KNOWN_AT)[2].partition(":")[0] for w in verdict.warnings]
    return any(option.runs_on in re.split(r",? and |, ", names.strip()) for names in named if names)


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
