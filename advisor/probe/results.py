"""Scores per test item: every option on the same items, so that differences can be tested in
pairs.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.probes import ResultsReport
from advisor.core.text import printable
from advisor.probe.evaluations import is_evaluation, read_evaluation
from advisor.probe.evaluations.systems import as_option, option_name

UNNAMED = option_name("model")
MISSING = ("", "na", "nan", "none", "null")


def read_results(path: Path) -> ResultsReport:
    """Means and paired spreads of a CSV: a column `item`, then one per approach/technique@model,
    scores from 0 to 1; or of a file of promptfoo, inspect_ai, lm-evaluation-harness, deepeval, HELM
    or OpenAI's evals.

    A column named by a model alone is that model without examples. An item without a score in one
    column is left out of the pairs with it. Raises UsageError naming file and line.
    """
    if is_evaluation(path):
        return _of_evaluation(path)
    names, rows = _table(path)
    return _report(path, names, rows)


def _of_evaluation(path: Path) -> ResultsReport:
    """Scores as another program wrote them; of a file without items the mean alone."""
    evaluation = read_evaluation(path)
    if UNNAMED in evaluation.systems:
        raise UsageError(
            f"{path}: names no model; `advisor runs import {path} --set model=NAME` keeps it for "
            "`advisor runs show N --for-brief`, whose tables stand for the file"
        )
    names, _, rows = evaluation.table()
    report = _report(path, names, rows)
    means = {n: s.mean for n, s in evaluation.systems.items() if s.mean is not None}
    counts = {name: evaluation.systems[name].count for name in means}
    return replace(report, means={**report.means, **means}, items={**report.items, **counts})


def _report(path: Path, names: Sequence[str], rows: Sequence[Sequence[float]]) -> ResultsReport:
    table = np.array(rows, dtype=float).reshape(len(rows), len(names)).T
    columns = dict(zip(names, table, strict=True))
    for name, values in columns.items():
        if not np.isfinite(values).any():
            raise UsageError(f"{path}: column {printable(name)!r} has no scores; remove it")
    return ResultsReport(
        str(path),
        {name: float(np.nanmean(values)) for name, values in columns.items()},
        {name: int(np.isfinite(values).sum()) for name, values in columns.items()},
        {frozenset((a, b)): _spread(columns[a] - columns[b]) for a, b in combinations(names, 2)},
    )


def _spread(difference: NDArray[np.float64]) -> tuple[float, int]:
    """Standard deviation of the difference per item, and the number of items that have both
    scores.
    """
    paired = difference[np.isfinite(difference)]
    return (float(paired.std(ddof=1)) if len(paired) > 1 else float("nan"), len(paired))


def _table(path: Path) -> tuple[list[str], list[list[float]]]:
    try:
        with given_files.open_text(path, encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle)
            names = next(reader, [])
            if len(names) < 2 or names[0].strip().lower() != "item":
                raise UsageError(
                    f"{path}: line 1: the first column must be item, "
                    "the others approach/technique@model"
                )
            rows = [
                _scores(path, reader.line_num, names, cells)
                for cells in reader
                if any(c.strip() for c in cells)
            ]
    except FileNotFoundError:
        raise UsageError(
            f"quality.results: no file {path}; correct the path or leave the key out"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: not a CSV text file: {error}") from None
    if not rows:
        raise UsageError(f"{path}: no items; a row holds an item and its scores")
    return [as_option(name) for name in names[1:]], rows


def _scores(path: Path, line: int, names: list[str], cells: list[str]) -> list[float]:
    if len(cells) != len(names):
        raise UsageError(
            f"{path}: line {line}: {len(cells)} cells, but line 1 names {len(names)} columns"
        )
    return [
        _score(path, line, name, cell.strip())
        for name, cell in zip(names[1:], cells[1:], strict=True)
    ]


def _score(path: Path, line: int, name: str, cell: str) -> float:
    if cell.lower() in MISSING:
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        raise UsageError(
            f"{path}: line {line}: {name}: {cell[:20]!r} is not a score from 0 to 1"
        ) from None
    if not 0 <= value <= 1:
        raise UsageError(f"{path}: line {line}: {name}: {cell[:20]} is outside 0 to 1")
    return value
