"""The answer in one glance: the word, the option, how sure, and its estimates as ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.core import format as fmt
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import ApproachRecord, FigureRecord, OptionRecord, Verdict
from advisor.report.page import Headline, KeyFigure
from advisor.report.terms import Terms

HOPELESS = 0.05
"""Below this chance to meet the limits an option is excluded (brief contract, rule 8)."""


def headline(verdict: Verdict, terms: Terms | None = None) -> Headline:
    """What stands on top of every report and of the app's panel."""
    option = verdict.chosen
    words = terms or Terms.of(verdict)
    return Headline(
        word=fmt.VERDICT_WORDS.get(verdict.verdict, fmt.clean(verdict.verdict).upper())
        if verdict.arms
        else "NO OPTION LEFT",
        link=_link(verdict),
        option=words.option(option.id) if option else "",
        sure=" · ".join(_sure(verdict)),
        p_best=approach_chance(verdict) if option else None,
        figures=tuple(_figures(verdict, option, words)) if option else (),
    )


def _link(verdict: Verdict) -> str:
    """What leads from the word to the option where nothing is decided."""
    if verdict.verdict != "undecided" or verdict.chosen is None:
        return ""
    return "nearest" if is_hopeless(verdict) else "meanwhile"


def is_hopeless(verdict: Verdict) -> bool:
    """Whether nothing is decided, and the named option has no real chance to keep the limits."""
    if verdict.nearest:
        return True
    option = verdict.chosen
    if verdict.verdict != "undecided" or option is None or option.id.startswith("as-is/"):
        return False
    return option.p_meets_constraints < HOPELESS


def subtitle(verdict: Verdict) -> str:
    """Client, date, draws and seed: what a re-run needs."""
    client = f"for {fmt.clean(verdict.client)} · " if verdict.client else ""
    as_of = f"as of {fmt.clean(verdict.as_of)} · " if verdict.as_of else ""
    return f"{client}{as_of}{verdict.draws:,} draws, seed {verdict.seed}"


def horizon(verdict: Verdict) -> str:
    """What the sum over the horizon is called: `12 months`."""
    months = verdict.horizon_months
    return (
        "horizon" if months is None else f"{fmt.number(months)} month{'' if months == 1 else 's'}"
    )


def as_is(verdict: Verdict) -> OptionRecord | None:
    """What is in place today, where the brief says so."""
    return next((a for a in verdict.arms if a.id.startswith("as-is/")), None)


def money_of(option: OptionRecord, amount: Range, figure_id: str) -> str:
    """An option's money; where parts are unknown, the known sum and how many are missing."""
    figure = option.figure(figure_id)
    if not amount.is_known and figure is not None and figure.at_least is not None:
        return fmt.at_least(figure.at_least, len(figure.missing))
    return fmt.money(amount.p50)


def _sure(verdict: Verdict) -> Iterator[str]:
    if not verdict.arms:
        yield f"{fmt.plural(len(verdict.excluded), 'option')} ruled out"
        return
    chance = fmt.of_hundred(approach_chance(verdict))
    approach = _in_words(verdict.chosen.approach) if verdict.chosen else ""
    ahead = _ahead(verdict)
    if ahead is not None:
        yield f"{_in_words(ahead.approach)} best in {fmt.of_hundred(ahead.p_best)} of 100 draws"
        yield f"{approach or 'this approach'} in {chance}"
    else:
        yield f"{approach} best in {chance} of 100 draws".lstrip()
    best = verdict.chosen.p_best if verdict.chosen else verdict.p_best
    if fmt.of_hundred(best) != chance:
        yield f"this option in {fmt.of_hundred(best)}"
    if fmt.is_known(verdict.expected_regret_usd):
        yield f"expected regret {fmt.money(verdict.expected_regret_usd)} over {horizon(verdict)}"


def _in_words(approach: str) -> str:
    if approach == "as-is":
        return "staying as you are"
    return fmt.APPROACH_WORDS.get(approach, approach).removeprefix("a ")


def _ahead(verdict: Verdict) -> ApproachRecord | None:
    """The approach that is best more often than that of the option that is shown."""
    first = max(verdict.approaches, key=lambda a: a.p_best, default=None)
    return first if first is not None and first.p_best > approach_chance(verdict) else None


def approach_chance(verdict: Verdict) -> float:
    """How often the named approach is best; of the option alone where no approach is counted."""
    return verdict.p_best if verdict.p_approach is None else verdict.p_approach


def _figures(verdict: Verdict, option: OptionRecord, terms: Terms) -> Iterator[KeyFigure]:
    yield from _compared(verdict, option, terms)
    yield _key("once", option, option.one_off_usd, "once.total", "", fmt.money)
    yield _key("running", option, option.monthly_usd, "run.total", "per month", fmt.money)
    yield from _errors(option)
    cash, cash_id = _cash(option)
    yield _key(horizon(verdict), option, cash, cash_id, "in cash", fmt.money)
    yield _key("quality", option, option.quality, "quality.score", "", fmt.score)
    unit = "week" if fmt.weeks(option.weeks.p50) == "1" else "weeks"
    yield _key("ready in", option, option.weeks, "time.weeks", unit, fmt.weeks)


def _compared(verdict: Verdict, option: OptionRecord, terms: Terms) -> Iterator[KeyFigure]:
    """What the running cost is compared with: today's bill, else the best option of another
    approach.
    """
    today = as_is(verdict)
    other = today or next((a for a in verdict.arms if a.id == verdict.alternative), None)
    if other and other.id != option.id:
        label = "today" if other is today else "instead of"
        figure = _key(label, other, other.monthly_usd, "run.total", "per month", fmt.money)
        yield replace(figure, other=terms.option(other.id).removeprefix("Today: "))


def _key(
    label: str, option: OptionRecord, interval: Range, figure_id: str, unit: str, show: fmt.Show
) -> KeyFigure:
    figure = option.figure(figure_id)
    value = money_of(option, interval, figure_id) if show is fmt.money else show(interval.p50)
    is_known = interval.is_known
    return KeyFigure(
        label=label,
        value=value,
        unit=unit if is_known else "",
        range=interval if is_known else UNKNOWN,
        low=show(interval.p10) if is_known else "",
        high=show(interval.p90) if is_known else "",
        basis=_basis(figure) if is_known else "",
    )


def _errors(option: OptionRecord) -> Iterator[KeyFigure]:
    """What wrong answers cost, beside the money that is paid; left out where they cost nothing."""
    errors = option.figure("run.errors")
    if errors is not None and errors.p90:
        amount = Range(errors.p10, errors.p50, errors.p90)
        yield _key("errors", option, amount, "run.errors", "per month", fmt.money)


def _cash(option: OptionRecord) -> tuple[Range, str]:
    """What is paid over the horizon, without the cost of errors where that is known apart."""
    paid = option.figure("horizon.cash")
    if paid is None:
        return option.horizon_usd, "horizon.total"
    return Range(paid.p10, paid.p50, paid.p90), "horizon.cash"


def tile(
    label: str,
    option: OptionRecord,
    figure_id: str,
    amount: Range,
    unit: str,
    show: fmt.Show = fmt.money,
) -> KeyFigure:
    """A number to remember, with its interval."""
    return _key(label, option, amount, figure_id, unit, show)


def _basis(figure: FigureRecord | None) -> str:
    return fmt.clean(figure.basis) if figure else ""
