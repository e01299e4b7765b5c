"""The answer in one glance: the word, the option, how sure, and its estimates as ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import ArmRecord, FigureRecord, Verdict
from advisor.report import words
from advisor.report.page import Headline, KeyFigure


def headline(verdict: Verdict) -> Headline:
    """What stands on top of every report."""
    arm = verdict.chosen
    return Headline(
        word=words.VERDICT_WORDS.get(verdict.verdict, words.clean(verdict.verdict).upper())
        if verdict.arms
        else "NO OPTION LEFT",
        link="meanwhile" if arm and verdict.verdict == "undecided" else "",
        arm=words.clean(arm.id) if arm else "",
        sure=" · ".join(_sure(verdict)),
        p_best=verdict.p_best if arm else None,
        figures=tuple(_figures(verdict, arm)) if arm else (),
    )


def subtitle(verdict: Verdict) -> str:
    """Client, date, draws and seed: what a re-run needs."""
    client = f"for {words.clean(verdict.client)} · " if verdict.client else ""
    as_of = f"as of {words.clean(verdict.as_of)} · " if verdict.as_of else ""
    return f"{client}{as_of}{verdict.draws:,} draws, seed {verdict.seed}"


def horizon(verdict: Verdict) -> str:
    """What the sum over the horizon is called: `12 months`."""
    months = verdict.horizon_months
    return (
        "horizon" if months is None else f"{words.number(months)} month{'' if months == 1 else 's'}"
    )


def as_is(verdict: Verdict) -> ArmRecord | None:
    """What is in place today, where the brief says so."""
    return next((a for a in verdict.arms if a.id.startswith("as-is/")), None)


def money_of(arm: ArmRecord, held: Range, figure_id: str) -> str:
    """An arm's money; where parts are unknown, the known sum and how many are missing."""
    figure = arm.figure(figure_id)
    if not held.is_known and figure is not None and figure.at_least is not None:
        return words.at_least(figure.at_least, len(figure.missing))
    return words.money(held.p50)


def _sure(verdict: Verdict) -> Iterator[str]:
    if not verdict.arms:
        yield f"{words.plural(len(verdict.excluded), 'option')} ruled out"
        return
    yield f"best in {words.of_hundred(verdict.p_best)} of 100 draws"
    if words.is_known(verdict.expected_regret_usd):
        yield f"expected regret {words.money(verdict.expected_regret_usd)}"


def _figures(verdict: Verdict, arm: ArmRecord) -> Iterator[KeyFigure]:
    yield from _compared(verdict, arm)
    yield _key("once", arm, arm.one_off_usd, "once.total", "", words.money)
    yield _key("running", arm, arm.monthly_usd, "run.total", "a month", words.money)
    yield _key(horizon(verdict), arm, arm.horizon_usd, "horizon.total", "in all", words.money)
    yield _key("quality", arm, arm.quality, "quality.score", "", words.score)
    unit = "week" if words.weeks(arm.weeks.p50) == "1" else "weeks"
    yield _key("ready in", arm, arm.weeks, "time.weeks", unit, words.weeks)


def _compared(verdict: Verdict, arm: ArmRecord) -> Iterator[KeyFigure]:
    """What the running cost is compared with: today's bill, else the best option of another
    approach.
    """
    today = as_is(verdict)
    other = today or next((a for a in verdict.arms if a.id == verdict.alternative), None)
    if other and other.id != arm.id:
        label = "today" if other is today else "instead of"
        figure = _key(label, other, other.monthly_usd, "run.total", "a month", words.money)
        yield replace(figure, other=words.clean(other.id))


def _key(
    label: str, arm: ArmRecord, held: Range, figure_id: str, unit: str, show: words.Show
) -> KeyFigure:
    figure = arm.figure(figure_id)
    value = money_of(arm, held, figure_id) if show is words.money else show(held.p50)
    known = held.is_known
    return KeyFigure(
        label=label,
        value=value,
        unit=unit if known else "",
        range=held if known else UNKNOWN,
        low=show(held.p10) if known else "",
        high=show(held.p90) if known else "",
        basis=_basis(figure) if known else "",
    )


def _basis(figure: FigureRecord | None) -> str:
    return words.clean(figure.basis) if figure else ""
