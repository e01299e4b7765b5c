"""Lines that programs print, and jobs that providers describe, as public reports show them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import experiments
from advisor.calibrate.imports import ImportedRun, read
from advisor.core.errors import UsageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def of_text(folder: Path, text: str, name: str = "train.log", **stated: str) -> ImportedRun:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    (run,) = read(path, stated)[1]
    return run


@given(st.floats(50.0, 90_000.0), st.sampled_from([8, 16, 512]), st.booleans())
def test_megatron_prints_milliseconds_of_an_optimizer_step(
    tmp_path_factory: pytest.TempPathFactory, pace: float, batch: int, with_arguments: bool
) -> None:
    lines = ["  seq_length ...................................... 4096"] if with_arguments else []
    lines += ["  world_size ...................................... 8"] if with_arguments else []
    for step in range(10, 210, 10):
        each = 10.0 * pace if step == 10 else pace
        lines.append(
            f" [2025-04-13 23:41:12] iteration {step:8d}/    1000 "
            f"| consumed samples: {batch * step:12d} "
            f"| elapsed time per iteration (ms): {each:.1f} | learning rate: 1.000E-05 "
            f"| global batch size: {batch:5d} | lm loss: {9.0 - step / 100:.6E} | loss scale: 1.0 "
            "| grad norm: 1.200 | number of skipped iterations:   0 |"
        )
    lines.append(
        "[Rank 0] (after 10 iterations) memory (MB) | allocated: 1464.3 | max allocated: 1464.3 "
        "| reserved: 1576.0 | max reserved: 2048.0"
    )
    run = of_text(tmp_path_factory.mktemp("megatron"), "\n".join(lines))
    assert float(run.cells["step_seconds"]) == pytest.approx(pace / 1000.0, rel=0.001)
    assert (run.cells["memory_gib"], run.cells["memory_basis"]) == ("2", "reserved")
    assert run.curve[0] == (10.0, pytest.approx(8.9))
    if with_arguments:
        speed = batch * 4096 / (pace / 1000.0)
        assert float(run.cells["tokens_per_second"]) == pytest.approx(speed, rel=0.001)
        assert run.cells["gpu_count"] == "8"
    else:
        assert "tokens_per_second" not in run.cells
        assert any("sequence length" in note for note in run.notes)


def test_deepspeed_gives_global_steps_by_the_time_of_day(tmp_path: Path) -> None:
    """Its samples per second counted micro-batches until 0.7.5 (DeepSpeed issue 2498)."""
    begun = datetime(2026, 7, 25, 23, 59, 17)
    lines = []
    for step in range(10, 60, 10):
        when = (begun + timedelta(seconds=2.5 * step)).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
        lines.append(
            f"[{when}] [INFO] [timer.py:215:stop] epoch=0/micro_step={4 * step}/"
            f"global_step={step}, RunningAvgSamplesPerSec=7.86, CurrSamplesPerSec=8.00, "
            "MemAllocated=59.65GB, MaxMemAllocated=63.31GB"
        )
    run = of_text(tmp_path, "\n".join(lines))
    assert run.cells["step_seconds"] == "2.5"
    assert (run.cells["memory_gib"], run.cells["memory_basis"]) == ("63.31", "allocated")
    assert "samples_per_second" not in run.cells
    assert any("micro-batches" in note for note in run.notes)


def test_torchtitan_prints_tokens_of_one_gpu_in_colours(tmp_path: Path) -> None:
    lines = [
        f"[titan] 2026-02-01 10:00:{step:02d} - root - INFO - \x1b[31mstep: {step:2}  "
        f"\x1b[32mloss:  8.1{step:02}  \x1b[38mgrad_norm:  1.2  \x1b[36mmemory: 40.02GiB(50.54%)  "
        f"\x1b[34mtps: {5_000 if step < 2 else 7_120:,}  \x1b[36mtflops: 300.1  "
        "\x1b[35mmfu: 30.2%\x1b[39m"
        for step in range(1, 21)
    ]
    run = of_text(tmp_path, "\n".join(lines), gpu_count="8")
    assert (run.cells["tokens_per_second"], run.cells["memory_gib"]) == ("56960", "40.02")
    assert run.cells["tokens_basis"] == "real"
    alone = of_text(tmp_path, "\n".join(lines))
    assert any("one GPU" in note for note in alone.notes)


def test_mlx_prints_iterations_per_second_and_decimal_gigabytes(tmp_path: Path) -> None:
    lines = ["Iter 1: Val loss 3.245, Val took 15.961s"]
    lines += [
        f"Iter {n}: Train loss 3.2{n:02}, Learning Rate 8.000e-06, It/sec 0.500, Tokens/sec 90.4, "
        f"Trained Tokens {180 * n}, Peak mem 5.404 GB"
        for n in range(10, 60, 10)
    ]
    run = of_text(tmp_path, "\n".join(lines))
    assert (run.cells["step_seconds"], run.cells["tokens_per_second"]) == ("2", "90.4")
    assert float(run.cells["memory_gib"]) == pytest.approx(5.404e9 / 2**30, abs=1e-3)
    assert run.scores == {"val_loss": 3.245}


def test_a_notebook_of_unsloth(tmp_path: Path) -> None:
    text = """GPU = NVIDIA L4. Max memory = 22.161 GB.
==((====))==  Unsloth - 2x faster free finetuning | Num GPUs used = 1
   \\\\\\\\   /|    Num examples = 6,261 | Num Epochs = 1 | Total steps = 60
O^O/ \\\\_/ \\\\    Batch size per device = 2 | Gradient accumulation steps = 4
\\\\        /    Data Parallel GPUs = 1 | Total batch size (2 x 4 x 1) = 8
 "-____-"     Trainable parameters = 66,060,288 of 4,073,997,824 (1.62% trained)
TrainOutput(global_step=60, training_loss=0.81, metrics={'train_runtime': 450.0, \
'train_samples_per_second': 1.067, 'train_steps_per_second': 0.133, 'train_loss': 0.81})
450.0 seconds used for training.
Peak reserved memory = 7.426 GB.
"""
    run = of_text(tmp_path, text)
    wanted = {
        "framework": "unsloth",
        "gpu": "L4",
        "gpu_count": "1",
        "micro_batch": "2",
        "grad_accum": "4",
        "trainable_params": "66060288",
        "memory_gib": "7.426",
        "step_seconds": "7.5",
        "total_seconds": "450",
    }
    assert {name: run.cells.get(name) for name in wanted} == wanted


def test_the_lines_before_a_training_say_how_many_gpus_train(tmp_path: Path) -> None:
    text = """***** Running training *****
  Num examples = 887
  Instantaneous batch size per device = 4
  Total train batch size (w. parallel, distributed & accumulation) = 64
  Gradient Accumulation steps = 2
  Total optimization steps = 4,500
{'loss': 1.5, 'epoch': 0.5}
{'train_runtime': 90.0, 'train_loss': 1.5, 'epoch': 1.0}
"""
    run = of_text(tmp_path, text)
    assert (run.cells["gpu_count"], run.cells["micro_batch"]) == ("8", "4")


def test_lines_of_ms_swift(tmp_path: Path) -> None:
    lines = []
    spent = 0
    for step in range(10, 210, 10):
        seconds = 3 * step + spent
        lines.append(
            {
                "loss": 1.5,
                "token_acc": 0.5,
                "epoch": step / 100,
                "global_step/max_steps": f"{step}/200",
                "elapsed_time": f"{seconds // 60}m {seconds % 60}s",
                "memory(GiB)": 20.0 + step / 100,
                "train_speed(iter/s)": 0.3,
            }
        )
        if step == 100:
            spent = 120
            lines.append(
                {"eval_loss": 1.4, "eval_runtime": 120.0, "global_step/max_steps": "100/200"}
                | {"elapsed_time": "7m 0s", "epoch": 1.0}
            )
    run = of_text(tmp_path, "\n".join(map(json.dumps, lines)), "logging.jsonl")
    assert (run.cells["step_seconds"], run.cells["memory_gib"]) == ("3", "22")
    assert run.cells["total_seconds"] == "720"
    assert run.scores == {"eval_loss": 1.4}


def test_json_lines_of_torchtune(tmp_path: Path) -> None:
    lines = [
        {"step": n, "loss": 1.5, "lr": 2e-5, "tokens_per_second_per_gpu": 900.0}
        | {"peak_memory_active": 10.0, "peak_memory_alloc": 10.0, "peak_memory_reserved": 12.5}
        for n in range(1, 9)
    ]
    run = of_text(tmp_path, "\n".join(map(json.dumps, lines)), "log_17.jsonl", gpu_count="2")
    assert (run.cells["tokens_per_second"], run.cells["memory_gib"]) == ("1800", "12.5")
    assert any("learned tokens" in note for note in run.notes)


JOBS = {
    "OpenAI training job": {
        "object": "fine_tuning.job",
        "model": "gpt-4.1-mini-2025-04-14",
        "created_at": 1_694_490_787,
        "finished_at": 1_694_491_092,
        "fine_tuned_model": "ft:x",
        "status": "succeeded",
        "hyperparameters": {"n_epochs": 8},
        "trained_tokens": 9696,
    },
    "Together training job": {
        "id": "ft-1",
        "training_file": "file-1",
        "model": "meta-llama/Meta-Llama-3.1-8B-Instruct-Reference",
        "n_epochs": 8,
        "token_count": 9696,
        "status": "completed",
        "created_at": "2026-11-01T10:00:00.000Z",
        "updated_at": "2026-11-01T10:05:05.000Z",
        "training_type": {"type": "Lora", "lora_r": 8},
    },
    "Fireworks training job": {
        "name": "accounts/a/supervisedFineTuningJobs/j",
        "baseModel": "accounts/fireworks/models/llama-v3p1-8b-instruct",
        "dataset": "accounts/a/datasets/d",
        "createTime": "2026-11-01T10:00:00.000000Z",
        "completedTime": "2026-11-01T10:05:05.000000Z",
        "state": "JOB_STATE_COMPLETED",
        "epochs": 8,
        "loraRank": 8,
    },
    "Vertex AI training job": {
        "name": "projects/1/locations/us-central1/tuningJobs/2",
        "baseModel": "gemini-2.5-flash",
        "createTime": "2026-11-01T09:00:00Z",
        "startTime": "2026-11-01T10:00:00Z",
        "endTime": "2026-11-01T10:05:05Z",
        "state": "JOB_STATE_SUCCEEDED",
        "supervisedTuningSpec": {"hyperParameters": {"epochCount": "8"}},
    },
    "SageMaker training job": {
        "TrainingJobName": "j",
        "TrainingJobStatus": "Completed",
        "ResourceConfig": {"InstanceType": "ml.g5.12xlarge", "InstanceCount": 2},
        "HyperParameters": {"model_id": '"meta-llama/Llama-3.1-8B"', "epochs": "8"},
        "TrainingTimeInSeconds": 305,
    },
}


@pytest.mark.parametrize("form", JOBS)
def test_jobs_of_providers(form: str, tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text(json.dumps(JOBS[form]))
    found_form, (run,) = read(path, {})
    assert found_form == form
    assert (run.cells["total_seconds"], run.cells["total_includes"]) == ("305", "all")
    assert (run.cells["epochs"], run.outcome) == ("8", "ok")
    assert run.cells["model"]
    if form.startswith("SageMaker"):
        assert (run.cells["gpu"], run.cells["gpu_count"]) == ("A10G", "8")
    else:
        assert "gpu" not in run.cells


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("mlflow.db", "SQLite format 3\0", "mlflow experiments csv"),
        ("history.parquet", "PAR1", "to_csv"),
        ("step_metrics.csv", "step,train_loss,train_accuracy\n1,2.5,0.1\n", "nothing to keep"),
        ("log.csv", "epoch,accuracy,loss,val_loss\n0,0.1,2.5,2.6\n", "epochs"),
        ("metrics.tsv", "step\ttrain/loss\n1\t2.5\n", "nothing to keep"),
    ],
)
def test_what_has_no_time_or_another_form_says_what_to_do(
    name: str, text: str, wrong: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=wrong) as error:
        experiments.import_runs(path, {})
    assert "\n" not in str(error.value)
    assert experiments.runs() == ()


@pytest.mark.parametrize("processes", [2, 3, 8])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_log_that_several_processes_write_counts_each_step_once(
    tmp_path: Path, processes: int, restarted: bool
) -> None:
    """Each process of a training adds its own line, some seconds later and not always in order."""
    lines = list[str]()
    for session in range(1 + restarted):
        for step in range(10, 400, 10):
            for process in range(processes):
                seconds = 4 * step + 3 * process
                at = max(step - 10 * (process % 2), 10) + 390 * session
                clock = str(timedelta(seconds=seconds))
                lines.append(json.dumps({
                    "current_steps": at, "total_steps": 800, "loss": 1.5, "elapsed_time": clock,
                }))  # fmt: skip
    run = of_text(tmp_path, "\n".join(lines), "trainer_log.jsonl")
    assert float(run.cells["step_seconds"]) == pytest.approx(4.0, rel=0.02)
    assert any("several processes" in note for note in run.notes)


def test_a_run_that_was_resumed_once_is_not_of_several_processes(tmp_path: Path) -> None:
    steps = [*range(10, 200, 10), *range(100, 400, 10)]
    lines = [
        json.dumps({
            "current_steps": step, "total_steps": 400, "loss": 1.5,
            "elapsed_time": str(timedelta(seconds=4 * (step if at < 19 else step - 90))),
        })
        for at, step in enumerate(steps)
    ]  # fmt: skip
    run = of_text(tmp_path, "\n".join(lines), "trainer_log.jsonl")
    assert float(run.cells["step_seconds"]) == pytest.approx(4.0)
    assert not any("several processes" in note for note in run.notes)


def test_totals_count_where_the_state_in_a_folder_has_no_times(tmp_path: Path) -> None:
    state = {"global_step": 50, "max_steps": 80, "log_history": [{"step": 40, "loss": 1.5}]}
    totals = {"epoch": 2.0, "train_runtime": 160.0, "train_samples_per_second": 2.0}
    (tmp_path / "checkpoint-50").mkdir()
    (tmp_path / "checkpoint-50" / "trainer_state.json").write_text(json.dumps(state))
    (tmp_path / "all_results.json").write_text(json.dumps(totals))
    for place in (tmp_path, tmp_path / "all_results.json"):
        (run,) = read(place, {})[1]
        assert float(run.cells["total_seconds"]) == 160.0
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    (run,) = read(tmp_path / "all_results.json", {})[1]
    assert float(run.cells["total_seconds"]) == 160.0


def test_files_of_a_wandb_run_without_its_log_tell_the_gpus(tmp_path: Path) -> None:
    files = tmp_path / "run-x" / "files"
    files.mkdir(parents=True)
    summary = {"_runtime": 170.0, "_step": 9, "train/global_step": 80, "train_runtime": 160.0,
               "train_loss": 1.3}  # fmt: skip
    (files / "wandb-summary.json").write_text(json.dumps(summary))
    (files / "wandb-metadata.json").write_text('{"gpu": "NVIDIA L40S", "gpu_count": 2}')
    for place in (files, files.parent, files / "wandb-summary.json"):
        form, (run,) = read(place, {})
        assert (form, run.label) == ("Weights & Biases summary", "run-x")
        assert (run.cells["gpu"], float(run.cells["gpu_count"])) == ("L40S", 2.0)
        assert float(run.cells["step_seconds"]) == 2.0


@pytest.mark.parametrize(("said", "seconds"), [("312.5 minutes", 18750), ("90.5 seconds", 90.5)])
def test_unsloth_says_how_long_the_training_took(tmp_path: Path, said: str, seconds: float) -> None:
    text = "GPU = NVIDIA L4. Max memory = 22 GB.\n{'loss': 1.6, 'epoch': 0.1}\n"
    run = of_text(tmp_path, f"{text}{said} used for training.\nPeak reserved memory = 7.5 GB.\n")
    assert float(run.cells["total_seconds"]) == seconds
    assert run.cells["gpu"] == "L4"


def test_a_gpu_of_several_products_is_named_in_the_note(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("model,method,gpu,tokens_per_second\nLlama-3.1-8B,lora,H200,7100\n")
    imported = experiments.import_runs(path, {})
    assert any("'H200-SXM', 'H200-NVL'" in note for note in imported.notes)


def test_losses_that_were_printed_after_all_bars_belong_to_their_epochs(tmp_path: Path) -> None:
    """Python keeps back what it prints into a file; bars go to the other stream at once."""
    bars = "\r".join(
        f" 5%|# | {n}/80 [{timedelta(seconds=2 * n)}<0:10, 2.00s/it]" for n in range(81)
    )
    losses = [f"{{'loss': {2.0 / n}, 'epoch': {n / 2}}}" for n in range(1, 9)]
    total = "{'train_runtime': 160.0, 'train_loss': 0.68, 'epoch': 4.0}"
    run = of_text(tmp_path, "\n".join([bars, *losses, total]))
    assert (float(run.cells["step_seconds"]), float(run.cells["total_seconds"])) == (2.0, 160.0)
    assert run.curve[:2] == [(10.0, 2.0), (20.0, 1.0)]


def test_mlflow_s_store_in_a_project_is_found(tmp_path: Path) -> None:
    run = tmp_path / "mlruns" / "1" / "abc"
    (run / "metrics").mkdir(parents=True)
    (run / "meta.yaml").write_text("run_name: x\nstatus: 3\n")
    for name, value in (("train_runtime", 160.0), ("train_loss", 1.3), ("global_step", 80)):
        (run / "metrics" / name).write_text(f"1700000000000 {value} 80\n")
    form, runs = read(tmp_path, {})
    assert (form, float(runs[0].cells["total_seconds"])) == ("MLflow run", 160.0)


def test_tokens_of_an_axolotl_console_belong_to_the_bar_before(tmp_path: Path) -> None:
    lines = [
        f"  {n}%|#| {n}/40 [{timedelta(seconds=2 * n)}<0:10,  2.00s/it]\n"
        + str(
            {"loss": "1.39", "tokens/total": str(5000 * n), "tokens/trainable": "1", "epoch": "0.1"}
        )
        for n in range(1, 41)
    ]
    run = of_text(tmp_path, "\n".join(lines))
    assert float(run.cells["tokens_per_second"]) == pytest.approx(2500.0)
    assert run.cells["tokens_basis"] == "padded"


def test_lines_of_no_known_program_are_said_to_be_such(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"when": 1, "what": 2}\n{"when": 2, "what": 3}\n')
    with pytest.raises(UsageError, match="of no known program"):
        read(path, {})
