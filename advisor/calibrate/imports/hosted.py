"""Training jobs as providers describe them: OpenAI, Together, Fireworks, Vertex AI, SageMaker.

A provider says when a job began and ended, not on which GPU it ran: such a run is kept and corrects
no estimate. SageMaker names the machine, whose GPUs are its `_INSTANCES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from advisor.calibrate.imports.columns import Collected, Fields, ImportedRun, as_cells, positive

_OUTCOMES = (
    (re.compile(r"succeed|complete", re.IGNORECASE), "ok"),
    (re.compile(r"fail|cancel|error|stop|expire", re.IGNORECASE), "failed"),
)
_INSTANCES = {
    "p3.2xlarge": ("V100-16GB-SXM2", 1),
    "p3.8xlarge": ("V100-16GB-SXM2", 4),
    "p3.16xlarge": ("V100-16GB-SXM2", 8),
    "p4d.24xlarge": ("A100-40GB-SXM", 8),
    "p4de.24xlarge": ("A100-80GB-SXM", 8),
    "p5.48xlarge": ("H100-SXM", 8),
    "g5.12xlarge": ("A10G", 4),
    "g5.24xlarge": ("A10G", 4),
    "g5.48xlarge": ("A10G", 8),
    "g6.12xlarge": ("L4", 4),
    "g6.24xlarge": ("L4", 4),
    "g6.48xlarge": ("L4", 8),
    "g6e.12xlarge": ("L40S", 4),
    "g6e.24xlarge": ("L40S", 4),
    "g6e.48xlarge": ("L40S", 8),
}
_ONE_GPU = {"g5": "A10G", "g6": "L4", "g6e": "L40S"}
"""GPUs of AWS's machines, docs.aws.amazon.com/batch/latest/userguide/gpu-jobs.html; the other sizes
of these families have one GPU.
"""


@dataclass(frozen=True, slots=True)
class _JobDescription:
    """Where a provider's JSON says what; a path of keys has dots between them."""

    name: str
    recognised_by: tuple[str, ...]
    model: str
    begun: tuple[str, ...]
    ended: tuple[str, ...]
    status: str
    epochs: tuple[str, ...]
    rank: str = ""
    tokens: str = ""


_JOBS = (
    _JobDescription(
        "OpenAI",
        ("trained_tokens", "fine_tuned_model"),
        "model",
        ("created_at",),
        ("finished_at",),
        "status",
        ("hyperparameters.n_epochs", "method.supervised.hyperparameters.n_epochs"),
        tokens="trained_tokens",
    ),
    _JobDescription(
        "Together",
        ("training_file", "n_epochs", "token_count"),
        "model",
        ("started_at", "created_at"),
        ("completed_at", "updated_at"),
        "status",
        ("n_epochs",),
        "training_type.lora_r",
        "token_count",
    ),
    _JobDescription(
        "Fireworks",
        ("baseModel", "createTime", "dataset"),
        "baseModel",
        ("createTime",),
        ("completedTime", "updateTime"),
        "state",
        ("epochs",),
        "loraRank",
    ),
    _JobDescription(
        "Vertex AI",
        ("baseModel", "createTime", "supervisedTuningSpec"),
        "baseModel",
        ("startTime", "createTime"),
        ("endTime",),
        "state",
        ("supervisedTuningSpec.hyperParameters.epochCount",),
        tokens="tuningDataStats.supervisedTuningDataStats.totalBillableTokenCount",
    ),
    _JobDescription(
        "SageMaker",
        ("TrainingJobName", "ResourceConfig"),
        "HyperParameters.model_id",
        ("TrainingStartTime",),
        ("TrainingEndTime",),
        "TrainingJobStatus",
        ("HyperParameters.epochs", "HyperParameters.num_train_epochs"),
        "HyperParameters.lora_r",
    ),
)


def hosted_job(label: str, document: Fields) -> tuple[str, ImportedRun] | None:
    """(format, run) of a provider's training job; None for another document."""
    provider = next((p for p in _JOBS if all(k in document for k in p.recognised_by)), None)
    if provider is None:
        return None
    begun = _first_time(document, provider.begun)
    ended = _first_time(document, provider.ended)
    status = str(_at(document, provider.status) or "")
    seconds = positive(document.get("TrainingTimeInSeconds"))
    if seconds is None and begun is not None and ended is not None and ended > begun:
        seconds = ended - begun
    model = str(_at(document, provider.model) or "").strip("'\" ").rstrip("/").rpartition("/")[2]
    outcome = next((word for pattern, word in _OUTCOMES if pattern.search(status)), "running")
    cells: Collected = {
        "model": model,
        "epochs": next((e for p in provider.epochs if (e := positive(_at(document, p)))), None),
        "rank": positive(_at(document, provider.rank)),
        "outcome": outcome,
        "total_seconds": seconds,
        "total_includes": "all" if seconds else None,
        **_machine(document),
    }
    return f"{provider.name} training job", ImportedRun(
        label, as_cells(cells), notes=_notes(provider, document)
    )


def _notes(provider: _JobDescription, document: Fields) -> tuple[str, ...]:
    tokens = positive(_at(document, provider.tokens))
    notes = [f"{tokens:,.0f} tokens were trained on, all epochs together"] if tokens else []
    if provider.name != "SageMaker":
        notes.append("its time includes the provider's queue; on which GPU it ran is not in it")
    return tuple(notes)


def _machine(document: Fields) -> Collected:
    """GPU and number of GPUs of a SageMaker job, where the machine is one of `_INSTANCES`."""
    resources = document.get("ResourceConfig")
    if not isinstance(resources, Mapping):
        return {}
    kind = str(resources.get("InstanceType") or "").removeprefix("ml.")
    gpu, count = _INSTANCES.get(kind, (_ONE_GPU.get(kind.partition(".")[0], ""), 1))
    machines = positive(resources.get("InstanceCount")) or 1.0
    return {"gpu": gpu, "gpu_count": count * machines} if gpu else {}


def _at(document: Fields, path: str) -> object:
    value: object = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _first_time(document: Fields, paths: tuple[str, ...]) -> float | None:
    """Seconds since 1970 of the first time that is there: a number, or ISO 8601."""
    for path in paths:
        value = _at(document, path)
        number = positive(value)
        if number is not None:
            return number
        try:
            return datetime.fromisoformat(str(value)).timestamp()
        except ValueError:
            continue
    return None
