"""What kept runs say to a verdict: scores of the same data, training on the same GPU; and how to
leave them aside.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import experiments, facts, own_runs, pipeline
from advisor.calibrate import quality, scores, throughput
from advisor.calibrate.protocol import plan_data
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, KeptTrial, Status, TrialOutcome
from advisor.core.verdict import Verdict
from advisor.experiments import planning
from advisor.experiments.datasets import material
from advisor.probe.show import data_lines
from advisor.report import json as report
from advisor.store import Runs, Store
from tests.experiments.tickets import CPU, tickets

ROWS = tickets(150)
TEXT = """
schema = 1
as_of = 2026-11-20
[task]
type = "classification"
[data]
path = "rows.jsonl"
eval_path = "test.jsonl"
[quality]
error_cost_usd = 0.05
[traffic]
requests_per_month = 200_000
[hardware]
gpu = "L40S"
[models]
prompt = ["llama-3.2-1b"]
tune = ["llama-3.2-1b"]
"""
SCORES = {"prompt/zero-shot": 0.40, "prompt/few-shot": 0.55, "tune/lora": 0.88, "hybrid/lora": 0.86}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    tests = [{**row, "prompt": f"new {row['prompt']}"} for row in ROWS]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in tests))
    (tmp_path / "brief.toml").write_text(TEXT)
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"model_type": "llama", "_name_or_path": "meta-llama/Llama-3.2-1B"})
    )
    (folder / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "brief.toml"


def planned(brief: Brief, **own) -> ExperimentPlan:
    return planning.quality_plan(
        material(brief), Path(brief.folder) / "weights", CPU, facts.load(), **own
    )


def keep(
    plan: ExperimentPlan, told: dict[str, float] = SCORES, ending: Status = Status.DONE
) -> int:
    """The run as a child would have left it; a trial at a smaller share scores 5 points less for
    each smaller one.
    """
    largest = max(int(t.spec["train_examples"]) for t in plan.trials)
    with Store.open() as store:
        runs = Runs(store)
        run = runs.begin(
            kind=plan.kind,
            name=plan.name,
            digest=plan.digest,
            plan=plan_data(plan),
            trials=len(plan.trials),
            device="this CPU",
            forecast={},
            about=plan.about,
        )
        outcomes = []
        for trial in plan.trials:
            n = int(trial.spec["train_examples"])
            share = told[f"{trial.spec['approach']}/{trial.spec['technique']}"] - 0.1 * (
                1.0 - n / largest if n else 0.0
            )
            right = [float(i < round(90 * share)) for i in range(90)]
            result = {k: trial.spec[k] for k in ("approach", "technique", "train_examples")}
            result |= {
                "score": sum(right) / 90,
                "items": 90,
                "item_scores": right,
                "metric": "accuracy",
            }
            outcomes.append(
                TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 1.0, result)
            )
            runs.keep(run, outcomes[-1], trial.spec)
        runs.end(run, ending, result=quality.summary(plan, outcomes), events="", machine={})
    return run


def verdict_of(path: Path, own_runs: bool = True) -> Verdict:
    held = pipeline.load(path)
    return pipeline.judge(held, pipeline.look(held, own_runs=own_runs), draws=2000)


def quality_figure(verdict: Verdict, beginning: str):
    option = next(a for a in verdict.arms if a.id.startswith(beginning))
    return option.figure("quality.score")


def test_scores_on_the_briefs_data_are_measured_in_its_verdict(path: Path) -> None:
    before = quality_figure(verdict_of(path), "tune/lora@")
    assert before.basis == "published"
    run = keep(planned(pipeline.load(path)))
    after = verdict_of(path)
    tuned = quality_figure(after, "tune/lora@llama-3.2-1b")
    assert (tuned.basis, tuned.source.partition(":")[0]) == ("measured", f"calibration run {run}")
    assert tuned.as_of
    assert tuned.value == pytest.approx(0.88, abs=0.03)
    assert quality_figure(after, "prompt/few-shot@").basis == "measured"
    listed = [a for a in after.assumptions if a.source == f"calibration run {run}"]
    assert {a.basis for a in listed} == {"measured"}
    assert any("tune/lora@llama-3.2-1b: 0.8" in a.value for a in listed)
    assert any(s.source.startswith(f"calibration run {run}") for s in after.sources)
    assert "calibration run" in report.render(after)
    assert report.render(after) == report.render(verdict_of(path))


def test_runs_can_be_ignored_or_forgotten(path: Path) -> None:
    bare = report.render(verdict_of(path))
    run = keep(planned(pipeline.load(path)))
    assert report.render(verdict_of(path, own_runs=False)) == bare
    assert experiments.forget(run).id == run
    assert report.render(verdict_of(path)) == bare
    with pytest.raises(UsageError, match="no such run"):
        experiments.forget(run)


def test_what_the_brief_states_beats_a_run_for_that_option_alone(path: Path) -> None:
    keep(planned(pipeline.load(path)))
    stated = (
        '[[quality.measured]]\napproach = "tune"\ntechnique = "lora"\n'
        'model = "Llama-3.2-1B"\nscore = 0.5\nitems = 90\n'
    )
    path.write_text(TEXT + stated)
    after = verdict_of(path)
    tuned = quality_figure(after, "tune/lora@")
    assert tuned.value == pytest.approx(0.5, abs=0.05)
    assert tuned.source.startswith("the brief's scores")
    assert quality_figure(after, "prompt/few-shot@").source.startswith("calibration run")


def test_other_data_other_tests_and_demonstrations_say_nothing(path: Path) -> None:
    held = pipeline.load(path)
    bare = report.render(verdict_of(path))
    keep(planned(held, as_model=""), ending=Status.CANCELLED)
    known = pipeline.look(held).scores
    assert known  # what a cancelled run had finished counts
    (path.parent / "test.jsonl").write_text(
        (path.parent / "rows.jsonl").read_text().replace("ticket", "case")
    )
    assert pipeline.look(held).scores == ()
    keep(
        replace(
            planned(held),
            trials=tuple(
                replace(t, spec={**t.spec, "demonstration": True}) for t in planned(held).trials
            ),
        )
    )
    assert pipeline.look(held).scores == ()
    without_test = pipeline.load(path, ["data.eval_path="])
    assert pipeline.look(without_test).scores == known  # no test set named: any on these rows
    with (path.parent / "rows.jsonl").open("a") as rows:
        rows.write(json.dumps(ROWS[0] | {"prompt": "one more"}) + "\n")
    assert pipeline.look(without_test).scores == ()
    assert bare


def test_scores_by_another_measure_say_nothing(path: Path) -> None:
    keep(planned(pipeline.load(path)))
    assert pipeline.look(pipeline.load(path, ["quality.metric=Accuracy"])).scores
    assert pipeline.look(pipeline.load(path, ["quality.metric=exact match"])).scores == ()
    assert pipeline.look(pipeline.load(path, ["quality.metric=a lawyer's mark"])).scores == ()


def test_a_training_that_learned_nothing_says_nothing(path: Path) -> None:
    held = pipeline.load(path)
    plan = planned(held)
    run = keep(plan)
    known = len(pipeline.look(held).scores)
    trial = plan.trials[-1]
    with Store.open() as store:
        (last,) = [o for o in Runs(store).run(run).outcomes if o.label == trial.label]
        Runs(store).keep(run, replace(last, result={**last.result, "loss_fell": False}), trial.spec)
    assert len(pipeline.look(held).scores) == known - 1


def test_a_later_run_counts_and_a_name_may_be_said_later(path: Path) -> None:
    held = pipeline.load(path)
    keep(planned(held))
    second = keep(
        planned(held, methods=("lora", "full")),
        SCORES | {"tune/lora": 0.7, "tune/full": 0.95, "hybrid/full": 0.9},
    )
    found = {(s.approach, s.technique, s.train_examples): s for s in pipeline.look(held).scores}
    assert found["tune", "lora", 150].score == pytest.approx(0.7, abs=0.01)
    assert {s.source for s in found.values()} == {f"calibration run {second}"}
    assert found["hybrid", "tuned-few-shot", 150].score == pytest.approx(
        0.9, abs=0.01
    )  # of the better method
    assert pipeline.inform(held, pipeline.look(held)).quality.measured[-1].model == "llama-3.2-1b"
    renamed = planned(held, methods=("lora", "full"), as_model="ours")
    again = experiments.run(
        experiments.prepare(renamed, CPU, experiments.Limits()), events=lambda e: None, cancel=None
    )
    assert again.summary.id == second
    assert {
        s.model for s in pipeline.look(held).scores if s.source == f"calibration run {second}"
    } == {"ours"}


def keep_training(tokens_per_second: float) -> int:
    """A steady LoRA run of the brief's model on an L40S, as a child would have left it."""
    known = facts.load()
    model = known.model("Llama-3.2-1B")
    setup = throughput.ThroughputSpec(
        model.name, throughput.architecture_of(model), micro_batch=8, seq_len=1024
    )
    plan = throughput.plan([setup], [400, 600, 800], device="cuda", machine="NVIDIA L40S")
    result = {
        "device": "cuda",
        "layers": model.layers,
        "full_layers": model.layers,
        "params": model.params,
        "trainable_params": 11_272_192,
        "dtype": "bf16",
        "attention": "sdpa",
        "micro_batch": 8,
        "steady": True,
        "tokens_per_second": tokens_per_second,
        "memory": {"allocated_gib": 4.0, "process_gib": 5.0},
    }
    with Store.open() as store:
        runs = Runs(store)
        run = runs.begin(
            kind=plan.kind,
            name=plan.name,
            digest=plan.digest,
            plan=plan_data(plan),
            trials=1,
            device=known.gpu("L40S").nvml_name,
            forecast={},
        )
        (trial,) = plan.trials
        runs.keep(
            run,
            TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 9.0, result),
            trial.spec,
        )
        runs.end(run, Status.DONE, result={}, events="", machine={})
    return run


def test_training_on_the_briefs_gpu_is_measured_in_its_verdict(path: Path) -> None:
    def hours(verdict: Verdict):
        return next(a for a in verdict.arms if a.id.startswith("tune/lora@")).figure("train.hours")

    before = hours(verdict_of(path))
    keep_training(100.0)
    after = hours(verdict_of(path))
    speeds = [
        next(i for i in held.inputs if "tokens_per_second" in i.id) for held in (before, after)
    ]
    assert [s.basis for s in speeds] == ["modelled", "measured"]
    assert speeds[1].value < speeds[0].value / 10
    assert after.value > before.value
    assert hours(verdict_of(path, own_runs=False)) == before


def test_a_forgotten_run_leaves_its_actual(path: Path) -> None:
    run = keep_training(100.0)
    experiments.record_actual("train.hours", 2.0, run_id=run, prediction=1.0)
    experiments.forget(run)
    with Store.open() as store:
        (left,) = Runs(store).actuals("train.hours")
    assert (left.run_id, left.actual) == (None, 2.0)


def test_the_effect_of_a_run_is_the_verdict_without_it_and_with_it(path: Path) -> None:
    held = pipeline.load(path)
    before = pipeline.look(held)
    run = keep(planned(held))
    after = pipeline.look(held)
    changed = experiments.effect_of_run(held, after, run)
    assert changed == experiments.effect(held, before, after)
    assert changed.before.quality != changed.after.quality
    tuned = next(one for one in changed.learned if one.option.startswith("tune/lora@"))
    assert (tuned.before_basis, tuned.after_basis) == ("published", "measured")
    text = "\n".join(experiments.effect_lines(changed))
    assert "published → 0.8" in text
    assert len(text.splitlines()) <= 14
    data = experiments.run_data(experiments.run_record(run), changed=changed)
    assert data["effect"]["flips"] == changed.flips
    nothing = experiments.effect(held, after, after)
    assert (nothing.flips, nothing.learned) == (False, ())
    assert experiments.effect_lines(nothing)[0].startswith("the verdict stays as it was")


def test_a_base_models_reading_of_the_rows_joins_the_data_report(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = pipeline.load(path)
    rows = [path.parent / "rows.jsonl"]
    assert own_runs.base_model_reading(rows) is None
    plan = planned(held)
    run = keep(plan)
    assert pipeline.look(held).data.base_model is None  # a run that asked nothing of the language
    told = {"bits_per_byte": 2.4, "perplexity_per_token": 30.0, "tokens": 900, "bytes": 4000}
    language = {"data": told, "general": told | {"bits_per_byte": 1.2}, "general_why": ""}
    trial = plan.trials[0]
    with Store.open() as store:
        (first,) = [o for o in Runs(store).run(run).outcomes if o.label == trial.label]
        Runs(store).keep(
            run, replace(first, result={**first.result, "language": language}), trial.spec
        )
    read = pipeline.look(held).data.base_model
    assert (read.model, read.data_bits, read.general_bits, read.run) == (
        "Llama-3.2-1B",
        2.4,
        1.2,
        run,
    )
    assert "2.0 ×" in read.meaning
    assert pipeline.look(held, own_runs=False).data.base_model is None
    line = "\n".join(data_lines(pipeline.look(held).data, 200))
    assert (
        "2.40 bits per byte, 1.20 on general text: a language far from what this model knows"
        in line
    )
    bare = pipeline.inform(held, pipeline.look(held, own_runs=False))
    assert (
        pipeline.inform(held, pipeline.look(held)).task == bare.task
    )  # shown, and no more than that


def test_several_seeds_of_one_run_are_a_mean_with_a_spread() -> None:
    def trial(score: float) -> KeptTrial:
        result = {
            "approach": "tune",
            "technique": "lora",
            "train_examples": 50,
            "score": score,
            "items": 10,
            "item_scores": [],
        }
        about = {"model": "m", "data": "d", "eval": ""}
        return KeptTrial(
            3, "quality", "2026-11-21", about, {}, TrialOutcome("x", "x", Status.DONE, 1.0, result)
        )

    (told,) = scores.own_scores([trial(0.8), trial(0.9)])
    assert (told.score, told.sd) == (pytest.approx(0.85), pytest.approx(0.0707107, abs=1e-6))
