"""How fast a GPU multiplies matrices: what the data sheet prints, and what remains of it.

Sources: docs/reference/formulas-training.md, section Rates.
"""

from __future__ import annotations

import csv
import math
from functools import cache

from advisor.core.facts import Gpu
from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks
from advisor.estimate.training.activations import LOW_PRECISION, Precision, precision
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.frameworks import Kernels
from advisor.shipped import folder

WITHOUT_BF16 = frozenset({"Turing", "Volta", "Pascal"})
"""Architectures whose matrix units do not multiply bf16."""

ARCHITECTURE_SHARE = {
    "Volta": 0.80,
    "Turing": 0.75,
    "Ampere": 0.84,
    "Ada": 0.82,
    "Hopper": 0.80,
    "Blackwell": 0.76,
    "CDNA2": 0.60,
    "CDNA3": 0.56,
    "CDNA4": 0.68,
    "Gaudi": 0.75,
}
"""Best matrix product over printed peak: the mean of the measured GPUs of an architecture
(profiles/gpu_achieved.csv), for others that of their generation.
"""

USUAL_SHARE = 0.75

WATTS_PER_TFLOPS = {
    "Volta": 2.2,
    "Turing": 2.2,
    "Ampere": 1.25,
    "Ada": 1.35,
    "Hopper": 0.70,
    "Blackwell": 0.44,
}
"""Power that an architecture draws at its full 16-bit rate: that of its largest part (V100, A100,
H100, B200); for Ada, whose professional and consumer parts differ in accumulation, in between.
"""

POWER_EXPONENT = 0.85
"""Rate over power below the cap: between the square root (voltage falls with the clock) and
proportional.
"""

TFLOPS_PER_GB = {"Hopper": 0.25, "Blackwell": 0.28, "CDNA2": 0.11, "CDNA3": 0.23, "CDNA4": 0.30}
"""Dense 16-bit TFLOPS per GB/s of bandwidth where it is not 0.16, as of the stated parts."""

FP32_SHARE = {
    "Volta": 0.125,
    "Turing": 0.125,
    "Ampere": 0.0625,
    "Ada": 0.25,
    "Hopper": 0.068,
    "Blackwell": 0.036,
    "CDNA2": 0.125,
    "CDNA3": 0.125,
    "CDNA4": 0.0625,
}
"""fp32 without tensor cores over the dense 16-bit peak, by data sheet. PyTorch does not use TF32
unless it is told to (torch.set_float32_matmul_precision, default "highest").
"""

FAST_LINK_GB = {"Volta": 300.0, "Ampere": 600.0, "Hopper": 900.0, "Blackwell": 1800.0}
FAST_LINK_GB |= {"CDNA2": 400.0, "CDNA3": 896.0, "CDNA4": 1075.0}
EXPORT_LINK_GB = 400.0
"""GB/s of a GPU over NVLink or Infinity Fabric, both ways together, by data sheet; A800 and H800
have 400.
"""

HAS_FP8 = frozenset({"Ada", "Hopper", "Blackwell", "CDNA3", "CDNA4", "Gaudi"})
"""Architectures whose matrix units multiply FP8, at twice the 16-bit rate by data sheet."""

FP8_OVER_HALF = 2.0
FP4_OVER_HALF = {"Blackwell": 4.0, "CDNA4": 4.0}
"""Dense FP4 over the dense 16-bit rate by data sheet: B200 9 and 2.25 PFLOPS, MI355X 10.1 and
2.5.
"""

FP4_BY_NAME = (("B300", 6.0), ("GB300", 6.0), ("RTX 50", 8.0))
"""The same of Blackwell Ultra, 15 and 2.5 PFLOPS, and of GeForce parts, whose 16-bit rate with fp32
accumulation is halved: RTX 5090 1,676 and 209.5 TFLOPS.
"""

STAYS_HALF = 0.15
"""Share of the matrix products that FP4 training leaves in 16 bits (NVIDIA 2025, arXiv 2509.25149:
about 15 % of the linear layers).
"""

USUAL_FP32_SHARE = 0.1
GEFORCE_FP32_SHARE = 0.5


@cache
def _achieved() -> dict[str, float]:
    """Measured share of the printed 16-bit peak by GPU (profiles/gpu_achieved.csv)."""
    path = folder("profiles") / "gpu_achieved.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {row["gpu"]: float(row["efficiency"]) for row in csv.DictReader(file)}


def peak_tflops(gpu: Gpu, k: Coefficients) -> float | None:
    """Dense 16-bit peak; where no source states one, from the bandwidth and the usual ratio."""
    stated = gpu.bf16_tflops or gpu.fp16_tflops
    if stated:
        return stated
    if gpu.bandwidth_gb_per_second is None:
        return None
    ratio = TFLOPS_PER_GB.get(gpu.arch, k.tflops_per_gb)
    return gpu.bandwidth_gb_per_second * ratio


def achievable_tflops(run: TrainingRun, gpu: Gpu, k: Coefficients) -> float | None:
    """What matrix products of this run's precision can reach; None where nothing is known."""
    peak = peak_tflops(gpu, k)
    if peak is None:
        return None
    share = _achieved().get(gpu.name) or ARCHITECTURE_SHARE.get(gpu.arch, USUAL_SHARE)
    half = peak * share * sustained(gpu, peak)
    if precision(run) is Precision.SINGLE or emulates_bf16(run, gpu):
        return min(half, peak * _fp32_share(gpu))
    return half * _narrow_gain(run, gpu, k)


def fp32_tflops(gpu: Gpu, k: Coefficients) -> float | None:
    """Rate of products of fp32 values; None where nothing is known."""
    peak = peak_tflops(gpu, k)
    return None if peak is None else peak * _fp32_share(gpu)


def narrow_ratio(run: TrainingRun, gpu: Gpu) -> float:
    """Printed rate of the run's matrix products over the 16-bit one: 1 in 16 bits, and on GPUs
    whose units do not have the format.
    """
    if run.compute_dtype == "fp8":
        return FP8_OVER_HALF if gpu.arch in HAS_FP8 else 1.0
    if run.compute_dtype in LOW_PRECISION:
        by_name = (ratio for begin, ratio in FP4_BY_NAME if gpu.name.startswith(begin))
        return next(by_name, FP4_OVER_HALF.get(gpu.arch, 1.0))
    return 1.0


def _narrow_gain(run: TrainingRun, gpu: Gpu, k: Coefficients) -> float:
    """How much faster FP8 or FP4 makes the matrix products of a step: the printed ratio to a power,
    that of FP8, since values are scaled and cast around each product.
    """
    vendor = frameworks.of(run).kernels is Kernels.VENDOR or run.framework == "other"
    power = (k.eff_fp8 if vendor else 0.6 * k.eff_fp8) / math.log(FP8_OVER_HALF)
    gain = narrow_ratio(run, gpu) ** power
    if run.compute_dtype in LOW_PRECISION - {"fp8"}:
        return float(1.0 / (STAYS_HALF + (1.0 - STAYS_HALF) / gain))
    return float(gain)


def fast_link(gpu: Gpu) -> float:
    """Bandwidth of a GPU's fast link over that of an A100, by data sheet."""
    export = gpu.name.startswith(("A800", "H800"))
    of_a100 = FAST_LINK_GB["Ampere"]
    return (EXPORT_LINK_GB if export else FAST_LINK_GB.get(gpu.arch, of_a100)) / of_a100


def sustained(gpu: Gpu, peak: float) -> float:
    """Share of the matrix rate that the power limit leaves; 1 where power is not known."""
    needed = WATTS_PER_TFLOPS.get(gpu.arch)
    if needed is None or gpu.power_watts is None:
        return 1.0
    powered = min(1.0, gpu.power_watts / peak / needed)
    return float(powered**POWER_EXPONENT)


def _fp32_share(gpu: Gpu) -> float:
    """GeForce parts halve the 16-bit rate with fp32 accumulation; fp32 is half of what is left."""
    if gpu.name.startswith("RTX") and gpu.arch in ("Ampere", "Ada") and "A" not in gpu.name[4:5]:
        return GEFORCE_FP32_SHARE
    return FP32_SHARE.get(gpu.arch, USUAL_FP32_SHARE)


def emulates_bf16(run: TrainingRun, gpu: Gpu) -> bool:
    """Whether bf16 is asked of a GPU that computes it in fp32."""
    return lacks_bf16(gpu) and (run.dtype == "bf16" or run.compute_dtype.endswith("bf16"))


def lacks_bf16(gpu: Gpu) -> bool:
    """Whether the GPU has no matrix units for bf16 and emulates it."""
    return gpu.arch in WITHOUT_BF16
