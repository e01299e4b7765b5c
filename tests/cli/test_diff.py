from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import pipeline
from advisor.cli import main as cli
from advisor.core.brief import Brief, Origin
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import BreakEven, FigureRecord, NextStep, OptionRecord, Verdict

BRIEF = Brief(name="A", folder="here")


def verdict(monthly: float) -> Verdict:
    figure = FigureRecord(
        "run.total", monthly, None, None, None, "USD/month", "quoted", "", "", (), "", "", ""
    )
    known = Range.exact(1.0)
    option = OptionRecord(
        "prompt/x@m", "prompt", "x", "m", "", known, known, known, known, known, 1.0, 0.5, (figure,)
    )
    return Verdict(
        1,
        "",
        "",
        "",
        7,
        9,
        "prompt",
        option.id,
        0.5,
        None,
        (),
        (option,),
        (),
        BreakEven(),
        (),
        (),
        NextStep("", 0, 0, 0),
        (),
    )


@pytest.fixture
def looks() -> list[str]:
    return []


@pytest.fixture
def advisor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], looks: list[str]):
    """Runs `advisor diff` on briefs that cost 43.16 per month for 43.16 hours, and 1 for each
    hour.
    """

    def load(path: Path, answers: tuple[str, ...] = ()) -> Brief:
        hours = Range.exact(43.16 if path.name == "a.toml" else 1274.60)
        return BRIEF.answered("team.hourly_usd", hours, Origin(Basis.QUOTED, str(path), ""))

    def look(brief: Brief, **kwargs: object) -> str:
        looks.append(brief.data.path)
        return "surroundings"

    def run(*args: str, words: tuple[str, str] = ("prompt", "prompt")) -> tuple[int, str, str]:
        def judge(brief: Brief, _: object, deep: bool) -> Verdict:
            hours = brief.team.hourly_usd.likely
            word, months = (words[0], 12.0) if hours == 43.16 else (words[1], 24.0)
            return replace(verdict(hours), verdict=word, horizon_months=months)

        monkeypatch.setattr(pipeline, "load", load)
        monkeypatch.setattr(pipeline, "look", look)
        monkeypatch.setattr(pipeline, "judge", judge)
        monkeypatch.setattr(sys, "argv", ["advisor", "diff", *args])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out = capsys.readouterr()
        return int(stop.value.code or 0), out.out, out.err

    return run


def test_the_change_in_dollars_and_cents(advisor) -> None:
    code, out, err = advisor("a.toml", "b.toml")
    assert (code, err) == (0, "")
    assert out.count("+$1,231.44 per month") == 2
    assert "team.hourly_usd" in out


def test_json_for_programs(advisor) -> None:
    data = json.loads(advisor("a.toml", "b.toml", "--json")[1])
    assert data["change"]["monthly_usd"] == 1231.44
    assert data["a"]["name"] == "a.toml"
    assert [c["input"] for c in data["changed"]] == ["team.hourly_usd"]


def test_it_looks_around_once_for_briefs_that_point_at_the_same(advisor, looks: list[str]) -> None:
    advisor("a.toml", "b.toml")
    assert len(looks) == 1


def test_it_looks_again_where_a_brief_points_elsewhere(
    advisor, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.cli.diff import Judge

    advisor("a.toml", "b.toml")
    judge, elsewhere = Judge(), replace(BRIEF, data=replace(BRIEF.data, path="rows.jsonl"))
    for brief in (BRIEF, elsewhere, BRIEF):
        judge(brief)
    assert looks == ["", "", "rows.jsonl"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("tune", "tune"), 0),
        (("prompt", "tune"), 1),
        (("undecided", "tune"), 1),
        (("tune", "undecided"), 3),
        (("undecided", "undecided"), 0),
    ],
)
def test_the_exit_code_says_whether_the_verdict_changes(
    advisor, words: tuple[str, str], code: int
) -> None:
    exited, out, err = advisor("a.toml", "b.toml", words=words)
    assert exited == code
    assert "12 months / 24 months" in out
    assert err == (f"advisor: the verdict changes from {' to '.join(words)}\n" if code else "")
