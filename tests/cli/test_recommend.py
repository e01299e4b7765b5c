from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import pipeline
from advisor.cli import main as cli
from advisor.core.errors import Infeasible
from advisor.core.events import EventSink, StageEvent
from advisor.core.quantity import Range
from advisor.core.verdict import BreakEven, FigureRecord, NextStep, OptionRecord, Verdict

ARM = OptionRecord(
    "prompt/few-shot@m+batch",
    "prompt",
    "few-shot",
    "m",
    "somebody",
    Range(1, 2, 3),
    Range(10, 12, 15),
    Range(100, 150, 200),
    Range(1, 2, 3),
    Range(0.8, 0.9, 0.95),
    1.0,
    0.8,
    (
        FigureRecord(
            "run.total",
            12.0,
            10.0,
            12.0,
            15.0,
            "USD/month",
            "quoted",
            "a × b",
            "3 × 4",
            (),
            "s",
            "",
            "x",
        ),
    ),
)
VERDICT = Verdict(
    1,
    "Näme",
    "",
    "2026-11-20",
    7,
    100,
    "prompt",
    ARM.id,
    0.8,
    3.0,
    ("It costs $12 a month.",),
    (ARM,),
    (),
    BreakEven(),
    (),
    (),
    NextStep("Label 300 more", 10.0, 2.0, 50.0),
    (),
)


@pytest.fixture
def seen() -> list[tuple[Path, tuple[str, ...], int]]:
    return []


@pytest.fixture
def advisor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seen: list):
    """Runs `advisor recommend ARGS` on a pipeline that answers `verdict`: exit code, stdout,
    stderr.
    """

    def run(*args: str, verdict: Verdict | Exception = VERDICT) -> tuple[int, str, str]:
        def recommend(
            path: Path,
            answers: Sequence[str] = (),
            *,
            seed: int = 1,
            weights: Mapping[str, float] | None = None,
            own_runs: bool = True,
            keep: bool = True,
            events: EventSink = lambda event: None,
        ) -> Verdict:
            seen.append((path, tuple(answers), seed))
            events(StageEvent("data", "reading"))
            if isinstance(verdict, Exception):
                raise verdict
            return verdict

        monkeypatch.setattr(pipeline, "recommend", recommend)
        monkeypatch.setattr(sys, "argv", ["advisor", "recommend", *args])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out = capsys.readouterr()
        return int(stop.value.code or 0), out.out, out.err

    return run


def test_text_is_the_default_and_stdout_holds_data_only(advisor) -> None:
    code, out, err = advisor("b.toml")
    assert code == 0
    assert "PROMPT Prompted M with examples, in batches" in out
    assert err == ""
    assert "\x1b" not in out


def test_json_is_one_object(advisor) -> None:
    code, out, _ = advisor("b.toml", "--json")
    assert code == 0
    assert json.loads(out)["arm"] == ARM.id
    assert advisor("b.toml", "--format", "json")[1] == out


@pytest.mark.parametrize(
    ("form", "start"),
    [("md", "# Näme"), ("html", "<!DOCTYPE html>"), ("text", "Näme"), ("JSON", "{")],
)
def test_each_format(advisor, form: str, start: str) -> None:
    assert advisor("b.toml", "--format", form)[1].startswith(start)


def test_answers_and_seed_reach_the_pipeline(advisor, seen: list) -> None:
    advisor(
        "b.toml",
        "--set",
        "traffic.requests_per_month=3M",
        "--set",
        "data.sample=yes",
        "--seed",
        "5",
    )
    advisor("b.toml")
    assert seen == [
        (Path("b.toml"), ("traffic.requests_per_month=3M", "data.sample=yes"), 5),
        (Path("b.toml"), (), pipeline.SEED),
    ]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("r.md", "# Näme"),
        ("r.html", "<!DOCTYPE"),
        ("r.json", "{"),
        ("r.txt", "Näme"),
        ("r", "Näme"),
    ],
)
def test_a_file_is_written_in_the_format_its_ending_means(
    advisor, tmp_path: Path, name: str, start: str
) -> None:
    code, out, err = advisor("b.toml", "-o", str(tmp_path / name))
    assert (code, out) == (0, "")
    assert err == f"wrote {tmp_path / name}\n"
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--format", "wat"], "--format wat: not a report format; use text, md, html"),
        (["-o", "r.pptx2"], "-o r.pptx2: .pptx2 is not a report format; end it in .txt, .md"),
        (["--format", "htlm"], "did you mean 'html'"),
        (["--json", "--format", "md"], "exclude each other"),
        (["-o", "."], "is a folder"),
        (["-o", "no/such/r.md"], "the folder no/such does not exist"),
    ],
)
def test_bad_usage_is_one_line_that_says_what_to_do(advisor, args: list[str], message: str) -> None:
    code, out, err = advisor("b.toml", *args)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_format_that_is_not_there_is_refused_before_any_work(advisor, seen: list) -> None:
    advisor("b.toml", "--format", "wat")
    advisor("b.toml", "-o", "r.wat")
    assert seen == []


def test_undecided_is_exit_3_with_the_answer_on_stdout(advisor) -> None:
    code, out, err = advisor("b.toml", "--json", verdict=replace(VERDICT, verdict="undecided"))
    assert code == 3
    assert json.loads(out)["verdict"] == "undecided"
    assert err == "advisor: not decidable yet; next: Label 300 more\n"


def test_no_option_left_is_exit_4(advisor) -> None:
    nothing = replace(VERDICT, verdict="undecided", arm="", arms=())
    assert advisor("b.toml", verdict=nothing)[0] == 4
    code, out, err = advisor("b.toml", verdict=Infeasible("no option is left: policy"))
    assert (code, out, err) == (4, "", "advisor: no option is left: policy\n")


def test_a_plain_terminal_gets_no_colour(advisor, monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.cli import output

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value, coloured in (
        ("TERM", "xterm", True),
        ("TERM", "dumb", False),
        ("NO_COLOR", "1", False),
    ):
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv(name, value)
        assert output.color() is coloured
