"""The workbook: cells that carry the record's numbers, formulas that carry them on."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from advisor import pipeline
from advisor.core.verdict import Verdict
from advisor.report import xlsx

BRIEFS = Path(__file__).parents[2] / "profiles" / "briefs"
SHEETS = [
    "Summary",
    "Inputs",
    "Options",
    "Model",
    "Cash flow",
    "Sensitivity",
    "Draws",
    "Sources",
]
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    brief = pipeline.load(BRIEFS / "customs-invoices.toml")
    return pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=400)


def opened(content: bytes, *, values: bool) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def column(book: openpyxl.Workbook, name: str, title: str) -> list[object]:
    """The cells below a title of the sheet, in the order of its rows."""
    rows = list(book[name].iter_rows(min_row=3, values_only=True))
    place = rows[0].index(title)
    return [row[place] for row in rows[1:] if row[0] is not None]


def test_the_sheets_and_the_same_bytes_twice(judged: Verdict) -> None:
    content = xlsx.render(judged)
    assert opened(content, values=True).sheetnames == SHEETS
    assert xlsx.render(judged) == content


def test_totals_are_those_of_the_record_to_the_cent(judged: Verdict) -> None:
    book = opened(xlsx.render(judged), values=True)
    ids = column(book, "Options", "id")
    for title, figure_id in (("once", "once.total"), ("cash", "horizon.cash"),
                             ("total", "horizon.total"), ("per month", "run.total")):  # fmt: skip
        for option_id, value in zip(ids, column(book, "Options", title), strict=True):
            option = next(o for o in judged.arms if o.id == option_id)
            assert value == pytest.approx(option.figure(figure_id).value, abs=0.005)


def test_every_figure_with_inputs_is_a_live_formula(judged: Verdict) -> None:
    sheet = opened(xlsx.render(judged), values=False)["Model"]
    head = [cell.value for cell in sheet[3]]
    assert len(head) == 2 + sum(1 for option in judged.arms if option.figures)
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=4)}
    for figure_id in ("once.total", "run.total", "horizon.cash", "horizon.total", "time.weeks"):
        assert all(str(cell.value).startswith("=") for cell in rows[figure_id][2:]), figure_id


def test_the_last_month_of_cash_is_the_total(judged: Verdict) -> None:
    sheet = opened(xlsx.render(judged), values=True)["Cash flow"]
    last = list(sheet.iter_rows(values_only=True))[-1]
    assert last[0] == 24
    assert last[1] == pytest.approx(judged.chosen.figure("horizon.cash").value, abs=0.005)


def test_text_of_users_is_never_a_formula(hostile: Verdict) -> None:
    for sheet in opened(xlsx.render(hostile), values=False):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert "script" not in str(cell.value)
    for text in ("=cmd|' /C calc'!A0", "@SUM(A1)", "+1+1", "-2"):
        from dataclasses import replace

        book = opened(xlsx.render(replace(hostile, name=text)), values=False)
        assert book["Summary"]["A1"].value == text
        assert book["Summary"]["A1"].data_type == "s"


def test_a_report_without_options_opens(nothing_left: Verdict) -> None:
    assert opened(xlsx.render(nothing_left), values=True).sheetnames == SHEETS


@pytest.mark.slow
@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("volume", [2_400_000.0, 900_000.0])
def test_recalculated_the_totals_are_the_engine_s(
    judged: Verdict, tmp_path: Path, volume: float
) -> None:
    """LibreOffice computes every formula anew; at another volume it agrees with the engine."""
    book = opened(xlsx.render(judged), values=False)  # without the values that were stored
    for row in book["Inputs"].iter_rows(min_row=4):
        if row[0].value == "in.traffic.requests_per_month":
            row[1].value = volume
    source = tmp_path / "report.xlsx"
    book.save(source)
    target = tmp_path / "calculated"
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = [OFFICE, home, "--headless", "--convert-to", "xlsx", "--outdir", target, source]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    calculated = opened((target / "report.xlsx").read_bytes(), values=True)
    brief = pipeline.load(
        BRIEFS / "customs-invoices.toml", [f"traffic.requests_per_month={volume:.0f}"]
    )
    engine = pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=400)
    ids = column(calculated, "Options", "id")
    totals = dict(zip(ids, column(calculated, "Options", "total"), strict=True))
    assert len(totals) == len(judged.arms)
    for option in engine.arms:
        figure = option.figure("horizon.total")
        assert totals[option.id] == pytest.approx(figure.value, rel=0.001), option.id
