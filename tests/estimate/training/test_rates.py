"""Shares of a printed peak against the measurements that they are the means of."""

from __future__ import annotations

import csv
from statistics import fmean

import pytest

from advisor.estimate.training.rates import ARCHITECTURE_SHARE
from advisor.shipped import folder


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


def test_what_was_not_measured_is_within_what_was() -> None:
    shares = [share for group in measured().values() for share in group]
    assert all(min(shares) < share < max(shares) for share in ARCHITECTURE_SHARE.values())
