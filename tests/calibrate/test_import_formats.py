"""Runs of known speed, written as each program writes them, come back with that speed."""

from __future__ import annotations

import csv
import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import experiments, facts, own_runs
from advisor.calibrate.imports import read
from advisor.core.errors import UsageError

STATED = {"model": "Llama-3.1-8B", "gpu": "A100-80GB-SXM", "method": "lora"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


@dataclass(frozen=True)
class Training:
    """A training whose every step takes the same time; sessions start at these steps."""

    steps: int = 3000
    step_seconds: float = 1.0
    tokens_per_step: int = 2000
    starts: tuple[int, ...] = (0,)
    every: int = 100

    @property
    def speed(self) -> float:
        return self.tokens_per_step / self.step_seconds

    def loss(self, step: int) -> float:
        return 2.0 - 1.2 * step / self.steps

    def points(self) -> list[tuple[int, float, int]]:
        """(step, seconds since the session's start, session) of every logged step."""
        ends = (*self.starts[1:], self.steps)
        found = []
        for session, (start, end) in enumerate(zip(self.starts, ends, strict=True)):
            steps = range((start // self.every + 1) * self.every, end + 1, self.every)
            found += [(s, (s - start) * self.step_seconds, session) for s in steps]
        return found

    @property
    def last_steps(self) -> int:
        return self.steps - self.starts[-1]


def trainer_state(run: Training, *, mended: bool) -> dict:
    """As the Trainer writes it; `mended`: its rates are those of the last session (2025 and on)."""
    runtime = run.last_steps * run.step_seconds
    counted = run.last_steps if mended else run.steps
    sums = sum(run.loss(s) for s in range(run.starts[-1] + 1, run.steps + 1))
    logs = [{"step": s, "loss": run.loss(s), "epoch": 1.0} for s, _, _ in run.points()]
    logs.append(
        {
            "step": run.steps,
            "train_runtime": runtime,
            "train_loss": sums / run.steps,
            "train_steps_per_second": round(counted / runtime, 3),
            "train_samples_per_second": round(8 * counted / runtime, 3),
            "train_tokens_per_second": round(counted * run.tokens_per_step / runtime, 3),
        }
    )
    return {
        "global_step": run.steps,
        "max_steps": run.steps,
        "num_input_tokens_seen": run.steps * run.tokens_per_step,
        "train_batch_size": 4,
        "log_history": logs,
    }


def counting_state(run: Training, evaluation: float = 0.0, every: int = 0) -> dict:
    """As recent Trainers write it with `include_num_input_tokens_seen`: seconds and tokens in every
    line, and evaluations of so many seconds after every so many steps.
    """
    logs = []
    spent = 0.0
    before = 0
    for step, seconds, session in run.points():
        spent = spent if session == before else 0.0
        before = session
        tokens = step * run.tokens_per_step
        runtime = round(seconds + spent, 4)
        logs.append(
            {
                "step": step,
                "loss": run.loss(step),
                "num_input_tokens_seen": tokens,
                "train_runtime": runtime,
                "train_tokens_per_second": round(tokens / runtime, 3),
            }
        )
        if every and step % every == 0:
            spent += evaluation
            logs.append({"step": step, "eval_loss": 1.0, "eval_runtime": evaluation})
    runtime = run.last_steps * run.step_seconds + spent
    logs.append(
        {
            "step": run.steps,
            "num_input_tokens_seen": run.steps * run.tokens_per_step,
            "train_loss": sum(map(run.loss, range(run.starts[-1] + 1, run.steps + 1)))
            / run.last_steps,
            "train_runtime": runtime,
            "train_steps_per_second": run.last_steps / runtime,
        }
    )
    return {
        "global_step": run.steps,
        "max_steps": run.steps,
        "num_input_tokens_seen": run.steps * run.tokens_per_step,
        "log_history": logs,
    }


def trainer_log(run: Training) -> str:
    """LLaMA-Factory: its throughput divides all tokens by the seconds since the last start."""
    lines = []
    for step, seconds, _ in run.points():
        hours, rest = divmod(round(seconds), 3600)
        tokens = step * run.tokens_per_step
        lines.append(
            json.dumps(
                {
                    "current_steps": step,
                    "total_steps": run.steps,
                    "loss": run.loss(step),
                    "epoch": 1.0,
                    "elapsed_time": f"{hours}:{rest // 60:02d}:{rest % 60:02d}",
                    "throughput": tokens / max(seconds, 1.0),
                    "total_tokens": tokens,
                }
            )
        )
    return "\n".join(lines)


def clock(run: Training, pause: float = 5000.0) -> list[tuple[int, float]]:
    """(step, wall clock) with a pause between sessions."""
    found = []
    begun = 0.0
    before = 0
    last = 0.0
    for step, seconds, session in run.points():
        if session != before:
            begun = last + pause
            before = session
        last = begun + seconds
        found.append((step, last))
    return found


def history_rows(run: Training) -> list[dict]:
    return [
        {
            "_step": n,
            "_runtime": seconds,
            "train/global_step": step,
            "train/loss": run.loss(step),
            "train/num_input_tokens_seen": step * run.tokens_per_step,
        }
        for n, (step, seconds) in enumerate(clock(run))
    ]


def as_csv(rows: list[dict]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def event(wall: float, step: int, tag: str, value: float, *, tensor: bool) -> bytes:
    """A record of TensorBoard by its published message; checksums are not looked at here."""
    if tensor:
        content = field(4, struct.pack("<f", value))
        number = field(8, varint(1 << 3) + varint(1) + content)
    else:
        number = varint(2 << 3 | 5) + struct.pack("<f", value)
    summary = field(1, field(1, tag.encode()) + number)
    body = varint(1 << 3 | 1) + struct.pack("<d", wall) + varint(2 << 3) + varint(step)
    body += field(5, summary)
    return struct.pack("<Q", len(body)) + b"\0" * 4 + body + b"\0" * 4


def event_file(run: Training, *, tensor: bool) -> bytes:
    out = b""
    for step, seconds in clock(run):
        wall = 1.7e9 + seconds
        out += event(wall, step, "train/loss", run.loss(step), tensor=tensor)
        tokens = float(step * run.tokens_per_step)
        out += event(wall, step, "train/num_input_tokens_seen", tokens, tensor=tensor)
    return out


def mlflow_folder(run: Training, folder: Path) -> Path:
    (folder / "metrics").mkdir(parents=True)
    for name in ("loss", "num_input_tokens_seen"):
        lines = [
            f"{1_700_000_000_000 + round(seconds * 1000)} "
            f"{run.loss(step) if name == 'loss' else step * run.tokens_per_step} {step}"
            for step, seconds in clock(run)
        ]
        (folder / "metrics" / name).write_text("\n".join(lines))
    return folder


RESUMED = Training(starts=(0, 2400))
ONCE = Training()


def speeds(path: Path) -> tuple[float, float]:
    _, (run,) = read(path, STATED)
    return float(run.cells["step_seconds"]), float(run.cells["tokens_per_second"])


@pytest.mark.parametrize("run", [ONCE, RESUMED, Training(starts=(0, 800, 1900))])
@pytest.mark.parametrize("mended", [True, False])
def test_a_resumed_trainer_state_is_never_divided_by_its_last_session(
    run: Training, mended: bool, tmp_path: Path
) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(trainer_state(run, mended=mended)))
    _, (row,) = read(path, STATED)
    whole = len(run.starts) == 1
    assert ("total_seconds" in row.cells) == whole
    assert any("resumed" in note for note in row.notes) != whole
    if whole or mended:
        assert speeds(path) == pytest.approx((1.0, 2000.0), rel=0.01)
    else:  # an older Trainer does not say how many steps the last session made
        assert "tokens_per_second" not in row.cells
        assert "step_seconds" not in row.cells


def test_a_log_without_steps_whose_mean_loss_does_not_fit_keeps_no_speed(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    last = "{'train_runtime': 60.0, 'train_loss': 0.1, 'epoch': 2.0}"
    path.write_text(f"{{'loss': 2.0, 'epoch': 1.0}}\n{{'loss': 1.9, 'epoch': 2.0}}\n{last}\n")
    _, (row,) = read(path, STATED)
    assert "tokens_per_second" not in row.cells


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.05, 9.0),
    st.integers(100, 90_000),
    st.sets(st.integers(1, 28), max_size=2),
    st.floats(0.1, 500.0),
    st.sampled_from([0, 100, 150, 500]),
)
def test_a_state_that_counts_tokens_gives_the_speed_without_evaluations(
    tmp_path_factory: pytest.TempPathFactory,
    seconds: float,
    tokens: int,
    resumes: set[int],
    evaluation: float,
    every: int,
) -> None:
    starts = (0, *sorted(100 * r for r in resumes))
    run = Training(step_seconds=seconds, tokens_per_step=tokens, starts=starts)
    path = tmp_path_factory.mktemp("state") / "trainer_state.json"
    path.write_text(json.dumps(counting_state(run, evaluation, every)))
    assert speeds(path) == pytest.approx((seconds, tokens / seconds), rel=0.01)
    _, (row,) = read(path, STATED)
    assert ("total_seconds" in row.cells) == (len(starts) == 1)
    if len(starts) == 1:
        assert row.cells["total_includes"] == ("train+eval" if every else "train")


def test_evaluations_are_in_the_total_time_and_not_in_the_speeds(tmp_path: Path) -> None:
    state = trainer_state(ONCE, mended=True)
    state["log_history"][-1]["train_runtime"] += 600.0
    for number in range(6):
        state["log_history"].insert(5 * number + 5, {"step": 500, "eval_runtime": 100.0})
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    assert speeds(path) == pytest.approx((1.0, 2000.0), rel=0.01)
    _, (row,) = read(path, STATED)
    assert (row.cells["total_seconds"], row.cells["total_includes"]) == ("3600", "train+eval")


@pytest.mark.parametrize("start", [0, 2400])
def test_a_count_of_tokens_that_begins_again_is_of_the_last_session(
    start: int, tmp_path: Path
) -> None:
    """TRL's `num_tokens` are real tokens of all GPUs since the last start."""
    run = Training(starts=(0, start) if start else (0,))
    state = trainer_state(run, mended=True)
    for entry in state["log_history"][:-1]:
        since = start if entry["step"] > start else 0
        entry["num_tokens"] = float((entry["step"] - since) * 700)
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    assert speeds(path) == pytest.approx((1.0, 700.0), rel=0.01)
    _, (row,) = read(path, STATED)
    assert row.cells["tokens_basis"] == "real"


def test_a_rate_of_each_gpu_is_taken_times_their_number(tmp_path: Path) -> None:
    """`include_tokens_per_second` of older Trainers divides what one process saw."""
    state = trainer_state(ONCE, mended=True) | {"num_input_tokens_seen": 0}
    state["log_history"][-1]["train_tokens_per_second"] = 250.0
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    _, (row,) = read(path, STATED | {"gpu_count": "8"})
    assert float(row.cells["tokens_per_second"]) == pytest.approx(2000.0)


def test_a_console_takes_its_time_from_the_bars_of_the_training(tmp_path: Path) -> None:
    """A run that was killed prints no totals; data sets and evaluations have bars as well."""
    lines = ["Map: 100%|##| 900/900 [00:00<00:00, 4000.12 examples/s]"]
    spent = 0
    for step in range(10, 210, 10):
        seconds = 2 * step + spent
        clock = f"{seconds // 60:02d}:{seconds % 60:02d}"
        lines.append(f" {step // 3}%|##  | {step}/600 [{clock}<19:40,  2.00s/it]")
        lines.append(f"{{'loss': '1.{step}', 'grad_norm': '0.1', 'epoch': '0.1'}}")
        if step % 100 == 0:
            spent += 300
            lines.append("100%|####| 700/700 [05:00<00:00,  2.33it/s]")
            lines.append("{'eval_loss': '1.5', 'eval_runtime': '300.0', 'epoch': '0.1'}")
    path = tmp_path / "train.log"
    path.write_text("\r".join(lines))
    _, (row,) = read(path, {})
    assert float(row.cells["step_seconds"]) == pytest.approx(2.0, rel=0.02)
    assert "total_seconds" not in row.cells  # it did not come to its end
    assert [point[0] for point in row.curve] == list(range(10, 210, 10))


def test_the_end_of_an_earlier_session_says_where_the_last_began(tmp_path: Path) -> None:
    state = trainer_state(RESUMED, mended=False)
    state["log_history"].insert(24, {"step": 2400, "train_runtime": 2400.0, "train_loss": 1.5})
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    assert speeds(path) == pytest.approx((1.0, 2000.0), rel=0.01)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.5, 9.0),
    st.integers(100, 90_000),
    st.sets(st.integers(1, 28), max_size=2),
)
def test_every_log_gives_the_speed_of_its_steps(
    tmp_path_factory: pytest.TempPathFactory, seconds: float, tokens: int, resumes: set[int]
) -> None:
    run = Training(
        step_seconds=seconds,
        tokens_per_step=tokens,
        starts=(0, *sorted(100 * r for r in resumes)),
    )
    folder = tmp_path_factory.mktemp("logs")
    files = {
        "trainer_log.jsonl": trainer_log(run),
        "history.csv": as_csv(history_rows(run)),
        "history.jsonl": "\n".join(map(json.dumps, history_rows(run))),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    for kind in (True, False):
        (folder / f"events.out.tfevents.{kind}").write_bytes(event_file(run, tensor=kind))
    mlflow_folder(run, folder / "run7")
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name in files or "tfevents" in path.name:
            each, speed = speeds(path)
            assert each == pytest.approx(seconds, rel=0.02), path.name
            assert speed == pytest.approx(tokens / seconds, rel=0.02), path.name


def test_a_chart_of_several_runs_is_as_many_runs(tmp_path: Path) -> None:
    rows = [
        {
            "Step": step,
            "calm-sea-1 - train/loss": 2.0 - step / 100,
            "calm-sea-1 - train/loss__MIN": 1.0,
            "wild-sky-2 - train/loss": 3.0,
            "wild-sky-2 - eval/accuracy": 0.5 + step / 100,
        }
        for step in (10, 20)
    ]
    path = tmp_path / "chart.csv"
    path.write_text(as_csv(rows))
    form, runs = read(path, {})
    assert "chart" in form
    assert [r.label for r in runs] == ["calm-sea-1", "wild-sky-2"]
    assert runs[0].curve == [(10.0, 1.9), (20.0, 1.8)]
    assert runs[1].scores == {"eval/accuracy": 0.7}
    imported = experiments.import_runs(path, {})
    assert imported.count == 1  # losses alone measure nothing
    assert any("calm-sea-1: not kept" in note for note in imported.notes)


def test_a_run_table_is_a_row_per_run_with_its_state(tmp_path: Path) -> None:
    rows = [
        {
            "Name": "one",
            "State": "finished",
            "Runtime": 700,
            "model_name_or_path": "meta-llama/Llama-3.1-8B",
            "lora_r": 16,
            "train/train_runtime": 600.0,
            "train/train_tokens_per_second": 1500.0,
            "train/train_loss": 1.0,
            "train/global_step": 300,
        },
        {"Name": "two", "State": "crashed", "Runtime": 50},
        {"Name": "three", "State": "running", "Runtime": 50},
    ]
    path = tmp_path / "table.csv"
    path.write_text(as_csv(rows))
    form, runs = read(path, {})
    assert "run table" in form
    assert [r.outcome for r in runs] == ["ok", "failed", "running"]
    cells = runs[0].cells
    assert (cells["model"], cells["rank"], cells["step_seconds"]) == ("Llama-3.1-8B", "16", "2")
    assert float(cells["tokens_per_second"]) == 1500.0
    experiments.import_runs(path, {"gpu": "A100-80GB-SXM", "method": "lora"})
    assert len(own_runs.measurements(facts.load())) == 1


def test_a_run_table_of_mlflow(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    rows = [
        {
            "run_id": "a1",
            "status": "FINISHED",
            "metrics.train_runtime": 100.0,
            "metrics.train_tokens_per_second": 900.0,
            "params.model_name_or_path": "Qwen/Qwen3-4B",
        }
    ]
    path.write_text(as_csv(rows))
    form, (run,) = read(path, {})
    assert "MLflow" in form
    assert (run.cells["model"], run.cells["tokens_per_second"]) == ("Qwen3-4B", "900")


def test_logs_of_axolotl_and_torchtune(tmp_path: Path) -> None:
    axolotl = tmp_path / "train.log"
    axolotl.write_text(
        "[INFO] starting\n"
        "{'loss': 1.5, 'grad_norm': nan, 'learning_rate': 2e-4, 'epoch': 0.5, "
        "'memory/device_reserved (GiB)': 21.5, 'tokens_per_second_per_gpu': 1234.0}\n"
        "{'loss': '1.1', 'epoch': 1.0, 'memory/device_reserved (GiB)': 22.0}\n"
        "100%|####| 50/50 [01:40<00:00, 2.0s/it]\n"
        "{'train_runtime': 100.0, 'train_samples_per_second': 4.0, 'train_loss': 1.3, 'epoch': 1}\n"
    )
    _, (run,) = read(axolotl, {})
    assert (run.cells["memory_gib"], run.cells["step_seconds"]) == ("22", "2")
    assert run.cells["total_seconds"] == "100"
    tune = tmp_path / "log_1.txt"
    tune.write_text(
        "\n".join(
            f"Step {n} | loss:1.{n} lr:2e-05 tokens_per_second_per_gpu:{900 + n} "
            "peak_memory_active:12.5 peak_memory_alloc:12.0 peak_memory_reserved:14.25"
            for n in range(1, 10)
        )
    )
    _, (run,) = read(tune, {"gpu_count": "2"})
    assert run.cells["framework"] == "torchtune"
    assert float(run.cells["tokens_per_second"]) == pytest.approx(2 * 905, abs=2)
    assert (run.cells["memory_gib"], run.cells["tokens_basis"]) == ("14.25", "real")


def test_a_checkpoint_in_mid_run_holds_nothing_to_keep(tmp_path: Path) -> None:
    logs = [{"step": s, "loss": 0.0, "grad_norm": float("nan")} for s in (100, 200)]
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"global_step": 200, "log_history": logs}))
    with pytest.raises(UsageError, match="nothing to keep: no total time in it"):
        experiments.import_runs(path, STATED)
    assert experiments.runs() == ()


@given(st.binary(max_size=300))
def test_no_event_file_is_a_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "events.out.tfevents.1"
    path.write_bytes(event(1.0, 1, "loss", 1.0, tensor=False) + content)
    _, (run,) = read(path, {})
    assert run.curve[0] == (1.0, 1.0)


def test_a_run_that_ended_early_is_not_credited_with_what_was_planned(tmp_path: Path) -> None:
    """Older Trainers divide all planned steps, samples and tokens by the seconds of the run."""
    state = trainer_state(ONCE, mended=True) | {"max_steps": 6000, "num_input_tokens_seen": 0}
    total = state["log_history"][-1]
    for name in ("steps", "samples", "tokens"):
        total[f"train_{name}_per_second"] *= 2.0
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    _, (row,) = read(path, STATED)
    assert float(row.cells["samples_per_second"]) == pytest.approx(8.0, rel=0.01)
    assert speeds(path) == pytest.approx((1.0, 2000.0), rel=0.01)


@pytest.mark.parametrize("name", ["completions/mean_length", "rewards/chosen"])
def test_other_trainings_give_no_speed_of_plain_tuning(name: str, tmp_path: Path) -> None:
    state = counting_state(ONCE)
    for entry in state["log_history"][:-1]:
        entry[name] = 1.0
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    _, (row,) = read(path, STATED)
    assert "tokens_per_second" not in row.cells
    assert float(row.cells["step_seconds"]) == pytest.approx(1.0, rel=0.01)
    assert any("plain tuning" in note for note in row.notes)


def test_of_several_runs_in_a_console_the_last_is_read(tmp_path: Path) -> None:
    text = ""
    for pace in (5, 2):
        for step in (20, 40, 60):
            seconds = pace * step
            text += f" 10%|#| {step}/60 [{seconds // 60:02d}:{seconds % 60:02d}<10:00, 1.0s/it]\n"
            text += "{'loss': 1.5, 'epoch': 0.5}\n"
        text += f"{{'train_runtime': {60.0 * pace}, 'train_loss': 1.5, 'epoch': 1.0}}\n"
    path = tmp_path / "nohup.out"
    path.write_text(text)
    _, (row,) = read(path, {})
    assert (row.cells["step_seconds"], row.cells["total_seconds"]) == ("2", "120")
    assert any("several runs" in note for note in row.notes)


def test_tokens_of_all_gpus_are_not_taken_times_their_number(tmp_path: Path) -> None:
    path = tmp_path / "trainer_log.jsonl"
    path.write_text(trainer_log(ONCE))
    _, (row,) = read(path, STATED | {"gpu_count": "8"})
    assert float(row.cells["tokens_per_second"]) == pytest.approx(2000.0, rel=0.01)


def test_a_speed_of_llama_factory_is_that_of_one_gpu(tmp_path: Path) -> None:
    path = tmp_path / "all_results.json"
    results = {"epoch": 3.0, "train_runtime": 100.0, "effective_tokens_per_sec": 700.0}
    path.write_text(json.dumps(results | {"train_loss": 1.0, "train_samples_per_second": 3.0}))
    _, (row,) = read(path, STATED | {"gpu_count": "4"})
    assert (row.cells["tokens_per_second"], row.cells["tokens_basis"]) == ("2800", "real")
    assert any("were the run resumed" in note for note in row.notes)


@pytest.mark.parametrize("seconds", [0.03, 0.11, 0.9])
def test_a_clock_of_whole_seconds_tells_fast_steps(seconds: float, tmp_path: Path) -> None:
    run = Training(steps=3000, step_seconds=seconds, every=5)
    path = tmp_path / "trainer_log.jsonl"
    lines = [json.loads(line) for line in trainer_log(run).splitlines()]
    for line, (_, elapsed, _) in zip(lines, run.points(), strict=True):
        line["elapsed_time"] = f"0:{int(elapsed) // 60:02d}:{int(elapsed) % 60:02d}"
    path.write_text("\n".join(map(json.dumps, lines)))
    assert speeds(path)[0] == pytest.approx(seconds, rel=0.03)


def test_evaluations_that_a_log_shows_by_its_clock_alone_are_left_out(tmp_path: Path) -> None:
    """LLaMA-Factory logs an evaluation at the same step, later."""
    lines = []
    spent = 0
    for step in range(100, 1100, 100):
        for extra, entry in ((0, {"loss": 1.5}), (70, {"eval_loss": 1.4})):
            spent += extra
            clock = step + spent
            elapsed = f"{clock // 3600}:{clock // 60 % 60:02d}:{clock % 60:02d}"
            lines.append({"current_steps": step, "total_steps": 1000, **entry})
            lines[-1] |= {"elapsed_time": elapsed, "total_tokens": step * 2000, "epoch": 1.0}
    path = tmp_path / "trainer_log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    assert speeds(path) == pytest.approx((1.0, 2000.0), rel=0.01)
    _, (row,) = read(path, STATED)
    assert row.cells["total_seconds"] == "1700"
    assert row.scores == {"eval_loss": 1.4}
