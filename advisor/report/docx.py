"""The report as a Word document with real styles, native tables and pictures.

Needs the extra `report`; pictures are drawn by typst from the same SVG as everywhere.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core import format as fmt
from advisor.core.errors import MissingExtra
from advisor.core.verdict import Verdict
from advisor.report.document import document
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chart,
    Fold,
    Heading,
    KeyFigure,
    Page,
    Paragraph,
    Ranged,
    Table,
    Tiles,
)

if TYPE_CHECKING:
    from docx.document import Document

MOST_LETTERS = 10_000
PICTURE_CM = 12.0
TEXT_CM = 16.6
MARK = "0B6E66"


def render(verdict: Verdict) -> bytes:
    """The report with the trace of the recommended option and of the runner-up.

    The same record gives the same bytes. Raises MissingExtra where python-docx or typst is not
    installed.
    """
    try:
        import docx
    except ImportError:
        raise MissingExtra(
            "DOCX needs an extra that is not installed; run: pip install 'prompt-or-tune[report]'"
        ) from None
    page = document(verdict, (verdict.arm, verdict.alternative))
    word = docx.Document()
    _prepare(word, page, verdict)
    _cover(word, page)
    for section in page.sections:
        word.add_heading(section.title, level=1)
        for block in section.blocks:
            _add(word, block)
    buffer = io.BytesIO()
    word.save(buffer)
    return _stamped(buffer.getvalue())


def _prepare(word: Document, page: Page, verdict: Verdict) -> None:
    """Page size, styles, header and the properties of the file."""
    from docx.shared import Cm, Pt, RGBColor

    sheet = word.sections[0]
    sheet.page_width = Cm(21.0)
    sheet.page_height = Cm(29.7)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(sheet, side, Cm(2.2))
    normal = word.styles["Normal"]
    normal.font.name = "Calibri"
    normal.font.size = Pt(10)
    for level in (1, 2, 3):
        style = word.styles[f"Heading {level}"]
        style.font.name = "Calibri"
        style.font.color.rgb = RGBColor.from_string(MARK if level == 1 else "1C2530")
    sheet.header.paragraphs[0].text = f"{_cut(page.title)}\t\t{fmt.clean(verdict.as_of)}"
    sheet.footer.paragraphs[0].text = page.cover.facts[-1][1]
    properties = word.core_properties
    properties.title = page.title[:250]
    properties.author = "advisor"
    properties.created = properties.modified = _day(verdict.as_of)


def _day(as_of: str) -> datetime:
    try:
        return datetime.fromisoformat(as_of)
    except ValueError:
        return datetime(2000, 1, 1)


def _cover(word: Document, page: Page) -> None:
    from docx.enum.text import WD_BREAK

    word.add_heading(_cut(page.title), level=0)
    word.add_paragraph(_cut(page.cover.line), style="Subtitle")
    head = page.headline
    word.add_paragraph(
        _cut(" ".join(filter(None, (head.word, head.link, head.option)))), style="Intense Quote"
    )
    word.add_paragraph(head.sure)
    for label, text in page.cover.facts:
        word.add_paragraph(f"{label}: {_cut(text)}")
    word.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _add(word: Document, block: Block) -> None:
    if isinstance(block, Heading):
        word.add_heading(_cut(block.text), level=2)
    elif isinstance(block, Paragraph):
        word.add_paragraph(_cut(block.text))
    elif isinstance(block, Callout):
        word.add_paragraph(_cut(block.text), style="Intense Quote")
    elif isinstance(block, Bullets):
        for place, item in enumerate(block.items):
            mark = f"{block.marks[place]} " if block.marks else ""
            word.add_paragraph(f"{mark}{_cut(item)}", style="List Bullet")
    elif isinstance(block, Tiles):
        _tiles(word, block.figures)
    elif isinstance(block, Table):
        _table(word, block)
    elif isinstance(block, Chart):
        _picture(word, block)
    else:
        _fold(word, block)


def _fold(word: Document, fold: Fold) -> None:
    word.add_heading(_cut(fold.title), level=3)
    for block in fold.blocks:
        _add(word, block)


def _tiles(word: Document, figures: tuple[KeyFigure, ...]) -> None:
    from docx.shared import Pt

    table = word.add_table(rows=1, cols=len(figures))
    for cell, figure in zip(table.rows[0].cells, figures, strict=True):
        cell.paragraphs[0].add_run(figure.label)
        value = cell.add_paragraph().add_run(f"{figure.value} {figure.unit}".rstrip())
        value.bold = True
        value.font.size = Pt(14)
        interval = f"{figure.low} – {figure.high}" if figure.low != figure.high else ""
        cell.add_paragraph(", ".join(filter(None, (interval, figure.basis))))


def _table(word: Document, table: Table) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    grid = word.add_table(rows=1, cols=len(table.columns), style="Light Shading")
    grid.autofit = False
    shares = table.widths()
    widths = [Cm(TEXT_CM * share / sum(shares)) for share in shares]
    grid.rows[0]._tr.get_or_add_trPr().append(_repeated_header())
    lines: list[tuple[Cell, ...]] = [tuple(c.title for c in table.columns), *table.rows]
    for place, line in enumerate(lines):
        row = grid.rows[0] if place == 0 else grid.add_row()
        is_strong = place == 0 or (place - 1) in table.strong
        for cell, content, column, width in zip(
            row.cells, line, table.columns, widths, strict=True
        ):
            cell.width = width
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(_text(content))
            run.bold = is_strong
            run.font.size = Pt(8)
            if column.right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    word.add_paragraph()


def _repeated_header() -> object:
    """The mark of a row that stands on top of every page of its table."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    return mark


def _picture(word: Document, chart: Chart) -> None:
    from docx.shared import Cm

    picture = word.add_picture(io.BytesIO(_png(chart)), width=Cm(PICTURE_CM))
    described = picture._inline.docPr
    described.set("descr", _cut(chart.alternative))
    described.set("title", _cut(chart.title))
    word.add_paragraph(f"{_cut(chart.title)}.", style="Caption")


def _png(chart: Chart) -> bytes:
    """The picture in dots, as Word does not read SVG everywhere. Raises MissingExtra."""
    try:
        import font_lato
        import typst
    except ImportError:
        raise MissingExtra(
            "DOCX needs an extra that is not installed; run: pip install 'prompt-or-tune[report]'"
        ) from None
    template = Path(__file__).parent / "templates" / "picture.typ"
    drawn = typst.compile(
        template,
        format="png",
        ppi=180,
        font_paths=[Path(font_lato.__file__).parent / "files"],
        ignore_system_fonts=max(chart.svg) < "\u2c00",
        sys_inputs={"svg": chart.svg},
    )
    if isinstance(drawn, bytes):
        return drawn
    raise ValueError("a picture has one page")


def _stamped(content: bytes) -> bytes:
    """The same archive with a fixed time on every file in it."""
    import zipfile

    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            stamped = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            stamped.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(stamped, source.read(entry))
    return buffer.getvalue()


def _text(cell: Cell) -> str:
    if isinstance(cell, Ranged):
        return _cut(f"{cell.value}\n{cell.span}" if cell.span else cell.value)
    return _cut(str(cell))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
