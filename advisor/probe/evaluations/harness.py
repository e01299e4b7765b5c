"""lm-evaluation-harness: `samples_*.jsonl` of `--log_samples`, and `results_*.json`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import ScoredSystem, Systems, option_name, score_of

METRICS = ("exact_match", "acc", "em", "f1", "pass@1", "pass_at_1", "acc_norm", "mc2", "rougeL")
"""Scores of a sample, the first that it has counts."""


def is_sample(row: Any) -> bool:
    """Whether this is one line of a samples file."""
    return (
        isinstance(row, Mapping) and "doc_id" in row and ("resps" in row or "filtered_resps" in row)
    )


def is_results(document: Any) -> bool:
    """Whether a JSON object is a results file."""
    results = document.get("results") if isinstance(document, Mapping) else None
    return (
        isinstance(results, Mapping)
        and all(
            isinstance(task, Mapping) and any(",none" in key or "," in key for key in task)
            for task in results.values()
        )
        and bool(results)
    )


def read_samples(path: Path, rows: Sequence[JsonObject]) -> Systems:
    """The system of a samples file; model and examples are those of the results file beside it,
    else the model is what its folder is called.
    """
    systems = Systems()
    beside = _results_beside(path)
    shots = _shots(beside, _task_of(path)) if beside is not None else None
    model = _model(beside) if beside is not None else path.resolve().parent.name
    name = option_name(model.replace("__", "/").rpartition("/")[2], shots=shots)
    filters = list(dict.fromkeys(str(row.get("filter", "")) for row in rows))
    if len(filters) > 1:
        systems.note(f"of the filters {', '.join(filters)} the first is kept")
    metric = _metric(rows)
    if not metric:
        raise UsageError(
            f"{path}: no score from 0 to 1 in its samples; scores are {', '.join(METRICS)}"
        )
    for row in rows:
        if str(row.get("filter", "")) == filters[0]:
            systems.add(name, str(row.get("doc_hash") or row["doc_id"]), score_of(row.get(metric)))
    return systems


def _metric(rows: Sequence[JsonObject]) -> str:
    """The score that the rows name themselves, else the first of the usual ones."""
    stated = [str(name) for name in rows[0].get("metrics") or ()]
    for name in (*(m for m in METRICS if m in stated), *stated, *METRICS):
        if all(score_of(row.get(name)) is not None for row in rows):
            return name
    return ""


def read_results(path: Path, document: JsonObject) -> Systems:
    """The system of a results file of one task: its mean alone. Raises UsageError."""
    systems = Systems()
    tasks = document["results"]
    if len(tasks) > 1:
        raise UsageError(
            f"{path}: {len(tasks)} tasks ({', '.join(sorted(tasks)[:5])}); give the samples file "
            "of one: lm_eval --log_samples"
        )
    task, scores = next(iter(tasks.items()))
    metric = next((m for m in METRICS for key in scores if key.partition(",")[0] == m), "")
    value = next((v for key, v in scores.items() if key.partition(",")[0] == metric), None)
    mean = score_of(value)
    count = (document.get("n-samples") or {}).get(task) or {}
    items = count.get("effective") if isinstance(count, Mapping) else None
    if mean is None or not items:
        raise UsageError(f"{path}: no score from 0 to 1 with its number of samples")
    shots = _shots(document, task)
    name = option_name(_model(document).rpartition("/")[2], shots=shots)
    systems.by_name[name] = ScoredSystem(name, mean=mean, count=int(items))
    systems.note("a mean without items: options are not compared in pairs")
    return systems


def _task_of(path: Path) -> str:
    """The task in `samples_TASK_2025-01-01T00-00-00.jsonl`."""
    match = re.match(r"samples_(.+?)(?:_\d{4}-\d\d-\d\dT.*)?$", path.stem)
    return match.group(1) if match else ""


def _results_beside(path: Path) -> JsonObject | None:
    """The results file of the same moment, else the only one of the folder."""
    moment = re.search(r"_(\d{4}-\d\d-\d\dT[\d.:-]+)$", path.stem)
    files = sorted(path.parent.glob("results_*.json"))
    same = [file for file in files if moment and moment.group(1) in file.stem]
    chosen = same or (files if len(files) == 1 else [])
    if not chosen:
        return None
    try:
        document = bounded_json.loads(given_files.read_text(chosen[0]))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _model(document: JsonObject) -> str:
    config = document.get("config") or {}
    stated = document.get("model_name") or document.get("model_name_or_path") or ""
    arguments = config.get("model_args")
    if isinstance(arguments, Mapping):
        stated = stated or str(arguments.get("pretrained") or arguments.get("model") or "")
    elif isinstance(arguments, str) and not stated:
        pairs = dict(part.partition("=")[::2] for part in arguments.split(","))
        stated = pairs.get("pretrained") or pairs.get("model") or ""
    return str(stated or config.get("model") or "model").rstrip("/")


def _shots(document: JsonObject, task: str) -> int | None:
    shots = (document.get("n-shot") or {}).get(task)
    return shots if isinstance(shots, int) else None
