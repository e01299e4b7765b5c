"""The report as a Word document with real styles, native tables and pictures.

Needs the extra `report`; pictures are drawn by typst from the same SVG as everywhere.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

from advisor.core.errors import MissingExtra, UsageError
from advisor.core.verdict import Verdict
from advisor.report.brand import Brand, branded
from advisor.report.document import document
from advisor.report.look import PAPERS_CM, PLAIN, Look
from advisor.report.office import dots, logo_dots, stamped
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
INK = "1C2530"
SOFT = "56626F"
FONT = "Calibri"
TABLE_STYLE = "Light Shading"
STYLES = (
    "Title",
    "Subtitle",
    "Heading 1",
    "Heading 2",
    "Heading 3",
    "Intense Quote",
    "List Bullet",
    "Caption",
)
"""The paragraph styles that a report uses."""


def render(verdict: Verdict, look: Look = PLAIN) -> bytes:
    """The report with the trace of the recommended option and of the runner-up.

    The same record gives the same bytes. Raises MissingExtra where python-docx or typst is not
    installed.
    """
    return draw(document(verdict, (verdict.subject, verdict.alternative), look), look)


def draw(page: Page, look: Look = PLAIN) -> bytes:
    """A page as a Word document. Raises MissingExtra."""
    try:
        import docx  # noqa: F401
    except ImportError:
        raise MissingExtra(
            "DOCX needs an extra that is not installed; run: pip install 'prompt-or-tune[report]'"
        ) from None
    word = _opened(look)
    _prepare(word, page, look)
    _cover(word, page, look)
    for section in page.sections:
        word.add_heading(section.title, level=1)
        for block in section.blocks:
            _add(word, block, look.brand)
    buffer = io.BytesIO()
    word.save(buffer)
    return stamped(buffer.getvalue())


def _opened(look: Look) -> Document:
    """An empty document, with the styles, header and footer of the client's template where there is
    one. Raises UsageError.
    """
    import docx

    if not look.template:
        return docx.Document()
    try:
        word = docx.Document(io.BytesIO(_as_document(look.template)))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"--template: is not a Word document ({error}); save it as .docx"
        ) from None
    body = word.element.body
    for part in list(body):
        if not part.tag.endswith("}sectPr"):
            body.remove(part)
    _complete(word)
    return word


def _as_document(template: bytes) -> bytes:
    """A .dotx differs from a .docx in its declared kind alone."""
    as_template = b"wordprocessingml.template.main+xml"
    as_document = b"wordprocessingml.document.main+xml"
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(template)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "[Content_Types].xml":
                content = content.replace(as_template, as_document)
            target.writestr(entry, content)
    return buffer.getvalue()


def _complete(word: Document) -> None:
    """Styles that the template lacks, after their nearest."""
    from docx.enum.style import WD_STYLE_TYPE

    names = {style.name for style in word.styles}
    for name in STYLES:
        if name not in names:
            word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = word.styles["Normal"]
    if TABLE_STYLE not in names:
        word.styles.add_style(TABLE_STYLE, WD_STYLE_TYPE.TABLE)


def _prepare(word: Document, page: Page, look: Look) -> None:
    """Page size, styles, header and the properties of the file; a template keeps its own."""
    properties = word.core_properties
    properties.title = page.title[:250]
    properties.author = "advisor"
    properties.language = page.language
    properties.created = properties.modified = _day(page.as_of)
    if not look.template:
        _style(word, page, look)


def _style(word: Document, page: Page, look: Look) -> None:
    from docx.shared import Cm, Pt, RGBColor

    sheet = word.sections[0]
    width, height = PAPERS_CM[look.paper]
    sheet.page_width = Cm(width)
    sheet.page_height = Cm(height)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(sheet, side, Cm(2.2))
    normal = word.styles["Normal"]
    normal.font.name = look.brand.font or FONT
    normal.font.size = Pt(10)
    mark = look.brand.mark.removeprefix("#").upper()
    for level in (1, 2, 3):
        style = word.styles[f"Heading {level}"]
        style.font.name = look.brand.font or FONT
        style.font.color.rgb = RGBColor.from_string(mark if level == 1 else INK)
    for name, colour in (("Subtitle", SOFT), ("Intense Quote", mark), ("Caption", SOFT)):
        word.styles[name].font.color.rgb = RGBColor.from_string(colour)
        word.styles[name].font.name = look.brand.font or FONT
    sheet.header.paragraphs[0].text = f"{_cut(page.title)}\t\t{page.dated or page.as_of}"
    sheet.footer.paragraphs[0].text = page.cover.facts[-1][1]


def _day(as_of: str) -> datetime:
    try:
        return datetime.fromisoformat(as_of)
    except ValueError:
        return datetime(2000, 1, 1)


def _cover(word: Document, page: Page, look: Look) -> None:
    from docx.enum.text import WD_BREAK
    from docx.shared import Cm

    if look.brand.logo:
        word.add_picture(io.BytesIO(logo_dots(look.brand)), height=Cm(1.6))

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


def _add(word: Document, block: Block, brand: Brand) -> None:
    if isinstance(block, Heading):
        word.add_heading(_cut(block.text), level=2)
    elif isinstance(block, Paragraph):
        word.add_paragraph(_cut(block.text))
    elif isinstance(block, Callout):
        word.add_paragraph(_cut(block.text), style="Intense Quote")
    elif isinstance(block, Bullets):
        for place, item in enumerate(block.items):
            if block.marks:
                _marked(word, block.marks[place], item)
            else:
                word.add_paragraph(_cut(item), style="List Bullet")
    elif isinstance(block, Tiles):
        _tiles(word, block.figures)
    elif isinstance(block, Table):
        _table(word, block)
    elif isinstance(block, Chart):
        _picture(word, block, brand)
    else:
        _fold(word, block, brand)


def _marked(word: Document, mark: str, item: str) -> None:
    """A statement that hangs beside its own mark, in place of a bullet."""
    from docx.shared import Cm

    paragraph = word.add_paragraph(f"{mark}\t{_cut(item)}")
    paragraph.paragraph_format.left_indent = Cm(0.63)
    paragraph.paragraph_format.first_line_indent = Cm(-0.63)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.63))


def _fold(word: Document, fold: Fold, brand: Brand) -> None:
    word.add_heading(_cut(fold.title), level=3)
    for block in fold.blocks:
        _add(word, block, brand)


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

    grid = word.add_table(rows=1, cols=len(table.columns), style=TABLE_STYLE)
    grid.autofit = False
    shares = table.widths()
    widths = [Cm(TEXT_CM * share / sum(shares)) for share in shares]
    for column_of_grid, width in zip(grid.columns, widths, strict=True):
        column_of_grid.width = width  # LibreOffice reads these, Word those of the cells
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


def _picture(word: Document, chart: Chart, brand: Brand) -> None:
    from docx.shared import Cm

    picture = word.add_picture(io.BytesIO(dots(branded(chart.svg, brand))), width=Cm(PICTURE_CM))
    described = picture._inline.docPr
    described.set("descr", _cut(chart.alternative))
    described.set("title", _cut(chart.title))
    word.add_paragraph(f"{_cut(chart.title)}.", style="Caption")


def _text(cell: Cell) -> str:
    if isinstance(cell, Ranged):
        return _cut(f"{cell.value}\n{cell.span}" if cell.span else cell.value)
    return _cut(str(cell))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
