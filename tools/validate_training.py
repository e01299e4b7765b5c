"""How far training estimates are off on stacks, GPUs and model families that nobody measured.

usage: python -m tools.validate_training RUNS.csv... [--json FILE]

Everything is nested. For each framework (unseen stack), each GPU (unseen GPU), and each pair of
both whose model families are left out as well (all unseen), coefficients are fitted on the rest
alone, and so are the ranges: from the errors of frameworks and GPUs that were left out within that
rest. Nothing that is scored enters what it is scored with, but for the documented starting values
and the structure of the formulas, which a person chose. `--documented` fits only the ranges.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from advisor.core.constants import Z80
from tools.training_fit import (
    Case,
    Floats,
    Linear,
    cases,
    counts,
    groups,
    spread,
    spreads,
)

FEWEST = 3
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fold:
    """What is scored, what may be fitted on, and what about the scored is unseen."""

    test: Mask
    train: Mask
    stack: bool
    gpu: bool


def folds(rows: Sequence[Case], kind: str) -> list[Fold]:
    """Folds of `kind`: stack, gpu, or all (framework, GPU and model families together)."""
    stacks = groups(rows, "framework")
    gpus = groups(rows, "gpu")
    if kind == "stack":
        return [Fold(mask, ~mask, True, False) for mask in stacks.values()]
    if kind == "gpu":
        return [Fold(mask, ~mask, False, True) for mask in gpus.values()]
    families = np.array([c.family for c in rows])
    listed = []
    for stack in stacks.values():
        for gpu in gpus.values():
            test = stack & gpu
            if not test.any():
                continue
            alike = np.isin(families, list(set(families[test])))
            listed.append(Fold(test, ~(stack | gpu | alike), True, True))
    return listed


@dataclass(frozen=True)
class Scored:
    """Left-out errors (log predicted ÷ measured) and log standard deviations of all cases."""

    error: Floats
    log_sd: Floats


def inner_errors(linear: Linear, within: Mask, fit: bool) -> tuple[Floats, Floats, Floats]:
    """(errors, counts of causes, weights) of frameworks and GPUs left out in turn within a set.

    By the linear formulas: a solution for each group and nothing else is computed.
    """
    listed = []
    for kind in ("framework", "gpu"):
        for mask in groups(linear.rows, kind).values():
            out = mask & within
            if not out.any():
                continue
            x = linear.fit(within & ~mask) if fit else np.zeros(linear.slopes.shape[1])
            e = linear.base[out] + linear.slopes[out] @ x
            listed.append((e, _table(linear, out, kind), linear.weights[out]))
    return (
        np.concatenate([e for e, _, _ in listed]),
        np.concatenate([t for _, t, _ in listed]),
        np.concatenate([w for _, _, w in listed]),
    )


def _table(linear: Linear, out: Mask, kind: str) -> Floats:
    """Counts of causes; of stack and GPU only the one that was left out."""
    names = spread.cause_names(linear.what)
    table = _all_counts(linear)[out].copy()
    table[:, names.index("stack")] *= float(kind == "framework")
    table[:, names.index("gpu")] *= float(kind == "gpu")
    return table


_COUNTS: dict[str, Floats] = {}


def _all_counts(linear: Linear) -> Floats:
    if linear.what not in _COUNTS:
        _COUNTS[linear.what] = counts(linear.what, linear.rows, True, True)
    return _COUNTS[linear.what]


def nested(linear: Linear, kind: str, fit: bool = True) -> Scored:
    """Errors and widths of every case from folds of one kind."""
    names = spread.cause_names(linear.what)
    error = np.full(len(linear.rows), np.nan)
    log_sd = np.full(len(linear.rows), np.nan)
    for fold in folds(linear.rows, kind):
        x = linear.fit(fold.train) if fit else np.zeros(linear.slopes.shape[1])
        error[fold.test] = linear.left_out(x, fold.test) if fit else linear.base[fold.test]
        sds = spreads(linear.what, *inner_errors(linear, fold.train, fit), 2)
        table = _all_counts(linear)[fold.test].copy()
        table[:, names.index("stack")] *= float(fold.stack)
        table[:, names.index("gpu")] *= float(fold.gpu)
        log_sd[fold.test] = np.sqrt(table @ np.array([sds[n] ** 2 for n in names]))
    return Scored(error, log_sd)


def summary(rows: Sequence[Case], scored: Scored) -> dict[str, float]:
    """Macro over sources with three runs or more, and pooled over runs."""
    off = np.abs(np.expm1(scored.error))
    inside = np.abs(scored.error) <= Z80 * scored.log_sd
    by_source = [m for m in groups(rows, "source").values() if m.sum() >= FEWEST]

    def macro(values: Floats, share: float) -> float:
        return float(np.mean([np.quantile(values[m], share) for m in by_source]))

    return {
        "runs": len(rows),
        "sources": len(by_source),
        "median": macro(off, 0.5),
        "p90": macro(off, 0.9),
        "inside": float(np.mean([inside[m].mean() for m in by_source])),
        "width": float(np.exp(2.0 * Z80 * np.median(scored.log_sd))),
        "pooled_median": float(np.median(off)),
        "pooled_p90": float(np.quantile(off, 0.9)),
        "pooled_inside": float(inside.mean()),
        "rank": float(spearmanr(scored.log_sd, np.abs(scored.error)).statistic),
    }


def is_specified(case: Case) -> bool:
    """One GPU and nothing that memory depends on left open."""
    text = case.row.text
    return (
        text("gpu_count") == "1"
        and text("sharding") in ("none", "")
        and text("offload") in ("none", "")
        and all(text(c) for c in ("max_tokens", "micro_batch", "quantization"))
        and text("method") in ("full", "lora", "qlora")
        and text("trust") in ("A", "B")
    )


def line(name: str, s: dict[str, float]) -> str:
    """One measure in one line of text."""
    shares = {key: 100.0 * value for key, value in s.items()}
    return (
        f"{name:34s} {s['runs']:5.0f} runs {s['sources']:3.0f} sources"
        f"  macro {shares['median']:5.1f} / {shares['p90']:5.1f} %"
        f"  inside {shares['inside']:3.0f} %"
        f"  pooled {shares['pooled_median']:5.1f} / {shares['pooled_p90']:5.1f} %"
        f"  inside {shares['pooled_inside']:3.0f} %  width {s['width']:.2f}  rank {s['rank']:.2f}"
    )


def linears(paths: Sequence[Path], fit: bool = True) -> tuple[Linear, ...]:
    """The cases of memory and of speed; without derivatives where nothing is to be fitted."""
    make = Linear.of if fit else Linear.unfitted
    return tuple(make(what, cases(paths, what)) for what in ("memory", "speed"))


def validate(of: Sequence[Linear], fit: bool = True) -> dict[str, dict[str, float]]:
    """The summaries of every measure and kind of fold."""
    results = {}
    for linear in of:
        what = linear.what
        for kind in ("stack", "gpu", "all"):
            scored = nested(linear, kind, fit)
            results[f"{what}, unseen {kind}"] = summary(linear.rows, scored)
            keep = np.array([what == "memory" and is_specified(c) for c in linear.rows])
            if keep.any():
                part = [c for c, one in zip(linear.rows, keep, strict=True) if one]
                few = Scored(scored.error[keep], scored.log_sd[keep])
                results[f"memory specified, unseen {kind}"] = summary(part, few)
    return results


def main() -> None:
    """Print a line per measure and kind of fold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--documented", action="store_true")
    given = parser.parse_args()
    fit = not given.documented
    results = validate(linears(given.runs, fit), fit)
    for name, s in results.items():
        print(line(name, s))
    if given.json:
        rounded = {n: {k: float(f"{v:.4g}") for k, v in s.items()} for n, s in results.items()}
        given.json.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    assert all(math.isfinite(s["median"]) for s in results.values())


if __name__ == "__main__":
    main()
