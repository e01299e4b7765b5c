"""Hostile text in a report in another language and currency: inert, and intact where it is read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import docx as word
import openpyxl
import pptx as slides
import pypdf
import pytest

from advisor.core.verdict import Verdict
from advisor.report import formats
from advisor.report.look import Currency, Look

GERMAN = Look(language="de", currency=Currency("EUR", 0.92, "2026-11-20"))
SCRIPT = "<script>alert(1)</script>"
NAMES = {
    "formula": "=HYPERLINK(1;2) +1 @SUM(A1)",
    "markup": "<w:p/> &amp; {x} {{y}} %s #let x = 1 #{panic()} $a$ *b* _c_",
    "message": "Options: We recommend $5 per month in 2 of 100 draws",
    "hebrew": "שלום",
    "joined emoji": "👩‍👩‍👧‍👦 表",
}


def docx_texts(content: bytes) -> list[str]:
    document = word.Document(io.BytesIO(content))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return [*(paragraph.text for paragraph in document.paragraphs), *cells]


def pptx_texts(content: bytes) -> list[str]:
    shapes = [s for slide in slides.Presentation(io.BytesIO(content)).slides for s in slide.shapes]
    cells = (c.text for s in shapes if s.has_table for row in s.table.rows for c in row.cells)
    return [*(s.text_frame.text for s in shapes if s.has_text_frame), *cells]


def xlsx_texts(content: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    return [str(cell.value) for cell in cells if cell.data_type == "s"]


def pdf_texts(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


READERS: dict[str, Callable[[bytes], list[str]]] = {
    "docx": docx_texts,
    "pdf": pdf_texts,
    "pptx": pptx_texts,
    "xlsx": xlsx_texts,
}


@pytest.mark.parametrize("form", formats.FORMATS, ids=lambda form: form.name)
def test_hostile_text_stays_text_in_german(hostile: Verdict, form: formats.ReportFormat) -> None:
    content = form.render(hostile, GERMAN)
    assert len(content) > 500
    if form.name == "html":
        assert SCRIPT.encode() not in content
    elif form.name in READERS:
        assert squeezed(SCRIPT) in squeezed(" ".join(READERS[form.name](content)))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("form", READERS)
def test_a_name_is_read_back_as_it_was_written(verdict: Verdict, form: str, name: str) -> None:
    if form == "pdf" and not name.isascii():
        pytest.skip("text from a PDF comes in the order of its glyphs")
    content = formats.by_name(form).render(replace(verdict, name=name, client=name), GERMAN)
    assert squeezed(name) in squeezed(" ".join(READERS[form](content)))
