"""Fits the coefficients of the quality prior to published studies and writes profiles/quality.toml.

usage: python tools/fit_quality.py EVIDENCE.csv OUT.toml

Beside OUT.toml it writes quality_decisions.csv, the published decisions that predictions are
averaged with.

Penalised marginal likelihood of a Gaussian linear model on the logit scale
(advisor.estimate.quality.design), once per family of learning curves. The spreads are fitted here
with SciPy; the fixed weights then follow in closed form (advisor.backtest.pooling). The fit is
repeated without each study in turn, for back-tests that leave it out.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from advisor.backtest.decision_cells import published_decisions
from advisor.backtest.pooling import Block, blocks, kinds_of, names_of, pool, score_and_slope
from advisor.backtest.studies import Result, read
from advisor.estimate.quality.nearest import COLUMNS, to_row

BENDS = (0.0, 0.2)
BOUNDS = (0.01, 3.0)  # standard deviations, logits
TYPICAL = {
    "task": 0.9,
    "study": 0.45,
    "prompt-small": 0.7,
}  # where the search starts; 0.3 for the others
TIGHTNESS = 1.0  # of the log-normal prior on a variance around its typical value
# How one curve may differ from the average of studies, logits: chosen so that `advisor backtest
# curves` holds 80 %.
DRIFT_PER_DOUBLING = 0.23
STEEPNESS_PER_DOUBLING = 0.4
# of all predictions, as a multiple of the fit's own, chosen so that intervals of `advisor backtest
# outcomes` hold 80 %
SPREAD = 0.9


def spreads(
    data: Sequence[Block], start: NDArray[np.float64] | None, steps: int
) -> NDArray[np.float64]:
    """Log variances by kind that maximise the penalised marginal likelihood of all blocks."""
    typical = 2 * np.log([TYPICAL.get(kind, 0.3) for kind in kinds_of(data)])

    def loss(log_variance: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = score_and_slope(data, np.exp(log_variance))
        off = (log_variance - typical) / TIGHTNESS**2
        return value + 0.5 * float(np.sum(off * (log_variance - typical))), slope + off

    limits = [(2 * np.log(BOUNDS[0]), 2 * np.log(BOUNDS[1]))] * len(typical)
    first = typical if start is None else start
    solution = minimize(
        loss, first, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": steps}
    )
    return np.asarray(solution.x)


def family(bend: float, path: Path) -> list[str]:
    """The lines of one family's tables."""
    data = blocks(read(path), bend)
    whole = spreads(data, None, 80)
    kinds = kinds_of(data)
    mean, cov = pool(data, np.exp(whole))
    lines = [
        "",
        "[[families]]",
        f"bend = {bend}",
        f"names = {_words(names_of(data))}",
        f"mean = {_numbers(mean)}",
    ]
    lines += [
        "root = [",
        *(f"  {_numbers(r[: i + 1])}," for i, r in enumerate(np.linalg.cholesky(cov))),
        "]",
    ]
    drift = [("drift", DRIFT_PER_DOUBLING), ("steepness", STEEPNESS_PER_DOUBLING), ("test", 1.0)]
    lines += [
        "[families.sds]",
        *(f"{k} = {v:.4f}" for k, v in [*zip(kinds, np.exp(whole / 2), strict=True), *drift]),
    ]
    lines += ["[families.without]"]
    for left_out in data:
        rest = [b for b in data if b is not left_out]
        lines.append(f'"{left_out.study}" = {_numbers(np.exp(spreads(rest, whole, 12) / 2))}')
        print(bend, left_out.study, file=sys.stderr)
    return lines


def _words(words: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{w}"' for w in words) + "]"


def _numbers(numbers: NDArray[np.float64]) -> str:
    return "[" + ", ".join(f"{n:.5f}" for n in numbers) + "]"


def main(evidence: str, out: str) -> None:
    """Writes the file of coefficients."""
    path = Path(evidence)
    counted = [r for r in read(path) if r.value is not None and not r.lower_is_better]
    types = sorted({r.about.type for r in counted})
    counts = {"": len({r.study for r in counted})}
    counts |= {t: len({r.study for r in counted if r.about.type == t}) for t in types}
    lines = [
        "# Coefficients of the quality prior, on the logit scale.",
        "# Written by tools/fit_quality.py; do not edit.",
        f'source = "{counts[""]} published studies (profiles/evidence.csv), '
        'fitted by tools/fit_quality.py"',
        'as_of = "studies of 2020 to 2025"',
        f"spread = {SPREAD}",
        "[studies]",
        *(f'"{t}" = {n}' for t, n in counts.items()),
    ]
    for bend in BENDS:
        lines += family(bend, path)
    Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_decisions(read(path), Path(out).with_name("quality_decisions.csv"))


def write_decisions(results: Sequence[Result], out: Path) -> None:
    """Writes the decided cells of all studies, a line each."""
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(to_row(d) for d in published_decisions(results))


if __name__ == "__main__":
    main(*sys.argv[1:3])
