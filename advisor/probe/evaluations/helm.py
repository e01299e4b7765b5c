"""HELM: `per_instance_stats.json` of a run, with its `run_spec.json` beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import Systems, option_name, score_of

METRICS = ("f1_score", "exact_match", "quasi_exact_match", "rouge_l", "bleu_4")
"""Scores of an item, the first that all have counts. HELM computes F1 only of free answers, whose
exact match says little.
"""


def is_stats(document: Any) -> bool:
    """Whether a JSON value is HELM's scores per item."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(i, Mapping) and "instance_id" in i and "stats" in i for i in document)
    )


def read_stats(path: Path, items: Sequence[JsonObject]) -> Systems:
    """The system of a run; items that were changed on purpose (perturbations) are left out.

    Raises UsageError where no item has a score from 0 to 1.
    """
    systems = Systems()
    plain = [item for item in items if not item.get("perturbation")]
    if len(plain) < len(items):
        systems.note("perturbed items are left out")
    tested = [item for item in plain if _split(item) == "test"]
    if 0 < len(tested) < len(plain):
        systems.note(f"{len(plain) - len(tested)} items of other splits than test are left out")
        plain = tested
    scores = [_scores(item) for item in plain]
    metric = next((m for m in METRICS if scores and all(m in means for means in scores)), "")
    if not metric:
        raise UsageError(f"{path}: no score from 0 to 1 that all items have ({', '.join(METRICS)})")
    systems.note(f"of HELM's scores {metric} is kept")
    name = _name(path)
    for item, means in zip(plain, scores, strict=True):
        systems.add(name, str(item["instance_id"]), means[metric])
    return systems


def _split(item: JsonObject) -> str:
    """The part of the data set that an item is of."""
    return next((str((s.get("name") or {}).get("split", "")) for s in item["stats"]), "")


def _scores(item: JsonObject) -> dict[str, float]:
    """Means by metric of one item that lie from 0 to 1."""
    means = {}
    for stat in item["stats"]:
        about = stat.get("name") or {}
        score = score_of(stat.get("mean"))
        if score is not None and not about.get("perturbation"):
            means[str(about.get("name"))] = score
    return means


def _name(path: Path) -> str:
    """The option of a run: its model and how many examples its prompt shows."""
    try:
        spec = bounded_json.loads(given_files.read_text(path.parent / "run_spec.json"))
        adapter = spec["adapter_spec"]
        shots = adapter.get("max_train_instances")
        return option_name(
            str(adapter["model"]).rpartition("/")[2],
            shots=shots if isinstance(shots, int) else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        _, _, model = path.resolve().parent.name.partition("model=")
        return option_name(model.partition(",")[0].rpartition("_")[2] or "model")
