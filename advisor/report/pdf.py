"""The report as PDF (A4 or letter, tagged, archivable), set by typst from the same blocks as every
format.

The text reaches the template as data, so markup in it stays text. Needs the extra `report`.
"""

from __future__ import annotations

import calendar
import json
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from advisor.core.errors import MissingExtra
from advisor.core.verdict import Verdict
from advisor.report.brand import Brand, branded, logo_svg
from advisor.report.document import document
from advisor.report.look import PLAIN, Look
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chart,
    Code,
    Fold,
    Heading,
    KeyFigure,
    Page,
    Paragraph,
    Ranged,
    Table,
    Tiles,
)

Json: TypeAlias = "str | float | bool | list[Json] | JsonObject"
JsonObject: TypeAlias = "dict[str, Json]"

STANDARD: Literal["a-2a", "1.7"] = "a-2a"
"""PDF/A-2 with tags: readable for decades and by a screen reader."""

ON_A_NEW_PAGE = frozenset({"summary", "situation", "business-case", "appendix"})
"""Sections that begin a page; the others follow on."""

MOST_LETTERS = 10_000
"""A text longer than this is cut: no report needs it, and every cell must fit on a page."""

_TEMPLATES = Path(__file__).parent / "templates"


def render(verdict: Verdict, look: Look = PLAIN) -> bytes:
    """The report with the trace of the recommended option and of the runner-up.

    The same record gives the same bytes. Raises MissingExtra where typst is not installed.
    """
    return draw(document(verdict, (verdict.subject, verdict.alternative), look), look)


def draw(page: Page, look: Look = PLAIN) -> bytes:
    """A page as PDF. Raises MissingExtra where typst is not installed."""
    try:
        import font_lato
        import typst
    except ImportError:
        raise MissingExtra(
            "PDF needs an extra that is not installed; run: pip install 'prompt-or-tune[report]'"
        ) from None
    data = json.dumps(_page(page, look), ensure_ascii=False)

    def compiled(standard: Literal["a-2a", "1.7"]) -> bytes:
        return typst.compile(
            _TEMPLATES / "report.typ",
            format="pdf",
            font_paths=[Path(font_lato.__file__).parent / "files"],
            ignore_system_fonts=_is_latin(data) and not look.brand.font,
            sys_inputs={"document": data},
            pdf_standards=[standard],
            timestamp=_midnight(page.as_of),
        )

    try:
        return compiled(STANDARD)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        # A letter that no font of this machine has: PDF/A forbids it, plain PDF keeps its code.
        return compiled("1.7")


def _is_latin(text: str) -> bool:
    """Whether the bundled fonts hold every letter, so that no font of this machine is needed."""
    return max(text) < "\u2c00"


def _midnight(day: str) -> int:
    """Seconds since 1970 of the day of the decision, for the metadata of the file."""
    try:
        return calendar.timegm(date.fromisoformat(day).timetuple())
    except ValueError:
        return 0


def _page(page: Page, look: Look) -> JsonObject:
    return {
        "language": page.language,
        "paper": {"a4": "a4", "letter": "us-letter"}[look.paper],
        "mark": look.brand.mark,
        "font": look.brand.font,
        "logo": logo_svg(look.brand),
        "contents": page.labels.contents,
        "title": _cut(page.title),
        "date": page.dated or page.as_of,
        "footer": page.cover.facts[-1][1],
        "cover": {
            "line": _cut(page.cover.line),
            "facts": [[label, _cut(text)] for label, text in page.cover.facts],
        },
        "word": page.headline.word,
        "option": _cut(" ".join(filter(None, (page.headline.link, page.headline.option)))),
        "sure": page.headline.sure,
        "sections": [
            {
                "title": section.title,
                "apart": section.id in ON_A_NEW_PAGE,
                "blocks": [_block(block, look.brand) for block in section.blocks],
            }
            for section in page.sections
        ],
    }


def _block(block: Block, brand: Brand) -> JsonObject:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": _cut(block.text)}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": _cut(block.text)}
    if isinstance(block, Callout):
        return {"kind": "callout", "text": _cut(block.text)}
    if isinstance(block, Bullets):
        return {
            "kind": "bullets",
            "items": [_cut(item) for item in block.items],
            "marks": list(block.marks),
        }
    if isinstance(block, Tiles):
        return {"kind": "tiles", "figures": [_tile(figure) for figure in block.figures]}
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Chart):
        return {
            "kind": "chart",
            "name": block.name,
            "title": _cut(block.title),
            "svg": branded(block.svg, brand),
            "alternative": _cut(block.alternative),
        }
    return _fold(block, brand)


def _fold(fold: Fold, brand: Brand) -> JsonObject:
    return {
        "kind": "fold",
        "title": _cut(fold.title),
        "blocks": [_block(block, brand) for block in fold.blocks],
    }


def _tile(figure: KeyFigure) -> JsonObject:
    interval = f"{figure.low} – {figure.high}" if figure.low != figure.high else ""
    note = ", ".join(filter(None, (interval, figure.basis)))
    return {"label": figure.label, "value": figure.value, "unit": figure.unit, "note": note}


def _table(table: Table) -> JsonObject:
    return {
        "kind": "table",
        "columns": [{"title": column.title, "right": column.right} for column in table.columns],
        "widths": [*table.widths()],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "strong": [*sorted(table.strong)],
    }


def _cell(cell: Cell) -> Json:
    if isinstance(cell, Ranged):
        return {"kind": "ranged", "value": _cut(cell.value), "span": _cut(cell.span)}
    if isinstance(cell, Code):
        return {"kind": "code", "text": _breakable(_cut(cell))}
    return _cut(str(cell))


def _breakable(text: str) -> str:
    """A long id with places to break after its marks (zero-width spaces)."""
    for mark in "/@+._":
        text = text.replace(mark, f"{mark}\u200b")
    return text


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
