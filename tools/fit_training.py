"""Write profiles/training.toml: documented coefficients, and ranges fitted on what was left out.

usage: python -m tools.fit_training RUNS.csv... [--fitted] [--output profiles/training.toml]

The coefficients are the documented values of tools/training_fit.py: fitting them predicted stacks
and GPUs that were left out no better (tools/validate_training.py shows both), so nothing is fitted
unless `--fitted` is given. The ranges come from the errors of sources, frameworks and GPUs left out
in turn, once for all sources and once without each, for the back-test of that source. Needs scipy.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from advisor.core.constants import Z80
from tools.training_fit import (
    GIVEN,
    Case,
    Floats,
    Linear,
    cases,
    counts,
    flat,
    groups,
    spread,
    spreads,
)

TYPICAL_NORMAL = 0.6745
"""Median of the absolute value of a standard normal variable."""


def left_out(linear: Linear, fit: bool) -> tuple[Floats, Floats, Floats, list[Case]]:
    """(errors, counts of causes, weights, cases) of sources, frameworks and GPUs left out in turn.

    A framework or GPU is marked as never measured where no other source has it.
    """
    names = spread.cause_names(linear.what)
    every = counts(linear.what, linear.rows, True, True)
    parts = []
    for kind in ("source", "framework", "gpu"):
        for mask in groups(linear.rows, kind).values():
            x = linear.fit(~mask) if fit else np.zeros(linear.slopes.shape[1])
            table = every[mask].copy()
            table[:, names.index("stack")] *= _unseen(linear, mask, "framework")
            table[:, names.index("gpu")] *= _unseen(linear, mask, "gpu")
            rows = [c for c, one in zip(linear.rows, mask, strict=True) if one]
            e = linear.left_out(x, mask) if fit else linear.base[mask]
            parts.append((e, table, linear.weights[mask], rows))
    return (
        np.concatenate([e for e, _, _, _ in parts]),
        np.concatenate([t for _, t, _, _ in parts]),
        np.concatenate([w for _, _, w, _ in parts]),
        [case for _, _, _, rows in parts for case in rows],
    )


def _unseen(linear: Linear, mask: Floats, kind: str) -> Floats:
    """1 for each left-out case whose framework or GPU no other case has."""
    names = [c.run.framework if kind == "framework" else c.run.gpu_name for c in linear.rows]
    elsewhere = {n for n, out in zip(names, mask, strict=True) if not out}
    return np.array([float(n not in elsewhere) for n, out in zip(names, mask, strict=True) if out])


def repeats(linear: Linear) -> dict[str, float]:
    """How log errors differ between runs of one set-up, as standard deviations: typically, and at
    80 %.

    Most runs repeat within a few per cent; now and then something differs that no column states.
    The first weighs a measured run, the second widens the range after it.
    """
    kinds: dict[tuple[str, ...], list[float]] = {}
    for case, error in zip(linear.rows, linear.base, strict=True):
        kinds.setdefault(case.row.kind, []).append(error)
    apart = [abs(e - float(np.median(v))) for v in kinds.values() if len(v) > 2 for e in v]
    typical, wide = np.quantile(apart, [0.5, 0.8])
    what = linear.what
    return {f"repeat.{what}": float(typical / TYPICAL_NORMAL), f"hidden.{what}": float(wide / Z80)}


def tables(
    linears: Sequence[Linear], fit: bool
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """(coefficients and ranges of all sources, what differs without each source)."""
    common: dict[str, float] = dict(GIVEN)
    without: dict[str, dict[str, float]] = {}
    for linear in linears:
        what = linear.what
        everything = np.ones(len(linear.rows), dtype=bool)
        nothing = np.zeros(linear.slopes.shape[1])
        common |= flat(what, linear.fit(everything) if fit else nothing)
        common |= repeats(linear)
        e, table, weights, rows = left_out(linear, fit)
        common |= _named(what, spreads(what, e, table, weights, 3))
        for source, mask in groups(linear.rows, "source").items():
            keep = np.array([c.source != source for c in rows])
            own = _named(what, spreads(what, e[keep], table[keep], weights[keep], 3))
            if fit:
                own |= flat(what, linear.fit(~mask))
            without.setdefault(source, {}).update(own)
    return common, without


def _named(what: str, sds: Mapping[str, float]) -> dict[str, float]:
    return {f"spread_{what}.{cause}": sd for cause, sd in sds.items()}


def text(
    about: Mapping[str, str],
    common: Mapping[str, float],
    without: Mapping[str, Mapping[str, float]],
) -> str:
    """The profile as TOML; a table `without` a source states only what differs from that of all."""
    lines = ["[about]", *(f'{key} = "{value}"' for key, value in about.items()), "", "[all]"]
    lines += [f"{name} = {_short(value)}" for name, value in sorted(common.items())]
    for source, numbers in sorted(without.items()):
        differ = {n: v for n, v in numbers.items() if _short(v) != _short(common[n])}
        lines += ["", f'["without {source}"]']
        lines += [f"{name} = {_short(value)}" for name, value in sorted(differ.items())]
    return "\n".join(lines) + "\n"


def _short(value: float) -> str:
    return repr(float(f"{value:.4g}"))


def main() -> None:
    """Fit the ranges of memory and speed; write the profile."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--fitted", action="store_true")
    parser.add_argument("--output", type=Path, default=Path("profiles/training.toml"))
    given = parser.parse_args()
    make = Linear.of if given.fitted else Linear.unfitted
    linears = [make(what, cases(given.runs, what)) for what in ("memory", "speed")]
    common, without = tables(linears, given.fitted)
    every = [c for linear in linears for c in linear.rows]
    stacks = Counter(c.run.framework for c in every)
    gpus = Counter(c.run.gpu_name for c in every if c.run.gpu_name)
    about = {
        "source": f"documented constants; ranges from {len(without)} published sources left out",
        "as_of": max(c.row.text("date") for c in every),
        "frameworks": ";".join(sorted(name for name, n in stacks.items() if n >= 3)),
        "gpus": ";".join(sorted(name for name, n in gpus.items() if n >= 3)),
    }
    given.output.write_text(text(about, common, without), encoding="utf-8")


if __name__ == "__main__":
    main()
