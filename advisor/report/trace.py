"""Every figure of an arm with its formula, the numbers in it, and what goes in: enough to re-check
it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advisor.core.quantity import Range
from advisor.core.verdict import ArmRecord, FigureInput, FigureRecord, Verdict
from advisor.report import words
from advisor.report.page import Block, Code, Column, Fold, Heading, Paragraph, Ranged, Table

_FIGURES = tuple(
    Column(c, right=c == "value")
    for c in ("figure", "value", "basis", "formula", "with the numbers")
)
_INPUTS = tuple(
    Column(c, right=c == "value") for c in ("input", "value", "basis", "source", "as of")
)


def traces(verdict: Verdict, arm_ids: Iterable[str]) -> Iterator[Block]:
    """An appendix with a fold for each arm named; the first is open."""
    by_id = {a.id: a for a in verdict.arms if a.figures}
    wanted = [by_id[name] for name in dict.fromkeys(arm_ids) if name in by_id]
    if not wanted:
        return
    yield Heading("Trace of every figure")
    yield Paragraph(
        "Values at the likely value of every input. Formulas and their sources: docs/reference/formulas.md."
    )
    for place, arm in enumerate(wanted):
        blocks = (_figures_table(arm), *_inputs_table(arm))
        yield Fold(words.clean(arm.id), blocks, open=place == 0)


def value_of(figure: FigureRecord) -> str:
    """A figure's likely value with its unit; where parts are unknown, the known sum and how many
    are missing.
    """
    if not words.is_known(figure.value) and figure.at_least is not None:
        return words.at_least(figure.at_least, len(figure.missing))
    return words.measure(figure.value, figure.unit)


def span_of(figure: FigureRecord) -> str:
    """A figure's 80 % interval, in its unit; empty where it is exact or unknown."""
    held = Range(figure.p10, figure.p50, figure.p90)
    if not held.is_known or held.is_exact:
        return ""
    return words.span(held, lambda value: words.bare(value, figure.unit))


def leaves(arm: ArmRecord) -> list[FigureInput]:
    """What goes into an arm's figures and is not itself one of them, each once, in order of
    appearance.
    """
    own = {f.id for f in arm.figures}
    found: dict[str, FigureInput] = {}
    for figure in arm.figures:
        for item in figure.inputs:
            if item.id not in own:
                found.setdefault(item.id, item)
    return list(found.values())


def _figures_table(arm: ArmRecord) -> Table:
    rows = tuple(
        (
            Code(words.clean(f.id)),
            Ranged(value_of(f), span_of(f)),
            words.clean(f.basis),
            Code(words.clean(f.formula)) if f.formula else words.clean(f.source),
            Code(words.clean(f.filled)) if f.filled else words.clean(f.as_of),
        )
        for f in arm.figures
    )
    return Table("figures", _FIGURES, rows)


def _inputs_table(arm: ArmRecord) -> Iterator[Table]:
    found = leaves(arm)
    if found:
        rows = tuple(
            (
                Code(words.clean(i.id)),
                words.measure(i.value, i.unit),
                *(words.clean(text) or "—" for text in (i.basis, i.source, i.as_of)),
            )
            for i in found
        )
        yield Table("inputs", _INPUTS, rows)
