"""Headings of tables of runs as people write them, and the column and unit that each stands for.

Spellings are the options of trainers (transformers, peft, LLaMA-Factory, ms-swift, axolotl,
Unsloth, torchtune) and the headings of tables in their documentation and in blogs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.calibrate.imports.columns import COLUMNS, finite, seconds_of

_UNIT = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]\s*$")
_NOT_LETTERS = re.compile(r"[^a-z0-9/%]+")

_SPELLINGS = {
    "id": "run run-id run-name name experiment exp config configuration setup case",
    "framework": "library stack trainer tool toolkit software backend",
    "model": "model-name model-id base-model model-name-or-path base-model-name-or-path llm "
    "checkpoint pretrained-model-name-or-path",
    "params_total": "params parameters num-params n-params total-params model-size size-params",
    "method": "peft peft-type finetuning-type tuning-type train-type tuner-type sft-type tuner "
    "training-type tuning finetuning fine-tuning adapter ft-method tuning-method peft-method "
    "training-method",
    "rank": "r lora-r lora-rank adapter-rank",
    "targets": "lora-target target-modules lora-target-modules lora-modules modules",
    "trainable_params": "trainable trainable-parameters trained-params",
    "quantization": "quant quantisation bits quant-type quantization-bit bnb-4bit-quant-type",
    "weights_dtype": "dtype torch-dtype precision weight-dtype model-dtype param-dtype",
    "compute_dtype": "bnb-4bit-compute-dtype amp mixed-precision autocast",
    "optimizer": "optim optimiser",
    "packed": "packing sample-packing",
    "mean_tokens": "avg-tokens mean-length avg-length average-length avg-seq-len mean-seq-len "
    "average-tokens tokens-per-sample tokens-per-example tokens-per-row",
    "max_tokens": "seq-len seqlen sequence-length seq-length seq max-length max-len max-seq-length "
    "max-seq-len cutoff-len cutoff context context-length ctx ctx-len block-size sequence-len "
    "max-sequence-length length",
    "micro_batch": "per-device-train-batch-size per-device-batch-size micro-batch-size mbs mbsz "
    "per-gpu-batch-size batch-size-per-gpu batch-size-per-device device-batch-size "
    "train-micro-batch-size-per-gpu micro-bs batch-size bs batch bsz",
    "grad_accum": "gradient-accumulation-steps gradient-accumulation grad-acc grad-accum-steps "
    "accumulation ga gas accumulate-grad-batches",
    "checkpointing": "gradient-checkpointing grad-checkpointing grad-ckpt gc ac "
    "activation-checkpointing recompute recomputation use-gradient-checkpointing grad-checkpoint",
    "attention": "attn attn-implementation attn-impl attention-implementation flash-attn "
    "attention-backend",
    "fused_loss": "loss-kernel liger use-liger-kernel use-liger cut-cross-entropy",
    "compile": "torch-compile",
    "offload": "cpu-offload offloading",
    "gpu": "gpus-type gpu-type gpu-name gpu-model device hardware accelerator hw",
    "gpu_count": "gpus num-gpus n-gpus ngpus ngpu n-gpu num-gpu number-of-gpus world-size devices "
    "num-devices nproc-per-node",
    "sharding": "strategy parallelism distributed distributed-strategy parallel zero zero-stage "
    "deepspeed fsdp layout",
    "outcome": "status result state",
    "memory_gib": "memory mem vram peak-mem peak-memory peak-vram max-memory gpu-memory gpu-mem "
    "max-mem memory-usage memory-used vram-used vram-usage peak-gpu-memory peak-gpu-mem max-vram "
    "gpu-memory-usage memory-per-gpu mem-per-gpu max-memory-allocated max-memory-reserved "
    "peak-memory-allocated peak-memory-reserved peak-reserved peak-allocated memory-reserved "
    "memory-allocated reserved-memory allocated-memory peak-reserved-memory peak-allocated-memory "
    "max-reserved max-allocated nvidia-smi peak-active-memory peak-memory-active",
    "tokens_per_second": "tokens/s tok/s token/s tokens/sec tok/sec tokens/second tps toks/s "
    "tokens-per-sec throughput-tokens/s train-tokens-per-second tok-per-sec tokens-s tok-s "
    "token-per-second tgs tokens/s/gpu tok/s/gpu tokens/sec/gpu tps/gpu tokens/gpu/s "
    "tokens-per-second-per-gpu tokens-per-sec-per-gpu tokens/gpu/sec tok/gpu/s throughput",
    "step_seconds": "s/step sec/step step-time time-per-step s/it sec/it seconds-per-step "
    "time/step s/iter sec/iter iteration-time iter-time step-s step-sec seconds/step "
    "it/s steps/s step/s iter/s steps/sec train-steps-per-second steps-per-second",
    "samples_per_second": "samples/s samples/sec sample/s train-samples-per-second examples/s "
    "examples/sec samples-per-sec seq/s sequences/s",
    "total_seconds": "runtime train-runtime total-time train-time training-time duration "
    "wall-time wall-clock time elapsed elapsed-time time-taken hours minutes",
    "total_samples": "samples examples num-samples n-samples num-examples train-samples rows",
    "epochs": "num-epochs num-train-epochs epoch n-epochs",
    "cost_usd": "cost price usd",
}
_COLUMN_OF = {
    spelling: column
    for column, spellings in _SPELLINGS.items()
    for spelling in (column.replace("_", "-"), *spellings.split())
}
_RATES_OF_STEPS = frozenset(
    {"it/s", "steps/s", "step/s", "iter/s", "steps/sec", "train-steps-per-second"}
    | {"steps-per-second"}
)
_ONE_GPU = re.compile(r"(?:/|per-)gpu|^tgs\b")
_BASES = (
    ("allocated", "allocated"),
    ("active", "active"),
    ("reserved", "reserved"),
    ("nvidia-smi", "process"),
)
"""Words of a heading that tell which memory it means."""

_GIB_IN = {"gb": 1.0, "gib": 1.0, "g": 1.0, "mb": 1 / 1024, "mib": 1 / 1024, "m": 1 / 1024}
_GIB_IN |= {"bytes": 1 / 2**30, "b": 1 / 2**30}
"""GiB per unit. Scripts divide by 1024³ and print GB, so that GB is read as GiB."""

_SECONDS_IN = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "milliseconds"), 0.001),
    **dict.fromkeys(("m", "min", "mins", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
}
_PARAMS_IN = {"b": 1e9, "m": 1e6}
_TIMES = ("step_seconds", "total_seconds")
_SEVERAL = re.compile(r"(\d+)\s*[x×*]\s*(\S.*)$", re.IGNORECASE)
"""A number of GPUs before their name: `2x RTX 4090`."""

_AMOUNT = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([a-zA-Z]+)$")


@dataclass(frozen=True, slots=True)
class ColumnHeading:
    """What a heading stands for: a column of ours, the size of its unit in that of the column,
    whether it is a rate to be inverted, or of one GPU, and the memory it means.
    """

    column: str
    unit: float = 1.0
    inverse: bool = False
    of_one_gpu: bool = False
    basis: str = ""


def heading(name: str) -> ColumnHeading | None:
    """What the heading of a column means; None where it is none of ours."""
    if name in COLUMNS:
        return ColumnHeading(name)
    bracketed = _UNIT.search(name)
    unit = bracketed[1].lower() if bracketed else ""
    word = _spelled(name[: bracketed.start()] if bracketed else name)
    for spelling, own_unit in ((f"{word}-{_spelled(unit)}", ""), (word, unit), *_with_end(word)):
        column = _COLUMN_OF.get(spelling)
        if column is not None:
            return _heading(column, spelling, own_unit)
    return None


def _spelled(name: str) -> str:
    return _NOT_LETTERS.sub("-", name.strip().lower()).strip("-")


def _with_end(word: str) -> Iterable[tuple[str, str]]:
    """A heading whose last word is its unit: `peak_mem_gb`."""
    begin, _, end = word.rpartition("-")
    if begin and (end in _GIB_IN or end in _SECONDS_IN or end in ("usd", "eur")):
        yield begin, end


def _heading(column: str, spelling: str, unit: str) -> ColumnHeading:
    size = 1.0
    if column == "memory_gib":
        size = _GIB_IN.get(unit, 1.0)
    elif column in _TIMES:
        size = _SECONDS_IN.get(unit or spelling, 1.0)
    elif column == "params_total":
        size = _PARAMS_IN.get(unit, 1.0)
    basis = next((b for word, b in _BASES if word in f"{spelling}-{unit}"), "unstated")
    return ColumnHeading(
        column,
        size,
        spelling in _RATES_OF_STEPS,
        column == "tokens_per_second" and _ONE_GPU.search(f"{spelling} {unit}") is not None,
        basis if column == "memory_gib" else "",
    )


def headings(names: Iterable[str]) -> dict[str, ColumnHeading]:
    """What the headings of a table mean, by heading; of two for one column the one that has its
    name, else the first, counts.
    """
    every = {name: meant for name in names if (meant := heading(name)) is not None}
    by_column: dict[str, str] = {}
    for name, meant in every.items():
        if name == meant.column or meant.column not in by_column:
            by_column[meant.column] = name
    return {name: every[name] for name in by_column.values()}


def cells(row: Mapping[str, str], meant: Mapping[str, ColumnHeading]) -> dict[str, str]:
    """A row by our columns, in their units; what is not a number stays as it stands."""
    own = {of.column: _in_unit(row[name], of) for name, of in meant.items() if row.get(name)}
    counted = _SEVERAL.match(own.get("gpu", ""))
    if counted:
        own |= {"gpu_count": own.get("gpu_count", counted[1]), "gpu": counted[2]}
    gpus = finite(own.get("gpu_count")) or 1.0
    for of in meant.values():
        if of.of_one_gpu and of.column in own:
            own[of.column] = _times(own[of.column], gpus)
        if of.basis and of.column in own:
            own.setdefault("memory_basis", of.basis)
    return own


def _in_unit(text: str, of: ColumnHeading) -> str:
    """A cell in the unit of its column, which the cell itself may name: `18.5 GB`, `3h 20m`."""
    stripped = text.strip()
    amount = _AMOUNT.match(stripped)
    sizes = {"memory_gib": _GIB_IN, "params_total": _PARAMS_IN}.get(of.column)
    if amount and sizes and amount[2].lower() in sizes:
        return _times(amount[1], sizes[amount[2].lower()])
    if of.column in _TIMES and (amount or ":" in stripped or " " in stripped):
        if amount and amount[2].lower() in _SECONDS_IN:
            return _times(amount[1], _SECONDS_IN[amount[2].lower()])
        seconds = seconds_of(stripped)
        return stripped if seconds is None else _times(str(seconds), 1.0)
    number = finite(stripped)
    if of.inverse and number:
        return _times(str(1.0 / number), 1.0)
    return stripped if number is None or of.unit == 1.0 else _times(stripped, of.unit)


def _times(text: str, factor: float) -> str:
    number = finite(text)
    return text if number is None else f"{number * factor:.10g}"


def renamed(meant: Mapping[str, ColumnHeading]) -> str:
    """A note on the headings that were read as columns of ours; empty where all are ours."""
    others = [f"{name} as {of.column}" for name, of in meant.items() if name != of.column]
    return f"read: {', '.join(others)}" if others else ""
