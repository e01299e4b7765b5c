"""The gate of `advisor recommend`: every pair of expectation and verdict, and its exit code."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from advisor.brief.examples import example
from advisor.cli.gate import Gate
from advisor.cli.recommend import command
from advisor.core.errors import Exit, UsageError
from advisor.core.quantity import UNKNOWN, Range
from tests.report.conftest import marketplace

ROOT = Path(__file__).parents[2]
VERDICT = marketplace()


def with_bill(bill: Range):
    arms = tuple(
        replace(arm, monthly_usd=bill) if arm.id == VERDICT.arm else arm for arm in VERDICT.arms
    )
    return replace(VERDICT, arms=arms)


def test_an_open_gate_expects_nothing() -> None:
    assert Gate().is_open
    assert Gate().exit_of(VERDICT, Exit.DONE) is Exit.DONE


@pytest.mark.parametrize("word", ["prompt", "tune", "hybrid", "undecided"])
def test_a_verdict_passes_only_its_own_word(word: str) -> None:
    gate = Gate(word)
    gate.check()
    wanted = Exit.DONE if word == VERDICT.verdict else Exit.FAILED
    assert gate.exit_of(VERDICT, Exit.DONE) is wanted
    assert bool(list(gate.faults(VERDICT))) is (wanted is Exit.FAILED)


def test_an_option_passes_by_its_id() -> None:
    assert Gate(VERDICT.arm).exit_of(VERDICT, Exit.DONE) is Exit.DONE
    assert Gate("prompt/other@model").exit_of(VERDICT, Exit.DONE) is Exit.FAILED


def test_a_word_that_is_neither_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--expect promt: .*did you mean 'prompt'"):
        Gate("promt").check()


@pytest.mark.parametrize(
    ("bill", "limit", "passes"),
    [
        (Range(80.0, 100.0, 130.0), 100.0, True),
        (Range(80.0, 100.01, 130.0), 100.0, False),
        (Range(80.0, 100.0, 130.0), 0.0, False),
        (UNKNOWN, 1e9, False),
    ],
)
def test_the_median_bill_is_compared_with_the_limit(
    bill: Range, limit: float, passes: bool
) -> None:
    verdict = with_bill(bill)
    assert bool(list(Gate(max_monthly_usd=limit).faults(verdict))) is not passes
    wanted = Exit.DONE if passes else Exit.FAILED
    assert Gate(max_monthly_usd=limit).exit_of(verdict, Exit.DONE) is wanted


def test_undecided_and_infeasible_keep_their_codes() -> None:
    undecided = replace(VERDICT, verdict="undecided")
    assert Gate("prompt").exit_of(undecided, Exit.UNDECIDED) is Exit.UNDECIDED
    assert Gate("undecided").exit_of(undecided, Exit.UNDECIDED) is Exit.DONE
    assert Gate("prompt").exit_of(VERDICT, Exit.INFEASIBLE) is Exit.INFEASIBLE


def test_the_command_fails_with_a_line_for_each_expectation() -> None:
    words = ["customs-invoices", "--json", "--expect", "prompt", "--max-monthly-usd", "1"]
    done = CliRunner().invoke(command, words, standalone_mode=False)
    assert done.return_value == Exit.FAILED
    assert "expected prompt, but the verdict is tune" in done.stderr
    assert "is above the limit of $1" in done.stderr


def test_a_folder_has_no_gate() -> None:
    folder = str(example("customs-invoices").parent)
    done = CliRunner().invoke(command, [folder, "--expect", "tune"], standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert "need one brief" in str(done.exception)


def test_the_workflow_runs_a_command_that_works(tmp_path: Path) -> None:
    """The step of the shipped workflow, run by a shell as GitHub does."""
    workflow = yaml.safe_load((ROOT / "docs" / "automation" / "gate.yml").read_text())
    steps = workflow["jobs"]["gate"]["steps"]
    (line,) = (step["run"] for step in steps if step.get("name") == "Judge the brief")
    (tmp_path / "briefs").mkdir()
    brief = tmp_path / workflow["env"]["BRIEF"]
    brief.write_text(example("customs-invoices").read_text())
    advisor = ROOT / ".venv" / "bin"
    path = f"{advisor}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", line],
        cwd=tmp_path,
        env=os.environ | workflow["env"] | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").stat().st_size > 0
