"""A plan, a run and a list of runs as lines of plain text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.calibrate.hub import missing_bytes
from advisor.calibrate.scores import item_scores, measured_scores
from advisor.calibrate.throughput import Projection
from advisor.core.constants import GIB
from advisor.core.experiment import (
    Bias,
    ExperimentPlan,
    RunPrediction,
    RunRecord,
    RunSummary,
    Status,
    TrialOutcome,
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
    lines.append(f"costs     {_money(priced.usd)}")
    return lines


def _model_lines(plan: ExperimentPlan) -> list[str]:
    """The models of the hub, by commit, and what is left to download before the run starts."""
    models = [t.spec["model"] for t in plan.trials if isinstance(t.spec.get("model"), Mapping)]
    named = {m["hub"]: m for m in models if m.get("hub")}
    return [
        f"model     {printable(name)}, {m['bytes'] / GIB:.2f} GiB"
        + (f"; {missing_bytes(m) / GIB:.2f} GiB to download first" if missing_bytes(m) else "")
        for name, m in named.items()
    ]


def result_lines(record: RunRecord) -> list[str]:
    """What a run showed, and what became of each trial that has no result."""
    head = record.summary
    lines = [
        f"run {head.id}: {head.kind}, {printable(head.name)}, {head.status.value}, "
        f"{head.done} of {head.trials} answered"
    ]
    lines += [f"on {printable(head.device)}, {head.started_at}"]
    for trial in record.result.get("trials", ()):
        lines += _trial_lines(trial)
    for whole in record.result.get("whole_models", ()):
        lines += _whole_lines(whole)
    for gain in record.result.get("scaling", ()):
        doubt = "" if gain["steady"] else ", of unsteady steps"
        lines.append(
            f"  {printable(gain['label'])}: {gain['efficiency']:.0%} of {gain['processes']} times "
            f"one process{doubt}"
        )
    for comparison in record.result.get("comparisons", ()):
        lines.append(_comparison_line(comparison))
    lines += [
        f"  {printable(o.label)}: {o.status.value}"
        + (f", {printable(o.reason)}" if o.status is not Status.SKIPPED else "")
        for o in record.outcomes
        if o.status is not Status.DONE
    ]
    if record.result.get("enough"):
        lines.append(f"enough: {printable(str(record.result['enough']))}; --all runs the rest")
    if record.result.get("carries_over"):
        lines.append(f"carries over: {record.result['carries_over']}")
    return lines


def _became(outcome: TrialOutcome) -> str:
    """What became of a trial without a result; why trials were skipped is said once, for all."""
    skipped = outcome.status is Status.SKIPPED
    return outcome.status.value + ("" if skipped else f", {printable(outcome.reason)}")


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
        return "–", "–", "–"
    trials = record.result.get("trials", ())
    whole = next(iter(record.result.get("whole_models", ())), None)
    if whole is not None:
        memory = whole["memory"]["at_full_depth"] if whole.get("memory") else None
        return _number(whole["tokens_per_second"]), "–" if memory is None else f"{memory:.2f}", "–"
    speeds = [t["tokens_per_second"] for t in trials if "tokens_per_second" in t]
    peaks = [t["memory"]["process_gib"] for t in trials if t.get("memory")]
    scores = [t["score"] for t in trials if t.get("score") is not None]
    return (
        _number(max(speeds)) if speeds else "–",
        f"{max(peaks):.2f}" if peaks else "–",
        f"{max(scores):.3f}" if scores else "–",
    )


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
        cells = [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in row.items()]
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


def _trial_lines(trial: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {printable(str(trial.get('label', '')))}"
    if "tokens_per_second" in trial:
        real = _number(trial["tokens_per_second"])
        padded = _number(trial["positions_per_second"])
        why = printable(str(trial["steady_why"]))
        yield (
            f"    {real} tokens/s real, {padded} with padding ({trial['padding_share']:.0%}); {why}"
        )
    law = trial.get("law")
    if law:
        fixed = law["fixed_seconds"]
        each = law["seconds_per_position"]
        yield f"    a step: {fixed:.4g} s + {each:.4g} s × positions (R² {law['r2']:.2f})"
    memory = {k: v for k, v in trial.get("memory", {}).items() if v is not None}
    if memory:
        yield "    peak memory: " + ", ".join(
            f"{k.removesuffix('_gib')} {v:.2f} GiB" for k, v in memory.items()
        )
    if trial.get("memory_of_each"):
        each = ", ".join(f"{memory['process_gib']:.2f}" for memory in trial["memory_of_each"])
        yield f"    of each of {trial['processes']} processes ({trial['sharding']}): {each} GiB"
    if trial.get("watts"):
        yield f"    power: {trial['watts']:.0f} W, {trial['joules_per_token']:.3g} J per real token"
    fixed = _fixed_terms(trial)
    if fixed:
        yield f"    {fixed}"
    if trial.get("search"):
        least = "at least " if trial["search"].get("out_of_time") else ""
        yield f"    largest safe micro-batch: {least}{trial['search']['largest']}"
    if "score" in trial:
        yield _score_line(trial)
        yield from _language_lines(trial)
    yield from (f"    warning: {printable(str(text))}" for text in trial.get("warnings", ()))
    if trial.get("architecture_differs"):
        yield f"    {printable(trial['architecture_differs'])}"


def _fixed_terms(trial: Mapping[str, Any]) -> str:
    """What a run pays beside its steps."""
    terms = []
    if trial.get("start_seconds") is not None:
        terms.append(f"start {trial['start_seconds']:.3g} s")
    if trial.get("evaluation_seconds_per_position") is not None:
        terms.append(
            f"evaluation {trial['evaluation_seconds_per_position'] * 1e3:.3g} s for 1,000 positions"
        )
    if trial.get("save_seconds") is not None:
        terms.append(f"a save {trial['save_seconds']:.3g} s")
    return ", ".join(terms)


def _score_line(trial: Mapping[str, Any]) -> str:
    low, high = trial["interval"]
    parts = [
        f"    {trial['metric']} {trial['score']:.3f} ({low:.3f} – {high:.3f}) on {trial['items']} "
        "items"
    ]
    parts += [f"{printable(name)} {value:.3f}" for name, value in trial.get("also", {}).items()]
    if trial.get("usd") is not None:
        parts.append(f"${trial['usd']:.4f}")
    if trial.get("latency_seconds"):
        parts.append(
            f"latency {trial['latency_seconds']['p50']:.2f} s, p90 "
            f"{trial['latency_seconds']['p90']:.2f} s"
        )
    if trial.get("prompt_tokens") is not None:
        parts.append(f"{trial['prompt_tokens']:,} + {trial['completion_tokens']:,} tokens")
    return "; ".join(parts)


def _language_lines(trial: Mapping[str, Any]) -> Iterator[str]:
    """The form of the prompts, how likely the model finds these texts, and what a training made it
    forget.
    """
    if trial.get("form"):
        yield f"    asked as {trial['form']}"
    language = trial.get("language") or {}
    if language:
        parts = [
            f"{name} {figures['bits_per_byte']:.2f} bits per byte, perplexity "
            f"{figures['perplexity_per_token']:.3g}"
            for name, figures in (
                ("your rows", language["data"]),
                ("general text", language["general"]),
            )
            if figures is not None
        ]
        whys = [language[key] for key in ("data_why", "general_why") if language[key]]
        yield "    language: " + printable("; ".join([*parts, *whys]))
    lost = trial.get("forgetting")
    if lost:
        low, high = lost["interval"]
        yield (
            f"    forgetting: {100 * lost['difference']:+.1f} points ({100 * low:+.1f} … "
            f"{100 * high:+.1f}) on "
            f"{lost['items']} general items"
            + (
                ""
                if lost["bits_per_byte_change"] is None
                else f", text {lost['bits_per_byte_change']:+.0%} bits per byte"
            )
        )
    elif trial.get("train_examples") and trial.get("general_why"):
        yield f"    forgetting: {printable(str(trial['general_why']))}"


def _comparison_line(comparison: Mapping[str, Any]) -> str:
    low, high = comparison["interval"]
    doubt = "" if comparison["decided"] else "; cannot be told apart"
    return (
        f"  {printable(comparison['arm'])} against {printable(comparison['against'])}: "
        f"{comparison['difference']:+.3f} "
        f"({low:+.3f} – {high:+.3f}){doubt}; {comparison['items']} items show "
        f"{comparison['smallest']:.3f} at least"
    )


def _whole_lines(whole: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {printable(str(whole['label']))}"
    step = whole["step"]
    memory = whole.get("memory")
    speed = _number(whole["tokens_per_second"])
    yield f"    a step: {step['at_full_depth']:.4g} s{_told(step['error'])}; {speed} tokens/s real"
    if memory:
        yield f"    peak memory: {memory['at_full_depth']:.2f} GiB{_told(memory['error'])}"


def _told(error: float | None) -> str:
    return (
        ", error unknown: two depths only"
        if error is None
        else f", {error:+.1%} at the deepest slice"
    )


def _duration(seconds: Range) -> str:
    return (
        " – ".join(f"{(s or 0.0) / 60.0:.1f}" for s in (seconds.p50, seconds.p90))
        + " minutes (P50 – P90)"
    )


def _money(usd: Range) -> str:
    if usd.p50 is None or usd.p90 is None:
        return "unknown: give --usd-per-hour for a price"
    return f"${usd.p50:.2f} – ${usd.p90:.2f} (P50 – P90)"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
