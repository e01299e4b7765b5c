"""An estimate as the object that `advisor estimate --json` prints, and as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from advisor.core.naming import sentence_start
from advisor.core.quantity import Quantity, Range
from advisor.core.text import printable
from advisor.core.training import TrainingEstimate, WayToFit

VERDICTS = {
    "fits": "fits",
    "tight": "tight: the likely peak fits, the high one does not",
    "no": "does not fit",
    "unknown": "unknown",
}
LABEL = 16
BAR = "█"
Cell = object
"""Anything that JSON can write."""

Json = dict[str, Cell]
"""An object to be printed as JSON."""

NOT_INPUTS = frozenset({"model", "gpu"})


@dataclass(frozen=True, slots=True)
class EstimateAnswer:
    """Everything said about one run: estimate, cost, the largest safe micro-batch and what would
    make it fit.
    """

    estimate: TrainingEstimate
    cost_usd: Quantity
    largest_micro_batch: int
    ways: tuple[WayToFit, ...]
    free_gib: float | None
    trainable_params: float
    inputs: tuple[tuple[str, str, str, str], ...]  # what, basis, source, date
    packed: TrainingEstimate | None = None
    """The same examples packed into full sequences, where that is possible."""
    rented: tuple[str, Quantity] | None = None
    """The cheapest GPU to rent and the cost on it, where the run is priced on an owned GPU."""


def as_object(answer: EstimateAnswer) -> Json:
    """The contract's object; unknown quantities are null with a reason."""
    estimate = answer.estimate
    run = estimate.run
    inputs = {f.name: getattr(run, f.name) for f in fields(run) if f.name not in NOT_INPUTS}
    quantities = (
        ("memory", estimate.memory_gib),
        ("speed", estimate.tokens_per_second),
        ("cost", answer.cost_usd),
    )
    stated = [{"what": w, "basis": b, "source": s, "as_of": d} for w, b, s, d in answer.inputs]
    modelled = [
        {"what": what, "basis": str(q.basis), "source": q.source, "as_of": q.as_of}
        for what, q in quantities
        if q.range.is_known
    ]
    return {
        "schema": 1,
        "inputs": {
            **inputs,
            "assumed": list(run.assumed),
            "trainable_params": round(answer.trainable_params),
        },
        "fits": estimate.fits,
        "memory_gib": {
            **as_range(estimate.memory_gib),
            "terms": {k: _short(v) for k, v in estimate.terms.items()},
        },
        "tokens_per_second": as_range(estimate.tokens_per_second),
        "step_seconds": as_range(estimate.step_seconds),
        "train_hours": as_range(estimate.train_hours),
        "cost_usd": as_range(answer.cost_usd),
        "free_memory_gib": None if answer.free_gib is None else _short(answer.free_gib),
        "largest_micro_batch": answer.largest_micro_batch,
        "ways_to_fit": [
            {
                "change": w.change,
                "memory_gib": _short(w.memory_gib),
                "slowdown": _number(w.slowdown),
            }
            for w in answer.ways
        ],
        "packed": None if answer.packed is None else _packed(answer.packed),
        "rented": None if answer.rented is None else _rented(*answer.rented),
        "notes": list(estimate.notes),
        "sources": [*stated, *modelled],
    }


def _rented(gpu: str, usd: Quantity) -> Json:
    return {"gpu": gpu, "cost_usd": as_range(usd)}


def _packed(estimate: TrainingEstimate) -> Json:
    return {
        "tokens_per_second": as_range(estimate.tokens_per_second),
        "train_hours": as_range(estimate.train_hours),
        "memory_gib": as_range(estimate.memory_gib),
    }


def as_text(answer: EstimateAnswer, width: int = 80) -> str:
    """The answer for a terminal: verdict, memory by term as bars, speed, time, cost, and what would
    make it fit.
    """
    return "\n".join(_lines(answer, width)) + "\n"


def _lines(answer: EstimateAnswer, width: int) -> Iterator[str]:
    estimate = answer.estimate
    run = estimate.run
    gpus = f"{run.gpus} × {run.gpu_name}" if run.gpus > 1 else run.gpu_name
    yield printable(f"{run.model_name} · {run.method} · {gpus}")
    yield ""
    if not estimate.memory_gib.range.is_known:
        yield from _row("Verdict", f"unknown: {printable(estimate.memory_gib.reason)}", width)
        return
    free = "" if answer.free_gib is None else f", of {answer.free_gib:.1f} GiB free"
    yield from _row("Verdict", VERDICTS[estimate.fits], width)
    yield from _row("Memory per GPU", f"{_words(estimate.memory_gib, 'GiB')}{free}", width)
    yield from _bars(estimate, width)
    yield ""
    yield from _row("Speed", _words(estimate.tokens_per_second, "tokens/s"), width)
    yield from _row("Step", _words(estimate.step_seconds, "s"), width)
    yield from _row("Training", _time(estimate.train_hours), width)
    yield from _row("Cost", _words(answer.cost_usd, "USD"), width)
    if answer.rented is not None:
        name, usd = answer.rented
        yield from _row("Rented", f"{_words(usd, 'USD')} on one {name}", width)
    if answer.packed is not None:
        yield from _row("If packed", _packing(answer.packed), width)
    yield from _row("Trains", f"{answer.trainable_params:,.0f} parameters", width)
    if answer.largest_micro_batch:
        yield from _row(
            "Micro-batch", f"{answer.largest_micro_batch} is the largest that is safe", width
        )
    yield from _ways(answer.ways, width)
    notes = [f"{note}." for note in (*estimate.notes, *_origins(estimate)) if note]
    for note in notes:
        yield ""
        yield from textwrap.wrap(printable(sentence_start(note, estimate.run.model_name)), width)


def _packing(estimate: TrainingEstimate) -> str:
    if estimate.train_hours.range.is_known:
        return _time(estimate.train_hours)
    return _words(estimate.tokens_per_second, "tokens/s")


def _origins(estimate: TrainingEstimate) -> tuple[str, ...]:
    """Where memory and speed come from, in one note where it is the same."""
    memory = estimate.memory_gib.source
    speed = estimate.tokens_per_second.source
    if memory == speed or not speed:
        return (f"Memory and speed: {memory}",)
    return (f"Memory: {memory}", f"Speed: {speed}")


def _bars(estimate: TrainingEstimate, width: int) -> Iterator[str]:
    """A bar per term, the largest as long as the line has room."""
    terms = {name: value for name, value in estimate.terms.items() if value >= 0.005}
    if not terms:
        return
    longest = max(terms.values())
    label = max(map(len, terms))
    room = max(width - label - 14, 10)
    for name, value in sorted(terms.items(), key=lambda t: -t[1]):
        bar = BAR * max(round(room * value / longest), 1)
        yield f"  {name:<{label}} {value:>7.2f}  {bar}"


def _ways(ways: Sequence[WayToFit], width: int) -> Iterator[str]:
    if not ways:
        return
    yield ""
    yield "It would fit with"
    for way in ways[:6]:
        pace = "" if way.slowdown != way.slowdown else f", {_pace(way.slowdown)}"
        text = f"{way.change}: {way.memory_gib:.1f} GiB{pace}"
        yield from textwrap.wrap(text, width, initial_indent="  · ", subsequent_indent="    ")


def _pace(slowdown: float) -> str:
    if slowdown > 1.05:
        return f"{slowdown:.2f} × the time"
    return f"{1 / slowdown:.2f} × as fast" if slowdown < 0.95 else "about as fast"


def _row(label: str, text: str, width: int) -> Iterator[str]:
    yield from textwrap.wrap(
        text, width, initial_indent=f"{label:<{LABEL}}", subsequent_indent=" " * LABEL
    )


def _words(quantity: Quantity, unit: str) -> str:
    low = quantity.range.p10
    mid = quantity.range.p50
    high = quantity.range.p90
    if low is None or mid is None or high is None:
        return f"unknown: {printable(quantity.reason)}"
    return f"{amount(mid)} {unit} ({amount(low)} to {amount(high)})"


def _time(hours: Quantity) -> str:
    """Hours, or minutes of what is over within the hour."""
    likely = hours.range.p50
    if likely is None or likely >= 1.0:
        return _words(hours, "h")
    minutes = Range(
        *(60.0 * (value or 0.0) for value in (hours.range.p10, likely, hours.range.p90))
    )
    return _words(replace(hours, range=minutes), "min")


def amount(value: float) -> str:
    """A number with three digits that count."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def as_range(quantity: Quantity) -> Json:
    """P10, P50 and P90; null with a reason where unknown."""
    cells: Json = {p: _number(getattr(quantity.range, p)) for p in ("p10", "p50", "p90")}
    if not quantity.range.is_known:
        cells["reason"] = quantity.reason
    return cells


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else _short(value)


def _short(value: float) -> float:
    return float(f"{value:.5g}")
