"""Test items that earlier runs opened are counted, and the verdict says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advisor import experiments, facts, pipeline
from advisor.calibrate.openings import best_by_chance, openings_of
from advisor.calibrate.show_results import result_lines
from advisor.core.events import CancelToken
from advisor.core.experiment import RunRecord
from advisor.experiments import planning
from advisor.experiments.datasets import material
from tests.calibrate.model_server import ModelServer, said

BRIEF = """\
schema = 1
name = "Tickets"

[task]
type = "classification"
labels = 2

[data]
path = "rows.jsonl"
eval_path = "test.jsonl"

[models]
prompt = ["gpt-4.1-mini"]
tune = ["llama-3.1-8b"]
"""


@pytest.fixture
def brief_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "")
    for name, first in (("rows", 0), ("test", 100)):
        rows = [
            {
                "prompt": f"ticket {i} of {'parcel' if i % 2 else 'invoice'}",
                "completion": "AB"[i % 2],
            }
            for i in range(first, first + (100 if first == 0 else 30))
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "brief.toml"
    path.write_text(BRIEF)
    return path


@pytest.fixture
def server():
    """Wrong on every fifth ticket; refuses everything where the instruction says so."""

    def behave(body: dict):
        if "secret" in str(body["messages"]):
            return 200, said("I'm sorry, but I can't help with that."), {}
        text = body["messages"][-1]["content"]
        is_wrong = int(text.split()[1]) % 5 == 0
        return 200, said("AB"[("parcel" in text) != is_wrong]), {}

    running = ModelServer(behave)
    yield running
    running.close()


def run(
    brief_file: Path, server: ModelServer, instruction: str, *, again: bool = False
) -> RunRecord:
    rows = material(pipeline.load(brief_file), instruction=instruction)
    plan = planning.prompts_plan(
        rows, server.url, "gpt-4.1-mini", facts.load(), input_usd=1.0, output_usd=1.0, shots=(0,)
    )
    ready = experiments.prepare(
        plan, experiments.endpoint(server.url), experiments.Limits(), again=again
    )
    return experiments.run(ready, events=lambda event: None, cancel=CancelToken())


def warnings(brief_file: Path) -> str:
    brief = pipeline.load(brief_file)
    return " ".join(pipeline.judge(brief, pipeline.look(brief), draws=500, deep=False).warnings)


def test_a_prompt_written_after_seeing_results_is_a_new_look(
    brief_file: Path, server: ModelServer
) -> None:
    first = run(brief_file, server, "Label it.")
    assert "opened" not in first.result
    assert "on the same test items" not in warnings(brief_file)
    again = run(brief_file, server, "Label it.", again=True)
    opened = openings_of(again.result["opened"])
    assert (opened.items, opened.runs, opened.new, opened.is_a_new_look) == (30, [1], 0, False)
    assert any("nothing new was scored" in line for line in result_lines(again))
    assert "on the same test items" not in warnings(brief_file)
    other = run(brief_file, server, "Which label, A or B?")
    opened = openings_of(other.result["opened"])
    assert (opened.runs, opened.options, opened.new) == ([1, 2], 1, 1)
    (line,) = (line for line in result_lines(other) if "opened by" in line)
    assert line.strip().startswith(
        "warning: 30 of the test items were opened by 2 runs before (1, 2)"
    )
    low, high = other.result["trials"][0]["interval"]
    assert f"{best_by_chance(2, (high - low) / 2 / 1.2815515655446004):.3f} too high" in line
    assert "2 runs scored 2 prompts of gpt-4.1-mini on the same test items" in warnings(brief_file)


def test_a_resumed_run_is_no_second_look(brief_file: Path, server: ModelServer) -> None:
    run(brief_file, server, "Label it.")
    assert "opened" not in run(brief_file, server, "Label it.").result


def test_the_verdict_says_which_own_score_does_not_count(
    brief_file: Path, server: ModelServer
) -> None:
    run(brief_file, server, "A secret matter.")
    text = warnings(brief_file)
    assert (
        "prompt/zero-shot of run 1 does not count: 100 % of its answers could not be read" in text
    )


@pytest.mark.parametrize("options", [2, 5, 20, 100])
def test_the_best_of_equal_options_is_too_high_by_the_largest_normal_draw(options: int) -> None:
    draws = np.random.default_rng(1).normal(size=(20_000, options)).max(axis=1)
    assert best_by_chance(options, 0.03) == pytest.approx(0.03 * draws.mean(), rel=0.08)
    assert best_by_chance(1, 0.03) == 0.0
