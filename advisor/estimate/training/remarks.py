"""What an estimate says beside its figures: what was assumed, and what its settings mean."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core.constants import GIGA
from advisor.core.training import TrainingMeasurement, TrainingRun
from advisor.estimate.training import frameworks, lengths, rates
from advisor.estimate.training.activations import LOW_PRECISION, Precision, precision
from advisor.estimate.training.model_name import is_encoder_decoder


def of_run(run: TrainingRun) -> tuple[str, ...]:
    """What was assumed of a run, and what its settings mean on its GPU."""
    notes = []
    if run.assumed:
        notes.append(f"assumed, because it is not stated: {', '.join(run.assumed)}")
    if {"checkpointing", "fused_loss", "optimizer"} & set(run.assumed):
        notes.append(_defaults(run))
    if run.examples is not None and lengths.mean_doubt(run) != (1.0, 1.0):
        share = lengths.usual_mean(run.seq_len) / lengths.mean_length(run)
        notes.append(
            f"the mean length of the examples is not stated, taken as "
            f"{lengths.mean_length(run):,.0f} tokens: time goes with it, and usual sets of this "
            f"limit take about {share:.2g} of it"
        )
    if lengths.padding_doubt(run) > 0.0:
        notes.append(
            "whether batches are padded as they come or sorted by length is not stated: in between"
        )
    if lengths.vary(run) and run.longest_tokens is None:
        notes.append(
            f"memory is that of the longest batch, taken to hold {lengths.longest_batch(run):,.0f} "
            "tokens per sequence; state the longest example to be surer"
        )
    if run.gpu is not None and rates.emulates_bf16(run, run.gpu):
        notes.append(
            f"{run.gpu_name} has no matrix units for bf16 and computes it in fp32; use --dtype fp16"
        )
    low = run.compute_dtype in LOW_PRECISION
    if low and run.gpu is not None and rates.narrow_ratio(run, run.gpu) == 1.0:
        notes.append(
            f"{run.gpu_name} has no matrix units for {run.compute_dtype}: taken to compute in 16 "
            "bits"
        )
    if precision(run) is Precision.SINGLE:
        notes.append("fp32 without autocast: activations are twice as large, and products slow")
    if run.optimizer.startswith("paged"):
        notes.append("a paged optimiser keeps its states in the memory of the host when needed")
    if run.model is None:
        typical = "T5 model" if is_encoder_decoder(run.model_name) else "decoder"
        notes.append(f"the architecture is not known: a typical {typical} of the same size is used")
    return tuple(notes)


def of_experts(in_16_bits: float) -> tuple[str, ...]:
    """That so many parameters of experts are not quantised, where some are not."""
    if not in_16_bits:
        return ()
    return (
        f"{in_16_bits / GIGA:.3g} billion parameters of experts stay in 16 bits: under "
        "transformers 5 bitsandbytes quantises linear modules, and experts are none of them "
        "(bitsandbytes issue 1849); --framework unsloth and axolotl quantise them too",
    )


def carried_over(run: TrainingRun, measured: Sequence[TrainingMeasurement]) -> tuple[str, ...]:
    """That measured runs were on other GPUs, where all were."""
    names = dict.fromkeys(m.run.gpu_name for m in measured)
    if not names or run.gpu_name in names:
        return ()
    return (
        f"own runs were on {', '.join(names)}: carried over to {run.gpu_name} by what both GPUs "
        "reach, with the doubt that published runs on two GPUs show",
    )


def _defaults(run: TrainingRun) -> str:
    """What the framework was taken to do, and where that is documented."""
    stack = frameworks.of(run)
    return (
        f"{stack.version or stack.name} by default: checkpointing {run.checkpointing}, fused loss "
        f"{run.fused_loss}, optimiser {run.optimizer} ({stack.source}, {stack.as_of})"
    )


def of_allocator(more_gib: float) -> tuple[str, ...]:
    """What the allocator may keep, where that is a gibibyte or more."""
    if more_gib < 1.0:
        return ()
    return (
        f"PyTorch's allocator may keep up to {more_gib:.0f} GiB more, blocks of shorter batches "
        "that nvidia-smi counts and that it gives back before memory runs out; "
        "PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True keeps fewer",
    )
