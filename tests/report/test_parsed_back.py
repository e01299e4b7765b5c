"""Every format parsed back: the amounts that it shows are those of the JSON record."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import docx as word
import openpyxl
import pptx as slides
import pypdf
import pytest

from advisor.core.verdict import Verdict
from advisor.report import formats


def letters(text: str) -> str:
    return "".join(text.replace("\\", "").split())


def shown(form: str, content: bytes) -> str:
    if form == "pdf":
        return letters(
            "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages)
        )
    if form == "docx":
        document = word.Document(io.BytesIO(content))
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        return letters(" ".join([*(p.text for p in document.paragraphs), *cells]))
    if form == "pptx":
        shapes = [
            s for slide in slides.Presentation(io.BytesIO(content)).slides for s in slide.shapes
        ]
        texts = [s.text_frame.text for s in shapes if s.has_text_frame]
        cells = [c.text for s in shapes if s.has_table for row in s.table.rows for c in row.cells]
        return letters(" ".join([*texts, *cells]))
    return letters(content.decode())


@pytest.fixture
def record(priced: Verdict) -> dict[str, object]:
    return json.loads(formats.by_name("json").render(priced))


def test_cells_of_workbook_and_table_are_the_amounts_to_the_cent(priced: Verdict, record) -> None:
    option = next(o for o in record["arms"] if o["id"] == record["arm"])
    figures = {f["id"]: f["value"] for f in option["figures"]}
    content = formats.by_name("xlsx").render(priced)
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Options"]
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    row = next(r for r in rows[1:] if r[rows[0].index("id")] == record["arm"])
    for title, figure in (("once", "once.total"), ("per month", "run.total")):
        amount = row[rows[0].index(title)]
        assert Decimal(repr(amount)).quantize(Decimal("0.01")) == Decimal(
            repr(figures[figure])
        ).quantize(Decimal("0.01"))
    table = csv.DictReader(io.StringIO(formats.by_name("csv").render(priced).decode()))
    line = next(r for r in table if r["id"] == record["arm"])
    for name in ("one_off_usd", "monthly_usd"):
        for end in ("p10", "p50", "p90"):
            assert float(line[f"{name}_{end}"]) == pytest.approx(option[name][end], abs=0.005)


@pytest.mark.parametrize("form", ["text", "md", "html", "pdf", "docx", "pptx"])
def test_amounts_stand_in_every_format_as_the_record_has_them(
    priced: Verdict, record, form: str
) -> None:
    option = next(o for o in record["arms"] if o["id"] == record["arm"])
    text = shown(form, formats.by_name(form).render(priced))
    for amount in (option["one_off_usd"], option["monthly_usd"]):
        for end in ("p10", "p50", "p90"):
            assert f"${amount[end]:,.0f}" in text, (form, end)
    assert f"{option['quality']['p50']:.3f}" in text
    if form != "pptx":
        cash = next(f for f in option["figures"] if f["id"] == "horizon.cash")
        assert f"${cash['value']:,.0f}" in text
