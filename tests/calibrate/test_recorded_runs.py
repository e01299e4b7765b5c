"""Files that trainers and trackers wrote themselves come back with what a callback timed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate.imports import ImportedRun, read
from advisor.calibrate.show_results import result_lines

RECORDED = Path(__file__).parent / "recorded_runs"
EVALUATED = RECORDED / "evaluated"

STEP = 0.109
"""Seconds of a step by the callback; the data loader comes on top."""


def only(path: Path, **stated: str) -> ImportedRun:
    (run,) = read(path, stated)[1]
    return run


@pytest.mark.parametrize(
    "name",
    [
        "trainer_state.json",
        "console.log",
        "events.out.tfevents.recorded",
        "run-recorded.wandb",
        "mlflow",
    ],
)
def test_one_run_reads_alike_in_every_form(name: str) -> None:
    run = only(EVALUATED / name)
    step = float(run.cells["step_seconds"])
    assert step == pytest.approx(STEP, rel=0.15)
    assert step == pytest.approx(0.1205, rel=0.02)
    assert float(run.cells["tokens_per_second"]) * step == pytest.approx(256, rel=0.01)
    assert (run.cells["total_includes"], run.cells["tokens_basis"]) == ("train+eval", "padded")
    assert float(run.cells["total_seconds"]) == pytest.approx(14.05, abs=0.01)
    steps = [point[0] for point in run.curve]
    assert steps == pytest.approx(range(5, 45, 5), abs=name == "console.log")  # bars may lag
    assert len(run.scores) == 1
    assert run.notes == ()


@pytest.mark.parametrize("name", ["run-recorded.wandb", "mlflow", "search_runs.csv"])
def test_trackers_keep_the_settings(name: str) -> None:
    run = only(EVALUATED / name)
    assert (run.cells["micro_batch"], run.cells["grad_accum"]) == ("4", "2")
    assert (run.label, run.cells["framework"]) == ("evaluated", "hf")


def test_last_values_alone_say_that_evaluations_are_in_the_speed() -> None:
    run = only(EVALUATED / "search_runs.csv")
    assert float(run.cells["tokens_per_second"]) == pytest.approx(10_240 / 14.046, rel=0.01)
    assert any("evaluations" in note for note in run.notes)


def test_the_totals_of_a_run_that_was_resumed_show_it(tmp_path: Path) -> None:
    whole = only(EVALUATED / "all_results.json")
    assert whole.cells["total_samples"] == "320"  # two epochs of 160 rows
    path = RECORDED / "resumed" / "all_results.json"
    assert float(only(path).cells["step_seconds"]) == pytest.approx(0.080, rel=0.2)
    shutil.copy(path, tmp_path)  # without the trainer_state.json beside it
    part = only(tmp_path / path.name)
    assert "total_seconds" not in part.cells
    assert any("of the last 3" in note for note in part.notes)


def test_a_run_that_was_resumed_keeps_the_speed_of_its_sessions() -> None:
    run = only(RECORDED / "resumed" / "trainer_state.json")
    step = float(run.cells["step_seconds"])
    assert step == pytest.approx(0.080, rel=0.2)
    assert float(run.cells["tokens_per_second"]) * step == pytest.approx(128, rel=0.01)
    assert "total_seconds" not in run.cells


def test_event_files_of_two_sessions_are_one_run(tmp_path: Path) -> None:
    for file in (RECORDED / "resumed").glob("*tfevents*"):
        shutil.copy(file, tmp_path)
    run = only(tmp_path)
    assert [point[0] for point in run.curve] == list(range(5, 85, 5))
    assert float(run.cells["step_seconds"]) == pytest.approx(0.080, rel=0.2)
    assert "total_seconds" not in run.cells


def test_event_files_of_runs_from_the_start_are_several_runs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(EVALUATED / "events.out.tfevents.recorded", tmp_path / name)
    form, runs = read(tmp_path, {})
    assert form == "TensorBoard events"
    assert [run.label.rpartition("/")[2] for run in runs] == ["one", "two"]


@pytest.mark.parametrize("name", ["trainer_state.json", "console.log"])
def test_tokens_of_trl_count_from_the_last_start(name: str) -> None:
    run = only(RECORDED / "trl-resumed" / name)
    step = float(run.cells["step_seconds"])
    assert step == pytest.approx(0.085, rel=0.15)
    assert float(run.cells["tokens_per_second"]) * step == pytest.approx(1816 / 30, rel=0.01)
    assert run.cells["tokens_basis"] == "real"
    assert any("last 30 of 80 steps" in note for note in run.notes)


def test_a_folder_of_checkpoints_gives_the_last(tmp_path: Path) -> None:
    for step in (5, 40, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        state = json.loads((EVALUATED / "trainer_state.json").read_text())
        state["log_history"] = [e for e in state["log_history"] if e["step"] <= step]
        state["global_step"] = step
        (folder / "trainer_state.json").write_text(json.dumps(state))
    assert [point[0] for point in only(tmp_path).curve][-1] == 40


def test_a_file_of_weights_and_biases_may_end_anywhere(tmp_path: Path) -> None:
    content = (EVALUATED / "run-recorded.wandb").read_bytes()
    path = tmp_path / "run-x.wandb"
    for end in range(7, len(content), 997):
        path.write_bytes(content[:end])
        run = only(path)
        assert run.outcome == "running"
    broken = bytearray(content)
    broken[5000:5100] = b"\xff" * 100
    path.write_bytes(bytes(broken))
    only(path)


def test_what_was_read_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    imported = experiments.import_runs(EVALUATED / "run-recorded.wandb", {})
    assert imported.notes == (
        "corrects no estimate until model, gpu and method are known; import it again with "
        "--set model=...",
    )
    lines = "\n".join(result_lines(experiments.run_record(imported.run_id)))
    for part in (
        "tokens/s with padding",
        "0.12 s per step",
        "14 s with evaluations",
        "eval/loss 5.55",
    ):
        assert part in lines
    assert "note: corrects no estimate" in lines


def test_groups_of_scalars_in_folders_of_their_own_are_no_runs(tmp_path: Path) -> None:
    """As `add_scalars` and `add_hparams` of torch write them, below the run's own file."""
    shutil.copy(EVALUATED / "events.out.tfevents.recorded", tmp_path)
    event = (tmp_path / "events.out.tfevents.recorded").read_bytes()
    (tmp_path / "both_valid").mkdir()
    relabelled = (
        event.replace(b"train/loss", b"both_valid")
        .replace(b"_loss", b"_gain")
        .replace(b"eval/loss", b"misc/gain")
    )
    relabelled = relabelled.replace(b"train/num_input_tokens_seen", b"misc_/num_input_tokens_seen")
    (tmp_path / "both_valid" / "events.out.tfevents.2").write_bytes(relabelled)
    assert only(tmp_path).label == tmp_path.name
