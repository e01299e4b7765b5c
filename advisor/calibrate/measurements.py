"""What finished trials tell the estimator of training runs: steady speeds only, on a known GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from advisor.calibrate.throughput import (
    Length,
    MeasuredTrial,
    from_slices,
    sliced,
    whole_length,
)
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core.experiment import RunRecord, Status, Trial
from advisor.core.facts import Gpu, Model
from advisor.core.training import TrainingMeasurement, TrainingRun

OWN_STACK = "advisor"
"""The row of profiles/frameworks.csv that says what our worker does."""

ESTIMATED_HEADS = frozenset({"causal", "classification", "masked"})
"""Models that the estimator knows: an encoder with a decoder is none of them."""


def measurements(
    record: RunRecord, gpu: Gpu, models: Mapping[str, Model]
) -> tuple[TrainingMeasurement, ...]:
    """Of a throughput run on `gpu`: whole models as measured, sliced ones as extrapolated.

    Empty for a CPU's run, and without the trials of models that the estimator does not know (an
    encoder with a decoder). `models` are the architectures we know, by lower-case name. A trial
    that was not steady gives its memory alone.
    """
    lengths: Sequence[Length] = record.plan.get("shared", {}).get("lengths", ())
    on_gpu = [t for t in _finished(record) if t.result.device == "cuda" and _is_estimated(t)]
    whole = [_of_whole(t, gpu, models, lengths) for t in on_gpu if not t.spec.layers]
    steady = [t for t in on_gpu if t.result.steady]
    extrapolated = (_of_slices(group, gpu, models, lengths) for group in sliced(steady))
    return (*(m for m in whole if m is not None), *(m for m in extrapolated if m is not None))


def _finished(record: RunRecord) -> list[MeasuredTrial]:
    specs = {
        t["digest"]: Trial(t["kind"], t["label"], t["spec"]) for t in record.plan.get("trials", ())
    }
    return [
        MeasuredTrial.of(specs[outcome.digest], outcome)
        for outcome in record.outcomes
        if outcome.status is Status.DONE
        and outcome.digest in specs
        and specs[outcome.digest].kind == "throughput"
    ]


def _is_estimated(trial: MeasuredTrial) -> bool:
    """Whether the model is of a kind that the estimator can compare with."""
    config = trial.spec.architecture.get("config") or {}
    if trial.result.head == "seq2seq" or config.get("is_encoder_decoder"):
        return False
    return trial.result.head is None or trial.result.head in ESTIMATED_HEADS


def _of_whole(
    trial: MeasuredTrial, gpu: Gpu, models: Mapping[str, Model], lengths: Sequence[Length]
) -> TrainingMeasurement | None:
    result = trial.result
    memory = result.memory.process_gib if result.memory is not None else None
    speed = result.tokens_per_second if result.steady else None
    if memory is None and speed is None:
        return None
    run = run_of(trial.spec, result, gpu, models, lengths, "process")
    return TrainingMeasurement(run, memory, speed)


def _of_slices(
    group: Sequence[MeasuredTrial], gpu: Gpu, models: Mapping[str, Model], lengths: Sequence[Length]
) -> TrainingMeasurement | None:
    whole = from_slices(group)
    if whole is None:
        return None
    deepest = group[-1]
    run = run_of(deepest.spec, deepest.result, gpu, models, lengths, "allocated")
    memory = whole.memory.at_full_depth if whole.memory is not None else None
    return TrainingMeasurement(run, memory, whole.tokens_per_second)


def run_of(
    spec: ThroughputSpec,
    result: ThroughputResult,
    gpu: Gpu,
    models: Mapping[str, Model],
    lengths: Sequence[Length],
    memory_basis: str,
) -> TrainingRun:
    """The training run that a trial was a sample of."""
    cut = [min(whole_length(n), spec.seq_len) for n in lengths] or [spec.seq_len]
    return TrainingRun(
        model_name=spec.model_name,
        model=models.get(spec.model_name.lower()),
        params=float(result.params) if result.params is not None else None,
        gpu_name=gpu.name,
        gpu=gpu,
        gpus=spec.processes,
        sharding=spec.sharding if spec.processes > 1 else "none",
        method=spec.method,
        rank=spec.rank,
        targets=spec.targets,
        trainable_params=_trainable(spec, result),
        quantization="nf4" if spec.method == "qlora" else "none",
        dtype=result.dtype,
        optimizer=spec.optimizer,
        micro_batch=result.micro_batch or spec.micro_batch,
        grad_accum=spec.grad_accum,
        seq_len=spec.seq_len if spec.packed else min(spec.seq_len, max(cut)),
        mean_tokens=float(spec.seq_len) if spec.packed else fmean(cut),
        packed=spec.packed,
        padding_free=False,  # batches are drawn as they come
        checkpointing=spec.checkpointing,
        attention=result.attention.replace("flash_attention_2", "flash"),
        framework=OWN_STACK,
        memory_basis=memory_basis,
    )


def _trainable(spec: ThroughputSpec, result: ThroughputResult) -> float | None:
    """Trainable parameters of the whole model; a slice does not say."""
    if spec.layers or result.trainable_params is None:
        return None
    return float(result.trainable_params)
