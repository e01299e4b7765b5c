from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import brief, experiments, facts
from advisor.calibrate import limits, methods, projection, quality, show, show_results, throughput
from advisor.calibrate.general_knowledge import general_sets
from advisor.calibrate.model_folder import model_folder
from advisor.calibrate.progress import Progress
from advisor.calibrate.protocol import Event, parse, plan_data, plan_of
from advisor.calibrate.quality_records import ModelWeights
from advisor.calibrate.throughput_records import StepLaw, ThroughputResult, ThroughputSpec
from advisor.core.constants import GIB
from advisor.core.errors import MissingExtra, UsageError
from advisor.core.experiment import (
    ExperimentPlan,
    RunRecord,
    RunSummary,
    Status,
    Trial,
    TrialOutcome,
)
from advisor.core.probes import LocalGpu, Process, Reading
from advisor.core.quantity import Range
from advisor.probe.results import read_results

CONFIG = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 12, "vocab_size": 100}
SETUP = throughput.ThroughputSpec("tiny", {"config": CONFIG})


@given(
    st.sampled_from(["planned", "step", "trial", "warning"]),
    st.dictionaries(
        st.text(max_size=8).filter(lambda k: k not in ("event", "at")),
        st.one_of(
            st.text(max_size=20),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(),
            st.none(),
        ),
        max_size=5,
    ),
)
def test_an_event_comes_back_from_its_line(kind: str, fields: dict) -> None:
    line = Event(kind, 1.5, fields).line()
    assert line.count("\n") == 1
    assert line.isascii()
    back = parse(line)
    assert back is not None
    assert (back.kind, back.at_seconds, back.fields) == (kind, 1.5, fields)


@given(st.binary(max_size=60))
def test_no_line_of_bytes_is_a_crash(line: bytes) -> None:
    assert parse(line) is None or isinstance(parse(line), Event)


def test_undefined_numbers_are_null_in_a_line() -> None:
    held = json.loads(Event("trial", 0.0, {"x": float("nan"), "y": [float("inf"), 1.0]}).line())
    assert (held["x"], held["y"]) == (None, [None, 1.0])


def test_a_plan_comes_back_and_limits_do_not_change_its_name() -> None:
    plan = throughput.plan([SETUP], [10, 20], slices=(2, 4))
    back = plan_of(json.loads(json.dumps(plan_data(plan))))
    assert back.digest == plan.digest == replace(plan, minutes=3.0).digest
    assert [t.label for t in back.trials] == [t.label for t in plan.trials]
    other = throughput.plan([SETUP], [10, 21], slices=(2, 4))
    assert not {plan.trial_digest(t) for t in plan.trials} & {
        other.trial_digest(t) for t in other.trials
    }
    with pytest.raises(ValueError, match="schema"):
        plan_of({"schema": 99})
    with pytest.raises(ValueError, match="not a plan"):
        plan_of({"schema": 1, "trials": [{}]})


def test_many_lengths_are_sampled_with_their_distribution() -> None:
    lengths = list(range(2, 10_002))
    sample = throughput.sampled(lengths)
    assert len(sample) == throughput.MOST_LENGTHS
    assert sum(sample) / len(sample) == pytest.approx(sum(lengths) / len(lengths), rel=0.001)
    assert throughput.sampled([]) == [512]
    assert throughput.sampled([7, 0, 3]) == [3, 7]


@pytest.mark.parametrize(
    ("slices", "wrong"), [((4,), "two depths"), ((0, 2), "two depths"), ((2, 40), "has 12 layers")]
)
def test_slices_that_cannot_be_say_so(slices: tuple[int, ...], wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        throughput.plan([SETUP], slices=slices)


def test_an_unknown_method_and_head_are_refused() -> None:
    with pytest.raises(UsageError, match="--head ranking"):
        throughput.plan([throughput.ThroughputSpec("m", {"config": CONFIG}, head="ranking")])
    with pytest.raises(UsageError, match="not measured"):
        throughput.plan([throughput.ThroughputSpec("m", {"config": CONFIG}, method="adalora")])


def outcome_at(
    plan: ExperimentPlan, trial: Trial, layers: int, seconds: float, memory: float
) -> TrialOutcome:
    result = {
        "layers": layers,
        "full_layers": 12,
        "mean_step_seconds": seconds,
        "memory": {"allocated_gib": None, "process_gib": memory},
        "tokens_per_step": 100.0,
        "positions_per_step": 200.0,
        "device": "cpu",
    }
    return TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 1.0, result)


def test_a_summary_tells_the_whole_model_from_its_slices() -> None:
    plan = throughput.plan([SETUP], slices=(2, 4, 6))
    outcomes = [
        outcome_at(plan, t, t.spec["layers"], 1.0 + t.spec["layers"], 3.0) for t in plan.trials
    ]
    told = throughput.summary(plan, outcomes)
    (whole,) = told["whole_models"]
    assert whole["step"]["at_full_depth"] == pytest.approx(13.0)
    assert whole["tokens_per_second"] == pytest.approx(100.0 / 13.0)
    assert whole["memory"]["at_full_depth"] == pytest.approx(3.0)
    assert "never enter an estimate for a GPU" in told["carries_over"]
    one = throughput.summary(plan, outcomes[:1])
    assert one["whole_models"] == []


def test_money_limits_become_minutes_and_an_unknown_price_is_not_nothing() -> None:
    hour = Range(1.0, 2.0, 4.0)
    assert limits.limited_minutes(None, hour, 1.0) == (15.0, "--max-usd")
    assert limits.limited_minutes(10.0, hour, 1.0) == (10.0, "--minutes")
    assert limits.limited_minutes(None, None, None) == (None, "")
    plan = throughput.plan([SETUP])
    with pytest.raises(UsageError, match="--usd-per-hour"):
        limits.forecast(plan, None, None, 1.0)
    assert limits.forecast(plan, None, None, None).usd == Range(None, None, None)


def test_a_forecast_is_ordered_and_cut_at_its_limit() -> None:
    plan = throughput.plan([SETUP], [400])
    free = limits.forecast(plan, None, Range.exact(3.6), None)
    assert (free.seconds.p10 or 0.0) < free.seconds.likely < (free.seconds.p90 or 0.0)
    assert free.usd.likely == pytest.approx(free.seconds.likely * 0.001)
    cut = limits.forecast(replace(plan, minutes=0.1), None, Range.exact(3.6), None)
    assert cut.seconds.p90 == pytest.approx(6.0)
    assert cut.capped == "--minutes"
    gpu = (
        facts.load().gpu("H100-SXM")
        if any(g.name == "H100-SXM" for g in facts.load().gpus)
        else facts.load().gpus[0]
    )
    assert (limits.forecast(plan, gpu, None, None).seconds.p90 or 0.0) <= (free.seconds.p90 or 0.0)


def gpu(used: float) -> LocalGpu:
    none = Reading(None)
    return LocalGpu(
        0,
        "X",
        "x",
        Reading(80.0, "GiB"),
        Reading(80.0 - used, "GiB"),
        none,
        none,
        none,
        none,
        (Process(7, "train.py", used),),
    )


def test_a_busy_gpu_is_refused_unless_told() -> None:
    with pytest.raises(UsageError, match=r"busy, 50 % .* train\.py \(7\).*--allow-busy"):
        limits.check_free(gpu(40.0), allow_busy=False)
    limits.check_free(gpu(40.0), allow_busy=True)
    limits.check_free(gpu(1.0), allow_busy=False)


def test_two_runs_do_not_share_a_gpu(tmp_path: Path) -> None:
    with (
        limits.gpu_lock(tmp_path, "GPU-1/x"),
        limits.gpu_lock(tmp_path, "GPU-2"),
        pytest.raises(UsageError, match="another calibration"),
        limits.gpu_lock(tmp_path, "GPU-1/x"),
    ):
        pass
    seen: list[bool] = []

    def take() -> None:
        with limits.gpu_lock(tmp_path, "GPU-1/x"):
            seen.append(True)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert seen == [True]
    assert {p.parent for p in tmp_path.rglob("*.lock")} == {tmp_path}


def test_time_left_ignores_warm_up() -> None:
    progress = Progress()
    progress.note(Event("planned", 0.0, {"trials": ["a", "b"]}))
    progress.note(Event("step", 0.0, {"phase": "begin", "label": "a"}))
    assert progress.seconds_left() is None
    for step, at in ((1, 50.0), (2, 90.0), (3, 91.0), (4, 92.0)):
        progress.note(Event("step", at, {"step": step, "steps": 10, "loss": 2.0}))
    assert progress.seconds_left() == pytest.approx(6 * 1.0 + 10 * 1.0)
    assert "step 4/10" in progress.line()
    progress.note(Event("trial", 100.0, {"seconds": 100.0}))
    assert progress.seconds_left() == pytest.approx(100.0)


ROWS = [(f"question {i}", "yes" if i % 3 else "no") for i in range(60)]


def test_a_task_never_tests_on_what_it_trains_on() -> None:
    held = quality.task(ROWS, [*ROWS[:12], ("new", "yes")])
    assert not {p for p, _ in held.train} & {p for p, _ in held.items}
    assert (len(held.items), len(held.train)) == (13, 48)
    split = quality.task([*ROWS, *ROWS])
    assert not {p for p, _ in split.train} & {p for p, _ in split.items}
    assert (split.metric, set(split.scorer.labels)) == ("accuracy", {"yes", "no"})
    assert quality.task(ROWS) == quality.task(ROWS)


def test_a_task_that_cannot_be_scored_says_so() -> None:
    with pytest.raises(UsageError, match="at least 10 of each"):
        quality.task(ROWS[:12])
    with pytest.raises(UsageError, match="not scored here"):
        quality.task(ROWS, metric="METEOR")
    free = [(f"q{i}", f"an answer of its own {i}") for i in range(40)]
    with pytest.raises(UsageError, match="not labels"):
        quality.task(free, metric="accuracy")
    assert quality.task(free).metric == "token F1"


def test_only_safe_weights_are_taken(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no config\.json"):
        model_folder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(UsageError, match="never loaded"):
        model_folder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    first = model_folder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    assert model_folder(tmp_path).weights != first.weights
    coded = CONFIG | {"auto_map": {"AutoModel": "evil.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(coded))
    assert model_folder(tmp_path).folder == str(
        tmp_path.resolve()
    )  # transformers has its own class
    (tmp_path / "config.json").write_text(json.dumps(coded | {"model_type": "own-make"}))
    with pytest.raises(UsageError, match="never run; transformers has no own-make model"):
        model_folder(tmp_path)


def test_a_quality_plan_has_every_arm_and_a_learning_curve() -> None:
    plan = quality.plan(
        quality.task(ROWS),
        ModelWeights("/m", "w", 1000),
        methods=("lora", "full"),
    )
    labels = [t.label for t in plan.trials]
    assert labels[:2] == ["prompt/zero-shot", "prompt/few-shot, 3 shown"]
    assert [t.spec["train_examples"] for t in plan.trials if t.label.startswith("tune/lora")] == [
        12,
        24,
        48,
    ]
    assert sum(label.startswith("hybrid/") for label in labels) == 2
    with pytest.raises(UsageError, match="not trained here"):
        quality.plan(quality.task(ROWS), ModelWeights("/m", "w", 1), methods=("magic",))


@pytest.mark.parametrize(("method", "least", "most"), [("lora", 1e-4, 3e-4), ("full", 1e-6, 3e-5)])
def test_a_large_model_learns_slower_than_a_small_one(
    method: str, least: float, most: float
) -> None:
    """Rates published for models of billions of parameters: Dettmers et al. 2023, table 9."""
    small, large = (
        {
            t.spec["learning_rate"]
            for t in quality.plan(quality.task(ROWS), folder, methods=(method,)).trials
            if t.spec["train_examples"]
        }
        for folder in (ModelWeights("/m", "w", 500_000), ModelWeights("/m", "w", 16_000_000_000))
    )
    assert least <= min(large) == max(large) <= most < min(small)


def scored_run(demonstration: bool = False) -> RunRecord:
    plan = quality.plan(
        quality.task(ROWS),
        ModelWeights("/models/small", "w", 10),
        demonstration=demonstration,
    )
    outcomes = []
    for trial in plan.trials:
        right = [1.0] * (3 + len(outcomes)) + [0.0] * (9 - len(outcomes))
        result = {
            "approach": trial.spec["approach"],
            "technique": trial.spec["technique"],
            "train_examples": trial.spec["train_examples"],
            "metric": "accuracy",
            "score": sum(right) / 12,
            "items": 12,
            "item_scores": right,
            "static_tokens": 7,
        }
        outcomes.append(
            TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 1.0, result)
        )
    return recorded_run(plan, outcomes)


def recorded_run(plan: ExperimentPlan, outcomes: list[TrialOutcome]) -> RunRecord:
    summary = RunSummary(
        5,
        "quality",
        plan.name,
        Status.DONE,
        len(outcomes),
        len(outcomes),
        "2026-11-21T00:00:00+00:00",
    )
    return RunRecord(
        summary,
        plan.digest,
        plan_data(plan),
        tuple(outcomes),
        result=quality.summary(plan, outcomes),
    )


def test_scores_go_into_a_brief_and_come_back(tmp_path: Path) -> None:
    record = scored_run()
    (tmp_path / "b.toml").write_text("schema = 1\n" + show.brief_tables(record, "Llama-3.2-1B"))
    measured = brief.read(tmp_path / "b.toml").quality.measured
    assert len(measured) == len(record.outcomes)
    assert [m.train_examples for m in measured if m.approach == "tune"] == [12, 24, 48]
    assert {m.model for m in measured} == {"Llama-3.2-1B"}
    assert [m.score for m in measured] == pytest.approx(
        [o.result["score"] for o in record.outcomes], abs=1e-6
    )


def test_scores_per_item_are_a_table_the_data_probe_reads(tmp_path: Path) -> None:
    record = scored_run()
    (tmp_path / "r.csv").write_text(show.score_table(record))
    report = read_results(tmp_path / "r.csv")
    assert report.items["tune/lora@small"] == 12
    best = max(float(o.result["score"]) for o in record.outcomes if o.result["approach"] == "tune")
    assert report.means["tune/lora@small"] == pytest.approx(best)


def test_a_demonstration_never_enters_a_brief() -> None:
    record = scored_run(demonstration=True)
    assert "never enters a verdict" in record.result["carries_over"]
    with pytest.raises(UsageError, match="demonstration"):
        show.brief_tables(record)
    with pytest.raises(UsageError, match="demonstration"):
        show.score_table(record)


def test_a_run_of_a_whole_data_set_is_projected_from_its_steps() -> None:
    plan = throughput.plan(
        [SETUP, throughput.ThroughputSpec("tiny", {"config": CONFIG}, micro_batch=4, grad_accum=2)]
    )
    result = {
        "steady": True,
        "mean_step_seconds": 2.0,
        "relative_error": 0.01,
        "start_seconds": 30.0,
        "save_seconds": 6.0,
        "micro_batch": 4,
        "clock": "wall",
    }
    outcomes = [
        TrialOutcome(
            plan.trial_digest(plan.trials[0]), "a", Status.DONE, 1.0, result | {"steady": False}
        ),
        TrialOutcome(plan.trial_digest(plan.trials[1]), "b", Status.DONE, 1.0, result),
    ]
    (told,) = projection.project(plan, outcomes, examples=1001, epochs=2.0)
    assert told.left_out == "evaluation"
    busy = [replace(outcome, result={**result, "clock": "cpu"}) for outcome in outcomes[1:]]
    (waited,) = projection.project(plan, busy, examples=1001, epochs=2.0)
    assert waited.left_out == "evaluation, waiting for other programs on this CPU"
    assert told.steps == 252  # 126 steps of 8 rows an epoch, the last one short
    assert told.hours.likely == pytest.approx((36.0 + 252 * 2.0) / 3600.0)
    assert told.hours.p90 == pytest.approx((36.0 + 252 * 2.0 * (1 + 1.2815515655 * 0.01)) / 3600.0)
    assert told.hours.p10 == pytest.approx((36.0 + 252 * 2.0 * (1 - 1.2815515655 * 0.01)) / 3600.0)


@given(st.lists(st.integers(2, 90), min_size=1, max_size=6), st.integers(1, 4), st.integers(1, 3))
def test_expected_positions_are_those_of_all_batches_the_rows_can_make(
    lengths, rows, accumulated
) -> None:
    (trial,) = throughput.plan(
        [replace(SETUP, micro_batch=rows, grad_accum=accumulated, seq_len=64)], lengths
    ).trials
    batches = list(itertools.product([min(n, 64) for n in lengths], repeat=rows))
    mean = sum(max(batch) for batch in batches) / len(batches)

    def expected(lengths: Sequence[throughput.Length], head: str | None = None) -> float | None:
        result = ThroughputResult(micro_batch=rows, head=head)
        spec = ThroughputSpec.from_json(trial.spec)
        return projection.expected_positions(
            throughput.MeasuredTrial(trial.label, spec, result), lengths
        )

    told = expected(lengths)
    assert told == pytest.approx(rows * accumulated * mean)
    sides = [(n - 1, 1) for n in lengths]  # prompt and answer of a model that reads them as one
    assert expected(sides) == pytest.approx(told)
    assert expected(sides, head="seq2seq") is None


def test_a_projection_moves_along_the_law_to_the_positions_of_the_data() -> None:
    flat = ThroughputResult(mean_step_seconds=2.0, positions_per_step=100.0)
    sloped = replace(flat, law=StepLaw(fixed_seconds=1.0, seconds_per_position=0.01, r2=0.9))
    assert projection.usual_step_seconds(sloped, 150.0) == pytest.approx(2.5)
    assert projection.usual_step_seconds(flat, 150.0) == 2.0
    assert projection.usual_step_seconds(sloped, -9e9) == 1.0


def test_a_model_that_does_not_fit_is_measured_in_slices() -> None:
    large = throughput.ThroughputSpec(
        "Llama-3.1-8B", throughput.architecture_of(facts.load().model("Llama-3.1-8B"))
    )
    gib = 8_030_261_248 * 2 / 1024**3 / limits.ROOM_SHARE
    assert limits.fits_whole(large, "cuda", gib * 1.01)
    assert not limits.fits_whole(large, "cuda", gib * 0.99)
    assert not limits.fits_whole(large, "cpu", gib * 1.01)  # fp32 there
    assert limits.fits_whole(large, "cuda", None)
    small = experiments.Machine("gpu", "cuda", free_gib=8.0)
    assert experiments.slices_for([large], small) == (2, 4, 6)
    assert experiments.slices_for([SETUP], small) == ()
    assert experiments.machine(facts.load(), "none").free_gib


def test_what_stands_in_memory_depends_on_the_width_of_weights_and_states() -> None:
    """A 70B model: 141 GB in 16 bits, 39.5 GB in 4; full tuning with AdamW takes four times the
    weights, with 8-bit states three times.
    """
    model = facts.load().model("llama-3.1-70b")
    one = ThroughputSpec("70b", throughput.architecture_of(model), dtype="bf16")
    room = 1e9 / GIB / limits.ROOM_SHARE
    for change, gigabytes in (
        ({"method": "lora"}, 141.1),
        ({"method": "qlora"}, 39.5),
        ({"method": "full"}, 564.4),
        ({"method": "full", "optimizer": "adamw8bit"}, 423.3),
        ({"method": "full", "optimizer": "sgd"}, 282.2),
    ):
        setup = replace(one, **change)
        assert limits.fits_whole(setup, "cuda", 1.01 * gigabytes * room), change
        assert not limits.fits_whole(setup, "cuda", 0.99 * gigabytes * room), change


def test_experts_of_a_mixture_stay_in_16_bits() -> None:
    """Qwen3 30B-A3B: 48 layers of 128 experts of 3 × 2,048 × 768 are 58 GB, its vocabulary 1.2 GB,
    and 0.9 billion parameters of other matrices 0.5 GB in 4 bits.
    """
    model = facts.load().model("Qwen3-30B-A3B")
    setup = ThroughputSpec("30b", throughput.architecture_of(model), method="qlora", dtype="bf16")
    experts = 2 * 48 * 128 * 3 * 2048 * 768
    room = (experts + 1.24e9 + 0.47e9) / GIB / limits.ROOM_SHARE
    assert limits.fits_whole(setup, "cuda", 1.01 * room)
    assert not limits.fits_whole(setup, "cuda", 0.99 * room)


GENERAL = {
    "name": "g",
    "items": 4,
    "score": 0.75,
    "item_scores": [1.0, 1.0, 1.0, 0.0],
    "bits_per_byte": 1.0,
}


def test_what_a_training_made_the_model_forget_is_told_in_pairs() -> None:
    plan = quality.plan(quality.task(ROWS), ModelWeights("/m", "w", 10), shots=0, shares=(1.0,))
    zero, tuned = plan.trials
    option = {
        "technique": "x",
        "metric": "accuracy",
        "score": 0.5,
        "items": 2,
        "item_scores": [1.0, 0.0],
        "also": {},
    }
    told = {"data": None, "general": None, "data_why": "no rows", "general_why": ""}
    lost = GENERAL | {"score": 0.25, "item_scores": [1.0, 0.0, 0.0, 0.0], "bits_per_byte": 1.04}
    base = option | {
        "approach": "prompt",
        "train_examples": 0,
        "general": GENERAL,
        "language": told,
        "form": "plain text",
    }
    learned = {"train_examples": 48, "general": lost, "warnings": ["the loss did \x1b[31mnot fall"]}

    def done(trial: Trial, result: dict) -> TrialOutcome:
        return TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 1.0, result)

    outcomes = [done(zero, base), done(tuned, option | {"approach": "tune"} | learned)]
    first, second = quality.summary(plan, outcomes)["trials"]
    assert "forgetting" not in first
    assert second["forgetting"]["difference"] == pytest.approx(-0.5)
    assert second["forgetting"]["bits_per_byte_change"] == pytest.approx(0.04)
    assert "general" not in second
    lines = "\n".join(show_results.result_lines(recorded_run(plan, outcomes)))
    assert "forgetting: -50.0 points (" in lines
    assert "on 4 general items, text +4 % bits per byte" in lines
    assert "warning: the loss did \\x1b[31mnot fall" in lines
    assert "language: no rows" in lines
    assert "asked as plain text" in lines
    other = done(tuned, option | {"approach": "tune"} | learned | {"general": lost | {"name": "h"}})
    assert quality.summary(plan, [outcomes[0], other])["trials"][1].get("forgetting") is None


def test_the_interval_of_a_tuned_score_holds_the_luck_of_its_seed() -> None:
    """Eight trainings of one option that differ in their seed alone scored 0.667 to 1.000."""
    plan = quality.plan(quality.task(ROWS), ModelWeights("/m", "w", 10), shots=0, shares=(1.0,))
    marks = [1.0] * 80 + [0.0] * 20
    result = {"metric": "accuracy", "score": 0.8, "items": 100, "item_scores": marks, "also": {}}
    outcomes = [
        TrialOutcome(plan.trial_digest(t), t.label, Status.DONE, 1.0, result | {**t.spec})
        for t in plan.trials
    ]
    prompt, tuned = (line["interval"] for line in quality.summary(plan, outcomes)["trials"])
    items = [0.8 - prompt[0], prompt[1] - 0.8]
    seeds = 1.2816 * 0.05  # 80 % of a normal distribution, a standard deviation of 0.05
    assert tuned[0] == pytest.approx(0.8 - (items[0] ** 2 + seeds**2) ** 0.5, abs=1e-3)
    assert tuned[1] == pytest.approx(0.8 + (items[1] ** 2 + seeds**2) ** 0.5, abs=1e-3)


def test_the_shipped_general_sets_are_sound() -> None:
    english, lessons = general_sets()
    assert (len(english["texts"]), len(english["questions"])) == (100, 60)
    for held in (english, lessons):
        assert len(set(held["texts"])) == len(held["texts"])
        assert all(
            q["answer"] in q["options"] and len(set(q["options"])) == 4 for q in held["questions"]
        )
        places = [q["options"].index(q["answer"]) for q in held["questions"]]
        assert set(places) == {0, 1, 2, 3}
    assert all("instruction" in q for q in lessons["questions"])


def test_a_method_without_its_library_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install"):
        quality.plan(quality.task(ROWS), ModelWeights("/m", "w", 1), methods=("qlora",))


def test_a_tokenizer_that_changes_makes_another_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").write_bytes(b"0" * 3_000_000)
    plain = model_folder(tmp_path).weights
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    templated = model_folder(tmp_path).weights
    (tmp_path / "model.safetensors").write_bytes(b"0" * 2_999_999 + b"1")
    assert len({plain, templated, model_folder(tmp_path).weights}) == 3


def test_a_figure_of_the_set_has_no_column_per_item() -> None:
    record = scored_run()
    for outcome in record.outcomes:
        outcome.result["item_labels"] = [[0, 0]] * 12
    with pytest.raises(UsageError, match="figure of the whole set"):
        show.score_table(record)


def test_packed_rows_fill_every_position() -> None:
    setup = replace(SETUP, micro_batch=3, grad_accum=2, seq_len=64, packed=True)
    (trial,) = throughput.plan([setup], [5, 9]).trials
    spec = ThroughputSpec.from_json(trial.spec)
    measured = throughput.MeasuredTrial("a", spec, ThroughputResult(micro_batch=3))
    assert projection.expected_positions(measured, [5, 9]) == 3 * 2 * 64


@pytest.mark.parametrize(
    ("examples", "epochs", "steps"), [(1001, 1.0, 126), (1001, 1.3, 164), (8, 0.1, 1), (9, 2.0, 4)]
)
def test_a_part_of_a_step_is_a_step(examples: int, epochs: float, steps: int) -> None:
    """Eight rows a step; the last one of an epoch and the last of all may be short."""
    spec = throughput.ThroughputSpec("tiny", {"config": CONFIG}, micro_batch=4, grad_accum=2)
    assert projection.optimiser_steps(spec, None, examples, epochs) == steps
