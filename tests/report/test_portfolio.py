from __future__ import annotations

import json as plain
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from advisor import shipped
from advisor.cli.group import cli
from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.report import portfolio


def test_rows_are_sorted_by_what_they_save_and_add_up(verdict: Verdict, priced: Verdict) -> None:
    other = replace(priced, name="Other", arm=priced.alternative, alternative=priced.arm)
    content = portfolio.portfolio([("b.toml", other), ("a.toml", verdict)])
    assert [row.brief for row in content.rows] == ["a.toml", "b.toml"]
    assert content.rows[0].saving_usd == pytest.approx(146_736 - 58_170.63)
    assert content.one_off_usd == pytest.approx(18_363.27 + 720)
    assert content.monthly_usd == pytest.approx(3_317.28 + 12_168)


def test_a_decided_brief_comes_before_a_larger_saving_that_nothing_decides(
    verdict: Verdict,
) -> None:
    open_ = replace(verdict, name="Open", verdict="undecided")
    content = portfolio.portfolio([("a.toml", open_), ("b.toml", verdict)])
    assert [row.brief for row in content.rows] == ["b.toml", "a.toml"]
    shown = portfolio.render(content, 120)
    assert "errors" in shown
    assert "not priced" in shown


def test_a_saving_in_cash_that_errors_outweigh_comes_last(verdict: Verdict) -> None:
    chosen = verdict.chosen
    assert chosen is not None
    wrong = replace(chosen, horizon_usd=Range(8e6, 9e6, 1e7))
    arms = tuple(wrong if o.id == chosen.id else o for o in verdict.arms)
    dear = replace(verdict, name="Dear", arms=arms)
    content = portfolio.portfolio([("a.toml", dear), ("b.toml", verdict)])
    assert [row.brief for row in content.rows] == ["b.toml", "a.toml"]
    assert (content.rows[1].saving_with_errors_usd or 0) < -8e6


def test_a_sum_with_an_unknown_part_is_unknown(verdict: Verdict, nothing_left: Verdict) -> None:
    content = portfolio.portfolio([("a.toml", verdict), ("b.toml", nothing_left)])
    assert content.one_off_usd is None
    shown = portfolio.render(content)
    assert "Together unknown once and unknown" in " ".join(shown.split())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_the_terminal_whatever_the_names(
    verdict: Verdict, hostile: Verdict, width: int
) -> None:
    content = portfolio.portfolio([("a.toml", verdict), ("\x1b[31m.toml", hostile)])
    lines = portfolio.render(content, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert all(line.isprintable() for line in lines)


def test_a_folder_of_briefs_is_a_portfolio(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    briefs = shipped.folder("profiles") / "briefs"
    for name in ("customs-invoices", "claims-triage"):
        (tmp_path / f"{name}.toml").write_bytes((briefs / f"{name}.toml").read_bytes())
    (tmp_path / "broken.toml").write_text("schema = 9", encoding="utf-8")
    result = CliRunner().invoke(cli, ["recommend", str(tmp_path), "--json"])
    assert result.exit_code == 0
    rows = plain.loads(result.stdout)["rows"]
    assert {row["brief"] for row in rows} == {"customs-invoices.toml", "claims-triage.toml"}
    assert "broken.toml" in result.stderr
    refused = CliRunner().invoke(cli, ["recommend", str(tmp_path), "--format", "xlsx"])
    assert "a portfolio is text, md, html, pdf, docx or json" in str(refused.exception)
