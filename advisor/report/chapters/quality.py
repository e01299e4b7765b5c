"""Quality: what was measured and what is predicted, how sure, and whether the test can tell."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import Basis
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.charts import chances
from advisor.report.charts.curves import learning_curve
from advisor.report.page import Block, Bullets, Cell, Heading, Paragraph, Ranged, Table, TableColumn
from advisor.report.phrases import ranked
from advisor.report.terms import Terms, skill_of


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """A row for each quality, a picture of them, and the checks of the test set."""
    options = [o for o in extract.skills(ranked(verdict)) if o.quality.is_known]
    if options:
        yield Paragraph(
            "Options that differ only in how they are served share their quality. "
            "Predicted scores rest on related scores and published studies."
        )
        columns = (
            TableColumn("option"),
            TableColumn("score", right=True),
            TableColumn("known by"),
            TableColumn("chance to meet all limits", right=True),
        )
        yield Table("quality", columns, tuple(_row(option) for option in options))
        rows = [(_name(o), o.quality, _is_measured(o)) for o in options]
        chart = chances.quality_dots(rows, extract.number(verdict, "quality.target"))
        if chart is not None:
            yield chart
    yield from _learning(verdict)
    yield from _studies(verdict)
    yield from _readiness(verdict, terms)


def _learning(verdict: Verdict) -> Iterator[Block]:
    curve = verdict.curve
    if curve is not None:
        target = extract.number(verdict, "quality.target")
        chart = learning_curve(curve, option_name(skill_of(curve.option)), target)
        if chart is not None:
            yield chart


def _studies(verdict: Verdict) -> Iterator[Block]:
    """How often tuning fell below the best prompt in comparable published studies."""
    figures = (option.figure("quality.below_prompt") for option in verdict.arms)
    below = next((figure for figure in figures if figure is not None and figure.value), None)
    if below is not None:
        yield Paragraph(
            f"In published studies a tuned model scored below the best prompt in "
            f"{fmt.share(below.value)} of the decisions."
        )
        yield Paragraph(f"Source: {fmt.clean(below.source or below.formula)}.")


def _name(option: OptionRecord) -> str:
    return option_name(skill_of(option.id))


def _row(option: OptionRecord) -> tuple[Cell, ...]:
    score = option.figure("quality.score")
    interval = fmt.short_span(option.quality, fmt.score)
    known_by = "predicted, from related scores and published studies"
    if score is not None and _is_measured(option):
        known_by = f"measured: {fmt.clean(score.formula or score.source)}".rstrip(": ")
    return (
        _name(option),
        Ranged(fmt.score(option.quality.p50), interval),
        known_by,
        fmt.share(option.p_meets_constraints),
    )


def _is_measured(option: OptionRecord) -> bool:
    score = option.figure("quality.score")
    return score is not None and score.basis == Basis.MEASURED


def _readiness(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    if verdict.readiness:
        order = {"stop": 0, "warn": 1}
        checks = sorted(verdict.readiness, key=lambda check: order.get(check.status, 2))
        yield Heading("Readiness")
        lines = [
            f"{check.status}: {check.rule}{f' — {check.detail}' if check.detail else ''}"
            for check in checks
        ]
        marks = tuple(fmt.STATUS_MARKS.get(check.status, "·") for check in checks)
        yield Bullets(tuple(terms.sentence(line) for line in lines), marks)
