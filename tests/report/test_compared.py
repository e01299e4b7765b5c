"""A comparison and a portfolio as pages: the figures of their records, in every format."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import docx as word
import pypdf
import pytest

from advisor.core.verdict import Verdict
from advisor.report import formats
from advisor.report.compared import difference_page, portfolio_page
from advisor.report.difference import Difference, InputChange, MoneyChange, between, side
from advisor.report.look import Currency, Look
from advisor.report.portfolio import portfolio

PAGES = [form for form in formats.FORMATS if form.draws_pages]


@pytest.fixture
def difference(priced: Verdict) -> Difference:
    before = side("today.toml", priced)
    after = side("plan.toml", replace(priced, verdict="prompt", arm=priced.arms[0].id))
    change = between(before, after)
    rows = (
        InputChange(
            "traffic.requests_per_month", "3,000,000", "4,000,000",
            MoneyChange(1_231.44, 0.0, None), "prompt", priced.arms[0].id,
        ),
        InputChange("name", "<b>", "=1+1", None, reason="no option left"),
    )  # fmt: skip
    return Difference(1, before, after, change, "12 months", rows, "2026-11-20")


def plain(form: formats.ReportFormat, content: bytes) -> str:
    if form.name == "pdf":
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return "".join("".join(page.extract_text() for page in pages).split())
    if form.name == "docx":
        document = word.Document(io.BytesIO(content))
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        return "".join("".join([*(p.text for p in document.paragraphs), *cells]).split())
    return "".join(content.decode().replace("\\", "").split())


@pytest.mark.parametrize("form", PAGES, ids=lambda form: form.name)
def test_a_comparison_shows_both_amounts_and_the_change(
    difference: Difference, form: formats.ReportFormat
) -> None:
    shown = plain(form, form.draw(difference_page(difference)))
    for amount in ("$3,317.28", "$12,168.00", "+$8,850.72", "+$1,231.44"):
        assert amount in shown
    assert "today.toml" in shown
    if form.name == "html":
        assert "<b>&lt;" not in shown
        assert "<td" in shown
        assert "&lt;b&gt;" in shown


@pytest.mark.parametrize("form", PAGES, ids=lambda form: form.name)
def test_a_portfolio_shows_its_rows_and_sums(priced: Verdict, form: formats.ReportFormat) -> None:
    other = replace(priced, name="Second", arm=priced.arms[0].id, verdict="prompt")
    content = portfolio([("a.toml", priced), ("b.toml", other)])
    shown = plain(form, form.draw(portfolio_page(content)))
    assert "Second" in shown
    assert f"${18_363.27 + 720:,.0f}" in shown
    assert content.as_of == "2026-11-20"


def test_gpus_of_one_model_are_counted_once(priced: Verdict) -> None:
    """Two briefs that serve one model on rented GPUs need its upkeep once: the larger of both."""
    people = replace(priced.chosen.figures[0], id="run.people", value=3_000.0, p50=3_000.0)
    chosen = replace(priced.chosen, figures=(*priced.chosen.figures, people))
    first = replace(priced, arms=(chosen, *priced.arms[:1]))
    content = portfolio([("a.toml", first), ("b.toml", replace(first, name="Second"))])
    (shared,) = content.shared
    assert shared.monthly_usd == shared.saved_usd == pytest.approx(3_000.0)
    assert content.monthly_usd == pytest.approx(2 * 3_317.28 - 3_000.0)
    alone = portfolio([("a.toml", first)])
    assert alone.shared == ()


def test_a_comparison_speaks_german_and_euros(difference: Difference) -> None:
    look = Look(language="de", currency=Currency("EUR", 0.5, "2026-11-20"))
    shown = formats.by_name("md").draw(difference_page(difference, look)).decode()
    assert "Beide Antworten" in shown
    assert re.search(r"1\.658,64.€", shown)
