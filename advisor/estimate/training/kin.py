"""Which measured runs say something about another run."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.core.training import TrainingMeasurement, TrainingRun

KIND = ("method", "quantization", "gpus")
"""What runs of one kind share beside their model; other settings are told apart by their terms."""


def same_kind(run: TrainingRun, other: TrainingRun) -> bool:
    """Whether both train one model in one way on as many GPUs, whatever the GPU."""
    named = other.model_name.lower() == run.model_name.lower() or (
        run.model is not None and other.model == run.model
    )
    return named and all(getattr(other, name) == getattr(run, name) for name in KIND)


def of_kind(
    run: TrainingRun, measured: Iterable[TrainingMeasurement]
) -> tuple[TrainingMeasurement, ...]:
    """The measured runs of the same kind, on any GPU: what they show reaches another GPU by its
    rates, with the doubt that runs on two GPUs leave (`correction.OTHER_GPU`).
    """
    return tuple(m for m in measured if same_kind(run, m.run))


def on_gpu_or_of_kind(
    run: TrainingRun, measured: Iterable[TrainingMeasurement]
) -> tuple[TrainingMeasurement, ...]:
    """Those on the GPU of the run, of whatever model, and those of the same kind on others."""
    return tuple(m for m in measured if m.run.gpu_name == run.gpu_name or same_kind(run, m.run))
