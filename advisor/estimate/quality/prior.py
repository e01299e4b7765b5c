"""The prior: coefficients fitted to published studies, one set per family of learning curves."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypedDict, cast

import numpy as np

from advisor import shipped
from advisor.estimate.quality.skills import Rows


class FamilyTable(TypedDict):
    """One family in profiles/quality.toml.

    `root` holds the rows of a lower triangle. `without` has by study the standard deviations fitted
    without it, in the order of `sds` (for back-tests only).
    """

    bend: float
    names: list[str]
    mean: list[float]
    root: list[list[float]]
    sds: dict[str, float]
    without: dict[str, list[float]]


class PriorTable(TypedDict):
    """profiles/quality.toml as written by tools/fit_quality.py."""

    source: str
    as_of: str
    spread: float
    studies: dict[str, int]
    families: list[FamilyTable]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Coefficients of one family, all on the logit scale.

    `bend` is the exponent b of its learning curve (0: straight in ln n; above: a power law towards
    a ceiling). `mean` and `root` (Cholesky factor of the covariance) belong to the fixed weights
    `names`; `sds` are standard deviations by kind of deviation. For one task of one team,
    deviations by study and by task are one: `merged` adds them up.
    """

    bend: float
    names: tuple[str, ...]
    mean: Rows
    root: Rows
    sds: Mapping[str, float]


VOTING = ("prompt:voting", 0.35, 0.2)
"""What a vote over five answers adds to chain of thought: mean and standard deviation, logits.

No study of ours has it. Wang et al. 2022 (arXiv 2203.11171, PaLM-540B) report 3.9 to 17.9 points on
five tests, 0.3 to 0.8 logits with 40 answers; five answers reach about two thirds of it.
"""

CURVE_KINDS = ("drift", "steepness", "test")  # set by the back-test of curves, not by the fit
MERGED = {
    "study": "task",
    "prompt-technique-task": "prompt-technique",
    "tune-study": "tune-task",
    "labels-study": "labels-task",
    "hybrid-study": "hybrid-task",
    "tune-model-task": "tune-model",
}


def merged(sds: Mapping[str, float]) -> dict[str, float]:
    """Standard deviations where there is only one study with one task."""
    out = {kind: sd for kind, sd in sds.items() if kind not in MERGED}
    for kind, into in MERGED.items():
        out[into] = float(np.hypot(out.get(into, 0.0), sds.get(kind, 0.0)))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """The families with equal weight, and what they rest on.

    `studies` counts studies by task type, "" all.
    """

    families: tuple[Family, ...]
    studies: Mapping[str, int]
    source: str
    as_of: str


@cache
def load() -> Prior:
    """The shipped prior, profiles/quality.toml.

    Raises FileNotFoundError where the installation is broken.
    """
    table = tables()
    families = tuple(_family(f, table["spread"]) for f in table["families"])
    return Prior(families, table["studies"], table["source"], table["as_of"])


@cache
def tables() -> PriorTable:
    """The file behind the prior."""
    with (shipped.folder("profiles") / "quality.toml").open("rb") as file:
        return cast(PriorTable, tomllib.load(file))


def widened(sds: Mapping[str, float], spread: float) -> dict[str, float]:
    """Standard deviations times `spread`, but for those that belong to a curve or a test."""
    return {kind: sd if kind in CURVE_KINDS else sd * spread for kind, sd in sds.items()}


def _family(table: FamilyTable, spread: float) -> Family:
    lower = np.zeros((len(table["names"]), len(table["names"])))
    for i, row in enumerate(table["root"]):
        lower[i, : len(row)] = row
    sds = merged(widened(table["sds"], spread))
    name, mean, sd = VOTING
    root = np.pad(lower * spread, (0, 1))
    root[-1, -1] = sd
    means = np.append(table["mean"], mean)
    return Family(table["bend"], (*table["names"], name), means, root, sds)
