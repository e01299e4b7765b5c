"""What finished trials say to the estimator of training runs: only steady ones, only of a card that
is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from advisor.calibrate.throughput import WholeModel, from_slices
from advisor.core.experiment import RunRecord, Status, Trial, TrialOutcome
from advisor.core.facts import Gpu, Model
from advisor.core.training import TrainingMeasurement, TrainingRun


def measurements(
    record: RunRecord, gpu: Gpu, models: Mapping[str, Model]
) -> tuple[TrainingMeasurement, ...]:
    """Of a throughput run on `gpu`; whole models as measured, sliced ones as extrapolated.

    Empty for a CPU's run.

    `models` are the architectures we know, by lower-case name. A trial that was not steady gives
    its memory alone.
    """
    plan = record.plan
    specs = {t["digest"]: Trial(t["kind"], t["label"], t["spec"]) for t in plan.get("trials", ())}
    lengths = [int(n) for n in plan.get("shared", {}).get("lengths", ())]
    pairs = [
        (specs[o.digest], o)
        for o in record.outcomes
        if o.status is Status.DONE and o.digest in specs
    ]
    on_card = [
        (t, o) for t, o in pairs if t.kind == "throughput" and o.result.get("device") == "cuda"
    ]
    whole = [_of_whole(t, o, gpu, models, lengths) for t, o in on_card if not t.spec["layers"]]
    groups: dict[str, list[tuple[Trial, TrialOutcome]]] = {}
    for trial, outcome in on_card:
        if trial.spec["layers"] and outcome.result.get("steady"):
            key = Trial(
                "", "", {k: v for k, v in trial.spec.items() if k not in ("layers", "count")}
            ).digest
            groups.setdefault(key, []).append((trial, outcome))
    sliced = [m for g in groups.values() if (m := _of_slices(g, gpu, models, lengths)) is not None]
    return (*whole, *sliced)


def _of_whole(
    trial: Trial,
    outcome: TrialOutcome,
    gpu: Gpu,
    models: Mapping[str, Model],
    lengths: Sequence[int],
) -> TrainingMeasurement:
    result = outcome.result
    run = run_of(trial.spec, result, gpu, models, lengths, "process")
    speed = result.get("tokens_per_second") if result.get("steady") else None
    return TrainingMeasurement(run, result["memory"]["process_gib"], speed)


def _of_slices(
    group: Sequence[tuple[Trial, TrialOutcome]],
    gpu: Gpu,
    models: Mapping[str, Model],
    lengths: Sequence[int],
) -> TrainingMeasurement | None:
    whole: WholeModel | None = from_slices(group)
    if whole is None:
        return None
    trial, outcome = group[-1]
    run = run_of(trial.spec, outcome.result, gpu, models, lengths, "allocated")
    memory = whole.memory.at_full_depth if whole.memory is not None else None
    return TrainingMeasurement(run, memory, whole.tokens_per_second)


def run_of(
    spec: Mapping[str, Any],
    result: Mapping[str, Any],
    gpu: Gpu,
    models: Mapping[str, Model],
    lengths: Sequence[int],
    memory_basis: str,
) -> TrainingRun:
    """The training run that a trial was one of."""
    model = models.get(str(spec["model_name"]).lower())
    seq_len = int(spec["seq_len"])
    cut = [min(n, seq_len) for n in lengths] or [seq_len]
    packed = bool(spec["packed"])
    return TrainingRun(
        model_name=str(spec["model_name"]),
        model=model,
        params=float(result["params"]) if "params" in result else None,
        gpu_name=gpu.name,
        gpu=gpu,
        gpus=int(spec.get("processes", 1)),
        sharding=_sharding(spec),
        method="lora" if spec["method"] == "dora" else str(spec["method"]),
        rank=int(spec["rank"]),
        targets=str(spec["targets"]),
        trainable_params=float(result["trainable_params"]) if not spec["layers"] else None,
        quantization="nf4" if spec["method"] == "qlora" else "none",
        dtype=str(result["dtype"]),
        optimizer=str(spec["optimizer"]),
        micro_batch=int(result["micro_batch"]),
        grad_accum=int(spec["grad_accum"]),
        seq_len=seq_len if packed else min(seq_len, max(cut)),
        mean_tokens=float(seq_len) if packed else fmean(cut),
        packed=packed,
        padding_free=False,  # batches are drawn as they come
        checkpointing=str(spec["checkpointing"]),
        attention=str(result["attention"]).replace("flash_attention_2", "flash"),
        memory_basis=memory_basis,
    )


def _sharding(spec: Mapping[str, Any]) -> str:
    """The estimator's word: a process alone shares nothing."""
    return str(spec["sharding"]) if int(spec.get("processes", 1)) > 1 else "none"
