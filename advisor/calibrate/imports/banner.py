"""What a Trainer or Unsloth prints before a training, and Unsloth's notebooks after it."""

from __future__ import annotations

import re

from advisor.calibrate.imports.columns import Collected, positive

_UNSLOTH = re.compile(r"Unsloth - \d+x faster")
_NUMBERS = {
    "micro_batch": re.compile(
        r"(?:Instantaneous batch size|Batch size) per device = ([\d,]+)", re.IGNORECASE
    ),
    "grad_accum": re.compile(r"Gradient accumulation steps = ([\d,]+)", re.IGNORECASE),
    "trainable_params": re.compile(
        r"(?:Number of trainable parameters|Trainable parameters) = ([\d,]+)", re.IGNORECASE
    ),
    "gpu_count": re.compile(r"(?:Num GPUs used|Data Parallel GPUs) = ([\d,]+)"),
}
_TOTAL_BATCH = re.compile(
    r"Total (?:train )?batch size \((?:w\. parallel, distributed & accumulation|[\dx ]+)\)"
    r" = ([\d,]+)"
)
_GPU = re.compile(r"^[\W_]*GPU[: ]+(?:= )?(.+?)\. (?:Num GPUs = \d+\. )?Max memory", re.MULTILINE)
_TRAINED = re.compile(r"^[\W_]*([\d.]+) (seconds|minutes) used for training\.", re.MULTILINE)
_RESERVED = re.compile(r"Peak reserved memory = ([\d.]+) GB")


def banner(text: str) -> Collected:
    """Columns that a console tells besides its log; memory in GiB, which Unsloth calls GB."""
    cells: Collected = {"framework": "unsloth" if _UNSLOTH.search(text) else "hf"}
    for name, pattern in _NUMBERS.items():
        match = pattern.search(text)
        if match:
            cells[name] = positive(match[1].replace(",", ""))
    total = _TOTAL_BATCH.search(text)
    micro_batch = positive(cells.get("micro_batch"))
    if total and micro_batch and "gpu_count" not in cells:
        accumulated = positive(cells.get("grad_accum")) or 1.0
        count = float(total[1].replace(",", "")) / micro_batch / accumulated
        cells["gpu_count"] = count if count >= 1.0 and count == int(count) else None
    gpu = _GPU.search(text)
    if gpu:
        cells["gpu"] = gpu[1].removeprefix("NVIDIA ")
    trained = _TRAINED.search(text)
    if trained and (time := positive(trained[1])):
        seconds = time * (60.0 if trained[2] == "minutes" else 1.0)
        cells |= {"total_seconds": seconds, "total_includes": "train+eval"}
    reserved = _RESERVED.search(text)
    if reserved:
        cells |= {"memory_gib": positive(reserved[1]), "memory_basis": "reserved"}
    return cells
