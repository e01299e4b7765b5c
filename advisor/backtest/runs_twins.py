"""How much published runs differ whose typed inputs are all the same: no estimate from these inputs
can do better.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.backtest.runs_scores import FEWEST, quantile
from advisor.backtest.runs_table import RunRow

NOT_INPUTS = frozenset(
    {
        *(
            "id",
            "source_path",
            "date",
            "trust",
            "suspect",
            "outcome",
            "epochs",
            "total_samples",
            "total_includes",
        ),
        *(
            "memory_gib",
            "memory_basis",
            "tokens_per_second",
            "step_seconds",
            "samples_per_second",
            "total_seconds",
        ),
        "cost_usd",
    }
)


def twins(rows: Sequence[RunRow]) -> dict[str, dict[str, float | None]]:
    """By source with at least `FEWEST` such runs: how many, and median and p90 of how far the first
    of them misses.

    The first is that of the middle date: what a calibration with it would miss in tokens per second
    at best.
    """
    alike: dict[tuple[str, ...], list[RunRow]] = {}
    for row in rows:
        finished = row.text("outcome") in ("", "ok") and row.text("suspect") != "yes"
        if finished and row.text("tokens_basis") and row.number("tokens_per_second"):
            inputs = tuple(
                value or "" for name, value in sorted(row.cells.items()) if name not in NOT_INPUTS
            )
            alike.setdefault(inputs, []).append(row)
    missed: dict[str, list[float]] = {}
    for members in alike.values():
        first, *others = _middle_first(members)
        speed = first.number("tokens_per_second") or 0.0
        missed.setdefault(first.text("source"), []).extend(
            abs(speed / (other.number("tokens_per_second") or speed) - 1.0) for other in others
        )
    listed = sorted(missed.items(), key=lambda pair: -len(pair[1]))
    return {
        source: {"rows": len(errors), "median": quantile(errors, 0.5), "p90": quantile(errors, 0.9)}
        for source, errors in listed
        if len(errors) >= FEWEST
    }


def _middle_first(members: Sequence[RunRow]) -> list[RunRow]:
    ordered = sorted(members, key=lambda row: row.text("date"))
    return [ordered.pop(len(ordered) // 2), *ordered]
