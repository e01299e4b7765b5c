"""Measure many training configurations on the GPU of this machine in one process, each forecast
before its first step.

usage: python -m tools.measure_grid GRID.toml FOLDER --gpu NAME [--minutes 9] [--forecast]

GRID.toml has a `[[run]]` for each group: fields of a throughput trial, lists for every combination,
`slices` for depths, and `lengths` (log mean, log standard deviation) for rows that are not packed.
Writes FOLDER/forecast.json (with --forecast nothing else), then FOLDER/grid.jsonl: the worker's
events, which `advisor runs replay` reads. Of the program's dependencies it needs numpy alone,
beside torch, transformers, peft and, for qlora and 8-bit optimisers, bitsandbytes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from advisor.calibrate.measurements import run_of
from advisor.calibrate.protocol import PLAN_FILE, plan_data
from advisor.calibrate.throughput import architecture_of, plan
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core.experiment import ExperimentPlan, JsonObject, Trial
from advisor.core.facts import Gpu
from advisor.core.quantity import Quantity
from advisor.estimate.training import estimate
from advisor.facts import Facts, load
from tools.reference_replay import sliced

SHORT = {"steps": 14, "seconds": 6.0, "packed": True}
"""What a trial runs unless its group says otherwise: ten steps after warm-up, or six seconds."""

ROWS = 400
FIELDS = {field.name for field in fields(ThroughputSpec)} - {"model_name", "architecture", "layers"}


def plans(document: JsonObject, facts: Facts, device: str = "cuda") -> Iterator[ExperimentPlan]:
    """A plan for each group of the file. Raises ValueError on a key that no trial has."""
    for table in document["run"]:
        group = dict(table)
        depths, lengths = group.pop("slices", ()), group.pop("lengths", ())
        if unknown := set(group) - FIELDS - {"model"}:
            raise ValueError(f"[[run]]: no such key: {', '.join(sorted(unknown))}")
        yield plan(
            [_setup(facts, one) for one in _combinations(group)],
            _drawn(*lengths) if lengths else (),
            slices=depths,
            device=device,
        )


def _combinations(group: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    values = [value if isinstance(value, list) else [value] for value in group.values()]
    for one in itertools.product(*values):
        yield dict(zip(group, one, strict=True))


def _setup(facts: Facts, one: dict[str, Any]) -> ThroughputSpec:
    model = facts.model(one.pop("model"))
    return ThroughputSpec(model.name, architecture_of(model), **{**SHORT, **one})


def _drawn(log_mean: float, log_sd: float) -> list[int]:
    """Lengths of rows, the same every time."""
    return [round(n) for n in np.random.default_rng(0).lognormal(log_mean, log_sd, ROWS)]


def forecast(trial: Trial, lengths: Sequence[int], gpu: Gpu, facts: Facts) -> JsonObject:
    """P10, P50 and P90 of what the trial will show, by the estimator as it stands."""
    spec = ThroughputSpec.from_json(trial.spec)
    model = facts.model(spec.model_name)
    if spec.layers:
        model = sliced(model, spec.layers)
    result = ThroughputResult(
        dtype=spec.dtype or "bf16", attention=spec.attention, params=model.params
    )
    run = run_of(spec, result, gpu, {spec.model_name.lower(): model}, lengths, "process")
    whole, allocated = estimate(run), estimate(replace(run, memory_basis="allocated"))
    return {
        "label": trial.label,
        "process_gib": _quantiles(whole.memory_gib),
        "allocated_gib": _quantiles(allocated.memory_gib),
        "tokens_per_second": _quantiles(whole.tokens_per_second),
    }


def _quantiles(quantity: Quantity) -> list[float | None]:
    return [quantity.range.p10, quantity.range.p50, quantity.range.p90]


def measured(one: ExperimentPlan, folder: Path) -> Iterator[str]:
    """The worker's events, a line each. Its standard input stays open: its end would mean that
    nobody waits for the result.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PLAN_FILE
    path.write_text(json.dumps(plan_data(one)), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-m", "advisor.calibrate.worker", str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        yield from child.stdout


def shown(line: str) -> None:
    """A finished trial in one line of text."""
    event = json.loads(line)
    if event["event"] == "trial":
        result = event.get("result") or {}
        memory = (result.get("memory") or {}).get("process_gib") or 0.0
        speed = result.get("tokens_per_second") or 0.0
        why = event.get("reason") or result.get("steady_why") or ""
        print(f"{event['label']}: {event['status']}, {memory:.2f} GiB, {speed:,.0f} tokens/s {why}")
        sys.stdout.flush()


def main() -> None:
    """Forecast, then measure, group by group of equal lengths."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grid", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gpu", required=True)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--forecast", action="store_true")
    options = parser.parse_args()
    facts = load()
    document = tomllib.loads(options.grid.read_text(encoding="utf-8"))
    groups = list(plans(document, facts, options.device))
    gpu = facts.gpu(options.gpu)
    expected = [
        forecast(trial, one.shared["lengths"], gpu, facts) for one in groups for trial in one.trials
    ]
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "forecast.json").write_text(json.dumps(expected, indent=1), encoding="utf-8")
    if options.forecast:
        return
    for number, one in enumerate(_of_equal_lengths(groups)):
        limited = replace(one, minutes=options.minutes)
        with (options.folder / f"grid-{number}.jsonl").open("w", encoding="utf-8") as file:
            for line in measured(limited, options.folder / f"run-{number}"):
                file.write(line)
                file.flush()
                shown(line)


def _of_equal_lengths(groups: Sequence[ExperimentPlan]) -> Iterator[ExperimentPlan]:
    """Plans that share the lengths of their rows as one, so that the libraries load once."""
    for _, alike in itertools.groupby(groups, key=lambda one: one.shared["lengths"]):
        parts = list(alike)
        yield replace(parts[0], name="grid", trials=tuple(t for p in parts for t in p.trials))


if __name__ == "__main__":
    main()
