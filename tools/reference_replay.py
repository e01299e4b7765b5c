"""Estimate every shipped record of a GPU with the settings of its run, beside what was measured.

usage: python -m tools.reference_replay

A record (calibration/reference/*.jsonl) names model, method, micro-batch, length and what is not
usual in the label of each trial; the rest is that of `advisor calibrate throughput` with random
weights: rank 16, all linear matrices, packed, no fused loss. A slice of a model is estimated as a
model of so many layers. Memory is that of the process, or of tensors where that is not stated.
tools/accuracy_runs.py puts the table on the accuracy page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor import facts as tables
from advisor.calibrate.measurements import run_of
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core.experiment import JsonObject
from advisor.core.facts import Gpu, Model
from advisor.core.training import TrainingEstimate
from advisor.estimate.training import estimate
from advisor.estimate.training.architecture import params_by_formula
from advisor.shipped import folder

LABEL = re.compile(
    r"(?P<model>\S+) (?P<method>\w+), (?P<batch>\d+) × (?P<length>\d+)(?P<rest>(, .+)?)$"
)
SETTINGS = (
    (re.compile(r"(\d+) layers"), "layers"),
    (re.compile(r"rank (\d+)"), "rank"),
    (re.compile(r"(full) checkpointing"), "checkpointing"),
    (re.compile(r"(attention|qv|all-linear)"), "targets"),
    (re.compile(r"(sgd|adamw8bit|paged-adamw8bit)"), "optimizer"),
)
"""What a label says beyond model, method and shape, and which field of the trial it is."""


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
    spec = spec_of(record, event["label"])
    whole = facts.architecture(spec.model_name)
    if whole is None:
        raise ValueError(f"{record}: no model {spec.model_name} in profiles/models.csv")
    model = sliced(whole, spec.layers) if spec.layers else whole
    result = ThroughputResult.from_json(event["result"])
    assert result.memory is not None
    assert result.tokens_per_second is not None
    basis, memory_gib = "process", result.memory.process_gib
    if memory_gib is None:
        basis, memory_gib = "allocated", result.memory.allocated_gib
    assert memory_gib is not None
    run = run_of(spec, result, gpu, {spec.model_name.lower(): model}, (), basis)
    if spec.layers:
        run = replace(run, params=float(model.params))
    estimated = estimate(run, without="own H200 2026-11-27")
    return Replayed(record, event["label"], memory_gib, result.tokens_per_second, estimated)


def spec_of(record: str, label: str) -> ThroughputSpec:
    """The trial that a label names. Raises ValueError on a label of another kind."""
    match = LABEL.match(label)
    if match is None:
        raise ValueError(f"{record}: {label!r} is not the label of a throughput trial")
    settings: dict[str, str | int] = {}
    for part in filter(None, match["rest"].split(", ")):
        value, name = _setting(part)
        if not name:
            raise ValueError(f"{record}: {label!r} is not the label of a throughput trial: {part}")
        settings[name] = int(value) if value.isdigit() else value
    return ThroughputSpec.from_json(
        {
            "model_name": match["model"],
            "method": match["method"],
            "micro_batch": int(match["batch"]),
            "seq_len": int(match["length"]),
            "packed": True,
            **settings,
        }
    )


def _setting(part: str) -> tuple[str, str]:
    """Value and field of one part of a label; empty where none is known."""
    matches = ((pattern.fullmatch(part), name) for pattern, name in SETTINGS)
    return next(((match[1], name) for match, name in matches if match), ("", ""))


def sliced(model: Model, layers: int) -> Model:
    """The same model with fewer layers, and their parameters; experts as many in each layer."""
    few = replace(model, layers=layers)
    params = params_by_formula(few)
    if params is None:
        raise ValueError(f"{model.name}: parameters of a slice are not known")
    idle = (model.params - model.active_params) * layers // model.layers
    experts = model.expert_params * layers // model.layers
    return replace(few, params=params, active_params=params - idle, expert_params=experts)


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
