"""Estimate every shipped record of a GPU with the settings of its run, beside what was measured.

usage: python -m tools.reference_replay

A record (calibration/reference/*.jsonl) names model, method, micro-batch and length in the label
of each trial and the rest in its result; its plan was that of `advisor calibrate throughput` with
random weights: rank 16, all linear matrices, packed, no fused loss. A slice of a model is estimated
as a model of so many layers. tools/accuracy_runs.py puts the table on the accuracy page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor import facts as tables
from advisor.core.experiment import JsonObject
from advisor.core.facts import Gpu, Model
from advisor.core.training import TrainingEstimate, TrainingRun
from advisor.estimate.training import estimate
from advisor.estimate.training.architecture import params_by_formula
from advisor.estimate.training.frameworks import OWN
from advisor.shipped import folder

LABEL = re.compile(
    r"(?P<model>\S+) (?P<method>\w+), (?P<batch>\d+) × (?P<length>\d+)"
    r"(?:, (?P<layers>\d+) layers)?$"
)


@dataclass(frozen=True)
class Replayed:
    """One trial of a record: what was measured, and the estimate of the same run."""

    record: str
    label: str
    memory_gib: float
    tokens_per_second: float
    estimate: TrainingEstimate

    def as_cells(self) -> JsonObject:
        """Measured and estimated figures by name, for the record of accuracy."""
        memory = self.estimate.memory_gib.range
        speed = self.estimate.tokens_per_second.range
        return {
            "record": self.record,
            "label": self.label,
            "memory_gib": self.memory_gib,
            "estimated_gib": [memory.p10, memory.p50, memory.p90],
            "tokens_per_second": self.tokens_per_second,
            "estimated_tokens_per_second": [speed.p10, speed.p50, speed.p90],
        }


def replayed(folder_of_records: Path | None = None) -> Iterator[Replayed]:
    """Every finished trial of a GPU of our tables, record by record in order of their names."""
    facts = tables.load()
    path = folder_of_records or folder("calibration") / "reference"
    for file in sorted(path.glob("*.jsonl")):
        events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        device = next((e["device"]["name"] for e in events if e["event"] == "started"), "")
        gpu = next((g for g in facts.gpus if device in g.driver_names), None)
        if gpu is None:
            continue
        for event in events:
            if event["event"] == "trial" and event["status"] == "done":
                yield _of_trial(file.stem, event, gpu, facts)


def _of_trial(record: str, event: JsonObject, gpu: Gpu, facts: tables.Facts) -> Replayed:
    label = LABEL.match(event["label"])
    if label is None:
        raise ValueError(f"{record}: {event['label']!r} is not the label of a throughput trial")
    whole = facts.architecture(label["model"])
    if whole is None:
        raise ValueError(f"{record}: no model {label['model']} in profiles/models.csv")
    model = whole if label["layers"] is None else sliced(whole, int(label["layers"]))
    run = _run(label["method"], model, event["result"], gpu, int(label["length"]))
    result = event["result"]
    return Replayed(
        record,
        event["label"],
        result["memory"]["process_gib"],
        result["tokens_per_second"],
        estimate(run, without="own H200 2026-11-27"),
    )


def sliced(model: Model, layers: int) -> Model:
    """The same model with fewer layers, and their parameters."""
    few = replace(model, layers=layers)
    params = params_by_formula(few)
    if params is None:
        raise ValueError(f"{model.name}: parameters of a slice are not known")
    return replace(few, params=params, active_params=params)


def _run(method: str, model: Model, result: JsonObject, gpu: Gpu, length: int) -> TrainingRun:
    return TrainingRun(
        model_name=model.name,
        model=model,
        params=float(model.params),
        gpu_name=gpu.name,
        gpu=gpu,
        method=method,
        quantization="nf4" if method == "qlora" else "none",
        dtype=result["dtype"],
        micro_batch=result["micro_batch"],
        seq_len=length,
        mean_tokens=float(length),
        packed=True,
        attention=result["attention"],
        framework=OWN,
        memory_basis="process",
    )


def main() -> None:
    """Print a line per trial."""
    for one in replayed():
        memory = one.estimate.memory_gib.likely / one.memory_gib - 1.0
        speed = one.estimate.tokens_per_second.likely / one.tokens_per_second - 1.0
        print(
            f"{one.record:24s} {one.label:42s} {one.memory_gib:7.2f} GiB {memory:+6.1%}"
            f"  {one.tokens_per_second:10.0f} tokens/s {speed:+6.1%}"
        )


if __name__ == "__main__":
    main()
