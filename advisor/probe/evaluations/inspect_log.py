"""Logs of inspect_ai: `.eval` (a zip of JSON files) and `.json`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from advisor.core import bounded_json
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import ScoredSystem, Systems, model_in, option_name, score_of

MOST_BYTES = 512 * 1024 * 1024
HEADERS = ("header.json", "_journal/start.json")


def is_log(document: Any) -> bool:
    """Whether a JSON object is a log of inspect_ai."""
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("eval"), Mapping)
        and "model" in document["eval"]
    )


def read_log(document: JsonObject) -> Systems:
    """The system of a log in JSON; items are samples by their id."""
    return _systems(document, document.get("samples") or ())


def read_archive(path: Path) -> Systems:
    """The system of a `.eval` file. Raises UsageError where it is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                raise UsageError(f"{path}: more than 512 MiB; export its scores as CSV")
            header = next((name for name in HEADERS if name in names), None)
            if header is None:
                raise UsageError(f"{path}: no header.json; give a log of inspect_ai")
            document = _loaded(archive, header)
            if not is_log(document):
                raise UsageError(f"{path}: names no model; give a log of inspect_ai")
            return _systems(document, _samples(archive, names))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{path}: cannot be read ({error}); write it as JSON: inspect log convert --to json"
        ) from None


def _samples(archive: zipfile.ZipFile, names: list[str]) -> Iterator[JsonObject]:
    """The summaries of all samples, else every sample by itself."""
    if "summaries.json" in names:
        yield from _loaded(archive, "summaries.json")
        return
    for name in names:
        if name.startswith("samples/") and name.endswith(".json"):
            yield _loaded(archive, name)


def _loaded(archive: zipfile.ZipFile, name: str) -> Any:
    return bounded_json.loads(archive.read(name))


def _systems(log: JsonObject, samples: Any) -> Systems:
    systems = Systems()
    about = log["eval"]
    arguments = json.dumps([about.get("task"), about.get("task_args"), about.get("solver")])
    shots = (about.get("task_args") or {}).get("fewshot")
    name = option_name(
        model_in(str(about["model"])), arguments, shots if isinstance(shots, int) else None
    )
    scorer = ""
    for sample in samples:
        scores = sample.get("scores") or {}
        if not scores:
            continue
        scorer = scorer if scorer in scores else next(iter(scores))
        if len(scores) > 1:
            systems.note(f"of {len(scores)} scorers {scorer} is kept")
        value = scores[scorer]
        value = value.get("value") if isinstance(value, Mapping) else value
        score = score_of(value)
        if score is None:
            systems.note(f"scores of {scorer} that are not from 0 to 1 are left out")
        systems.add(name, str(sample.get("id")), score)
    if not systems.by_name:
        _add_mean(systems, name, log.get("results"))
    return systems


def _add_mean(systems: Systems, name: str, results: Any) -> None:
    """The mean of a log without scored samples (`--no-log-samples`, or its header alone)."""
    scorers = results.get("scores") if isinstance(results, Mapping) else None
    if not isinstance(scorers, list) or not scorers:
        return
    metrics = scorers[0].get("metrics") or {}
    means = (score_of((metrics.get(key) or {}).get("value")) for key in ("accuracy", "mean"))
    mean = next((value for value in means if value is not None), None)
    count = results.get("completed_samples") or results.get("total_samples")
    if mean is None or not count:
        return
    systems.by_name[name] = ScoredSystem(name, mean=mean, count=int(count))
    systems.note("a mean without items: options are not compared in pairs")
