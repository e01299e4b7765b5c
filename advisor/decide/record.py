"""Estimates as records: ranges from the draws, formulas from the expressions."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import UNKNOWN, Basis, Range
from advisor.core.verdict import FigureInput, FigureRecord, OptionRecord, SourceRecord
from advisor.decide.quantiles import quantiles

HEADLINE = (
    "once.total",
    "run.total",
    "run.errors",
    "horizon.cash",
    "horizon.total",
    "time.weeks",
    "quality.score",
)
"""The figures every option is shown with."""


class Recorder:
    """Turns figures into records; ranges and inputs that several options share are computed
    once.
    """

    def __init__(self) -> None:
        self._ranges: dict[int, tuple[object, Range]] = {}

    def spread(self, figure: Figure) -> Range:
        """P10, P50 and P90 of the draws (row 0, the likely case, is none); exact for a plain
        number.
        """
        rows = figure.rows
        if not figure.is_known:
            return UNKNOWN
        if isinstance(rows, (int, float)):
            return Range.exact(float(rows))
        if id(rows) not in self._ranges:
            self._ranges[id(rows)] = (rows, quantiles(rows[1:] if len(rows) > 1 else rows))
        return self._ranges[id(rows)][1]

    def option(
        self,
        estimate: Estimate,
        p_meets: float,
        p_best: float,
        figures: Iterable[Figure],
        best_form: str = "",
        correlation: float | None = None,
    ) -> OptionRecord:
        """An option with its headline ranges and the given figures."""
        option = estimate.option
        once, month, total, weeks, quality = (
            self.spread(estimate[i])
            for i in ("once.total", "run.total", "horizon.total", "time.weeks", "quality.score")
        )
        return OptionRecord(
            option.id,
            "as-is" if option.as_is else option.approach,
            option.technique,
            option.model,
            option.runs_on,
            once,
            month,
            total,
            weeks,
            quality,
            round(p_meets, 6),
            round(p_best, 6),
            tuple(self.figure(f) for f in figures),
            best_form or option.id,
            correlation,
        )

    def figure(self, figure: Figure) -> FigureRecord:
        """One figure with formula, numbers, inputs and origin; as old as its oldest dated input."""
        spread = self.spread(figure)
        leaves = list(figure.leaves())
        sources = list(dict.fromkeys(leaf.source for leaf in leaves if leaf.source))
        dates = sorted(leaf.as_of for leaf in leaves if leaf.as_of[:1].isdigit())
        inputs = tuple(_input(f) for f in figure.inputs())
        formula = figure.formula() if figure.operands else figure.source or figure.id
        return FigureRecord(
            figure.id,
            number(figure.value),
            spread.p10,
            spread.p50,
            spread.p90,
            figure.unit,
            str(figure.basis),
            formula,
            figure.filled(),
            inputs,
            "; ".join(sources[:4]),
            dates[0] if dates else "",
            figure.anchor,
            figure.at_least,
            figure.missing,
        )


def number(value: float) -> float | None:
    """A value for a record: None for NaN, so that unknown stays unknown."""
    return None if value != value else float(value)


def _is_nothing(leaf: Figure) -> bool:
    """Whether a figure only says that nothing is paid, such as training of a prompt: a definition
    has no source.
    """
    return leaf.basis is Basis.MEASURED and isinstance(leaf.rows, float) and leaf.rows == 0


def _input(figure: Figure) -> FigureInput:
    source = figure.source or "; ".join(
        dict.fromkeys(leaf.source for leaf in figure.leaves() if leaf.source)
    )
    return FigureInput(
        figure.id, number(figure.value), figure.unit, str(figure.basis), source, figure.as_of
    )


def sources(estimates: Iterable[Estimate]) -> tuple[SourceRecord, ...]:
    """Every source that a figure of these options rests on, with what it is used for."""
    used: dict[tuple[str, str, str], dict[str, None]] = {}
    for estimate in estimates:
        for figure in (estimate["horizon.total"], estimate["time.weeks"]):
            for leaf in figure.leaves():
                if leaf.source and leaf.id and not _is_nothing(leaf):
                    used.setdefault((leaf.source, str(leaf.basis), leaf.as_of), {})[leaf.id] = None
    return tuple(
        SourceRecord(source, basis, as_of, tuple(ids))
        for (source, basis, as_of), ids in used.items()
    )
