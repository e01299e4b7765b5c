"""Paper, brand, template, language and currency: what they change, and that no figure changes."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import docx as word
import pptx as slides
import pypdf
import pytest

from advisor.core.errors import UsageError
from advisor.core.verdict import Verdict
from advisor.report import docx, formats, html, markdown, pdf, pptx, xlsx
from advisor.report.brand import contrast, legible
from advisor.report.document import document
from advisor.report.look import DEPTHS, PLAIN, Currency, Look, look_of
from tests.report.conftest import HOSTILE

EURO = Currency("EUR", 0.92, "2026-11-20")
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><rect width="9" height="3"/></svg>'
)


def brand_file(folder: Path, content: str) -> Path:
    (folder / "logo.svg").write_text(LOGO, encoding="utf-8")
    path = folder / "brand.toml"
    path.write_text(content, encoding="utf-8")
    return path


def words(verdict: Verdict, look: Look) -> str:
    return markdown.render(verdict, look).replace("\\", "").replace("\u00a0", " ")


def test_depth_chooses_the_sections(verdict: Verdict) -> None:
    written = {
        depth: re.findall(
            r"^## (.+)$", markdown.render(verdict, look_of(depth=depth)), re.MULTILINE
        )
        for depth in DEPTHS
    }
    assert written["summary"][1:] == ["Executive summary"]  # after the headline
    assert written["full"] == [*written["main"], "Appendix"]
    assert len(written["main"]) >= 6
    assert markdown.render(verdict) == markdown.render(verdict, look_of(depth="full"))


def test_no_link_of_a_short_page_leads_nowhere(verdict: Verdict) -> None:
    for depth in DEPTHS:
        page = html.render(verdict, look=look_of(depth=depth))
        names = set(re.findall(r'id="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= names


def test_slides_are_always_whole(verdict: Verdict) -> None:
    short, whole = (pptx.render(verdict, look_of(depth=depth)) for depth in ("summary", ""))
    assert short == whole


def test_paper_is_a4_or_letter(verdict: Verdict) -> None:
    for paper, width, height in (("a4", 595.3, 841.9), ("letter", 612.0, 792.0)):
        look = look_of(paper=paper)
        box = pypdf.PdfReader(io.BytesIO(pdf.render(verdict, look))).pages[0].mediabox
        assert (float(box.width), float(box.height)) == pytest.approx((width, height), abs=0.5)
        sheet = word.Document(io.BytesIO(docx.render(verdict, look))).sections[0]
        size = (sheet.page_width.pt, sheet.page_height.pt)
        assert size == pytest.approx((width, height), abs=0.5)


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        ({"paper": "a5"}, "not a paper size"),
        ({"depth": "all"}, "not a depth"),
        ({"language": "fr"}, "has no catalogue"),
        ({"currency": "EUR"}, "needs --usd-rate"),
        ({"currency": "EUR", "rate": 0.92}, "needs --rate-date"),
        ({"currency": "Euro", "rate": 0.92, "rate_date": "2026-11-20"}, "not a code"),
        ({"rate": 0.92}, "need --currency"),
        ({"template": Path("letter.odt")}, "not a Word file"),
        ({"template": Path("missing.docx")}, "cannot be read"),
        ({"brand": Path("missing.toml")}, "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(flags, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as refused:
        look_of(**flags)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('mark = "red"', "is not a colour"),
        ('marks = "#112233"', "did you mean"),
        ('logo = "logo.gif"', "is not a PNG"),
        ('logo = "none.png"', "cannot be read"),
        ('font = "a\\"; } body { x"', "is not the name of one font"),
        ("mark = 7", "is a text"),
    ],
)
def test_a_brand_is_checked(tmp_path: Path, content: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        look_of(brand=brand_file(tmp_path, content))


def test_a_brand_colours_every_format_and_stays_legible(tmp_path: Path, priced: Verdict) -> None:
    path = brand_file(
        tmp_path, 'name = "Firm"\nlogo = "logo.svg"\nmark = "#ffe040"\naccent = "#123456"'
    )
    look = look_of(brand=path)
    assert contrast(look.brand.mark, "#ffffff") >= 4.5
    assert contrast(look.brand.bright, "#12171c") >= 4.5
    shown = html.render(priced, look)
    assert f"--mark: {look.brand.mark}" in shown
    assert 'alt="Firm"' in shown
    assert "data:image/svg+xml;base64," in shown
    assert len(word.Document(io.BytesIO(docx.render(priced, look))).inline_shapes) == 1 + len(
        word.Document(io.BytesIO(docx.render(priced))).inline_shapes
    )
    assert pdf.render(priced, look) != pdf.render(priced)
    assert pptx.render(priced, look) != pptx.render(priced)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WCAG's own example
    assert legible("#0b6e66", "#ffffff") == "#0b6e66"


def test_a_template_gives_its_styles_and_its_header(tmp_path: Path, verdict: Verdict) -> None:
    template = word.Document()
    template.sections[0].header.paragraphs[0].text = "Muster GmbH"
    template.styles["Heading 1"].font.name = "Courier New"
    template.add_paragraph("Text of the template itself")
    path = tmp_path / "client.docx"
    template.save(path)
    made = word.Document(io.BytesIO(docx.render(verdict, look_of(template=path))))
    assert made.sections[0].header.paragraphs[0].text == "Muster GmbH"
    assert made.styles["Heading 1"].font.name == "Courier New"
    texts = [p.text for p in made.paragraphs]
    assert "Text of the template itself" not in texts
    assert "Executive summary" in texts
    (tmp_path / "broken.docx").write_bytes(b"PK not a document")
    with pytest.raises(UsageError, match="--template"):
        docx.render(verdict, look_of(template=tmp_path / "broken.docx"))


def test_five_slides_with_pictures_and_native_tables(priced: Verdict) -> None:
    deck = slides.Presentation(io.BytesIO(pptx.render(priced)))
    assert len(deck.slides) == 5
    titles = [slide.shapes.title.text for slide in deck.slides]
    assert titles == [priced.name, "Options", "Business case", "Robustness", "Plan"]
    shapes = [shape for slide in deck.slides for shape in slide.shapes]
    pictures = [shape for shape in shapes if shape.shape_type == 13]
    assert len(pictures) >= 6
    assert all(p._element.nvPicPr.cNvPr.get("descr") for p in pictures)
    assert sum(1 for shape in shapes if shape.has_table) >= 4
    texts = " ".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)
    assert "$18,363" in texts
    assert "$3,317" in texts
    assert pptx.render(priced) == pptx.render(priced)
    for shape in shapes:
        assert shape.left >= 0
        assert shape.left + shape.width <= deck.slide_width


def test_amounts_are_converted_from_their_full_precision(priced: Verdict) -> None:
    shown = words(priced, replace(PLAIN, currency=EURO))
    assert f"€{18_363.27 * 0.92:,.0f}" in shown
    assert f"€{3_317.28 * 0.92:,.0f} per month" in shown
    facts = dict(document(priced, look=replace(PLAIN, currency=EURO)).cover.facts)
    assert facts["Currency"] == "EUR, 1 USD = 0.92 EUR, 2026-11-20"
    summary = shown.split("## Appendix")[0]
    assert "$" not in summary


def test_a_workbook_shows_the_currency_at_a_rate_that_can_be_changed(priced: Verdict) -> None:
    import openpyxl

    content = xlsx.render(priced, replace(PLAIN, currency=EURO))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Summary"]
    formulas = [c.value for row in sheet.iter_rows() for c in row if "report.rate" in str(c.value)]
    assert formulas
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Summary"]
    amounts = [c.value for row in values.iter_rows() for c in row if isinstance(c.value, float)]
    assert any(amount == pytest.approx(18_363.27 * 0.92, abs=0.005) for amount in amounts)


def test_german_has_german_words_numbers_and_dates(priced: Verdict) -> None:
    german = Look(language="de", currency=EURO)
    shown = words(priced, german)
    for expected in ("## Zusammenfassung", "Wir empfehlen:", "20.11.2026", "0,912", "€ pro Monat"):
        assert expected in shown
    assert f"{18_363.27 * 0.92:,.0f} €".replace(",", ".") in shown
    assert 'lang="de"' in html.render(priced, german)
    header = word.Document(io.BytesIO(docx.render(priced, german))).sections[0].header
    assert header.paragraphs[0].text.endswith("20.11.2026")
    assert pypdf.PdfReader(io.BytesIO(pdf.render(priced, german))).trailer["/Root"]["/Lang"] == "de"


def test_figures_of_the_record_are_the_same_in_every_language(priced: Verdict) -> None:
    """The digits of a German report in dollars are those of the English one."""

    def digits(shown: str) -> list[str]:
        body = shown.split("## Appendix")[0].split("## Anhang")[0]
        body = re.sub(r"\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}", "", body)
        return sorted(re.sub(r"[.,]", "", n) for n in re.findall(r"\d[\d.,]*\d|\d", body))

    english = digits(words(priced, PLAIN))
    german = digits(words(priced, Look(language="de")))
    assert german == english


def test_what_people_wrote_is_not_translated(priced: Verdict) -> None:
    from advisor.core.verdict import Answer

    stated = (
        Answer("plan.gates[0].name", "", "Options", None, "", "brief"),
        Answer("plan.gates[0].accept", "", "below 0.8 and $5 per month", None, "", "brief"),
    )
    record = replace(priced, answers=(*priced.answers, *stated), name="Options")
    shown = words(record, Look(language="de", currency=EURO))
    assert "below 0.8 and $5 per month" in shown
    assert shown.startswith("# Options\n")


def test_a_text_of_any_shape_passes_through(priced: Verdict) -> None:
    record = replace(priced, warnings=(HOSTILE, "\ue0007\ue001 {x} {} %s \\1"))
    shown = words(record, Look(language="de"))
    assert "{x} {} %s" in shown


def test_json_is_the_same_in_every_look(priced: Verdict) -> None:
    plain = formats.by_name("json").render(priced)
    assert formats.by_name("json").render(priced, Look(language="de", currency=EURO)) == plain
    assert json.loads(plain)["arms"][1]["one_off_usd"]["p50"] == 18_363.27
