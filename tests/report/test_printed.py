"""PDF, DOCX and CSV: the record's figures in them, hostile text inert, all formats quick."""

from __future__ import annotations

import builtins
import csv as reader
import io
import re
import time
from dataclasses import replace

import docx as word
import pypdf
import pytest

from advisor.core.errors import MissingExtra
from advisor.core.quantity import UNKNOWN
from advisor.core.verdict import Verdict
from advisor.report import csv, docx, formats, pdf
from advisor.report.headline import headline

LONG = "x" * 12_000
ODD = "שלום \u202eevil\u202c 👩‍👩‍👧‍👦 表 #let x = 1 #{panic()} $a$ *b* _c_ @d <e> \\ ` //"


def pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def docx_text(content: bytes) -> str:
    document = word.Document(io.BytesIO(content))
    cells = (c.text for t in document.tables for row in t.rows for c in row.cells)
    return re.sub(r"\s+", " ", " ".join([*(p.text for p in document.paragraphs), *cells]))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


@pytest.mark.parametrize(("form", "read"), [(pdf, pdf_text), (docx, docx_text)])
def test_the_figures_of_the_record_stand_in_it(priced: Verdict, form, read) -> None:
    text = squeezed(read(form.render(priced)))
    head = headline(priced)
    assert squeezed(head.option) in text
    assert squeezed("We recommend Tuned Llama 3.1 8B (LoRA)") in text
    for amount in ("$18,363", "$3,317", "0.912", "$14,200", "$24,000", "91 of 100"):
        assert squeezed(amount) in text
    for section in ("Executive summary", "Business case", "Robustness", "Appendix"):
        assert squeezed(section) in text


@pytest.mark.parametrize("form", [pdf, docx])
def test_the_same_record_gives_the_same_bytes(verdict: Verdict, form) -> None:
    assert form.render(verdict) == form.render(verdict)


@pytest.mark.parametrize(("form", "read"), [(pdf, pdf_text), (docx, docx_text)])
def test_hostile_text_stays_text(hostile: Verdict, form, read) -> None:
    text = squeezed(read(form.render(hostile)))
    assert "<script>alert(1)</script>" in text


@pytest.mark.parametrize("name", [ODD, LONG], ids=["odd", "long"])
@pytest.mark.parametrize("form", formats.FORMATS, ids=lambda form: form.name)
def test_odd_and_long_names_are_borne_everywhere(
    verdict: Verdict, form: formats.ReportFormat, name: str
) -> None:
    odd = replace(verdict, name=name, client=name, why=(name,), warnings=(name,))
    assert len(form.render(odd)) > 500


def test_a_pdf_is_tagged_titled_and_holds_its_fonts(verdict: Verdict) -> None:
    document = pypdf.PdfReader(io.BytesIO(pdf.render(verdict)))
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert document.metadata.title == verdict.name
    assert len(document.outline) >= 8
    names = {
        font.get_object()["/BaseFont"]
        for page in document.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert names
    assert all("+" in name for name in names)  # a subset, so embedded


def test_pictures_of_a_document_have_alternative_texts(verdict: Verdict) -> None:
    document = word.Document(io.BytesIO(docx.render(verdict)))
    described = [s._inline.docPr.get("descr") for s in document.inline_shapes]
    assert len(described) >= 4
    assert all(described)
    styles = {p.style.name for p in document.paragraphs}
    assert {"Title", "Heading 1", "Heading 2", "Caption", "List Bullet"} <= styles


def test_a_table_of_options_reads_back(verdict: Verdict) -> None:
    rows = list(reader.DictReader(io.StringIO(csv.render(verdict))))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["id"] == verdict.arm
    assert float(rows[0]["one_off_usd_p50"]) == 18363.27
    assert float(rows[0]["monthly_usd_p90"]) == 4100
    assert (rows[0]["recommended"], rows[1]["recommended"]) == ("yes", "no")
    unpriced = next(row for row in rows if row["id"].startswith("hybrid"))
    assert unpriced["monthly_usd_p50"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0"])
def test_no_cell_of_a_table_is_a_formula(verdict: Verdict, text: str) -> None:
    option = replace(verdict.arms[0], id=text, model=text, weeks=UNKNOWN)
    cells = next(
        row
        for row in reader.reader(io.StringIO(csv.render(replace(verdict, arms=(option,)))))
        if row[0] == "1"
    )
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    assert f"'{text}" in cells


@pytest.mark.parametrize(("form", "library"), [(pdf, "typst"), (docx, "docx")])
def test_without_the_library_one_line_says_what_to_install(
    verdict: Verdict, monkeypatch: pytest.MonkeyPatch, form, library: str
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest, **more):
        if name.split(".")[0] == library:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtra, match=r"pip install '.*\[report\]'"):
        form.render(verdict)


def test_all_formats_of_a_report_take_little_time(priced: Verdict) -> None:
    for form in formats.FORMATS:
        form.render(priced)  # imports do not count
    begun = time.process_time()
    for form in formats.FORMATS:
        form.render(priced)
    assert time.process_time() - begun < 3.0
