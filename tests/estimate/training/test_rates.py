"""Shares of a printed peak against the measurements that they are the means of."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from statistics import fmean

import pytest

from advisor.estimate.training import coefficients
from advisor.estimate.training.rates import (
    ARCHITECTURE_SHARE,
    WATTS_PER_TFLOPS,
    achievable_tflops,
    emulates_bf16,
    fast_link,
    fp32_tflops,
    narrow_ratio,
    peak_tflops,
    sustained,
)
from advisor.shipped import folder
from tests.estimate.training.catalogue import a_run, book


def measured() -> dict[str, list[float]]:
    """Best matrix product over printed peak of each measured GPU, by architecture."""
    with (folder("profiles") / "gpus.csv").open(newline="", encoding="utf-8") as file:
        architectures = {row["gpu"]: row["arch"] for row in csv.DictReader(file)}
    shares: dict[str, list[float]] = {}
    with (folder("profiles") / "gpu_achieved.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            share = float(row["achieved_tflops"]) / float(row["theory_tflops"])
            shares.setdefault(architectures[row["gpu"]], []).append(share)
    return shares


@pytest.mark.parametrize(("architecture", "shares"), sorted(measured().items()))
def test_the_share_of_an_architecture_is_the_mean_of_its_measured_gpus(
    architecture: str, shares: list[float]
) -> None:
    assert ARCHITECTURE_SHARE[architecture] == pytest.approx(fmean(shares), abs=0.01)


@pytest.mark.parametrize(
    ("architecture", "gpu", "watts", "tflops"),
    [
        ("Volta", "V100 PCIe", 250, 112),
        ("Ampere", "A100 SXM", 400, 312),
        ("Hopper", "H100 SXM", 700, 989),
        ("Blackwell", "B200 SXM", 1000, 2250),
    ],
)
def test_the_power_of_an_architecture_is_that_of_the_data_sheet_of_its_largest_part(
    architecture: str, gpu: str, watts: float, tflops: float
) -> None:
    assert WATTS_PER_TFLOPS[architecture] == pytest.approx(watts / tflops, rel=0.03), gpu


@pytest.mark.parametrize(
    ("gpu", "tflops"),
    [
        ("RTX 4090", 82.6),
        ("RTX 3090", 35.6),
        ("A100-80GB-SXM", 19.5),
        ("T4", 8.1),
        ("L40S", 91.6),
        ("H100-SXM", 67.0),
        ("B200", 80.0),
        ("MI300X", 163.4),
        ("MI355X", 157.3),
    ],
)
def test_products_in_fp32_are_those_of_the_data_sheets(gpu: str, tflops: float) -> None:
    found = fp32_tflops(book().gpu(gpu), coefficients.fitted())
    assert found == pytest.approx(tflops, rel=0.03)


@pytest.mark.parametrize(
    ("gpu", "gb_per_second"),
    [
        ("A100-80GB-SXM", 600.0),
        ("H100-SXM", 900.0),
        ("H800-SXM", 400.0),
        ("A800", 400.0),
        ("B200", 1800.0),
        ("MI300X", 896.0),
        ("MI355X", 1075.0),
    ],
)
def test_links_are_those_of_the_data_sheets(gpu: str, gb_per_second: float) -> None:
    part = replace(book().gpu("A100-80GB-SXM"), name=gpu) if gpu == "A800" else book().gpu(gpu)
    assert fast_link(part) == pytest.approx(gb_per_second / 600.0)


@pytest.mark.parametrize(
    ("gpu", "dtype", "ratio"),
    [
        ("H100-SXM", "fp8", 2.0),
        ("A100-80GB-SXM", "fp8", 1.0),
        ("B200", "nvfp4", 4.0),
        ("RTX 5090", "nvfp4", 8.0),
        ("H100-SXM", "nvfp4", 1.0),
        ("H100-SXM", "mixed-bf16", 1.0),
    ],
)
def test_narrow_products_are_those_of_the_data_sheets(gpu: str, dtype: str, ratio: float) -> None:
    run = a_run(gpu=gpu, compute_dtype=dtype)
    assert narrow_ratio(run, book().gpu(gpu)) == ratio


def test_what_was_not_measured_is_within_what_was() -> None:
    shares = [share for group in measured().values() for share in group]
    assert all(min(shares) < share < max(shares) for share in ARCHITECTURE_SHARE.values())


K = coefficients.fitted()
L40S = book().gpu("L40S")
assert L40S is not None
UNMEASURED = replace(L40S, name="L41", power_watts=None)
"""An Ada GPU that no benchmark has measured: 362 TFLOPS, of which its architecture reaches 0.82."""


def test_the_rate_is_the_printed_peak_times_what_a_benchmark_and_the_power_leave() -> None:
    run = a_run(packed=True)
    assert achievable_tflops(run, UNMEASURED, K) == pytest.approx(362 * 0.82)
    strange = replace(UNMEASURED, arch="Unheard")
    assert achievable_tflops(run, strange, K) == pytest.approx(362 * 0.75)
    with (folder("profiles") / "gpu_achieved.csv").open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    measured = achievable_tflops(run, replace(UNMEASURED, name=row["gpu"]), K)
    assert measured == pytest.approx(362 * float(row["efficiency"]))
    starved = replace(UNMEASURED, power_watts=0.5 * 1.35 * 362)
    assert achievable_tflops(run, starved, K) == pytest.approx(362 * 0.82 * 0.5**0.85)
    fed = replace(UNMEASURED, power_watts=2 * 1.35 * 362)
    assert sustained(fed, 362.0) == 1.0
    assert sustained(replace(fed, arch="Unheard", power_watts=1.0), 362.0) == 1.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 362.0),
        ({"bf16_tflops": None, "fp16_tflops": 181.0}, 181.0),
        ({"bf16_tflops": None, "fp16_tflops": None}, 864 * 0.16),
        ({"bf16_tflops": None, "fp16_tflops": None, "arch": "Hopper"}, 864 * 0.25),
        ({"bf16_tflops": None, "fp16_tflops": None, "bandwidth_gb_per_second": None}, None),
    ],
)
def test_a_peak_is_printed_or_told_from_the_bandwidth(
    changes: dict[str, object], expected: float | None
) -> None:
    gpu = replace(UNMEASURED, **changes)  # type: ignore[arg-type]
    found = peak_tflops(gpu, K)
    assert found == (None if expected is None else pytest.approx(expected))
    if expected is None:
        assert achievable_tflops(a_run(), gpu, K) is None
        assert fp32_tflops(gpu, K) is None


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"dtype": "fp32"}, 0.25),
        ({"dtype": "fp32", "compute_dtype": "mixed-bf16"}, 0.82),
    ],
)
def test_products_in_single_precision_run_at_the_fp32_rate(
    changes: dict[str, object], share: float
) -> None:
    found = achievable_tflops(a_run(packed=True, **changes), UNMEASURED, K)
    assert found == pytest.approx(362 * share)


@pytest.mark.parametrize(
    ("arch", "changes", "emulates"),
    [
        ("Turing", {}, True),
        ("Volta", {"dtype": "fp16", "compute_dtype": "mixed-bf16"}, True),
        ("Turing", {"dtype": "fp16"}, False),
        ("Pascal", {"dtype": "fp16", "compute_dtype": "mixed-fp16"}, False),
        ("Ampere", {}, False),
    ],
)
def test_old_gpus_emulate_bf16(arch: str, changes: dict[str, object], emulates: bool) -> None:
    gpu = replace(UNMEASURED, arch=arch)
    assert emulates_bf16(a_run(**changes), gpu) is emulates
    if emulates:
        found = achievable_tflops(a_run(packed=True, **changes), gpu, K)
        assert found == pytest.approx(fp32_tflops(gpu, K))


@pytest.mark.parametrize(
    ("name", "arch", "share"),
    [
        ("RTX 3090", "Ampere", 0.5),
        ("RTX 4060", "Ada", 0.5),
        ("RTX A6000", "Ampere", 0.0625),
        ("RTX 5090", "Blackwell", 0.036),
        ("L40", "Ada", 0.25),
        ("new", "Unheard", 0.1),
    ],
)
def test_geforce_parts_compute_fp32_at_half_their_rate(name: str, arch: str, share: float) -> None:
    gpu = replace(UNMEASURED, name=name, arch=arch)
    assert fp32_tflops(gpu, K) == pytest.approx(362 * share)


@pytest.mark.parametrize(
    ("framework", "compute", "arch", "power"),  # of the printed ratio
    [
        ("nemo", "fp8", "Ada", 0.4 / math.log(2)),
        ("other", "fp8", "Ada", 0.4 / math.log(2)),
        ("hf", "fp8", "Ada", 0.6 * 0.4 / math.log(2)),
        ("nemo", "fp8", "Ampere", 0.0),
        ("nemo", "mixed-bf16", "Ada", 0.0),
    ],
)
def test_fp8_is_faster_by_a_power_of_its_printed_ratio(
    framework: str, compute: str, arch: str, power: float
) -> None:
    gpu = replace(UNMEASURED, arch=arch)
    run = a_run(packed=True, framework=framework, compute_dtype=compute)
    plain = achievable_tflops(replace(run, compute_dtype="mixed-bf16"), gpu, K)
    assert plain is not None
    assert achievable_tflops(run, gpu, K) == pytest.approx(plain * 2**power)


def test_fp4_leaves_fifteen_per_cent_of_the_products_in_sixteen_bits() -> None:
    gpu = replace(UNMEASURED, arch="Blackwell", name="B200-SXM")
    run = a_run(packed=True, framework="nemo", compute_dtype="nvfp4")
    plain = achievable_tflops(replace(run, compute_dtype="mixed-bf16"), gpu, K)
    assert plain is not None
    gain = 4 ** (0.4 / math.log(2))
    assert achievable_tflops(run, gpu, K) == pytest.approx(plain / (0.15 + 0.85 / gain))
    for name, ratio in (("B300-SXM", 6.0), ("GB300-SXM", 6.0), ("RTX 5080", 8.0), ("B100", 4.0)):
        assert narrow_ratio(run, replace(gpu, name=name)) == ratio
