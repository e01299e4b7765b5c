from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from advisor import pipeline
from advisor.cli import main as cli
from advisor.core.quantity import Range
from advisor.core.verdict import (
    BreakEven,
    FigureInput,
    FigureRecord,
    NextStep,
    OptionRecord,
    Verdict,
)


def figure(id: str) -> FigureRecord:
    rate = FigureInput("price.output", 15.0, "USD/1M tokens", "quoted", "price list", "2026-11-01")
    return FigureRecord(
        id,
        12.0,
        10.0,
        12.0,
        15.0,
        "USD/month",
        "quoted",
        "tokens × price.output",
        "0.8 × 15",
        (rate,),
        "price list",
        "2026-11-01",
        "running-cost",
    )


def option(id: str, *figures: str) -> OptionRecord:
    known = Range(1, 2, 3)
    return OptionRecord(
        id,
        "prompt",
        "few-shot",
        "m",
        "",
        known,
        known,
        known,
        known,
        known,
        1.0,
        0.5,
        tuple(map(figure, figures)),
    )


VERDICT = Verdict(
    1,
    "n",
    "",
    "",
    7,
    100,
    "prompt",
    "prompt/few-shot@m+batch",
    0.5,
    None,
    (),
    (
        option("tune/lora@n+owned", "train.hours", "run.total"),
        option("prompt/few-shot@m+batch", "run.total"),
    ),
    (),
    BreakEven(),
    (),
    (),
    NextStep("", 0, 0, 0),
    (),
)


@pytest.fixture
def advisor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(pipeline, "load", lambda path, answers=(): (path, answers))
        monkeypatch.setattr(pipeline, "look", lambda brief, **kwargs: "surroundings")
        monkeypatch.setattr(pipeline, "judge", lambda brief, surroundings: VERDICT)
        monkeypatch.setattr(sys, "argv", ["advisor", "explain", str(Path("b.toml")), *args])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out = capsys.readouterr()
        return int(stop.value.code or 0), out.out, out.err

    return run


def test_a_figure_of_the_chosen_option(advisor) -> None:
    code, out, err = advisor("run.total")
    assert (code, err) == (0, "")
    assert out.startswith(
        "run.total of prompt/few-shot@m+batch\n$12 per month · 80 % interval $10 – $15 · quoted\n"
    )
    for part in (
        "= tokens × price.output",
        "= 0.8 × 15",
        "= 12 USD/month",
        "$15/1M tokens",
        "price list",
    ):
        assert part in out
    assert "docs/reference/formulas.md#running-cost" in out


def test_a_figure_only_another_option_has(advisor) -> None:
    assert advisor("train.hours")[1].startswith("train.hours of tune/lora@n+owned")


def test_json_holds_the_record(advisor) -> None:
    data = json.loads(advisor("tune/lora@n+owned:run.total", "--json")[1])
    assert data["arm"] == "tune/lora@n+owned"
    assert data["figure"]["inputs"][0]["as_of"] == "2026-11-01"


def test_all_figures_of_all_options_and_of_one(advisor) -> None:
    _, out, _ = advisor("--all")
    assert out.count(" of prompt/few-shot@m+batch") == 1
    assert out.count(" of tune/lora@n+owned") == 2
    data = json.loads(advisor("--all", "--json", "--arm", "tune/lora@n+owned")[1])
    assert [(a["id"], len(a["figures"])) for a in data["arms"]] == [("tune/lora@n+owned", 2)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run.totl"], "did you mean 'run.total'"),
        (["run.total", "--arm", "tune/lora@n"], "did you mean 'tune/lora@n+owned'"),
        ([], "name one figure"),
        (["run.total", "--all"], "name one figure"),
    ],
)
def test_what_cannot_be_explained_is_one_line(advisor, args: list[str], message: str) -> None:
    code, out, err = advisor(*args)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
