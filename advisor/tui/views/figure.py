"""One figure explained: value, range, formula, the numbers in it, where they come from."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.verdict import FigureInput, FigureRecord
from advisor.tui.views.verdict import section


def figure_lines(figure: FigureRecord) -> Content:
    """Everything that stands behind a figure."""
    return Content("\n").join(_lines(figure))


def summary(figure: FigureRecord) -> str:
    """A figure in one short text: the median of the draws, as in the verdict and every report."""
    if figure.value is None and figure.at_least is not None:
        return f"≥ {fmt.measure(figure.at_least, figure.unit)}"
    median = figure.p50 if fmt.is_known(figure.p50) else figure.value
    return fmt.measure(median, figure.unit)


def _lines(figure: FigureRecord) -> Iterator[Content]:
    yield Content.assemble((fmt.clean(figure.id), "bold"), f"  {summary(figure)}")
    if figure.p10 is not None and figure.p10 != figure.p90:
        low = fmt.bare(figure.p10, figure.unit)
        high = fmt.measure(figure.p90, figure.unit)
        yield Content(f"80 % of draws within {low} – {high}")
    yield Content(f"basis {fmt.clean(figure.basis)}")
    if figure.missing:
        yield Content.styled(f"! unknown: {fmt.clean(', '.join(figure.missing))}", "$text-warning")
    yield from section("Formula", _formula(figure))
    yield from section("Inputs", [_input(i) for i in figure.inputs])
    where = " · ".join(fmt.clean(part) for part in (figure.source, figure.as_of) if part)
    yield from section("Source", [Content(where)] if where else [])
    page = f"docs/reference/formulas.md#{fmt.clean(figure.anchor)}"
    yield from section("More", [Content(page)] if figure.anchor else [])


def _formula(figure: FigureRecord) -> list[Content]:
    """The formula, and its value at the likely inputs where that is not the median of the draws."""
    lines = [Content(fmt.clean(line)) for line in (figure.formula, figure.filled) if line]
    at_likely = fmt.measure(figure.value, figure.unit)
    if lines and figure.value is not None and at_likely != summary(figure):
        lines.append(
            Content(
                f"at the likely inputs {at_likely}; over all draws of the inputs the median is "
                f"{summary(figure)}"
            )
        )
    return lines


def _input(given: FigureInput) -> Content:
    origin = " · ".join(
        fmt.clean(part) for part in (given.basis, given.source, given.as_of) if part
    )
    value = fmt.measure(given.value, given.unit)
    return Content.assemble((fmt.clean(given.id), "bold"), f" = {value}\n  ", (origin, "dim"))
