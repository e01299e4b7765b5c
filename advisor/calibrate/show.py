"""Plans, lists of runs and tables for a brief as lines of plain text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from advisor.calibrate.hub import hub_models, missing_bytes
from advisor.calibrate.limits import START_SECONDS
from advisor.calibrate.projection import Projection
from advisor.calibrate.quality_records import QualityResult
from advisor.calibrate.scores import item_scores, measured_scores
from advisor.calibrate.show_results import NOTHING_SHOWN, rate
from advisor.calibrate.throughput import WholeModel
from advisor.calibrate.throughput_records import ThroughputResult
from advisor.core.constants import GIB
from advisor.core.experiment import (
    Bias,
    ExperimentPlan,
    RunPrediction,
    RunRecord,
    RunSummary,
)
from advisor.core.quantity import Range
from advisor.core.text import printable


def plan_lines(plan: ExperimentPlan, priced: RunPrediction, machine: str, left: int) -> list[str]:
    """What would run, how long, and for how much."""
    done = len(plan.trials) - left
    lines = [f"{plan.kind}: {printable(plan.name)}", f"on        {printable(machine)}"]
    lines += _model_lines(plan)
    lines += [f"trial     {printable(t.label)}" for t in plan.trials]
    if done:
        lines.append(f"answered  {done} of {len(plan.trials)} by an earlier run")
    lines.append(
        f"takes     {_duration(priced.seconds)}, {priced.basis}"
        + (f", cut by {priced.capped}" if priced.capped else "")
    )
    if plan.kind != "prompts" and left:
        lines.append(f"start-up  {_duration(START_SECONDS)} of that, before the first trial")
    prices = "--input-usd and --output-usd" if plan.kind == "prompts" else "--usd-per-hour"
    lines.append(f"costs     {_money(priced.usd, prices)}")
    return lines


def _model_lines(plan: ExperimentPlan) -> list[str]:
    """The models of the hub, by commit, and what is left to download before the run starts."""
    return [
        f"model     {printable(name)}, {m.bytes / GIB:.2f} GiB"
        + (f"; {missing_bytes(m) / GIB:.2f} GiB to download first" if missing_bytes(m) else "")
        for name, m in hub_models(plan).items()
    ]


def total_lines(priced: RunPrediction, runs: int, left: int, places: Sequence[Any]) -> list[str]:
    """How many runs wait for which places, how long they take together, and for how much."""
    names = ", ".join(printable(place.name) for place in places)
    cut = f", each cut by {priced.capped}" if priced.capped else ""
    return [
        f"runs      {runs}, {left} of them left",
        f"on        {names}",
        f"takes     {_duration(priced.seconds)}, {priced.basis}{cut}",
        f"costs     {_money(priced.usd)}",
    ]


def entry_lines(entries: Sequence[Any]) -> list[str]:
    """A table of a matrix: a line a run with what it showed, or why it showed nothing."""
    lines = [f"{'run':>5}  {'status':<13} {'tokens/s':>10} {'GiB':>7} {'score':>6}  what"]
    for entry in entries:
        number = entry.record.summary.id if entry.record is not None else "–"
        speed, memory, score = _best(entry.record)
        why = f": {printable(entry.reason)}" if entry.reason else ""
        lines.append(
            f"{number:>5}  {entry.status:<13} {speed:>10} {memory:>7} {score:>6}  "
            f"{printable(entry.name)}{why}"
        )
    return lines


def _best(record: RunRecord | None) -> tuple[str, str, str]:
    """The speed and memory of a run's whole model (from slices, where only those ran), and its best
    score.
    """
    if record is None:
        return NOTHING_SHOWN, NOTHING_SHOWN, NOTHING_SHOWN
    wholes = record.result.get("whole_models", ())
    if wholes:
        whole = WholeModel.from_json(wholes[0])
        memory = whole.memory.at_full_depth if whole.memory is not None else None
        return rate(whole.tokens_per_second), _largest([memory], ".2f"), NOTHING_SHOWN
    lines = record.result.get("trials", ())
    trained = [ThroughputResult.from_json(line) for line in lines]
    speeds = [t.tokens_per_second for t in trained if t.tokens_per_second is not None]
    peaks = [t.memory.process_gib for t in trained if t.memory is not None]
    scores = [QualityResult.from_json(line).score for line in lines]
    speed = rate(max(speeds)) if speeds else NOTHING_SHOWN
    return speed, _largest(peaks, ".2f"), _largest(scores, ".3f")


def _largest(values: Sequence[float | None], form: str) -> str:
    measured = [value for value in values if value is not None]
    return f"{max(measured):{form}}" if measured else NOTHING_SHOWN


def projection_line(projection: Projection) -> str:
    """How long a whole run takes."""
    hours = projection.hours
    return (
        f"{printable(projection.label)}: {projection.steps:,} steps take {hours.likely:.3g} h "
        f"({hours.p10:.3g} – {hours.p90:.3g}); "
        f"left out: {projection.left_out}"
    )


def brief_tables(record: RunRecord, model: str = "") -> str:
    """The scores of a run as `[[quality.measured]]` tables, to paste into a brief.

    Raises UsageError.
    """
    blocks = []
    for row in measured_scores(record, model):
        cells = [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in row.to_json().items()]
        blocks.append("\n".join(["[[quality.measured]]", *cells]) + "\n")
    return "\n".join(blocks)


def score_table(record: RunRecord, model: str = "") -> str:
    """Scores per item as CSV for `quality.results`. Raises UsageError."""
    columns, rows = item_scores(record, model)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["item", *columns])
    writer.writerows([number, *row] for number, row in enumerate(rows, 1))
    return buffer.getvalue()


def list_lines(runs: Sequence[RunSummary]) -> list[str]:
    """A line a run."""
    lines = [f"{'run':>5}  {'kind':<11} {'status':<13} {'answers':<8} {'started':<25} what"]
    lines += [
        f"{r.id:>5}  {r.kind:<11} {r.status.value:<13} {f'{r.done}/{r.trials}':<8} "
        f"{r.started_at:<25} "
        f"{printable(r.name)}"
        for r in runs
    ]
    return lines


def bias_lines(biases: Sequence[Bias]) -> list[str]:
    """Actual ÷ forecast by figure."""
    lines = []
    for bias in biases:
        ratio = bias.ratio.range
        spread = "" if ratio.is_exact else f" ({ratio.p10:.2f} – {ratio.p90:.2f})"
        inside = f", {bias.inside} of {bias.scored} inside the interval" if bias.scored else ""
        lines.append(
            f"{bias.what}: actual ÷ predicted {ratio.likely:.2f}{spread} over {bias.count}{inside}"
        )
    return lines


def _duration(seconds: Range) -> str:
    return (
        " – ".join(f"{(s or 0.0) / 60.0:.1f}" for s in (seconds.p50, seconds.p90))
        + " minutes (P50 – P90)"
    )


def _money(usd: Range, prices: str = "--usd-per-hour") -> str:
    """The dollars of a run; where they are unknown, the options that price it."""
    if usd.p50 is None or usd.p90 is None:
        return f"unknown: give {prices} for a price"
    return f"${usd.p50:.2f} – ${usd.p90:.2f} (P50 – P90)"
