"""Tables of runs in any style, and charts of several runs, hold what their writers put in."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.calibrate.imports import read
from advisor.calibrate.imports.columns import as_cells
from advisor.calibrate.imports.numerals import table_rows
from advisor.core.errors import UsageError

HEAD = ("id", "model", "method", "gpu", "memory_gib", "tokens_per_second", "total_seconds")


def written(path: Path, rows: list[list[str]], delimiter: str = ",") -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


STYLES = {
    "English": (",", ".", ","),
    "English, tabs": (",", ".", "\t"),
    "plain": ("", ".", ","),
    "German": (".", ",", ";"),
    "French": ("\u202f", ",", ";"),
    "Swiss": ("'", ".", ";"),
    "Spanish, quoted": ("", ",", ","),
}


def in_style(value: float, style: str) -> str:
    thousands, point, _ = STYLES[style]
    return f"{value:,.2f}".translate({ord(","): thousands, ord("."): point})


@pytest.mark.parametrize("style", STYLES)
@given(st.lists(st.floats(0.01, 9e6), min_size=3, max_size=3))
def test_numbers_of_any_country_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, style: str, values: list[float]
) -> None:
    cells = [in_style(value, style) for value in values]
    row = ["r1", "Llama-3.1-8B", "lora", "L40S", *cells]
    path = tmp_path_factory.getbasetemp() / "table.csv"
    written(path, [list(HEAD), row], STYLES[style][2])
    _, (run,) = read(path, {})
    for name, value in zip(HEAD[4:], values, strict=True):
        assert float(run.cells[name]) == pytest.approx(value, abs=0.0051)
    assert run.cells["model"] == "Llama-3.1-8B"


def test_a_number_that_may_be_two_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'1,234' is 1.234 or 1234") as error:
        table_rows("a;b\n1,234;x\n", "t.csv")
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="decimal comma and others with a decimal point"):
        table_rows("a;b\n1,5;1.25\n", "t.csv")
    assert table_rows('a,b\n"1,234",x\n', "t.csv")[1] == [["1234", "x"]]


@pytest.mark.parametrize("text", ["2026-11-27", "Llama-3.1-8B", "v1.2.3", "0:12:34", "10.0.0.1"])
def test_what_is_no_number_stays(text: str) -> None:
    assert table_rows(f"a;b\n{text};1,5\n", "t.csv")[1] == [[text, "1.5"]]


def test_a_chart_names_its_runs_by_the_last_dash(tmp_path: Path) -> None:
    rows = [
        ["Relative Time (Process)", "qwen - r16 - train/loss", "qwen - r16 - train/loss__MIN"],
        *[[str(10 * n), str(3.0 - n / 10), "0.1"] for n in range(1, 4)],
    ]
    form, (run,) = read(written(tmp_path / "chart.csv", rows), {})
    assert (form, run.label) == ("Weights & Biases chart", "qwen - r16")


def test_a_chart_over_time_with_steps_of_the_training(tmp_path: Path) -> None:
    head = ["Relative Time (Process)"]
    for run in ("one", "two"):
        head += [f"{run} - train/global_step", f"{run} - train/num_input_tokens_seen"]
    rows = [head]
    for n in range(1, 9):
        rows.append([str(20.0 * n), str(10 * n), str(1000 * n), "", ""])
        rows.append([str(20.0 * n + 5.0), "", "", str(5 * n), str(4000 * n)])
    _, runs = read(written(tmp_path / "chart.csv", rows), {})
    speeds = {r.label: (r.cells["step_seconds"], r.cells["tokens_per_second"]) for r in runs}
    assert speeds == {"one": ("2", "50"), "two": ("4", "200")}


def test_runs_of_the_same_name_and_groups_are_told_apart(tmp_path: Path) -> None:
    rows = [
        ["train/global_step", "a - _runtime", "a - _runtime", "Group: b - _runtime"],
        *[[str(n), str(2.0 * n), str(3.0 * n), str(n)] for n in range(1, 5)],
    ]
    _, runs = read(written(tmp_path / "chart.csv", rows), {})
    assert [run.label for run in runs] == ["a", "a (2)", "Group: b"]
    assert not runs[2].says_something
    assert "without grouping" in runs[2].notes[0]


@pytest.mark.parametrize("gap", [1, 10])
def test_steps_that_count_calls_give_no_seconds_per_step(gap: int, tmp_path: Path) -> None:
    """Of calls numbered one by one nobody knows how many optimizer steps lie between them."""
    rows = [["_step", "_runtime", "train/loss", "train/num_input_tokens_seen"]]
    rows += [[str(gap * n), str(7.0 * n), "1.5", str(700 * n)] for n in range(1, 9)]
    _, (run,) = read(written(tmp_path / "history.csv", rows), {})
    assert run.cells["tokens_per_second"] == "100"
    assert ("step_seconds" in run.cells) == (gap > 1)
    assert any("train/global_step" in note for note in run.notes) == (gap == 1)


def test_the_speed_of_one_gpu_is_taken_times_their_number(tmp_path: Path) -> None:
    rows = [["global_step", "loss", "tokens_per_second_per_gpu", "peak_memory_reserved"]]
    rows += [[str(n), "1.5", "900", "12.5"] for n in range(1, 9)]
    path = written(tmp_path / "torchtune.csv", rows)
    _, (run,) = read(path, {"gpu_count": "4"})
    assert (run.cells["tokens_per_second"], run.cells["memory_gib"]) == ("3600", "12.5")
    assert run.cells["memory_basis"] == "reserved"


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("memory/device_reserved (GiB)", 1.0),
        ("train/memory/max_mem_reserved(gib)", 1.0),
        ("system/gpu_0_memory_usage_megabytes", 1e6 / 2**30),
        ("system.gpu.0.memoryAllocatedBytes", 1 / 2**30),
        ("memory/peak_reserved_mem", 1e9 / 2**30),
        ("memory/max_allocated (GiB)", None),
    ],
)
def test_memory_is_read_in_its_unit_and_only_of_what_is_reserved(
    name: str, unit: float | None, tmp_path: Path
) -> None:
    most = 40.0 / (unit or 1.0)
    rows = [["global_step", "loss", name], ["1", "1.5", str(most)], ["2", "1.5", str(most / 2)]]
    _, (run,) = read(written(tmp_path / "history.csv", rows), {})
    if unit is None:
        assert "memory_gib" not in run.cells
    else:
        assert float(run.cells["memory_gib"]) == pytest.approx(40.0)


def test_lists_of_single_values_are_read_by_run(tmp_path: Path) -> None:
    scalars = [["Wall time", "Step", "Value"]]
    scalars += [[str(1.7e9 + 5.0 * n), str(10 * n), "1.5"] for n in range(1, 5)]
    _, (run,) = read(written(tmp_path / "run-lora-tag-train_loss.csv", scalars), {})
    assert (run.label, run.cells["step_seconds"]) == ("lora", "0.5")
    metrics = [["run_id", "key", "value", "step", "timestamp"]]
    for each, pace in (("a", 1000), ("b", 3000)):
        metrics += [
            [each, "num_tokens", str(900 * n), str(n), str(1_700_000_000_000 + pace * n)]
            for n in range(1, 25)
        ]
    _, runs = read(written(tmp_path / "metrics.csv", metrics), {})
    assert [(r.label, r.cells["tokens_per_second"]) for r in runs] == [("a", "900"), ("b", "300")]


def test_a_run_table_of_a_machine_says_that_the_run_may_have_used_fewer_gpus(
    tmp_path: Path,
) -> None:
    head = "Name,State,Runtime,GPU Type,GPU Count,train_runtime,train_loss,train/loss"
    rows = [
        f"{head},train/global_step,train/num_input_tokens_seen".split(","),
        ["one", "finished", "700", "NVIDIA L40S", "8", "600", "1.2", "0.9", "300", "1200000"],
        ["two", "finished", "1h 2m 3s", "NVIDIA L40S", "1", "", "", "", "", ""],
        ["three", "finished", "700", "NVIDIA L40S", "1", "600", "0.3", "0.9", "300", "1200000"],
    ]
    path = written(tmp_path / "table.csv", rows)
    _, (one, two, three) = read(path, {})
    assert (one.cells["tokens_per_second"], one.cells["total_seconds"]) == ("2000", "600")
    assert any("gpu_count=N" in note for note in one.notes)
    assert (two.cells["total_seconds"], two.cells["gpu_count"]) == ("3723", "1")
    assert "tokens_per_second" not in three.cells  # its mean loss is far below its last one
    assert any("resumed" in note for note in three.notes)


def test_a_column_of_nearly_the_right_name_is_named(tmp_path: Path) -> None:
    rows = [["id", "model", "method", "gpu", "memry_gib", "tokens_per_second", "outcome"]]
    rows += [["a", "m", "lora", "L40S", "20", "900", "Success"]]
    _, (run,) = read(written(tmp_path / "runs.csv", rows), {})
    assert run.outcome == "ok"
    assert any("'memry_gib' is not read; did you mean 'memory_gib'" in note for note in run.notes)


HEADINGS = {
    "base_model": ("model", "Llama-3.1-8B", "Llama-3.1-8B"),
    "finetuning_type": ("method", "lora", "lora"),
    "GPU type": ("gpu", "2x RTX 4090", "RTX 4090"),
    "per_device_train_batch_size": ("micro_batch", "4", "4"),
    "gradient_accumulation_steps": ("grad_accum", "8", "8"),
    "max_length": ("max_tokens", "4096", "4096"),
    "lora_rank": ("rank", "16", "16"),
    "optim": ("optimizer", "adamw_torch", "adamw_torch"),
    "VRAM": ("memory_gib", "20.5 GB", "20.5"),
    "tok/s": ("tokens_per_second", "900", "900"),
    "it/s": ("step_seconds", "0.5", "2"),
    "Time (min)": ("total_seconds", "3", "180"),
    "num_train_epochs": ("epochs", "2", "2"),
}


def test_headings_are_read_as_people_write_them(tmp_path: Path) -> None:
    head, row = list(HEADINGS), [cell for _, cell, _ in HEADINGS.values()]
    form, (run,) = read(written(tmp_path / "runs.csv", [head, row]), {})
    assert form == "table of runs"
    for column, _, value in HEADINGS.values():
        assert run.cells[column] == value
    assert (run.cells["gpu_count"], run.cells["memory_basis"]) == ("2", "unstated")
    assert any("tok/s as tokens_per_second" in note for note in run.notes)


@pytest.mark.parametrize(
    ("name", "cell", "column", "value"),
    [
        ("seq_len", "2048", "max_tokens", "2048"),
        ("tokens/s/gpu", "900", "tokens_per_second", "3600"),
        ("TGS", "900", "tokens_per_second", "3600"),
        ("peak_mem", "20480 MiB", "memory_gib", "20"),
        ("peak_memory_mb", "20480", "memory_gib", "20"),
        ("max_memory_allocated (GB)", "20", "memory_basis", "allocated"),
        ("Peak reserved memory [GiB]", "20", "memory_basis", "reserved"),
        ("step time (ms)", "2500", "step_seconds", "2.5"),
        ("train_runtime", "1:00:00", "total_seconds", "3600"),
        ("duration", "1.5 h", "total_seconds", "5400"),
        ("hours", "2", "total_seconds", "7200"),
        ("params (B)", "8", "params_total", "8000000000"),
    ],
)
def test_units_stand_in_headings_and_cells(
    name: str, cell: str, column: str, value: str, tmp_path: Path
) -> None:
    rows = [["model", "method", "gpu", "n_gpus", "tps", name], ["m", "lora", "L40S", "4", "", cell]]
    rows[0][4] = "cost" if column == "tokens_per_second" else "tps"
    rows[1][4] = "5"
    _, (run,) = read(written(tmp_path / "runs.csv", rows), {})
    assert run.cells[column] == value


def test_what_is_stated_needs_no_column(tmp_path: Path) -> None:
    path = written(tmp_path / "runs.csv", [["model", "method", "tok/s"], ["m", "lora", "900"]])
    with pytest.raises(UsageError, match=r"no column 'gpu'; add it, or --set gpu="):
        read(path, {})
    _, (run,) = read(path, {"gpu": "L40S"})
    assert (run.cells["gpu"], run.cells["tokens_per_second"]) == ("L40S", "900")


def test_a_column_of_our_name_counts_before_another_word_for_it(tmp_path: Path) -> None:
    rows = [["model", "method", "gpu", "tok/s", "tokens_per_second"], ["m", "lora", "g", "1", "2"]]
    _, (run,) = read(written(tmp_path / "runs.csv", rows), {})
    assert run.cells["tokens_per_second"] == "2"


@pytest.mark.parametrize("value", ["-3", "0", "inf", "fast"])
def test_a_measured_value_is_a_number_above_zero(value: str, tmp_path: Path) -> None:
    rows = [list(HEAD), ["a", "m", "lora", "L40S", "20", value, "5"]]
    with pytest.raises(UsageError, match="line 2: tokens_per_second is") as error:
        read(written(tmp_path / "runs.csv", rows), {})
    assert "\n" not in str(error.value)


def test_a_table_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_bytes(
        "\t".join(HEAD).encode("utf-16") + "\na\tm\tlora\tL40S\t20\t900\t5".encode("utf-16-le")
    )
    assert read(path, {})[1][0].cells["tokens_per_second"] == "900"


def test_cells_hold_what_is_known_and_finite() -> None:
    values = {
        "a": 3.0,
        "b": 0.5,
        "c": float("inf"),
        "d": float("nan"),
        "e": None,
        "f": "",
        "g": "x",
    }
    assert as_cells(values) == {"a": "3", "b": "0.5", "g": "x"}
