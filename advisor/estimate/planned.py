"""The training run behind a tuned option, as it would be set up: LoRA, or QLoRA where only that
fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from advisor.core.brief import Brief
from advisor.core.facts import Model, ModelKind
from advisor.core.setting import Setting
from advisor.core.training import TrainingEstimate, TrainingMeasurement, TrainingRun

LONGEST_OVER_MEAN = 3.0
"""Longest example over the mean one, where the data were not looked at: published instruction sets,
p99 over mean.
"""

MICRO_BATCH = 8
ENCODER_MICRO_BATCH = 32
"""Usual examples per step and GPU; of encoders: Devlin et al. 2019, appendix A.3."""

METHODS = {"dpo": "lora", "encoder": "full"}
"""What a technique trains, where that is not its own name."""

OTHER_TECHNIQUES = ("full", "dora", "soft-prompt", "dpo")


def training_estimates(
    brief: Brief,
    setting: Setting,
    measured: tuple[TrainingMeasurement, ...] = (),
    actual_hours: Sequence[float] = (),
) -> Mapping[tuple[str, str], TrainingEstimate]:
    """An estimate per open model and technique, by (lower-case model, technique); none without a
    GPU.

    `measured` are runs of the user's own, on this GPU or of the same kind on others: they correct
    the estimates and narrow them. `actual_hours`, logarithms of recorded over predicted hours,
    correct the speed.
    """
    if setting.gpu is None:
        return MappingProxyType({})
    estimates = {}
    for name in brief.models.tune or ():
        model = setting.model(name)
        if model is not None:
            for technique in _techniques(brief, setting, name):
                run = planned_run(brief, setting, name, model, technique)
                estimate = _estimate(run, measured)
                estimates[name.lower(), technique] = _after_actuals(estimate, actual_hours)
    return MappingProxyType(estimates)


def _techniques(brief: Brief, setting: Setting, model: str) -> tuple[str, ...]:
    """How a model is tuned here; none of a kind that is not tuned."""
    if setting.is_encoder(model):
        return ("encoder",)
    pairs = ("dpo",) if setting.has_preferences else ()
    own = [
        s
        for s in brief.quality.measured
        if s.approach == "tune" and s.model.lower() == model.lower()
    ]
    return tuple(
        dict.fromkeys(
            (
                "lora",
                "qlora",
                *(s.technique for s in own if s.technique in OTHER_TECHNIQUES),
                *pairs,
            )
        )
    )


@lru_cache(maxsize=64)
def _estimate(run: TrainingRun, measured: tuple[TrainingMeasurement, ...]) -> TrainingEstimate:
    """The estimate at the largest safe micro-batch up to the usual one, with checkpointing where
    only that fits.
    """
    from advisor.estimate.training import estimate, largest_micro_batch
    from advisor.estimate.training.kin import on_gpu_or_of_kind

    measured = on_gpu_or_of_kind(run, measured)
    is_encoder = run.model is not None and run.model.kind == ModelKind.ENCODER
    for tried in (run, replace(run, checkpointing="full")):
        most = largest_micro_batch(tried)
        if most:
            usual = ENCODER_MICRO_BATCH if is_encoder else MICRO_BATCH
            return estimate(replace(tried, micro_batch=min(most, usual)), measured)
    return estimate(replace(run, checkpointing="full"), measured)


def _after_actuals(estimate: TrainingEstimate, actual_hours: Sequence[float]) -> TrainingEstimate:
    """With the speed that recorded hours show: a run that took longer was slower."""
    from advisor.estimate.training import actuals

    if not actual_hours:
        return estimate
    slower = [-ratio for ratio in actual_hours]
    speed = actuals.corrected(estimate.tokens_per_second, slower)
    hours = actuals.corrected(estimate.train_hours, actual_hours)
    return replace(estimate, tokens_per_second=speed, train_hours=hours)


def planned_run(
    brief: Brief, setting: Setting, name: str, model: Model, technique: str
) -> TrainingRun:
    """The run as flags of `advisor estimate`: 16-bit weights, or NF4 for QLoRA."""
    mean = _mean_tokens(brief, technique)
    longest = longest_row(brief, setting)
    longest = longest if longest is not None and longest >= mean else None
    return TrainingRun(
        model_name=name,
        model=model,
        params=float(model.params),
        gpu_name=brief.hardware.gpu,
        gpu=setting.gpu,
        gpus=brief.hardware.count,
        method=METHODS.get(technique, technique),
        objective="dpo" if technique == "dpo" else "sft",
        quantization="nf4" if technique == "qlora" else "none",
        seq_len=max(16, round(longest or mean * LONGEST_OVER_MEAN), math.ceil(mean)),
        longest_tokens=longest,
        mean_tokens=max(1.0, mean),
        sharding="ddp" if brief.hardware.count > 1 else "none",
        examples=brief.data.examples.likely,
        epochs=brief.tuning.epochs.likely,
    )


def longest_row(brief: Brief, setting: Setting) -> float | None:
    """Tokens of the longest row of the data that were looked at; None where a sample was looked at,
    which need not hold it.
    """
    if brief.data.sample or setting.data is None or not setting.data.max_tokens:
        return None
    return float(setting.data.max_tokens)


def _mean_tokens(brief: Brief, technique: str) -> float:
    """Tokens of an example: as stated, else those of a request; an encoder reads no more than the
    input.
    """
    traffic = brief.traffic
    if brief.data.tokens_per_example is not None:
        return brief.data.tokens_per_example.likely
    if technique == "encoder":
        return traffic.input_tokens.likely
    written = traffic.input_tokens.likely + traffic.output_tokens.likely
    return brief.tuning.static_tokens.likely + written
