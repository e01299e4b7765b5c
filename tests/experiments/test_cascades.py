"""A cascade of two runs: set on one half of the items, scored on the other."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import cycle
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from advisor import experiments, pipeline
from advisor.brief import parse
from advisor.calibrate import quality
from advisor.calibrate.cascade import best_threshold, cascade_scores
from advisor.calibrate.prompts_plan import PromptOptions, prompts_plan
from advisor.calibrate.scores import MeasuredRow, measured_scores
from advisor.cli.calibrate import command
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from tests.calibrate.model_server import ModelServer, said


def test_a_threshold_keeps_what_the_small_model_does_better() -> None:
    rows = [(0.9, 1.0, 0.0), (0.8, 1.0, 1.0), (0.3, 0.0, 1.0), (0.2, 0.0, 1.0)]
    assert best_threshold(rows) == 0.8
    assert best_threshold([(0.5, 1.0, 0.0)] * 3) == 0.0  # the small one is always better
    assert best_threshold([(0.5, 0.0, 1.0)] * 3) > 0.5  # never
    scored = cascade_scores([r[0] for r in rows * 4], [r[1] for r in rows * 4], [1.0] * 16)
    assert scored.item_scores == [1.0] * 16


def test_chance_alone_gains_nothing() -> None:
    """Confidences that say nothing: a threshold that is set on the items it scores would gain."""
    rng = random.Random(2)
    gains = []
    for _ in range(200):
        small, large = ([float(rng.random() < 0.6) for _ in range(60)] for _ in range(2))
        scored = cascade_scores([rng.random() for _ in range(60)], small, large)
        gains.append(sum(scored.item_scores) / 60 - 0.6)
    assert abs(sum(gains) / len(gains)) < 0.012


def test_two_runs_become_a_run_of_a_cascade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    rows = [(f"ticket {i}: {'parcel' if i % 2 else 'invoice'}", "AB"[i % 2]) for i in range(60)]
    task = quality.task(rows[20:], rows[:20], most_items=20)

    def run(behave, options: PromptOptions, own=task):
        server = ModelServer(behave)
        plan = prompts_plan(own, server.url, "small", options=options)
        prepared = experiments.prepare(plan, experiments.endpoint(server.url), experiments.Limits())
        record = experiments.run(prepared, events=lambda e: None, cancel=CancelToken())
        server.close()
        return record

    answers: defaultdict[str, Iterator[str]] = defaultdict(lambda: cycle("BA"))

    def unsure(body: dict):
        """Knows parcels; of each invoice it says the wrong and the right thing in turn."""
        item = body["messages"][-1]["content"]
        if "parcel" in item:
            return 200, said("Answer: B"), {}
        return 200, said(f"Answer: {next(answers[item])}"), {}

    small = run(unsure, PromptOptions(techniques=("self-consistency",)))
    large = run(lambda body: (200, said("A"), {}), PromptOptions(shots=(0,)))
    made = experiments.cascade(small.summary.id, large.summary.id)
    (line,) = made.result["trials"]
    assert (line["approach"], line["technique"]) == ("hybrid", "cascade")
    assert line["score"] == 1.0
    assert line["passed_on"] == 0.5
    (row,) = measured_scores(made)
    assert (row.approach, row.technique, row.score) == ("hybrid", "cascade", 1.0)
    assert row.passed_on == 0.5  # goes into the brief with the score
    words = ["cascade", str(small.summary.id), str(large.summary.id)]
    shown = CliRunner().invoke(command, words)
    assert shown.exit_code == 0, shown.output
    assert "passes on 50 % of the items" in shown.output
    with pytest.raises(UsageError, match="how sure its answers are"):
        experiments.cascade(large.summary.id, small.summary.id)
    other = quality.task(rows[:40], rows[40:], most_items=20)
    elsewhere = run(lambda body: (200, said("A"), {}), PromptOptions(shots=(0,)), other)
    with pytest.raises(UsageError, match="not the same test items"):
        experiments.cascade(small.summary.id, elsewhere.summary.id)


def test_the_share_that_was_measured_prices_the_cascade_of_a_verdict() -> None:
    """As the brief states the row of a run: 0.5 of the requests pay the larger model as well."""
    row = MeasuredRow("hybrid", "cascade", "Llama-3.1-8B", score=0.94, items=2000, passed_on=0.5)
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in row.to_json().items())
    text = """
        schema = 1
        [traffic]
        requests_per_month = 1_000_000
        [data]
        examples = 3000
        eval_examples = 2000
        [models]
        tune = ["Llama-3.1-8B"]
        prompt = ["claude-sonnet-5"]
        [[quality.measured]]
        """
    brief = parse(dedent(text) + lines)
    verdict = pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=2000)
    cascade = next(o for o in verdict.arms if fnmatch(o.id, "hybrid/cascade@*+rented"))
    share = cascade.figure("cascade.passed_on@Llama-3.1-8B")
    assert (share.value, share.basis) == (0.5, "measured")
    assert 0.48 < share.p10 < 0.5 < share.p90 < 0.52  # Wilson, 2,000 items
    calls = 1e6 * 1.03  # with the share of requests that are made again
    helper = cascade.figure("helper.request").value
    assert cascade.figure("run.inference").value == pytest.approx(calls * 0.5 * helper)
