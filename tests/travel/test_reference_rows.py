"""Shared records become rows that the back-test and the import read as the same runs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from advisor import experiments, facts, own_runs, travel
from advisor.backtest.runs_table import RunRow, to_run
from tests.experiments.test_learned import keep_training
from tools.reference_rows import COLUMNS, rows


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def test_rows_say_what_the_records_measured(tmp_path: Path) -> None:
    book = facts.load()
    paths = []
    for speed in (100.0, 200.0):
        path = tmp_path / f"{speed}.json"
        path.write_text(travel.shareable_text(experiments.run_record(keep_training(speed))))
        paths.append(path)
    (tmp_path / "broken.json").write_text(paths[0].read_text().replace("100.0", "101.0"))
    (tmp_path / "list.json").write_text("[]")
    complaints = io.StringIO()
    table = list(rows([*paths, tmp_path / "broken.json", tmp_path / "list.json"], book, complaints))
    assert [row["tokens_per_second"] for row in table] == ["100", "200"]
    assert complaints.getvalue().count("left out") == 2
    (measured, _) = own_runs.measurements(book, "L40S")
    read = to_run(
        RunRow(0, table[0]), {"Llama-3.2-1B": measured.run.model}, {"L40S": book.gpu("L40S")}
    )
    for name in ("model", "method", "rank", "targets", "micro_batch", "seq_len", "dtype", "packed"):
        assert getattr(read, name) == getattr(measured.run, name), name
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(table)
    (tmp_path / "rows.csv").write_text(text.getvalue())
    assert travel.take_in_file(tmp_path / "rows.csv", {}).count == 2
    speeds = [m.tokens_per_second for m in own_runs.measurements(book, "L40S")]
    assert sorted(speeds) == [100.0, 100.0, 200.0, 200.0]


def test_a_record_of_a_cpu_gives_no_row(tmp_path: Path) -> None:
    run = experiments.run_record(keep_training(100.0))
    document = json.loads(travel.shareable_text(run))
    document["run"]["device"] = "a CPU"
    document.pop("sha256")
    (tmp_path / "cpu.json").write_text(json.dumps(document))
    complaints = io.StringIO()
    assert list(rows([tmp_path / "cpu.json"], facts.load(), complaints)) == []
    assert "no training measured on a GPU" in complaints.getvalue()
