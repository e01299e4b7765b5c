"""Shares of a printed peak against the measurements that they are the means of."""

from __future__ import annotations

import csv
from dataclasses import replace
from statistics import fmean

import pytest

from advisor.estimate.training import coefficients
from advisor.estimate.training.rates import (
    ARCHITECTURE_SHARE,
    WATTS_PER_TFLOPS,
    fast_link,
    fp32_tflops,
    narrow_ratio,
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
