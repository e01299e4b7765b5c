"""The options as a table for other programs: one row each, numbers without format.

A text that a spreadsheet could take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.look import PLAIN, Look
from advisor.report.terms import Terms

MOST_LETTERS = 10_000
_RANGES = ("one_off_usd", "monthly_usd", "errors_usd_per_month", "cash_usd", "weeks", "quality")
HEADER = (
    "rank",
    "id",
    "name",
    "approach",
    "technique",
    "model",
    "runs_on",
    *(f"{name}_{end}" for name in _RANGES for end in ("p10", "p50", "p90")),
    "p_meets_constraints",
    "p_best",
    "recommended",
)


def render(verdict: Verdict, look: Look = PLAIN) -> str:
    """Every option, the recommended one first; unknown numbers are empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    terms = Terms.of(verdict)
    for rank, option in enumerate(extract.ranked(verdict), 1):
        chosen = "yes" if option.id == verdict.subject else "no"
        writer.writerow((str(rank), *_cells(option, terms), chosen))
    return buffer.getvalue()


def _cells(option: OptionRecord, terms: Terms) -> Iterator[str]:
    texts = (option.approach, option.technique, option.model, option.runs_on)
    yield from map(inert, (option.id, terms.option(option.id), *texts))
    ranges = (
        option.one_off_usd,
        option.monthly_usd,
        extract.interval(option, "run.errors"),
        extract.cash(option),
        option.weeks,
        option.quality,
    )
    for interval in ranges:
        yield from _ends(interval)
    yield _number(option.p_meets_constraints)
    yield _number(option.p_best)


def _ends(interval: Range) -> Iterator[str]:
    yield from map(_number, (interval.p10, interval.p50, interval.p90))


def _number(value: float | None) -> str:
    return f"{value:.10g}" if value is not None and fmt.is_known(value) else ""


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    clean = fmt.clean(text)[:MOST_LETTERS]
    return f"'{clean}" if clean.startswith(("=", "+", "-", "@", "\t")) else clean
