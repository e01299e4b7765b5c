"""What own, imported and recorded runs do to estimates: never the wrong way, never surer than they
are.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import experiments, facts, own_runs, pipeline
from advisor.core.errors import UsageError
from advisor.core.experiment import RunRecord, RunSummary, Status, TrialOutcome
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingEstimate, TrainingRun
from advisor.estimate.training import estimate
from advisor.store import Runs, Store

GPU = "A100-80GB-SXM"
KNOWN = facts.load()


def target() -> TrainingRun:
    """LoRA of an 8B model, as `advisor estimate` understands it."""
    return TrainingRun(
        model_name="Llama-3.1-8B",
        model=KNOWN.model("Llama-3.1-8B"),
        params=None,
        gpu_name=GPU,
        gpu=KNOWN.gpu(GPU),
        method="lora",
        rank=16,
        micro_batch=2,
        seq_len=1024,
        mean_tokens=600.0,
        checkpointing="none",
        attention="sdpa",
        framework="hf",
    )


def cells(run: TrainingRun) -> dict[str, str]:
    return {
        "id": "r1",
        "model": run.model_name,
        "method": run.method,
        "gpu": run.gpu_name,
        "rank": str(run.rank),
        "targets": run.targets,
        "micro_batch": str(run.micro_batch),
        "grad_accum": str(run.grad_accum),
        "max_tokens": str(run.seq_len),
        "mean_tokens": str(run.mean_tokens),
        "checkpointing": run.checkpointing,
        "attention": run.attention,
        "optimizer": run.optimizer,
        "framework": run.framework,
        "weights_dtype": run.dtype,
        "packed": "no",
        "memory_basis": run.memory_basis,
        "tokens_basis": "real",
    }


NEEDED = ("id", "model", "method", "gpu", "memory_basis", "tokens_basis")
OPTIONAL = sorted(set(cells(target())) - set(NEEDED))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def imported(row: dict[str, str], folder: Path) -> None:
    path = folder / "runs.csv"
    path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    experiments.import_runs(path, {})


def after(row: dict[str, str], folder: Path) -> TrainingEstimate:
    imported(row, folder)
    return estimate(target(), own_runs.measurements(KNOWN))


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.sampled_from(OPTIONAL)),
    st.floats(0.55, 1.7).filter(lambda f: abs(math.log(f)) > 0.1),
)
def test_an_imported_run_pulls_towards_what_it_measured_whatever_columns_it_lacks(
    tmp_path_factory: pytest.TempPathFactory, missing: set[str], factor: float
) -> None:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVISOR_HOME", str(folder))
        before = estimate(target())
        measured = {
            "memory_gib": before.memory_gib.likely * factor,
            "tokens_per_second": before.tokens_per_second.likely / factor,
        }
        row = {k: v for k, v in cells(target()).items() if k not in missing}
        result = after(row | {k: f"{v:.4f}" for k, v in measured.items()}, folder)
    for name, seen in measured.items():
        old = getattr(before, name).likely
        new = getattr(result, name).likely
        assert abs(math.log(new / seen)) < abs(math.log(old / seen))
        assert math.copysign(1.0, new - old) == math.copysign(1.0, seen - old)


@pytest.mark.parametrize("missing", [(), tuple(OPTIONAL)])
@pytest.mark.parametrize("factor", [0.7, 1.0, 1.4])
def test_after_the_identical_run_its_own_measurement_lies_inside(
    missing: tuple[str, ...], factor: float, tmp_path: Path
) -> None:
    before = estimate(target())
    seen = before.memory_gib.likely * factor
    row = {k: v for k, v in cells(target()).items() if k not in missing}
    result = after(row | {"memory_gib": f"{seen:.4f}"}, tmp_path)
    spread = result.memory_gib.range
    assert (spread.p10 or 0.0) <= seen <= (spread.p90 or 0.0)


def width(spread: Range) -> float:
    return math.log((spread.p90 or 0.0) / (spread.p10 or 1.0))


def test_recorded_actual_values_move_and_narrow_later_predictions() -> None:
    predicted = Quantity(Range(2.0, 3.0, 4.5), "h", Basis.MODELLED, "model", "2026-11-27")
    assert own_runs.corrected("train.hours", predicted) == predicted
    widths = [width(predicted.range)]
    for actual in (3.6, 3.5, 3.7, 3.6):
        experiments.record_actual("train.hours", actual, prediction=3.0, low=2.0, high=4.5)
        widths.append(width(own_runs.corrected("train.hours", predicted).range))
    assert widths == sorted(widths, reverse=True)
    later = own_runs.corrected("train.hours", predicted)
    assert later.range.likely == pytest.approx(3.6, rel=0.03)
    assert "4 recorded" in later.source
    assert own_runs.corrected("train.weeks", predicted) == predicted


@pytest.mark.parametrize(
    ("actual", "changes", "wrong"),
    [
        (math.inf, {}, "not a train.hours"),
        (math.nan, {}, "not a train.hours"),
        (0.0, {}, "finite number above 0"),
        (-1.0, {}, "finite number above 0"),
        (1e12, {}, "check the unit"),
        (1e-9, {}, "check the unit"),
        (3.0, {"prediction": math.inf}, "--prediction"),
        (3.0, {"low": 5.0}, "do not hold"),
        (3.0, {"high": math.nan}, "--high"),
    ],
)
def test_absurd_actual_values_are_refused(actual: float, changes: dict, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        experiments.record_actual("train.hours", actual, **({"prediction": 3.0} | changes))
    assert own_runs.corrected(
        "train.hours", Quantity(Range(1.0, 2.0, 3.0), "h", Basis.MODELLED, "", "")
    ).range == Range(1.0, 2.0, 3.0)


def pair_run() -> RunRecord:
    """A throughput run of a small encoder with a decoder on an L40S: its lengths are pairs."""
    from advisor.calibrate import throughput
    from advisor.calibrate.protocol import plan_data

    config = {
        "model_type": "t5",
        "is_encoder_decoder": True,
        "d_model": 64,
        "num_layers": 2,
        "vocab_size": 100,
    }
    setup = throughput.ThroughputSpec("t5", {"config": config}, head="seq2seq")
    plan = throughput.plan([setup], [(10, 4), (20, 6)], device="cuda", machine="L40S")
    result = {
        "device": "cuda",
        "head": "seq2seq",
        "steady": True,
        "dtype": "bf16",
        "attention": "sdpa",
        "micro_batch": 1,
        "tokens_per_second": 900.0,
        "memory": {"process_gib": 3.0, "allocated_gib": 2.0},
        "trainable_params": 1000,
    }
    (trial,) = plan.trials
    outcome = TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 1.0, result)
    summary = RunSummary(1, "throughput", "t5", Status.DONE, 1, 1, "2026-11-27T00:00:00+00:00")
    document = json.loads(json.dumps(plan_data(plan)))
    return RunRecord(summary, plan.digest, document, (outcome,))


def test_a_run_of_an_encoder_with_a_decoder_measures_nothing_for_others() -> None:
    from advisor.calibrate.measurements import measurements

    assert measurements(pair_run(), KNOWN.gpu("L40S"), {}) == ()


def test_after_a_run_of_an_encoder_with_a_decoder_recommend_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the run in the store of the very GPU that the brief names."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    record = pair_run()
    with Store.open() as store:
        runs = Runs(store)
        run_id = runs.begin(
            kind="throughput",
            name="t5",
            digest=record.digest,
            plan=record.plan,
            trials=1,
            device=KNOWN.gpu("L40S").nvml_name,
            forecast={},
        )
        runs.keep(run_id, record.outcomes[0], record.plan["trials"][0]["spec"])
        runs.end(run_id, Status.DONE, result={}, events="", machine={})
    brief = tmp_path / "brief.toml"
    brief.write_text(
        'schema = 1\n[task]\ntype = "translation"\n[hardware]\ngpu = "L40S"\n'
        '[models]\nprompt = ["claude-sonnet-5"]\ntune = ["Qwen3-8B"]\n'
    )
    warnings: list[str] = []
    verdict = pipeline.recommend(brief, events=lambda event: warnings.append(str(event)))
    assert any(option.technique == "lora" for option in verdict.arms)
    assert not any("not used" in warning for warning in warnings)


def on_gpu(name: str) -> TrainingRun:
    return replace(target(), gpu_name=name, gpu=KNOWN.gpu(name))


def test_a_run_on_one_gpu_informs_another_with_more_doubt(tmp_path: Path) -> None:
    """A run on an A100 that was twice as slow as estimated makes the same run on an H100 slower."""
    here = estimate(target())
    seen = here.tokens_per_second.likely / 2.0
    imported(cells(target()) | {"tokens_per_second": f"{seen:.4f}"}, tmp_path)
    measured = own_runs.measurements(KNOWN)
    other = on_gpu("H100-SXM")
    before, after, same = estimate(other), estimate(other, measured), estimate(target(), measured)
    assert after.tokens_per_second.likely < 0.7 * before.tokens_per_second.likely
    assert same.tokens_per_second.likely < 0.7 * here.tokens_per_second.likely
    assert width(after.tokens_per_second.range) > width(same.tokens_per_second.range)
    assert any("own runs were on A100-80GB-SXM" in note for note in after.notes)
    assert not any("own runs were on" in note for note in same.notes)
    assert (same.tokens_per_second.basis, after.tokens_per_second.basis) == ("measured", "modelled")
    assert after.tokens_per_second.source == "corrected by 1 own run on another GPU"
    pairs = estimate(replace(target(), objective="dpo"), measured).tokens_per_second
    assert (pairs.basis, pairs.source) == (
        "modelled",
        "corrected by 1 own run of another objective",
    )


def test_the_command_takes_a_run_on_another_gpu(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from advisor.cli.estimate import command

    words = ["--model", "Llama-3.1-8B", "--gpu", "H100-SXM", "--micro-batch", "2"]
    words += ["--seq-len", "1024", "--mean-tokens", "600", "--examples", "1000", "--json"]

    def speed(*more: str) -> float:
        done = CliRunner().invoke(command, [*words, *more], standalone_mode=False)
        return float(json.loads(done.stdout)["tokens_per_second"]["p50"])

    plain = speed()
    seen = estimate(target()).tokens_per_second.likely / 2.0
    imported(cells(target()) | {"tokens_per_second": f"{seen:.4f}"}, tmp_path)
    assert speed() < 0.9 * plain
    assert speed("--no-own-runs") == plain
    assert speed("--method", "qlora", "--checkpointing", "full") == speed(
        "--method", "qlora", "--checkpointing", "full", "--no-own-runs"
    )


def lora_hours(folder: Path) -> float:
    """Likely hours of one LoRA run on an H100, as `recommend` says."""
    brief = folder / "brief.toml"
    brief.write_text(
        'schema = 1\n[task]\ntype = "extraction"\n[hardware]\ngpu = "H100-SXM"\n'
        "[data]\nexamples = 20000\ntokens_per_example = 900\n"
        '[models]\nprompt = ["claude-sonnet-5"]\ntune = ["Llama-3.1-8B"]\n'
    )
    verdict = pipeline.recommend(brief)
    option = next(o for o in verdict.arms if (o.approach, o.technique) == ("tune", "lora"))
    hours = option.figure("train.hours")
    assert hours is not None
    assert hours.value is not None
    return hours.value


def test_recommend_takes_runs_on_other_gpus_and_recorded_hours(tmp_path: Path) -> None:
    plain = lora_hours(tmp_path)
    for _ in range(3):
        experiments.record_actual("train.hours", 4.0, prediction=2.0, low=1.5, high=2.7)
    after_hours = lora_hours(tmp_path)
    assert 1.4 * plain < after_hours < 2.1 * plain
    seen = estimate(target()).tokens_per_second.likely / 2.0
    imported(cells(target()) | {"tokens_per_second": f"{seen:.4f}"}, tmp_path)
    assert lora_hours(tmp_path) > 1.05 * after_hours
