"""The report as Markdown (GitHub's dialect).

Text from data is escaped, so it can neither format nor link nor run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from advisor.core.verdict import Verdict
from advisor.report.document import document
from advisor.report.look import PLAIN, Look
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Cell,
    Code,
    Fold,
    Heading,
    KeyFigure,
    Labels,
    Page,
    Paragraph,
    Ranged,
    Table,
    Tiles,
)

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&!])")
_LIST_START = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")


def render(verdict: Verdict, look: Look = PLAIN) -> str:
    """The whole report, with the trace of the chosen option and of the one it is compared with."""
    return draw(document(verdict, (verdict.subject, verdict.alternative), look), look)


def draw(page: Page, look: Look = PLAIN) -> str:
    """A page as Markdown."""
    return "\n".join(_lines(page)) + "\n"


def escaped(text: str) -> str:
    """`text` as Markdown that shows it letter by letter."""
    plain = _SPECIAL.sub(r"\\\1", text).replace("://", "\\://").replace("www.", "www\\.")
    return _LIST_START.sub(_escape_start, plain)


def code(text: str) -> str:
    """`text` as a code span; a pipe is escaped for tables, back-ticks are fenced by longer ones."""
    if not text:
        return ""
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    inner = f" {text} " if text.startswith("`") or text.endswith("`") else text
    return f"{fence}{inner}{fence}".replace("|", "\\|")


def _escape_start(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}"


def _lines(content: Page) -> Iterator[str]:
    head = content.headline
    yield f"# {escaped(content.title)}"
    yield ""
    yield escaped(content.subtitle)
    yield ""
    yield " ".join(
        part
        for part in (
            "##",
            escaped(head.word),
            head.link,
            f"— {escaped(head.option)}" if head.option else "",
        )
        if part
    )
    yield ""
    yield f"**{escaped(head.sure)}**"
    if head.figures:
        yield from _key_figures(head.figures, content.labels)
    for section in content.sections:
        yield from ("", f"## {escaped(section.title)}")
        for block in section.blocks:
            yield from _block(block, 3, content.labels)


def _key_figures(figures: tuple[KeyFigure, ...], labels: Labels) -> Iterator[str]:
    yield ""
    yield f"|  | {labels.likely} | {labels.interval} | {labels.basis} |"
    yield "|:--|--:|:--|:--|"
    for figure in figures:
        interval = figure.low if figure.low == figure.high else f"{figure.low} – {figure.high}"
        value = f"{figure.value} {figure.unit}".rstrip()
        origin = f"{figure.basis} {escaped(figure.other)}".strip() if figure.other else figure.basis
        yield f"| {escaped(figure.label)} | **{value}** | {interval} | {origin} |"


def _block(block: Block, level: int, labels: Labels) -> Iterator[str]:
    if isinstance(block, Heading):
        yield from ("", f"{'#' * level} {escaped(block.text)}")
    elif isinstance(block, Paragraph):
        yield from ("", escaped(block.text))
    elif isinstance(block, Callout):
        yield from ("", f"> {escaped(block.text)}")
    elif isinstance(block, Tiles):
        yield from _key_figures(block.figures, labels)
    elif isinstance(block, Bullets):
        yield ""
        for place, item in enumerate(block.items):
            yield f"- {block.marks[place] + ' ' if block.marks else ''}{escaped(item)}"
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Fold):
        yield from ("", f"{'#' * (level + 1)} {code(block.title)}")
        for inner in block.blocks:
            yield from _block(inner, level + 1, labels)


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(escaped(c.title) for c in table.columns)} |"
    yield f"|{'|'.join('--:' if c.right else ':--' for c in table.columns)}|"
    for place, row in enumerate(table.rows):
        strong = place in table.strong
        yield f"| {' | '.join(_cell(cell, strong and i == 0) for i, cell in enumerate(row))} |"


def _cell(cell: Cell, strong: bool) -> str:
    if isinstance(cell, Ranged):
        return f"{escaped(cell.value)}{f' ({escaped(cell.span)})' if cell.span else ''}"
    text = code(cell) if isinstance(cell, Code) else escaped(cell)
    return f"**{text}**" if strong else text
