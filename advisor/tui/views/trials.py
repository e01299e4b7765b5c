"""Trials as lines: a mark with its word, and the figures that matter most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from textual.content import Content

from advisor.calibrate.progress import number
from advisor.core import format as fmt
from advisor.core.experiment import Status
from advisor.report import layout
from advisor.tui.model.run_progress import TrialProgress

MARKS = {
    Status.DONE: ("✓", "$text-success"),
    Status.OUT_OF_MEMORY: ("▲", "$text-warning"),
    Status.CANCELLED: ("–", "$text-warning"),
    Status.FAILED: ("✗", "$text-error"),
    Status.KILLED: ("✗", "$text-error"),
    Status.RUNNING: ("▸", "$text-accent"),
}
"""The mark of a trial; always shown beside its word."""

WORDS = {
    Status.OUT_OF_MEMORY: "does not fit into memory",
    Status.CANCELLED: "cancelled",
    Status.FAILED: "failed",
    Status.KILLED: "killed",
}
_WAITING = ("·", "dim")
_MOST = 40
_FIGURES = 2


def clock(seconds: float) -> str:
    """`45 s`, `3:05 min`, `1:20 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60}:{whole % 60:02d} min"
        if whole < 3600
        else f"{whole // 3600}:{whole % 3600 // 60:02d} h"
    )


def trial_lines(trials: Sequence[TrialProgress], width: int) -> list[Content]:
    """A line a trial, of many those around the one under way; figures as far as `width` has room
    for them.
    """
    at = next((i for i, t in enumerate(trials) if t.status is Status.RUNNING), 0)
    first = max(min(at - _MOST // 2, len(trials) - _MOST), 0)
    lines = [_trial(t, width) for t in trials[first : first + _MOST]]
    hidden = len(trials) - len(lines)
    return [*lines, *([Content.styled(f"and {hidden} more", "dim")] if hidden else [])]


def _trial(trial: TrialProgress, width: int) -> Content:
    mark, style = MARKS.get(trial.status, _WAITING) if trial.status else _WAITING
    label = fmt.clean(trial.label)
    parts = _details(trial)
    # Reasons are shown whole, figures as far as there is room.
    if trial.status in (Status.DONE, Status.RUNNING):
        while len(parts) > 1 and layout.cells(label + " · ".join(parts)) + 4 > width:
            parts.pop()
    return Content.assemble((f"{mark} ", style), label, (f"  {' · '.join(parts)}".rstrip(), "dim"))


def _details(trial: TrialProgress) -> list[str]:
    """What is known of a trial, short, the most important first."""
    if trial.status is None:
        return []
    if trial.status is Status.RUNNING:
        doing = "choosing the prompt, " if trial.is_choosing else ""
        return [f"{doing}{trial.at} of {trial.of}" if trial.of else "starting"]
    parts = (
        [*_result(trial)]
        if trial.status is Status.DONE
        else [WORDS[trial.status], fmt.clean(trial.reason)]
    )
    if trial.seconds is not None and len(parts) < _FIGURES:
        parts.append(clock(trial.seconds))
    return [p for p in (*parts, "by an earlier run" if trial.earlier else "") if p]


def _result(trial: TrialProgress) -> Iterator[str]:
    """The one or two figures that matter most of a finished trial."""
    result = trial.result
    if (score := number(result.get("score"))) is not None:
        low, high = trial.interval or (None, None)
        span = f" ({low:.3f} – {high:.3f})" if low is not None else ""
        yield f"{fmt.clean(str(result.get('metric', 'score')))} {score:.3f}{span}"
    if (speed := number(result.get("tokens_per_second"))) is not None:
        unsteady = "" if result.get("steady", True) else ", not steady"
        yield f"{fmt.number(round(speed))} tokens/s{unsteady}"
    memory = result.get("memory")
    if isinstance(memory, Mapping):
        peak = number(memory.get("allocated_gib")) or number(memory.get("process_gib"))
        yield f"{peak:.2f} GiB" if peak else ""
