"""Which trial is next and when it is enough, over a real child that asks and scores as it is
told.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import experiments, facts, pipeline
from advisor.calibrate.client import follow
from advisor.calibrate.show_results import result_lines
from advisor.calibrate.worker.stop import Stop
from advisor.core.events import CancelToken
from advisor.core.experiment import Choice, ExperimentPlan, RunRecord, Status
from advisor.experiments import planning
from advisor.experiments.datasets import material
from advisor.experiments.steering import ByScores, ByVerdict
from tests.calibrate.fake_scores import SCORER
from tests.calibrate.fake_worker import PRETEND, plan_of
from tests.experiments.tickets import CPU, tickets

ROWS = tickets(400)
TEXT = """
schema = 1
as_of = 2026-11-20
[task]
type = "classification"
[data]
path = "rows.jsonl"
[quality]
error_cost_usd = 0.5
[traffic]
requests_per_month = 200_000
[hardware]
gpu = "L40S"
[models]
prompt = ["llama-3.2-1b"]
tune = ["llama-3.2-1b"]
"""

AS_IS = """
[current]
approach = "prompt"
technique = "zero-shot"
model = "llama-3.2-1b"
monthly_usd = 5
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "brief.toml").write_text(TEXT)
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"model_type": "llama", "_name_or_path": "meta-llama/Llama-3.2-1B"})
    )
    (folder / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "brief.toml"


def planned(path: Path, told: dict[str, float], **own) -> ExperimentPlan:
    brief = pipeline.load(path)
    plan = planning.quality_plan(
        material(brief), path.parent / "weights", CPU, facts.load(), items=200, **own
    )
    return replace(plan, shared={**plan.shared, "told": told})


def go(
    plan: ExperimentPlan, policy=None, cancel: CancelToken | None = None, hear=lambda event: None
) -> RunRecord:
    prepared = experiments.prepare(plan, CPU, experiments.Limits(), policy=policy)
    return experiments.run(prepared, events=hear, cancel=cancel or CancelToken(), command=SCORER)


def heard(events: list[str]):
    """Notes the label of every trial that ends."""
    return lambda event: events.append(event.fields["label"]) if event.kind == "trial" else None


def labels(record: RunRecord, status: Status) -> list[str]:
    return [o.label for o in record.outcomes if o.status is status]


def test_the_parent_says_which_trial_is_next_and_when_it_is_enough(tmp_path: Path) -> None:
    plan = plan_of(*({"does": "wait", "steps": 1, "value": i} for i in range(4)))
    names = [plan.trial_digest(t) for t in plan.trials]
    said = iter([Choice(names[2]), Choice(names[0]), Choice(enough="known")])
    asked, kept = [], []

    def steer(left) -> Choice:
        asked.append(list(left))
        return next(said)

    ending = asyncio.run(
        follow(
            plan,
            tmp_path,
            events=lambda e: None,
            keep=kept.append,
            cancel=CancelToken(),
            command=PRETEND,
            steer=steer,
        )
    )
    assert [o.digest for o in kept] == [names[2], names[0]]
    assert (ending.status, ending.enough) == (Status.DONE, "known")
    assert [len(left) for left in asked] == [4, 3, 2]


def test_a_child_that_nobody_answers_goes_on_in_its_order() -> None:
    reading, writing = os.pipe()
    stop = Stop()

    threading.Thread(target=stop._watch, args=(reading, lambda: None), daemon=True).start()
    assert stop.answer(0.15) == ""
    os.write(writing, b"next a")
    os.write(writing, b"b\ncancel\n")
    assert stop.answer(5.0) in (
        "next ab",
        "",
    )  # whichever the watcher saw first: a word to stop ends the waiting
    while not stop.asked:
        pass
    assert stop.reason == "cancelled"
    os.close(writing)


def test_what_cannot_overtake_is_skipped_with_the_reason(path: Path) -> None:
    told = {
        "prompt/zero-shot": 0.20,
        "prompt/few-shot": 0.25,
        "tune/lora": 0.97,
        "hybrid/lora": 0.5,
    }
    record = go(planned(path, told, shots=0), ByScores())
    assert labels(record, Status.DONE) == ["prompt/zero-shot", "tune/lora, 80 examples"]
    assert len(labels(record, Status.SKIPPED)) == 2
    assert record.summary.status is Status.DONE
    assert record.result["enough"].startswith("tune/lora leads with 0.")
    text = "\n".join(result_lines(record))
    assert text.count("enough: ") == 1
    assert "tune/lora, 320 examples: skipped" in text
    assert all(
        o.reason == record.result["enough"] for o in record.outcomes if o.status is Status.SKIPPED
    )


def test_what_may_overtake_is_measured_cheapest_first(path: Path) -> None:
    told = {
        "prompt/zero-shot": 0.80,
        "prompt/few-shot": 0.82,
        "tune/lora": 0.81,
        "hybrid/lora": 0.82,
    }
    order: list[str] = []
    record = go(
        planned(path, told),
        ByScores(),
        hear=lambda e: order.append(e.fields["label"]) if e.kind == "trial" else None,
    )
    assert order[:3] == ["prompt/zero-shot", "prompt/few-shot, 3 shown", "tune/lora, 80 examples"]
    assert len(order) > 4
    assert len(record.outcomes) == 6


def test_a_run_that_was_enough_is_complete_until_everything_is_asked_for(path: Path) -> None:
    told = {"prompt/zero-shot": 0.20, "tune/lora": 0.97}
    plan = planned(path, told, shots=0)
    first = go(plan, ByScores())
    assert labels(first, Status.SKIPPED)
    assert experiments.prepare(plan, CPU, experiments.Limits(), policy=ByScores()).left == 0
    again = go(plan, ByScores())
    assert (again.summary.id, again.outcomes, again.result) == (
        first.summary.id,
        first.outcomes,
        first.result,
    )
    everything = go(plan)
    assert everything.summary.id == first.summary.id
    assert labels(everything, Status.SKIPPED) == []
    assert everything.summary.done == len(plan.trials)
    assert not everything.result["enough"]


def test_a_steered_run_that_is_cut_off_goes_on(path: Path) -> None:
    told = {
        "prompt/zero-shot": 0.80,
        "prompt/few-shot": 0.82,
        "tune/lora": 0.81,
        "hybrid/lora": 0.82,
    }
    token = CancelToken()
    first = go(
        planned(path, told),
        ByScores(),
        token,
        lambda e: token.cancel() if e.kind == "trial" else None,
    )
    assert first.summary.status is Status.CANCELLED
    done = labels(first, Status.DONE)
    ran: list[str] = []
    second = go(
        planned(path, told),
        ByScores(),
        hear=lambda e: ran.append(e.fields["label"]) if e.kind == "trial" else None,
    )
    assert second.summary.status is Status.DONE
    assert second.summary.id == first.summary.id
    assert not set(done) & set(ran)


def test_with_a_brief_it_is_enough_once_nothing_left_can_change_the_verdict(path: Path) -> None:
    text = TEXT.replace("error_cost_usd = 0.5", "error_cost_usd = 0.0").replace("200_000", "2_000")
    path.write_text(
        text
        + "\n[current]\napproach = 'prompt'\ntechnique = 'zero-shot'\n"
        + "model = 'llama-3.2-1b'\nmonthly_usd = 5\n"
    )
    brief = pipeline.load(path)
    policy = ByVerdict(brief, pipeline.look(brief))
    told = {
        "prompt/zero-shot": 0.80,
        "prompt/few-shot": 0.81,
        "tune/lora": 0.82,
        "hybrid/lora": 0.82,
    }
    record = go(planned(path, told), policy)
    before = pipeline.judge(brief, pipeline.look(brief), draws=2000, deep=False).verdict
    assert "whatever" in record.result["enough"]
    assert f"stays {before} " in record.result["enough"]
    assert len(labels(record, Status.DONE)) < 6
    assert {o.result["steered_by"] for o in record.outcomes if o.status is Status.SKIPPED} == {
        policy.name
    }
    everything = go(planned(path, told))
    assert everything.summary.done == 6
    assert (
        pipeline.judge(brief, pipeline.look(brief), draws=2000, deep=False).verdict == before
    )  # what was skipped indeed changed nothing


def test_another_brief_judges_anew_what_was_skipped(path: Path) -> None:
    brief = pipeline.load(path)
    other = pipeline.load(path, ["traffic.requests_per_month=50"])
    around = pipeline.look(brief)
    assert ByVerdict(brief, around).name == ByVerdict(brief, pipeline.look(brief)).name
    assert ByVerdict(brief, around).name != ByVerdict(other, around).name


def test_with_a_brief_what_moves_the_verdict_most_a_second_is_next(path: Path) -> None:
    brief = pipeline.load(path)
    told = {
        "prompt/zero-shot": 0.80,
        "prompt/few-shot": 0.84,
        "tune/lora": 0.83,
        "hybrid/lora": 0.84,
    }
    plan = planned(path, told)
    policy = ByVerdict(brief, pipeline.look(brief))
    assert policy(plan, (), plan.trials).digest == plan.trial_digest(plan.trials[0])
    record = go(plan, policy)
    assert len(labels(record, Status.DONE)) >= 3
    assert record.summary.status is Status.DONE
