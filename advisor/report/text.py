"""The report as plain text, for a terminal or a pipe: the answer fills the first screen, the detail
follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.report import layout
from advisor.report.document import document
from advisor.report.look import PLAIN, Look
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Chart,
    Fold,
    Heading,
    KeyFigure,
    Page,
    Paragraph,
    Section,
    Table,
)
from advisor.report.table import draw as draw_table

_BAR = 15


def render(verdict: Verdict, width: int = 80, color: bool = False, look: Look = PLAIN) -> str:
    """Lines of at most `width` cells; `color` adds bold and dim, never meaning."""
    page = document(verdict, look=look)
    explain = "Every figure with formula, numbers and sources: advisor explain BRIEF FIGURE"
    lines = [*_lines(page, max(width, 40), color), "", *layout.wrap(explain, max(width, 40))]
    return "\n".join(lines) + "\n"


def draw(page: Page, look: Look = PLAIN, width: int = 80, color: bool = False) -> str:
    """A page as text of at most `width` cells."""
    return "\n".join(_lines(page, max(width, 40), color)) + "\n"


def _lines(content: Page, width: int, color: bool) -> Iterator[str]:
    yield from (bold(line, color) for line in layout.wrap(content.title, width))
    yield from (dim(line, color) for line in layout.wrap(content.subtitle, width))
    yield ""
    yield from _headline(content, width, color)
    for section in content.sections:
        yield from _section(section, width, color)


def _section(section: Section, width: int, color: bool) -> Iterator[str]:
    """A section under a rule; what the headline already says is not said twice."""
    yield ""
    yield bold(section.title.upper(), color)
    for block in section.blocks:
        lines = list(_block(block, width, color))
        if lines and not isinstance(block, Heading):
            yield ""
        yield from lines


def _headline(content: Page, width: int, color: bool) -> Iterator[str]:
    head = content.headline
    yield from (
        bold(line, color)
        for line in layout.wrap(f"{head.word} {head.link} {head.option}".rstrip(), width)
    )
    if head.p_best is not None:
        yield from layout.wrap(f"{fmt.share_bar(head.p_best, _BAR)} {head.sure}", width)
    else:
        yield head.sure
    if head.figures:
        yield ""
        yield from (line for figure in head.figures for line in _key_figure(figure, width))


def _key_figure(figure: KeyFigure, width: int) -> Iterator[str]:
    """`running   $3,317 per month   $2,900 ├──●──┤ $4,100  modelled`; else two lines."""
    head = f"{figure.label:<10} {figure.value:>10} {figure.unit:<9}"
    if figure.other:
        yield from _beside(head, figure.other, width)
    elif not figure.spread:
        interval = "exact" if figure.low == figure.high else f"{figure.low} – {figure.high}"
        yield from _beside(
            head, f"{interval}, {figure.basis}".rstrip(", ") if figure.low else "", width
        )
    else:
        interval = f"{figure.low:>8} {_bar(figure.range, _BAR)} {figure.high:<9}"
        line = f"{head} {interval} {figure.basis}".rstrip()
        room = max(3, min(_BAR, width - 4 - len(figure.low) - len(figure.high)))
        below = f"  {figure.low} {_bar(figure.range, room)} {figure.high}"
        yield from (
            [line] if layout.cells(line) <= width else [*_beside(head, figure.basis, width), below]
        )


def _beside(head: str, text: str, width: int) -> Iterator[str]:
    """`head` and `text` on one line where they fit, else below each other."""
    line = f"{head} {text}".rstrip()
    yield from (
        [line] if layout.cells(line) <= width else [head.rstrip(), *_hanging(" ", text, width)]
    )


def _bar(interval: Range, width: int) -> str:
    """The interval fills the bar; the dot shows which way it leans."""
    return fmt.range_bar(
        interval.p10, interval.p50, interval.p90, interval.p10 or 0.0, interval.p90 or 0.0, width
    )


def _block(block: Block, width: int, color: bool) -> Iterator[str]:
    if isinstance(block, Heading):
        yield ""
        yield from (bold(line, color) for line in layout.wrap(block.text, width))
    elif isinstance(block, Paragraph | Callout):
        yield from layout.wrap(block.text, width)
    elif isinstance(block, Chart) and block.name == "best":
        yield from _shares(block, width)
    elif isinstance(block, Bullets):
        for place, item in enumerate(block.items):
            yield from _hanging(block.marks[place] if block.marks else "·", item, width)
    elif isinstance(block, Table):
        yield from draw_table(
            block, width, lambda line: bold(line, color), lambda line: dim(line, color)
        )
    elif isinstance(block, Fold):
        yield ""
        yield from (bold(line, color) for line in layout.wrap(block.title, width))
        for inner in block.blocks:
            yield from _block(inner, width, color)


def _shares(chart: Chart, width: int) -> Iterator[str]:
    """The twin of a picture of chances: a bar for each, as no table beside it says the same."""
    names = max(layout.cells(name) for name, _ in chart.rows)
    for name, value in chart.rows:
        chance = value.partition(" ")[0].strip("<>")
        bar = fmt.share_bar(float(chance) / 100, 2 * _BAR)
        yield from layout.wrap(f"{layout.pad(name, names)} {bar} {value}", width)


def _hanging(mark: str, text: str, width: int) -> Iterator[str]:
    """`text` after `mark`, its further lines under the first letter."""
    indent = layout.cells(mark) + 1
    for place, line in enumerate(layout.wrap(text, width - indent)):
        yield f"{mark} {line}" if place == 0 else f"{' ' * indent}{line}"


def bold(text: str, color: bool) -> str:
    """`text` in bold where the terminal takes it."""
    return f"\x1b[1m{text}\x1b[0m" if color and text else text


def dim(text: str, color: bool) -> str:
    """`text` subdued where the terminal takes it."""
    return f"\x1b[2m{text}\x1b[0m" if color and text else text
