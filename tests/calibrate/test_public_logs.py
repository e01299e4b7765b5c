"""Logs in the forms that people paste into public threads, with figures of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate.imports import read
from advisor.core.errors import UsageError

NEMO = "Training epoch 0, iteration {0}/9 | lr: 0.0006 | global_batch_size: 32 | global_step: {0} |"
LOGS = {
    "torchtitan, a line per rank": (
        "[titan] 2026-02-24 19:46:17,508 - root - INFO - step:  4  loss:  7.6  grad_norm: 26.6  "
        "memory: 60.00GiB(37.51%)  tps: 10,000  tflops: 314.71  mfu: 13.99%\n" * 2,
        {"tokens_per_second": 10_000, "memory_gib": 60},
    ),
    "mlx-lm, its first form": (
        "Iter 1: Val loss 2.6, Val took 1822.8s\n"
        "Iter 10: Train loss 3.6, It/sec 0.5, Tokens/sec 100.0\n",
        {"tokens_per_second": 100, "step_seconds": 2},
    ),
    "mlx-vlm, between bars": (
        "  1%|1  | 10/1000 [00:32<53:42,  3.25s/it, Loss=3.4, Tokens/sec=302]Iter 20: Train loss "
        "3.1, Learning Rate 1.000e-04, It/sec 0.5, Tokens/sec 300.0, Trained Tokens 20518, "
        "Peak mem 10.737418240 GB\n",
        {"tokens_per_second": 300, "step_seconds": 2, "memory_gib": 10},
    ),
    "NeMo 2": (
        "".join(
            NEMO.format(n) + f" reduced_train_loss: {11 - n} | train_step_timing in s: 2.0\n"
            for n in range(4)
        ),
        {"step_seconds": 2},
    ),
    "NeMo 1, its last bar in mid-run": (
        "Epoch 0:   1%|   | 800/77225 [26:40<42:27:30, 2.00s/it, loss=3.1, v_num=, "
        "reduced_train_loss=3.090, global_step=800.0, consumed_samples=1.63e+6]\n",
        {"step_seconds": 2, "total_seconds": None},
    ),
    "torchtune, its last bar": (
        "1|80|Loss: 1.02: 100%|####| 80/80 [02:40<00:00,  2.00s/it]\n",
        {"step_seconds": 2, "total_seconds": 160},
    ),
    "LLaMA-Factory's console": (
        "[INFO|2025-02-18 10:00:25] llamafactory.train.callbacks:143 >> {'loss': 1.5, 'epoch': 0.1}"
        "\n 5%|1  | 10/100 [00:25<07:20,  2.50s/it]\n"
        "[INFO|2025-02-18 10:01:25] llamafactory.train.callbacks:143 >> {'loss': 1.2, 'epoch': 0.4}"
        "\n 22%|11 | 40/100 [01:25<05:20,  2.00s/it]\n"
        "***** train metrics *****\n  epoch                    =        3.0\n"
        "  train_runtime            = 0:03:25.00\n  train_steps_per_second   =       0.5\n",
        {"step_seconds": 2, "total_seconds": 205},
    ),
    "ms-swift's console": (
        "Train:  12%|1   | 10/80 [00:25<02:20,  2.00s/it]\n"
        + "".join(
            f"{{'loss': 1.5, 'memory(GiB)': 20.5, 'global_step/max_steps': '{step}/80', "
            f"'elapsed_time': '{time}'}}\n"
            for step, time in ((10, "25s"), (40, "1m 25s"))
        ),
        {"step_seconds": 2, "memory_gib": 20.5},
    ),
}


@pytest.mark.parametrize(("text", "expected"), LOGS.values(), ids=LOGS)
def test_pasted_logs(text: str, expected: dict[str, float | None], tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text(text, encoding="utf-8")
    _, (run,) = read(path, {})
    for name, value in expected.items():
        found = run.cells.get(name)
        assert (found if found is None else float(found)) == pytest.approx(value, rel=1e-3), name


def test_an_evaluation_of_aim_is_no_loss_of_the_training(tmp_path: Path) -> None:
    path = tmp_path / "aim.csv"
    path.write_text(
        "run,metric.name,metric.context,step,value,time\n"
        "a,loss,{'subset': 'train'},10,1.5,1700000000\n"
        "a,loss,{'subset': 'train'},40,1.1,1700000060\n"
        "a,loss,{'subset': 'val'},40,1.3,1700000060\n"
    )
    _, (run,) = read(path, {})
    assert dict(run.scores) == {"eval_loss": 1.3}
    assert run.curve == [(10.0, 1.5), (40.0, 1.1)]
    assert float(run.cells["step_seconds"]) == 2.0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("nemo.log", NEMO.format(1) + " reduced_train_loss: 11.0\n", "TimingCallback"),
        ("other.log", "hello\nepoch 1 loss 0.5\n", "not the log of a trainer that is known"),
        ("c.json", json.dumps({"train": {"loss": {"x": [1], "y": [2]}}}), "ClearML's scalars"),
    ],
)
def test_a_log_that_cannot_be_used_says_what_to_export(
    name: str, text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=words) as error:
        experiments.import_runs(path, {})
    assert "\n" not in str(error.value)


def test_dvclive_is_named(tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "metrics.json").write_text(json.dumps({"train": {"loss": 1.2}, "step": 40}))
    for path in (tmp_path, tmp_path / "metrics.json"):
        with pytest.raises(UsageError, match="DVCLive keeps losses without times"):
            read(path, {})
