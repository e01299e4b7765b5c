"""No file of a run or of scores breaks an import: it is read, or refused in one line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.calibrate import imports
from advisor.calibrate.imports.columns import COLUMNS
from advisor.core.errors import AdvisorError
from advisor.probe.results import read_results
from advisor.probe.traffic import read_log
from tests.fuzz.data_files import texts, values
from tests.fuzz.invariants import answer_or_refusal, check_numbers, runs

LOGGED = (
    "step", "epoch", "loss", "train_loss", "train_runtime", "train_samples_per_second",
    "train_steps_per_second", "num_input_tokens_seen", "learning_rate", "eval_loss", "grad_norm",
    "current_steps", "total_steps", "elapsed_time", "remaining_time", "_runtime", "_step",
    "tokens_per_second_per_gpu", "peak_memory_active", "total_flos", "throughput",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def amounts() -> st.SearchStrategy[Any]:
    """A number as logs have it, plain or not, or anything."""
    odd = st.sampled_from(["1e400", "nan", "-0", "1,234", "0:12:34", "-1", "12 GiB", 10**400])
    return st.one_of(st.floats(0, 1e6), st.integers(0, 10**6), odd, st.floats(), values())


def entries() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(LOGGED), amounts(), max_size=8)


def documents() -> st.SearchStrategy[Any]:
    """What trainers and trackers leave behind, with wrong parts."""
    state = st.fixed_dictionaries(
        {"log_history": st.lists(entries() | values(), max_size=5)},
        optional={"global_step": amounts(), "max_steps": amounts(), "epoch": amounts()},
    )
    peft = st.fixed_dictionaries(
        {"run_info": values() | entries(), "train_info": values() | entries()},
        optional={"meta_info": values()},
    )
    peft_proper = st.fixed_dictionaries(
        {
            "run_info": st.dictionaries(st.sampled_from(["peft_config", "model_info"]), values()),
            "train_info": st.fixed_dictionaries({"metrics": st.lists(entries(), max_size=3)}),
        }
    )
    mlflow = st.fixed_dictionaries({"data": st.fixed_dictionaries({"metrics": values()})})
    return st.one_of(state, entries(), peft, peft_proper, mlflow, values())


@st.composite
def run_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """(name, content) of a JSON document, JSON lines, a printed log or a table."""
    form = draw(st.sampled_from(["json", "jsonl", "log", "csv", "published"]))
    if form == "json":
        content = json.dumps(draw(documents()))
    elif form == "jsonl":
        content = "\n".join(json.dumps(draw(entries())) for _ in range(3))
    elif form == "log":
        printed = " ".join(f"{k}:{v}" for k, v in draw(entries()).items())
        content = f"Step 1 | {printed}\n{draw(entries())!r}\n{draw(texts())}"
    else:
        names = list(COLUMNS) if form == "published" else list(LOGGED)
        content = _table(draw, names)
    return f"run.{form}", content.encode("utf-8", "replace")


def _table(draw: st.DrawFn, names: list[str]) -> str:
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=8))  # also twice
    text = io.StringIO()
    writer = csv.writer(text, escapechar="\\")
    writer.writerow(chosen)
    for _ in range(draw(st.integers(0, 4))):
        width = len(chosen) + draw(st.sampled_from([0, 0, 0, 1, -1]))
        writer.writerow([draw(amounts()) for _ in range(width)])
    return text.getvalue()


@runs(80, share=0.1)
@given(file=run_files())
def test_a_run_is_read_or_refused_in_one_line(folder: Path, file: tuple[str, bytes]) -> None:
    path = folder / file[0]
    path.write_bytes(file[1])
    outcome = answer_or_refusal("runs", lambda: imports.read(path, {}))
    if isinstance(outcome, AdvisorError):
        assert str(outcome).startswith(str(path))
    else:
        for run in outcome[1]:
            check_numbers(run)
            assert not any(cell.lower() in ("nan", "inf", "-inf") for cell in run.cells.values())


@st.composite
def score_tables(draw: st.DrawFn) -> bytes:
    names = ["item", *draw(st.lists(texts(), max_size=3))]
    scores = st.one_of(st.floats(0, 1), st.sampled_from(["", "nan", "inf", "2", "1e400"]), texts())
    text = io.StringIO()
    writer = csv.writer(text, escapechar="\\")
    writer.writerow(draw(st.sampled_from([names, names[1:], []])))
    for _ in range(draw(st.integers(0, 4))):
        writer.writerow([draw(scores) for _ in names])
    return text.getvalue().encode("utf-8", "replace")


@runs(40, share=0.05)
@given(content=score_tables() | st.binary(max_size=40))
def test_scores_are_read_or_refused_in_one_line(folder: Path, content: bytes) -> None:
    path = folder / "scores.csv"
    path.write_bytes(content)
    outcome = answer_or_refusal("score tables", lambda: read_results(path))
    if isinstance(outcome, AdvisorError):
        assert str(outcome).startswith(str(path))


@st.composite
def traffic_logs(draw: st.DrawFn) -> bytes:
    times = st.sampled_from(
        ["2026-01-01T00:00:00Z", "2026-01-01 00:00:01", "1767225600", "1e400", "-1", "0000-00-00"]
    )
    lines = [f"{draw(times | texts())},{draw(texts())}" for _ in range(draw(st.integers(0, 5)))]
    heading = draw(st.sampled_from(["time,prefix", "timestamp", "time", "", "x,y"]))
    return "\n".join([heading, *lines]).encode("utf-8", "replace")


@runs(40, share=0.05)
@given(content=traffic_logs() | st.binary(max_size=40))
def test_a_traffic_log_is_read_or_refused_in_one_line(folder: Path, content: bytes) -> None:
    path = folder / "traffic.csv"
    path.write_bytes(content)
    outcome = answer_or_refusal("traffic logs", lambda: read_log(path))
    if isinstance(outcome, AdvisorError):
        assert str(outcome).startswith(str(path))
    else:
        check_numbers(outcome)


def test_a_run_of_no_time_has_no_speed(folder: Path) -> None:
    """Its share of the steps became 0, and a step took seconds divided by 0."""
    path = folder / "run.log"
    path.write_text(
        "{'train_runtime': 3.3e-286, 'train_steps_per_second': 3.3e-286, 'train_loss': 4.2e-79}"
    )
    outcome = answer_or_refusal("runs", lambda: imports.read(path, {}))
    assert not isinstance(outcome, AdvisorError)
    (run,) = outcome[1]
    assert set(run.cells) == {"outcome", "framework"}


def test_a_run_of_endless_steps_has_no_time(folder: Path) -> None:
    """Seconds divided by a part of a step were infinite, and no cell could hold them."""
    path = folder / "run.jsonl"
    path.write_text(
        '{"train_loss": 1.2, "_step": 2.1e-293}\n{"train_runtime": 2.2e294, "loss": 1.0}'
    )
    outcome = answer_or_refusal("runs", lambda: imports.read(path, {}))
    assert not isinstance(outcome, AdvisorError)
    assert all("seconds" not in name for run in outcome[1] for name in run.cells)
