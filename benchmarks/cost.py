"""How fast 10,000 draws of every option are: the cost engine against the bare array arithmetic it
rests on.

Run: python benchmarks/cost.py [BRIEF] [--draws N] [--runs N]. Goal: all options of the largest
brief within 0.3 s on the machine at hand. The reference is the same number of elementary NumPy
operations on arrays of the same length, timed in the same run, so that the ratio can be compared
between machines.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np

from advisor import pipeline
from advisor.core.figure import Figure

ROOT = Path(__file__).parents[1]
GOAL_SECONDS = 0.3
SEEDS = count(1)
"""A new seed for every run, so that nothing is found in a cache."""


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median wall time of one call, after a first one that fills the caches."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def operations(evaluated: pipeline.Evaluated) -> int:
    """Distinct array operations behind the figures of all options."""
    counted: set[int] = set()
    waiting: list[Figure] = [f for e in evaluated.estimates for f in e.figures.values()]
    while waiting:
        figure = waiting.pop()
        if id(figure) not in counted:
            counted.add(id(figure))
            waiting.extend(figure.operands)
    return len(counted)


def reference(additions: int, size: int) -> Callable[[], object]:
    """So many additions of arrays of `size` numbers."""
    a, b = np.ones(size), np.full(size, 2.0)

    def add() -> None:
        for _ in range(additions):
            np.add(a, b)

    return add


def evaluation(brief_file: Path) -> pipeline.Evaluation:
    """The estimators of a brief, bound to everything it touches."""
    brief = pipeline.load(brief_file)
    return pipeline.evaluation(brief, pipeline.look(brief))


def costs(bound: pipeline.Evaluation, draws: int) -> Callable[[], object]:
    """The costs of every option on fresh draws, with the scores of quality taken as given."""
    from advisor.estimate.cost import estimate_all
    from advisor.estimate.scoring import quality_figures
    from advisor.estimate.sheet import Sheet

    quality = quality_figures(
        bound.options, Sheet(bound.brief, draws + 1, pipeline.SEED), bound.setting
    )
    return lambda: estimate_all(
        bound.options, Sheet(bound.brief, draws + 1, next(SEEDS)), bound.setting, quality
    )


def main() -> None:
    """Print every line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "brief", nargs="*", type=Path, default=sorted((ROOT / "profiles" / "briefs").glob("*.toml"))
    )
    parser.add_argument("--draws", type=int, default=pipeline.DRAWS)
    parser.add_argument("--runs", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["ADVISOR_HOME"] = home
        bound = {file: evaluation(file) for file in chosen.brief}
        largest = max(bound, key=lambda file: len(bound[file].options))
        report(largest, bound[largest], chosen.draws, chosen.runs)


def report(file: Path, bound: pipeline.Evaluation, draws: int, runs: int) -> None:
    """Costs alone, costs with quality, and the reference, for the brief with most options."""
    drawn = bound.draws(draws, pipeline.SEED)
    total = operations(drawn)
    bare = seconds(reference(total, draws + 1), runs)
    alone = seconds(costs(bound, draws), runs)
    both = seconds(lambda: bound.draws(draws, next(SEEDS)), runs)
    verdict = f"{'within' if both < GOAL_SECONDS else 'OVER'} {GOAL_SECONDS} s"
    print(
        f"{file.parent.name}/{file.name}: {len(bound.options)} options, {draws:,} draws, "
        f"{total:,} array operations"
    )
    print(f"  reference: as many additions   {bare * 1e3:7.1f} ms")
    print(
        f"  costs                          {alone * 1e3:7.1f} ms   "
        f"{alone / bare:5.1f} × the reference"
    )
    print(
        f"  costs and quality              {both * 1e3:7.1f} ms   "
        f"{both / bare:5.1f} × the reference   {verdict}"
    )


if __name__ == "__main__":
    main()
