"""One figure explained: value, formula, the formula with its numbers, and where every number comes
from.
"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.figure import plain
from advisor.core.verdict import FigureInput, FigureRecord, OptionRecord, Verdict
from advisor.report import layout
from advisor.report.page import Code, Table, TableColumn
from advisor.report.phrases import ranked
from advisor.report.table import draw
from advisor.report.trace import span_of, value_of

FORMULAS = "docs/reference/formulas.md"
"""The page whose sections the anchors of figures name."""

_INPUTS = tuple(
    TableColumn(c, right=c == "value") for c in ("with", "value", "basis", "source", "as of")
)


def find(verdict: Verdict, wanted: str, option_id: str = "") -> tuple[OptionRecord, FigureRecord]:
    """The figure `ID` or `OPTION:ID`: of the option named, else of the recommended one, else of
    the first option that has it.

    Raises UsageError with the nearest names.
    """
    head, _, name = wanted.rpartition(":")
    if head and option_id and head != option_id:
        raise UsageError(
            f"{wanted}: names another option than --option {option_id}; leave one of them out"
        )
    options = [option(verdict, head or option_id)] if head or option_id else ranked(verdict)
    for candidate in options:
        if (figure := candidate.figure(name)) is not None:
            return candidate, figure
    names = list(dict.fromkeys(f.id for a in options for f in a.figures))
    of = f" of {options[0].id}" if head or option_id else ""
    hint = did_you_mean(name, names) or "; --all lists every figure"
    raise UsageError(f"no figure {name!r}{of}{hint}")


def option(verdict: Verdict, option_id: str) -> OptionRecord:
    """The option of that id. Raises UsageError with the nearest names."""
    match = next((a for a in verdict.arms if a.id == option_id), None)
    if match is not None:
        return match
    ids = [a.id for a in verdict.arms]
    if excluded := next((e for e in verdict.excluded if e.id == option_id), None):
        raise UsageError(
            f"option {option_id!r} is ruled out ({excluded.rule}: {excluded.detail}); "
            "choose another"
        )
    hint = did_you_mean(option_id, ids) or f"; the options are {', '.join(ids)}"
    raise UsageError(f"no option {option_id!r}{hint}")


def render(of: OptionRecord, figure: FigureRecord, width: int = 80) -> str:
    """The explanation as text of at most `width` columns."""
    return "\n".join(_lines(of, figure, width)) + "\n"


def render_all(verdict: Verdict, width: int = 80, option_id: str = "") -> str:
    """Every figure of every option (or of one), explained one after the other."""
    options = [option(verdict, option_id)] if option_id else ranked(verdict)
    return "\n".join(render(a, f, width) for a in options for f in a.figures)


def _lines(of: OptionRecord, figure: FigureRecord, width: int) -> Iterator[str]:
    yield from layout.wrap(fmt.clean(f"{figure.id} of {of.id}"), width)
    yield from layout.wrap(" · ".join(_facts(figure)), width)
    if figure.inputs:
        yield ""
        yield from _equation(figure, width)
        yield ""
        yield from draw(_inputs(figure.inputs, of), width, str, str)
    yield ""
    for title, text in (
        ("source", figure.source),
        ("as of", figure.as_of),
        ("formula", _anchor(figure)),
    ):
        if text:
            yield from _hanging(f"{title:<8}", fmt.clean(text), width)


def _facts(figure: FigureRecord) -> Iterator[str]:
    yield value_of(figure)
    if span := span_of(figure):
        yield f"80 % interval {span}"
    if figure.missing:
        yield fmt.clean(f"unknown: {fmt.sentence_list(figure.missing)}")
    yield fmt.clean(figure.basis)


def _equation(figure: FigureRecord, width: int) -> Iterator[str]:
    """`id = formula`, `= formula with numbers`, `= value`, one below the other."""
    yield from _hanging("  =", fmt.clean(figure.formula), width)
    yield from _hanging("  =", fmt.clean(figure.filled), width)
    if figure.value is not None:
        yield from _hanging("  =", fmt.clean(f"{plain(figure.value)} {figure.unit}"), width)


def _inputs(inputs: tuple[FigureInput, ...], of: OptionRecord) -> Table:
    rows = tuple(
        (
            Code(fmt.clean(i.id)),
            fmt.measure(i.value, i.unit),
            fmt.clean(i.basis),
            "a figure of this option" if of.figure(i.id) else fmt.clean(i.source) or "—",
            fmt.clean(i.as_of) or "—",
        )
        for i in inputs
    )
    return Table("inputs", _INPUTS, rows)


def _anchor(figure: FigureRecord) -> str:
    return f"{FORMULAS}#{figure.anchor}" if figure.anchor else ""


def _hanging(mark: str, text: str, width: int) -> Iterator[str]:
    indent = layout.cells(mark) + 1
    for place, line in enumerate(layout.wrap(text, width - indent)):
        yield f"{mark if place == 0 else ' ' * len(mark)} {line}"
