from __future__ import annotations

import contextlib
import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import experiments, facts, own_runs
from advisor.calibrate.actuals import biases
from advisor.calibrate.imports import COLUMNS, read
from advisor.core.errors import UsageError
from advisor.core.experiment import Actual
from advisor.core.quantity import Range
from advisor.estimate.training import estimate

PUBLISHED = Path(__file__).parents[2] / "../shared/runs/runs.csv"

STATE = {
    "global_step": 100,
    "epoch": 2.0,
    "train_batch_size": 4,
    "num_input_tokens_seen": 50_000,
    "log_history": [
        {"step": 50, "loss": 2.0, "learning_rate": 1e-4},
        {"step": 100, "loss": 1.0},
        {"step": 100, "eval_loss": 1.2, "eval_accuracy": 0.8},
        {"step": 100, "train_runtime": 25.0, "train_samples_per_second": 16.0, "train_loss": 1.5},
    ],
}

PEFT = {
    "run_info": {
        "created_at": "2026-01-02T03:04:05+00:00",
        "experiment_name": "lora/m",
        "train_config": {
            "model_id": "meta-llama/Llama-3.2-3B",
            "dtype": "bfloat16",
            "batch_size": 4,
            "max_seq_length": 768,
        },
        "peft_config": {
            "peft_type": "LORA",
            "r": 32,
            "use_dora": False,
            "target_modules": ["q_proj", "v_proj"],
        },
    },
    "train_info": {
        "accelerator_memory_reserved_99th": 20 * 1024**3,
        "train_time": 100.0,
        "num_trainable_params": 9_175_040,
        "status": "success",
        "metrics": [
            {"step": 1, "train loss": 1.5, "tokens / sec": 4000.0, "train samples": 100},
            {"step": 2, "train loss": 1.0, "tokens / sec": 6000.0, "train samples": 200},
            {"step": 2, "test accuracy": 0.5, "train samples": 200, "train total tokens": 42_000},
        ],
    },
    "meta_info": {"system_info": {"accelerator": "NVIDIA L40S"}},
}


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3)
)
JSON = st.fixed_dictionaries(
    {},
    optional={
        "log_history": st.one_of(
            ANY, st.lists(st.dictionaries(st.sampled_from(["step", "loss", "eval_x"]), ANY))
        ),
        "run_info": st.dictionaries(
            st.sampled_from(["train_config", "peft_config", "created_at"]), ANY
        ),
        "train_info": st.dictionaries(st.sampled_from(["metrics", "status", "train_time"]), ANY),
        "meta_info": ANY,
        "global_step": ANY,
    },
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def written(folder: Path, name: str, held: object) -> Path:
    path = folder / name
    path.write_text(held if isinstance(held, str) else json.dumps(held))
    return path


def test_a_trainer_state_gives_speed_curve_and_scores(tmp_path: Path) -> None:
    form, (run,) = read(
        written(tmp_path, "trainer_state.json", STATE), {"model": "Llama-3.1-8B", "gpu": "L40S"}
    )
    assert "trainer_state" in form
    assert run.cells["step_seconds"] == "0.25"
    assert run.cells["tokens_per_second"] == "2000"
    assert (run.cells["gpu"], run.cells["micro_batch"]) == ("L40S", "4")
    assert run.curve == [(50.0, 2.0), (100.0, 1.0)]
    assert run.scores == {"eval_loss": 1.2, "eval_accuracy": 0.8}


def test_a_peft_result_becomes_a_row_of_the_table(tmp_path: Path) -> None:
    _, (run,) = read(written(tmp_path, "r.json", PEFT), {})
    wanted = {
        "model": "Llama-3.2-3B",
        "method": "lora",
        "rank": "32",
        "targets": "q_proj+v_proj",
        "gpu": "L40S",
        "memory_gib": "20",
        "memory_basis": "reserved",
        "tokens_per_second": "5000",
        "mean_tokens": "210",
        "date": "2026-01-02",
    }
    assert {k: run.cells[k] for k in wanted} == wanted
    assert set(run.cells) <= set(COLUMNS)
    assert run.scores == {"test accuracy": 0.5}


def test_a_history_of_weights_and_biases(tmp_path: Path) -> None:
    text = "_step,_runtime,train/loss,eval/accuracy\n1,10,2.0,\n2,20,1.0,0.75\n"
    form, (run,) = read(written(tmp_path, "h.csv", text), {})
    assert "Weights & Biases" in form
    assert (run.cells["total_seconds"], run.curve, run.scores) == (
        "20",
        [(1.0, 2.0), (2.0, 1.0)],
        {"eval/accuracy": 0.75},
    )
    chart = 'Step,"nice-run - train/loss"\n1,2.5\n2,1.5\n'
    _, (run,) = read(written(tmp_path, "c.csv", chart), {})
    assert run.curve == [(1.0, 2.5), (2.0, 1.5)]


@pytest.mark.parametrize(
    ("name", "held", "wrong"),
    [
        ("a.json", "{", "not JSON"),
        ("a.json", {"x": 1}, "known formats"),
        ("a.csv", "id,model,method\na,b,c\n", "no column 'gpu'"),
        ("a.csv", "id,model,method,gpu,memory_gib\na,b,c,d,lots\n", "line 2: memory_gib is 'lots'"),
        ("a.csv", "", "no rows"),
    ],
)
def test_what_is_wrong_is_said_on_one_line(
    tmp_path: Path, name: str, held: object, wrong: str
) -> None:
    with pytest.raises(UsageError, match=wrong) as error:
        read(written(tmp_path, name, held), {})
    assert "\n" not in str(error.value)


def test_a_column_that_does_not_exist_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'model'"):
        read(written(tmp_path, "s.json", STATE), {"modl": "x"})


@given(st.one_of(st.text(max_size=200), JSON.map(json.dumps)))
def test_no_text_is_a_crash(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text(text, encoding="utf-8")
    with contextlib.suppress(UsageError):
        read(path, {})


def test_imported_runs_correct_the_estimate_of_their_gpu(tmp_path: Path) -> None:
    known = facts.load()
    path = written(tmp_path, "r.json", PEFT)
    assert own_runs.measurements(known) == ()
    first = experiments.import_runs(path, {})
    assert first.count == 1
    assert experiments.import_runs(path, {}) == first  # the same file is kept once
    assert [r.kind for r in experiments.runs()] == ["imported"]
    (measured,) = own_runs.measurements(known)
    assert (measured.memory_gib, measured.tokens_per_second) == (20.0, 5000.0)
    before, after = estimate(measured.run), estimate(measured.run, (measured,))
    for name in ("memory_gib", "tokens_per_second"):
        old, new = getattr(before, name).likely, getattr(after, name).likely
        seen = getattr(measured, name)
        assert abs(math.log(new / seen)) < abs(math.log(old / seen))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published runs are not at hand")
def test_every_published_run_is_read(tmp_path: Path) -> None:
    _, found = read(PUBLISHED, {})
    with PUBLISHED.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r.cells["id"] for r in found] == [r["id"] for r in rows]
    assert {r.outcome for r in found} == {"ok", "oom", "boundary"}


def actual(what: str, forecast: tuple[float, float, float], seen: float) -> Actual:
    return Actual(None, what, "h", Range(*forecast), seen)


def test_bias_is_the_geometric_mean_and_says_how_often_the_interval_held() -> None:
    (found,) = biases([actual("h", (1.0, 2.0, 3.0), 4.0), actual("h", (1.0, 2.0, 3.0), 1.0)])
    assert found.ratio.likely == pytest.approx(math.sqrt(2.0 * 0.5))
    assert (found.inside, found.scored, found.count) == (1, 2, 2)
    assert (found.ratio.range.p10 or 0.0) < 1.0 < (found.ratio.range.p90 or 0.0)
    assert biases([actual("h", (0.0, 0.0, 0.0), 4.0)]) == ()


@given(st.floats(0.1, 10.0), st.lists(st.floats(0.5, 50.0), min_size=1, max_size=10))
def test_forecasts_that_all_err_alike_show_that_bias(factor: float, forecasts: list[float]) -> None:
    (found,) = biases([actual("x", (f, f, f), f * factor) for f in forecasts])
    assert found.ratio.likely == pytest.approx(factor)
    assert found.inside is None


def test_an_actual_needs_a_forecast() -> None:
    with pytest.raises(UsageError, match="--prediction"):
        experiments.record_actual("train.hours", 2.0)
    (found,) = experiments.record_actual("train.hours", 3.0, prediction=2.0)
    assert found.ratio.likely == pytest.approx(1.5)
    assert found.ratio.unit == "actual ÷ predicted"
    with pytest.raises(UsageError, match="run 9: no such run"):
        experiments.record_actual("run.seconds", 3.0, run_id=9)
