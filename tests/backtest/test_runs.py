"""The back-test of training runs: what it may see, how it scores, and that the shipped page is what
was recorded.
"""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from advisor.backtest import runs
from advisor.backtest.runs_page import page
from advisor.backtest.runs_scores import quantile, score
from advisor.backtest.runs_table import RunRow, read, to_run
from advisor.backtest.runs_twins import twins
from advisor.cli.backtest import command
from advisor.core.errors import UsageError
from advisor.core.quantity import Range
from advisor.core.training import TrainingRun
from advisor.shipped import folder

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "runs"
TABLES = [SHARED / f"{name}.csv" for name in ("runs", "runs_2", "h200", "fitcheck_t4")]
RESULTS = (
    "memory_gib",
    "tokens_per_second",
    "step_seconds",
    "samples_per_second",
    "total_seconds",
    "cost_usd",
    "outcome",
)

CELLS = {
    "id": "a",
    "source": "somebody",
    "framework": "hf",
    "model": "Llama-3.2-3B",
    "params_total": "3212749824",
    "method": "lora",
    "rank": "32",
    "targets": "qv",
    "quantization": "none",
    "weights_dtype": "bf16",
    "compute_dtype": "mixed-bf16",
    "optimizer": "adamw",
    "packed": "no",
    "mean_tokens": "209.9",
    "max_tokens": "768",
    "micro_batch": "4",
    "grad_accum": "1",
    "checkpointing": "none",
    "attention": "sdpa",
    "fused_loss": "no",
    "gpu": "L40S",
    "gpu_count": "1",
    "sharding": "none",
    "outcome": "ok",
    "memory_gib": "17.2",
    "memory_basis": "reserved",
    "tokens_per_second": "5400",
    "tokens_basis": "real",
    "total_seconds": "780",
    "total_includes": "train",
    "total_samples": "20000",
    "trust": "A",
    "suspect": "no",
}


def table(path: Path, *changes: dict[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, dict.fromkeys((*CELLS, *RESULTS)), restval="")
        writer.writeheader()
        writer.writerows({**CELLS, "id": f"run-{i}", **change} for i, change in enumerate(changes))
    return path


def forecast(path: Path, **kwargs: object) -> list[dict[str, object]]:
    return json.loads(runs.run(path, True, **kwargs))["rows"]


def test_a_row_gets_every_forecast(tmp_path: Path) -> None:
    (row,) = forecast(table(tmp_path / "runs.csv", {}))
    assert set(row) == {"id", "memory_gib", "tokens_per_second", "total_seconds", "fits", "reason"}
    for measure, low, high in (
        ("memory_gib", 12, 25),
        ("tokens_per_second", 2500, 12_000),
        ("total_seconds", 300, 1700),
    ):
        found = row[measure]
        assert low < found["p10"] < found["p50"] < found["p90"] < high
    assert row["fits"] == "fits"


def test_results_are_never_looked_at(tmp_path: Path) -> None:
    honest = forecast(table(tmp_path / "a.csv", {}))
    absurd = dict.fromkeys(RESULTS, "999999") | {"outcome": "oom"}
    assert forecast(table(tmp_path / "b.csv", absurd)) == honest
    assert forecast(table(tmp_path / "c.csv", dict.fromkeys(RESULTS, ""))) == honest


def test_what_cannot_be_said_is_null_with_a_reason(tmp_path: Path) -> None:
    (row,) = forecast(table(tmp_path / "runs.csv", {"gpu": "", "total_samples": ""}))
    assert row["tokens_per_second"] is None
    assert row["total_seconds"] is None
    assert "not in profiles/gpus" in row["reason"]
    assert "number of samples" in row["reason"]
    assert row["fits"] == "unknown"
    (row,) = forecast(table(tmp_path / "runs.csv", {"model": "nobody's", "params_total": ""}))
    assert row["memory_gib"] is None
    assert "nobody's" in row["reason"]


def test_calibration_learns_from_one_run_and_scores_the_others(tmp_path: Path) -> None:
    lengths = ("400", "768", "1024")
    changes = [{"max_tokens": n, "tokens_per_second": "2000", "micro_batch": "8"} for n in lengths]
    path = table(tmp_path / "runs.csv", *changes)
    before, after = forecast(path), forecast(path, calibrate=True)
    taught = [i for i, row in enumerate(after) if row["tokens_per_second"] is None]
    assert len(taught) == 1
    for i in {0, 1, 2} - set(taught):
        assert 2000 < after[i]["tokens_per_second"]["p50"] < before[i]["tokens_per_second"]["p50"]


def test_one_run_of_a_group_teaches_other_set_ups_where_asked(tmp_path: Path) -> None:
    rows = read(
        table(
            tmp_path / "runs.csv",
            *({"rank": r, "max_tokens": n} for r in "12" for n in ("400", "768")),
        )
    )
    for by_set_up, silent in ((True, 2), (False, 1)):
        told = runs.predict(rows, True, by_set_up=by_set_up)
        assert sum(f.tokens_per_second.p50 is None for f in told) == silent


def test_a_run_without_a_partner_is_not_scored_after_calibration(tmp_path: Path) -> None:
    path = table(tmp_path / "runs.csv", {}, {"gpu_count": "2", "sharding": "ddp"})
    for row in forecast(path, calibrate=True):
        assert row["tokens_per_second"] is None
        assert "no matched run" in row["reason"]


def test_the_teacher_is_chosen_before_its_result_is_known(tmp_path: Path) -> None:
    def taught(*speeds: str) -> list[int]:
        changes = [
            {"max_tokens": n, "mean_tokens": n, "packed": "yes", "tokens_per_second": s}
            for n, s in zip(("128", "1024", "8192"), speeds, strict=True)
        ]
        after = forecast(table(tmp_path / "runs.csv", *changes), calibrate=True)
        return [i for i, row in enumerate(after) if row["tokens_per_second"] is None]

    assert taught("900", "5000", "6000") == taught("7000", "100", "3") == [1]


def test_a_teacher_without_a_printed_speed_teaches_by_its_wall_time(tmp_path: Path) -> None:
    changes = [
        {"tokens_per_second": "", "total_seconds": t, "max_tokens": n}
        for t, n in (("2000", "700"), ("1", "768"))
    ]
    path = table(tmp_path / "runs.csv", *changes)
    before, after = forecast(path), forecast(path, calibrate=True)
    (scored,) = [i for i, row in enumerate(after) if row["total_seconds"] is not None]
    measured = float(changes[1 - scored]["total_seconds"])
    assert abs(after[scored]["total_seconds"]["p50"] - measured) < abs(
        before[scored]["total_seconds"]["p50"] - measured
    )


def test_a_guessed_length_widens_the_time_and_not_the_speed(tmp_path: Path) -> None:
    stated, guessed = forecast(table(tmp_path / "runs.csv", {}, {"mean_tokens": ""}))

    def width(row: dict[str, object], measure: str) -> float:
        return row[measure]["p90"] / row[measure]["p10"]

    assert width(guessed, "total_seconds") > 1.3 * width(stated, "total_seconds")
    assert width(guessed, "tokens_per_second") < 1.2 * width(stated, "tokens_per_second")


def test_samples_of_any_length_may_take_any_time(tmp_path: Path) -> None:
    (row,) = forecast(table(tmp_path / "runs.csv", {"mean_tokens": "", "max_tokens": ""}))
    assert row["total_seconds"] is None
    assert "neither mean nor limit" in row["reason"]
    assert row["memory_gib"]


def test_a_source_that_counts_no_tokens_pads_its_batches() -> None:
    counted, silent = (
        to_run(RunRow(2, {**CELLS, "tokens_basis": basis}), {}, {}) for basis in ("real", "")
    )
    assert (counted.padding_free, silent.padding_free) == (True, False)


def test_unnamed_adapters_are_no_partners_and_whole_models_are() -> None:
    def kind(**cells: str) -> tuple[str, ...]:
        return RunRow(2, {**CELLS, **cells}).kind

    assert kind(method="full", trainable_params="7") == kind(method="full", trainable_params="8")
    assert kind(method="lora", trainable_params="7") != kind(method="lora", trainable_params="8")
    assert kind(method="other", id="a") != kind(method="other", id="b")
    assert kind(method="other", trainable_params="7", id="a") == kind(
        method="other", trainable_params="7", id="b"
    )


def test_runs_of_equal_inputs_differ_by_what_no_column_tells() -> None:
    def rows(**cells: str) -> list[RunRow]:
        years = zip(("100", "120", "90", "50"), ("2024", "2025", "2026", "2027"), strict=True)
        return [RunRow(2, {**CELLS, **cells, "tokens_per_second": s, "date": d}) for s, d in years]

    found = twins([*rows(), *rows(source="b")[:2], RunRow(2, {**CELLS, "micro_batch": "1"})])
    assert list(found) == ["somebody"]
    assert found["somebody"]["rows"] == 3
    assert found["somebody"]["median"] == pytest.approx(0.25)


def test_a_padded_run_of_a_data_set_does_not_fill_its_limit() -> None:
    cells = {**CELLS, "tokens_basis": "padded", "mean_tokens": "", "max_tokens": "4096"}
    assert to_run(RunRow(2, cells), {}, {}).mean_tokens < 1000
    assert to_run(RunRow(2, {**cells, "total_samples": ""}), {}, {}).mean_tokens == 4096


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), abs=1e-9)


def test_scores_by_hand() -> None:
    pairs = [
        (10.0, Range(8.0, 11.0, 16.0)),
        (10.0, Range(11.0, 12.0, 22.0)),
        (10.0, Range(None, None, None)),
    ]
    found = score(pairs)
    assert (found["rows"], found["answered"]) == (3, 2)
    assert found["median_error"] == pytest.approx(0.15)
    assert found["p90_error"] == pytest.approx(0.19)
    assert found["coverage"] == 0.5
    assert found["width"] == 2.0


def test_words_of_libraries_mean_ours_and_what_nobody_knows_is_not_stated(tmp_path: Path) -> None:
    ours = {"optimizer": "adamw8bit", "sharding": "fsdp", "gpu_count": "2", "method": "qlora"}
    theirs = ours | {"optimizer": "adamw_bnb_8bit", "sharding": "FSDP2", "method": "QLoRA"}
    odd = {"fused_loss": "perhaps", "checkpointing": "0", "micro_batch": "0", "gpu": "NVIDIA L40S"}
    path = table(tmp_path / "t.csv", ours, theirs, odd, {"fused_loss": "", "micro_batch": ""})
    one, other, unread, left_open = runs.predict(read(path))
    assert one.run == other.run
    assert "fused_loss 'perhaps'" in "; ".join(unread.reasons)
    assert {"fused_loss", "micro_batch"} <= set(unread.run.assumed)
    assert unread.memory_gib == left_open.memory_gib
    assert unread.tokens_per_second == left_open.tokens_per_second


@pytest.mark.parametrize("cell", ["2k", "-1", "nan", "inf"])
def test_a_number_that_is_none_is_named_with_its_line(tmp_path: Path, cell: str) -> None:
    path = table(tmp_path / "t.csv", {"max_tokens": cell})
    with pytest.raises(UsageError, match=f"line 2: max_tokens is '{cell}', not a number"):
        runs.predict(read(path))


def test_inputs_left_open_are_named() -> None:
    cells = {**CELLS, "micro_batch": "", "checkpointing": "", "mean_tokens": ""}
    run = to_run(RunRow(2, cells), {}, {})
    assert set(run.assumed) == {"micro_batch", "checkpointing", "mean_tokens"}
    assert to_run(RunRow(2, CELLS), {}, {}).assumed == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "no column 'id'"),
        (",".join(CELLS) + "\n" + ",".join(["x"] * len(CELLS)) + "\n", "not a number"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as raised:
        runs.run(path, True)
    assert "\n" not in str(raised.value)


def test_the_command_prints_tables_by_group(tmp_path: Path) -> None:
    path = table(tmp_path / "runs.csv", {}, {"gpu": "A10"}, {"gpu": "A10"})
    for by in ("source", "gpu", "method"):
        done = CliRunner().invoke(command, ["runs", str(path), "--by", by], catch_exceptions=False)
        assert done.exit_code == 0
        assert f"### Peak memory, by {by}" in done.stdout
    assert "| A10 | 2 |" in CliRunner().invoke(command, ["runs", str(path), "--by", "gpu"]).stdout


def test_a_layout_in_one_word_is_stated() -> None:
    def run(**cells: str) -> TrainingRun:
        return to_run(RunRow(2, {**CELLS, "gpu_count": "4", **cells}), {}, {})

    offloaded = run(sharding="ZeRO-3 offload")
    assert offloaded == run(sharding="zero3", offload="full")
    assert "sharding" not in offloaded.assumed
    by_position = run(sharding="sequence parallel")
    assert (by_position.context_parallel, by_position.sharding) == (4, "ddp")
    assert "sharding" not in by_position.assumed
    assert not RunRow(2, {**CELLS, "sharding": "context parallel"}).unread


@pytest.mark.parametrize("asked", [{"by": "gpu"}, {"calibrate": True}])
def test_the_shipped_record_cannot_be_grouped_anew(asked: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="need a FILE"):
        runs.run(None, False, **asked)


def test_the_page_is_what_was_recorded() -> None:
    recorded = json.loads(
        (folder("profiles") / "training_accuracy.json").read_text(encoding="utf-8")
    )
    assert (ROOT / "docs" / "reference" / "accuracy-runs.md").read_text(encoding="utf-8") == page(
        recorded
    )
    shown = json.loads(runs.run(None, True))
    assert shown["summary"] == recorded


@pytest.mark.skipif(not TABLES[0].is_file(), reason="the published runs are not here")
def test_the_record_is_what_the_estimator_reaches_today() -> None:
    from advisor.backtest.runs_scores import summary

    recorded = json.loads(
        (folder("profiles") / "training_accuracy.json").read_text(encoding="utf-8")
    )
    rows = [row for path in TABLES for row in read(path)]
    today = summary(runs.predict(rows), "source")
    for measure in ("memory_gib", "memory_gib_specified", "tokens_per_second", "total_seconds"):
        for key, value in recorded[measure]["mean"].items():
            assert math.isclose(today[measure]["mean"][key], value, rel_tol=0.1), (measure, key)
    assert today["fits"]["ran_right"] == pytest.approx(recorded["fits"]["ran_right"], rel=0.02)
