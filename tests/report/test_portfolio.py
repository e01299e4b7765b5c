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
from advisor.core.verdict import Answer, Verdict
from advisor.report import extract, portfolio


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


def with_answers(verdict: Verdict, **answers: float | str) -> Verdict:
    """The verdict without an option for what is in place, which the brief only states."""
    stated = tuple(
        Answer(
            key.replace("__", "."),
            "",
            str(value),
            value if isinstance(value, float) else None,
            "",
            "brief a.toml",
        )
        for key, value in answers.items()
    )
    arms = tuple(o for o in verdict.arms if not o.id.startswith("as-is/"))
    return replace(verdict, arms=arms, answers=stated)


def test_a_saving_is_counted_against_what_is_in_place(verdict: Verdict) -> None:
    cash = extract.cash(verdict.chosen).p50  # type: ignore[arg-type]
    months = extract.level_months(verdict)
    bill = with_answers(verdict, current__model="gpt-4o", current__monthly_usd=18_000.0)
    hand = with_answers(verdict, baseline__process="two clerks", baseline__monthly_usd=30_000.0)
    for stated, against, monthly in (
        (bill, "GPT-4o today", 18_000.0),
        (hand, "two clerks", 30_000.0),
    ):
        (row,) = portfolio.portfolio([("a.toml", stated)]).rows
        assert row.saving_against == against
        assert row.saving_usd == pytest.approx(months * monthly - cash)


def test_what_may_not_be_used_yet_is_in_no_sum(verdict: Verdict) -> None:
    chosen = verdict.chosen
    assert chosen is not None
    far = replace(chosen, p_meets_constraints=0.0)
    arms = tuple(far if o.id == chosen.id else o for o in verdict.arms)
    hopeless = replace(verdict, name="Far", verdict="undecided", arms=arms)
    content = portfolio.portfolio([("a.toml", verdict), ("b.toml", hopeless)])
    assert content.one_off_usd == pytest.approx(chosen.one_off_usd.p50)
    assert content.monthly_usd == pytest.approx(chosen.monthly_usd.p50)
    assert "1 brief is not counted" in " ".join(portfolio.render(content).split())
