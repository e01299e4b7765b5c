"""Every figure of an option with its formula, the numbers in it and its inputs.

It is enough to check each figure by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advisor.core import format as fmt
from advisor.core.quantity import Range
from advisor.core.verdict import FigureInput, FigureRecord, OptionRecord, Verdict
from advisor.report.page import Block, Code, Fold, Heading, Paragraph, Ranged, Table, TableColumn

_FIGURES = tuple(
    TableColumn(c, right=c == "value")
    for c in ("figure", "value", "basis", "formula", "with the numbers")
)
_INPUTS = tuple(
    TableColumn(c, right=c == "value") for c in ("input", "value", "basis", "source", "as of")
)


def traces(verdict: Verdict, option_ids: Iterable[str]) -> Iterator[Block]:
    """An appendix with a fold for each option named; the first is open."""
    by_id = {a.id: a for a in verdict.arms if a.figures}
    wanted = [by_id[name] for name in dict.fromkeys(option_ids) if name in by_id]
    if not wanted:
        return
    yield Heading("Trace of every figure")
    yield Paragraph(
        "Values at the likely value of every input. "
        "Formulas and their sources: docs/reference/formulas.md."
    )
    for place, option in enumerate(wanted):
        blocks = (_figures_table(option), *_inputs_table(option))
        yield Fold(fmt.clean(option.id), blocks, open=place == 0)


def value_of(figure: FigureRecord) -> str:
    """A figure's likely value with its unit; where parts are unknown, the known sum and how many
    are missing.
    """
    if not fmt.is_known(figure.value) and figure.at_least is not None:
        return fmt.at_least(figure.at_least, len(figure.missing))
    return fmt.measure(figure.value, figure.unit)


def span_of(figure: FigureRecord) -> str:
    """A figure's 80 % interval, in its unit; empty where it is exact or unknown."""
    interval = Range(figure.p10, figure.p50, figure.p90)
    if not interval.is_known or interval.is_exact:
        return ""
    return fmt.span(interval, lambda value: fmt.bare(value, figure.unit))


def leaves(option: OptionRecord) -> list[FigureInput]:
    """What goes into an option's figures and is not itself one of them, each once, in order of
    appearance.
    """
    own = {f.id for f in option.figures}
    inputs: dict[str, FigureInput] = {}
    for figure in option.figures:
        for item in figure.inputs:
            if item.id not in own:
                inputs.setdefault(item.id, item)
    return list(inputs.values())


def _figures_table(option: OptionRecord) -> Table:
    rows = tuple(
        (
            Code(fmt.clean(f.id)),
            Ranged(value_of(f), span_of(f)),
            fmt.clean(f.basis),
            Code(fmt.clean(f.formula)) if f.formula else fmt.clean(f.source),
            Code(fmt.clean(f.filled)) if f.filled else fmt.clean(f.as_of),
        )
        for f in option.figures
    )
    return Table("figures", _FIGURES, rows)


def _inputs_table(option: OptionRecord) -> Iterator[Table]:
    inputs = leaves(option)
    if inputs:
        rows = tuple(
            (
                Code(fmt.clean(i.id)),
                fmt.measure(i.value, i.unit),
                *(fmt.clean(text) or "—" for text in (i.basis, i.source, i.as_of)),
            )
            for i in inputs
        )
        yield Table("inputs", _INPUTS, rows)
