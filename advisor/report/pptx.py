"""The report as five slides: answer, options, business case, robustness, plan.

Native text and tables, charts as pictures with alternative texts. Needs the extra `report`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from advisor.core.errors import MissingExtra
from advisor.core.verdict import Verdict
from advisor.report.brand import Brand, branded
from advisor.report.document import document
from advisor.report.look import PLAIN, Look
from advisor.report.office import dots, logo_dots, stamped
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chart,
    KeyFigure,
    Page,
    Ranged,
    Table,
    Tiles,
)

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide
    from pptx.text.text import TextFrame, _Run

WIDTH_CM = 33.867
HEIGHT_CM = 19.05
EDGE_CM = 1.5
TOP_CM = 3.4
TITLE_ONLY = 5  # of the default layouts
Place: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height in centimetres."""

MOST_LETTERS = 600
MOST_ROWS = 9
NO_BREAK = "\N{NO-BREAK SPACE}"
INK = "1C2530"
SOFT = "56626F"
FONT = "Calibri"


@dataclass(frozen=True, slots=True)
class Canvas:
    """A slide with the brand that colours it."""

    slide: Slide
    brand: Brand


def render(verdict: Verdict, look: Look = PLAIN) -> bytes:
    """Five slides of 16 by 9; the same record gives the same bytes.

    Raises MissingExtra where python-pptx or typst is not installed.
    """
    try:
        import pptx
    except ImportError:
        raise MissingExtra(
            "PPTX needs an extra that is not installed; run: pip install 'prompt-or-tune[report]'"
        ) from None
    from pptx.util import Cm

    page = document(verdict, (), replace(look, depth="full"))
    deck = pptx.Presentation()
    deck.slide_width = Cm(WIDTH_CM)
    deck.slide_height = Cm(HEIGHT_CM)
    _properties(deck, page, verdict)
    for number, (title, draw) in enumerate(_slides(page), 1):
        canvas = Canvas(deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY]), look.brand)
        _title(canvas, title)
        draw(canvas, page)
        _footer(canvas, page, number)
    buffer = io.BytesIO()
    deck.save(buffer)
    return stamped(buffer.getvalue())


Draw: TypeAlias = Callable[[Canvas, Page], None]


def _slides(page: Page) -> Iterator[tuple[str, Draw]]:
    yield page.title, _answer
    yield _title_of(page, "options"), _options
    yield _title_of(page, "business-case"), _business
    yield _title_of(page, "robustness"), _robustness
    yield _title_of(page, "plan"), _plan


def _title_of(page: Page, section_id: str) -> str:
    return next((s.title for s in page.sections if s.id == section_id), page.headline.word)


def _blocks(page: Page, section_id: str) -> Sequence[Block]:
    return next((s.blocks for s in page.sections if s.id == section_id), ())


def _chart(page: Page, name: str) -> Chart | None:
    every = (block for section in page.sections for block in section.blocks)
    return next((b for b in every if isinstance(b, Chart) and b.name == name), None)


def _table(page: Page, name: str) -> Table | None:
    every = (block for section in page.sections for block in section.blocks)
    return next((b for b in every if isinstance(b, Table) and b.name == name), None)


def _answer(canvas: Canvas, page: Page) -> None:
    """The recommendation, the four numbers, how sure each approach is."""
    blocks = _blocks(page, "summary")
    callout = next((b.text for b in blocks if isinstance(b, Callout)), page.headline.word)
    _lines(canvas, [callout], (EDGE_CM, TOP_CM, WIDTH_CM - 2 * EDGE_CM, 3.4), 17)
    tiles = next((b.figures for b in blocks if isinstance(b, Tiles)), ())
    width = (WIDTH_CM - 2 * EDGE_CM) / max(len(tiles), 1)
    for place, figure in enumerate(tiles):
        _tile(canvas, figure, (EDGE_CM + place * width, 7.2, width - 0.4, 3.0))
    _picture(canvas, _chart(page, "best"), (EDGE_CM, 10.8, 15.0, 6.6))
    requests = next((b.items for b in blocks if isinstance(b, Bullets)), ())
    _lines(canvas, requests, (17.4, 10.8, 15.0, 6.6), 12)


def _options(canvas: Canvas, page: Page) -> None:
    _grid(canvas, _table(page, "options"), (EDGE_CM, TOP_CM, 18.4, 13.6))
    _picture(canvas, _chart(page, "trade-off"), (20.6, TOP_CM, 11.8, 10.0))


def _business(canvas: Canvas, page: Page) -> None:
    _grid(canvas, _table(page, "returns"), (EDGE_CM, TOP_CM, WIDTH_CM - 2 * EDGE_CM, 4.6))
    _picture(canvas, _chart(page, "parts"), (EDGE_CM, 8.8, 15.0, 8.8))
    _picture(canvas, _chart(page, "cash"), (17.4, 8.8, 15.0, 8.8))


def _robustness(canvas: Canvas, page: Page) -> None:
    _picture(canvas, _chart(page, "map"), (EDGE_CM, TOP_CM, 15.0, 7.4))
    _picture(canvas, _chart(page, "tornado"), (17.4, TOP_CM, 15.0, 13.6))
    _grid(canvas, _table(page, "flips"), (EDGE_CM, 11.2, 15.0, 6.0), most=4)


def _plan(canvas: Canvas, page: Page) -> None:
    _grid(canvas, _table(page, "gates"), (EDGE_CM, TOP_CM, WIDTH_CM - 2 * EDGE_CM, 5.0), most=5)
    _picture(canvas, _chart(page, "timeline"), (EDGE_CM, 9.4, 15.0, 8.2))
    _grid(canvas, _table(page, "risks"), (17.4, 9.4, 15.0, 8.0), most=4, columns=2)


def _title(canvas: Canvas, text: str) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Cm, Pt

    title = canvas.slide.shapes.title
    title.left = Cm(EDGE_CM)
    title.top = Cm(0.9)
    title.width = Cm(WIDTH_CM - 2 * EDGE_CM - 6.4)
    title.height = Cm(2.0)
    frame = title.text_frame
    frame.word_wrap = True
    frame.text = _cut(text, 140)
    run = frame.paragraphs[0].runs[0] if frame.paragraphs[0].runs else None
    frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    if run is not None:
        run.font.size = Pt(28 if len(text) < 60 else 20)
        run.font.bold = True
        run.font.name = canvas.brand.font or FONT
        run.font.color.rgb = RGBColor.from_string(canvas.brand.mark.removeprefix("#").upper())
    if canvas.brand.logo:
        _picture_of(canvas, logo_dots(canvas.brand), canvas.brand.name or "Logo",
                    (WIDTH_CM - EDGE_CM - 5.6, 0.9, 5.6, 1.7))  # fmt: skip


def _footer(canvas: Canvas, page: Page, number: int) -> None:
    facts = dict(page.cover.facts)
    version = page.cover.facts[-1][1]
    parts = [facts.get("Client", ""), facts.get("Prices as of", ""), version, str(number)]
    text = " · ".join(_cut(part, 80) for part in parts if part)
    _lines(canvas, [text], (EDGE_CM, HEIGHT_CM - 1.1, WIDTH_CM - 2 * EDGE_CM, 0.8), 9, SOFT)


def _lines(
    canvas: Canvas, texts: Sequence[str], place: Place, size: float, colour: str = INK
) -> TextFrame:
    """A box of text, a paragraph per text."""
    from pptx.util import Cm

    box = canvas.slide.shapes.add_textbox(*(Cm(part) for part in place))
    frame = box.text_frame
    frame.word_wrap = True
    for number, text in enumerate(texts):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        _run(paragraph.add_run(), _cut(text), size, colour, canvas.brand)
    return frame


def _run(run: _Run, text: str, size: float, colour: str, brand: Brand) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    run.text = text
    run.font.size = Pt(size)
    run.font.name = brand.font or FONT
    run.font.color.rgb = RGBColor.from_string(colour)


def _tile(canvas: Canvas, figure: KeyFigure, place: Place) -> None:
    mark = canvas.brand.mark.removeprefix("#").upper()
    frame = _lines(canvas, [figure.label], place, 12, SOFT)
    value = frame.add_paragraph().add_run()
    _run(value, f"{figure.value} {figure.unit}".rstrip(), 20, mark, canvas.brand)
    value.font.bold = True
    interval = f"{figure.low} – {figure.high}" if figure.low != figure.high else ""
    note = ", ".join(filter(None, (interval, figure.basis)))
    _run(frame.add_paragraph().add_run(), note, 11, SOFT, canvas.brand)


def _grid(
    canvas: Canvas, table: Table | None, place: Place, most: int = MOST_ROWS, columns: int = 9
) -> None:
    """A native table; rows beyond `most` stand in the other formats."""
    from pptx.dml.color import RGBColor
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Cm

    if table is None:
        return
    titles = [column.title for column in table.columns][:columns]
    rows: list[Sequence[Cell]] = [titles, *(row[:columns] for row in table.rows[:most])]
    left, top, width, height = (Cm(part) for part in place)
    frame = canvas.slide.shapes.add_table(len(rows), len(titles), left, top, width, height)
    grid = frame.table
    shares = table.widths()[:columns]
    for number, share in enumerate(shares):
        grid.columns[number].width = round(width * share / sum(shares))
    for row_number, row in enumerate(rows):
        grid.rows[row_number].height = round(height / len(rows) / 2)
        for number, content in enumerate(row):
            cell = grid.cell(row_number, number)
            cell.margin_left = cell.margin_right = Cm(0.12)
            cell.margin_top = cell.margin_bottom = Cm(0.05)
            is_strong = row_number == 0 or (row_number - 1) in table.strong
            cell.fill.solid()
            fill = "EEF1F0" if is_strong else "FFFFFF"
            cell.fill.fore_color.rgb = RGBColor.from_string(fill)
            paragraph = cell.text_frame.paragraphs[0]
            if table.columns[number].right:
                paragraph.alignment = PP_ALIGN.RIGHT
            for part_number, part in enumerate(_parts(content)):
                if part_number:
                    paragraph.add_line_break()
                run = paragraph.add_run()
                _run(run, part, 10 - part_number, INK, canvas.brand)
                run.font.bold = is_strong and not part_number


def _picture(canvas: Canvas, chart: Chart | None, place: Place) -> None:
    if chart is not None:
        picture = dots(branded(chart.svg, canvas.brand))
        _picture_of(canvas, picture, _cut(chart.alternative), place)


def _picture_of(canvas: Canvas, picture: bytes, alternative: str, place: Place) -> None:
    """A picture as large as its place allows, its proportions kept."""
    from pptx.util import Cm

    left, top, width, height = (Cm(part) for part in place)
    shape = canvas.slide.shapes.add_picture(io.BytesIO(picture), left, top)
    scale = min(width / shape.width, height / shape.height)
    shape.width = round(shape.width * scale)
    shape.height = round(shape.height * scale)
    shape._element.nvPicPr.cNvPr.set("descr", alternative)


def _properties(deck: Presentation, page: Page, verdict: Verdict) -> None:
    properties = deck.core_properties
    properties.title = page.title[:250]
    properties.author = "advisor"
    properties.language = page.language
    properties.created = properties.modified = _day(verdict.as_of)


def _day(as_of: str) -> datetime:
    try:
        return datetime.fromisoformat(as_of)
    except ValueError:
        return datetime(2000, 1, 1)


def _parts(cell: Cell) -> list[str]:
    """The lines of a cell: a figure, and its interval below."""
    if isinstance(cell, Ranged):
        parts = (_kept_whole(part) for part in (cell.value, cell.span) if part)
        return [_cut(part, 160) for part in parts]
    return [_cut(str(cell), 160)]


def _kept_whole(text: str) -> str:
    """An amount that is not wrapped, but for a remark behind a comma."""
    return ", ".join(part.replace(" ", NO_BREAK) for part in text.split(", "))


def _cut(text: str, most: int = MOST_LETTERS) -> str:
    """A slide has room for a sentence, not for a page; the other formats have the whole text."""
    return text if len(text) <= most else f"{text[:most]}…"
