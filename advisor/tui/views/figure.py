"""One figure explained: value, range, formula, the numbers in it, where they come from."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core.quantity import Range
from advisor.core.verdict import FigureInput, FigureRecord
from advisor.report import words
from advisor.tui.views.verdict import section


def figure_lines(figure: FigureRecord) -> Content:
    """Everything that stands behind a figure."""
    return Content("\n").join(_lines(figure))


def summary(figure: FigureRecord) -> str:
    """The value of a figure in one short text, for the list."""
    if figure.value is None and figure.at_least is not None:
        return f"≥ {words.measure(figure.at_least, figure.unit)}"
    return words.measure(figure.value, figure.unit)


def _lines(figure: FigureRecord) -> Iterator[Content]:
    yield Content.assemble((words.clean(figure.id), "bold"), f"  {summary(figure)}")
    if figure.p10 is not None and figure.p10 != figure.p90:
        held = Range(figure.p10, figure.p50, figure.p90)
        yield Content(
            f"80 % of draws within {words.span(held, lambda v: words.measure(v, figure.unit))}"
        )
    yield Content(f"basis {words.clean(figure.basis)}")
    if figure.missing:
        yield Content.styled(
            f"! unknown: {words.clean(', '.join(figure.missing))}", "$text-warning"
        )
    yield from section(
        "Formula", [Content(words.clean(line)) for line in (figure.formula, figure.filled) if line]
    )
    yield from section("Inputs", [_input(i) for i in figure.inputs])
    where = " · ".join(words.clean(part) for part in (figure.source, figure.as_of) if part)
    yield from section("Source", [Content(where)] if where else [])
    page = f"docs/reference/formulas.md#{words.clean(figure.anchor)}"
    yield from section("More", [Content(page)] if figure.anchor else [])


def _input(given: FigureInput) -> Content:
    origin = " · ".join(
        words.clean(part) for part in (given.basis, given.source, given.as_of) if part
    )
    value = words.measure(given.value, given.unit)
    return Content.assemble((words.clean(given.id), "bold"), f" = {value}\n  ", (origin, "dim"))
