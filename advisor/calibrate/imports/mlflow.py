"""Runs of MLflow: folders of its file store, and the JSON of its REST interface."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from advisor.calibrate.imports.columns import (
    Collected,
    Fields,
    ImportedRun,
    as_cells,
    finite,
    positive,
)
from advisor.calibrate.imports.histories import history
from advisor.calibrate.imports.settings import settings
from advisor.calibrate.imports.training_log import lost_total
from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject

MOST_POINTS = 200_000
MOST_RUNS = 1000
MOST_SETTING = 500

FINISHED = "3"
STATUSES = {"1": "running", "2": "running", FINISHED: "ok"}
"""MLflow's numbers of a run's status: running, scheduled, finished; then failed and killed."""

_META = re.compile(r"^(run_name|start_time|end_time|status): *(.*)$", re.MULTILINE)


def store_runs(folder: Path, gpus: float = 1.0) -> list[ImportedRun]:
    """The runs below a folder of the file store: `mlruns`, an experiment, or a run.

    Raises UsageError where it holds none.
    """
    runs = [run_folder(place, gpus) for place in _places(folder)[:MOST_RUNS]]
    if not runs:
        raise UsageError(f"{folder}: holds no runs of MLflow; give mlruns, or the folder of a run")
    return runs


def is_store(folder: Path) -> bool:
    """Whether a folder is one of MLflow's file store."""
    return bool(_places(folder))


def _places(folder: Path) -> list[Path]:
    """The folders of runs: the folder itself, those in it, or those in its experiments."""
    for pattern in ("metrics", "*/metrics", "*/*/metrics", "mlruns/*/*/metrics"):
        places = sorted(place.parent for place in folder.glob(pattern) if place.is_dir())
        if places:
            return [p for p in places if pattern == "metrics" or (p / "meta.yaml").is_file()]
    return []


def run_folder(folder: Path, gpus: float = 1.0) -> ImportedRun:
    """A run's folder: files `metrics/NAME` with lines `milliseconds value step`, and `params`."""
    rows: dict[tuple[float, float], dict[str, float]] = {}
    for when, step, name, value in sorted(_points(folder / "metrics")):
        row = rows.setdefault((when, step), {"global_step": step, "timestamp": when})
        row[name] = value
    about = _about(folder)
    run = history(
        about.get("run_name") or folder.name,
        [rows[key] for key in sorted(rows)],
        gpus,
        settings(_params(folder / "params")),
    )
    return _with_times(run, about)


def _points(folder: Path) -> Iterator[tuple[float, float, str, float]]:
    """(milliseconds, step, metric, value) of every line of every metric."""
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        name = file.relative_to(folder).as_posix()
        lines = given_files.read_text(file, errors="replace").splitlines()
        for line in lines[:MOST_POINTS]:
            numbers = [finite(word) for word in line.split()[:3]]
            if len(numbers) == 3 and None not in numbers:
                when, value, step = (number or 0.0 for number in numbers)
                yield when, step, name, value


def _params(folder: Path) -> Fields:
    texts: Collected = {}
    for file in folder.rglob("*") if folder.is_dir() else ():
        if file.is_file():
            content = given_files.read_text(file, errors="replace")
            texts[file.relative_to(folder).as_posix()] = content[:MOST_SETTING].strip()
    return texts


def _about(folder: Path) -> Mapping[str, str]:
    """Name, status and times of a run."""
    meta = folder / "meta.yaml"
    if not meta.is_file():
        return {}
    content = given_files.read_text(meta, errors="replace")
    return {name: value.strip().strip("'\"") for name, value in _META.findall(content)}


def _with_times(run: ImportedRun, about: Mapping[str, str]) -> ImportedRun:
    """The run with its outcome, and its whole time where the metrics do not tell it."""
    cells = dict(run.cells)
    if about.get("status"):
        cells["outcome"] = STATUSES.get(about["status"], "failed")
    begun = positive(about.get("start_time"))
    ended = positive(about.get("end_time"))
    if begun and ended and ended > begun and "total_seconds" not in cells and not lost_total(run):
        cells |= as_cells({"total_seconds": (ended - begun) / 1000.0, "total_includes": "all"})
    return ImportedRun(run.label, cells, run.curve, run.scores, run.notes)


def rest_run(label: str, document: JsonObject, gpus: float = 1.0) -> ImportedRun:
    """A run as MLflow's REST interface and `Run.to_dictionary` give it: last values alone."""
    row = _named_values(document["data"].get("metrics"))
    params = _named_values(document["data"].get("params"))
    info = document.get("info")
    about = {str(k): str(v) for k, v in info.items()} if isinstance(info, Mapping) else {}
    run = history(about.get("run_name") or label, [row], gpus, settings(params))
    named = {"FINISHED": FINISHED, "RUNNING": "1", "SCHEDULED": "2"}
    status = about.get("status", "")
    return _with_times(run, {**about, "status": named.get(status, status)})


def _named_values(values: object) -> Collected:
    """Values by name, from a list of `key` and `value` or from an object."""
    if isinstance(values, list):
        return {str(m.get("key")): m.get("value") for m in values if isinstance(m, Mapping)}
    if isinstance(values, Mapping):
        return {str(key): value for key, value in values.items()}
    return {}
