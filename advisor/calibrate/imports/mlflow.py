"""Runs of MLflow: a run's folder in `mlruns`, and the JSON of its REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.calibrate.imports.columns import ImportedRun, finite
from advisor.calibrate.imports.tables import history
from advisor.core.experiment import JsonObject

MOST_POINTS = 200_000


def run_folder(folder: Path) -> ImportedRun:
    """A run's folder: files `metrics/NAME` with lines `milliseconds value step`."""
    points: dict[tuple[float, str], tuple[float, float]] = {}
    root = folder / "metrics"
    for file in sorted(p for p in root.rglob("*") if p.is_file()):
        name = file.relative_to(root).as_posix()
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        for line in lines[:MOST_POINTS]:
            words = line.split()
            numbers = [finite(word) for word in words[:3]]
            if len(numbers) == 3 and None not in numbers:
                when, value, step = (number or 0.0 for number in numbers)
                points[step, name] = (value, when)
    return _by_step(folder.name, points)


def rest_run(label: str, document: JsonObject) -> ImportedRun:
    """A run as MLflow's REST interface and `Run.to_dictionary` give it: last values alone."""
    metrics = document["data"].get("metrics")
    row: dict[str, object] = {}
    if isinstance(metrics, list):
        row = {str(m.get("key")): m.get("value") for m in metrics if isinstance(m, Mapping)}
    elif isinstance(metrics, Mapping):
        row = {str(key): value for key, value in metrics.items()}
    info = document.get("info")
    name = info.get("run_name") if isinstance(info, Mapping) else None
    return history(str(name or label), [row])


def _by_step(label: str, points: Mapping[tuple[float, str], tuple[float, float]]) -> ImportedRun:
    """The history of a run from (step, metric) → (value, milliseconds)."""
    rows: dict[float, dict[str, float | str]] = {}
    begun = min((when for _, when in points.values()), default=0.0)
    for (step, name), (value, when) in sorted(points.items()):
        row = rows.setdefault(step, {"_step": step})
        row[name] = value
        row["_runtime"] = (when - begun) / 1000.0
    return history(label, list(rows.values()))
