"""A run on the screen, live or recorded: how far it is, its curves, its trials, and what it
showed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.experiment import Status
from advisor.report import layout
from advisor.tui.model.run_progress import CURVES, RunProgress
from advisor.tui.model.run_questions import in_words
from advisor.tui.views.chart import FEWEST_ROWS, LineChart
from advisor.tui.views.hanging import hanging
from advisor.tui.views.prompt_scores import score_lines
from advisor.tui.views.trials import clock, trial_lines
from advisor.tui.views.verdict import section

if TYPE_CHECKING:
    from advisor.core.experiment import RunRecord
    from advisor.tui.work.run_jobs import RunOnScreen

TITLES = {
    "loss": "loss",
    "tokens_per_second": "tokens/s",
    "memory_gib": "memory GiB",
    "watts": "power W",
}
ABSENT = {"loss": "loss", "tokens_per_second": "speed", "memory_gib": "memory", "watts": "power"}
_NARROWEST = 24
"""Columns of a chart; as many stand side by side as this allows."""

_TALLEST = 9
_GAP = 2


def head_lines(run: RunOnScreen, speed: float, width: int) -> Content:
    """What runs, how far it is and how long it has to go; one line of each."""
    planned = run.prepared
    name = planned.plan.name if planned else ""
    if run.replay:
        name = f"replay of {run.replay}"
    where = fmt.clean(planned.machine.name if planned else run.progress.device)
    origin = run.record.machine.get("imported_from") if run.replay and run.record else None
    where += f", another machine ({fmt.clean(str(origin))})" if origin and where else ""
    title = Content.assemble((fmt.clean(name), "bold"), (f"  on {where}" if where else "", "dim"))
    return Content("\n").join([title.truncate(width, ellipsis=True), _progress(run, speed, width)])


def _progress(run: RunOnScreen, speed: float, width: int) -> Content:
    tail = f" {_count(run)} · {_state(run)}"
    if run.replay and not run.ended:
        speed_text = f"× {speed:.0f}" if speed else "at once"
        tail += f" · {speed_text} (+ −)"
    room = max(min(width - layout.cells(tail), 60), 0)
    bar = fmt.share_bar(run.progress.share, room)
    return Content.assemble((bar, "$text-success"), (tail, "bold"))


def _count(run: RunOnScreen) -> str:
    """`3 of 8`: trials that this run has finished and had to run."""
    to_run = sum(not trial.earlier for trial in run.progress.trials)
    return f"{run.progress.finished} of {to_run}"


def _state(run: RunOnScreen) -> str:
    """How it stands, in a word or two."""
    if run.cancelling:
        return "cancelling …"
    if run.ended:
        if run.failure:
            return "not run"
        if run.record is not None:
            return run.record.summary.status.value
        return "end of the recording"
    if not any(t.status for t in run.progress.trials if not t.earlier):
        return "starting"
    left = run.progress.pace.seconds_left()
    time_left = "warming up" if left is None else f"{clock(left)} left"
    return " · ".join([time_left, *_spent(run)])


def _spent(run: RunOnScreen) -> Iterator[str]:
    """What an endpoint has billed so far, and of how much."""
    usd = run.progress.spent_usd
    if usd is None:
        return
    most = run.prepared.plan.max_usd if run.prepared is not None else None
    of = f" of {fmt.money(most, cents=True)}" if most is not None else ""
    yield f"${usd:.4f}{of} spent"


def indicator(run: RunOnScreen) -> str:
    """The run in the line on top, while another tab may be in sight; empty where none is under
    way.
    """
    if not run.running:
        return ""
    return f"▶ {_count(run)} · {_state(run)}"


def chart_lines(progress: RunProgress, width: int, height: int) -> Content:
    """The curves that there are, side by side as far as they fit; `height` is of them all."""
    there = [
        name for name in CURVES if any(v is not None for _, v in progress.curves.get(name, ()))
    ]
    lines = list(_charts(progress, there, width, height)) if there else []
    absent = [ABSENT[name] for name in CURVES if name not in there]
    if there and absent:
        lines.append(Content.styled(f"no readings of {fmt.sentence_list(absent)} here", "dim"))
    return Content("\n").join(lines)


def _charts(
    progress: RunProgress, there: Sequence[str], width: int, height: int
) -> Iterator[Content]:
    beside = max(min(len(there), (width + _GAP) // (_NARROWEST + _GAP)), 1)
    rows = -(-len(there) // beside)
    tall = max(min(height // rows, _TALLEST), FEWEST_ROWS)
    first = min(progress.curves[name][0][0] for name in there)
    for start in range(0, len(there), beside):
        row = there[start : start + beside]
        wide = (width - _GAP * (len(row) - 1)) // len(row)
        drawn = [
            LineChart(TITLES[n], progress.curves[n], first, progress.at_seconds).lines(wide, tall)
            for n in row
        ]
        yield from (Content(" " * _GAP).join(parts) for parts in zip(*drawn, strict=True))


def end_lines(run: RunOnScreen, width: int) -> Content:
    """Below the charts: the trials while it runs; at its end what it showed, and what that
    changed.
    """
    lines = [
        Content.styled(f"! {fmt.clean(w)}", "$text-warning") for w in run.progress.warnings[-5:]
    ]
    if run.failure:
        lines.append(Content.styled(f"✗ {fmt.clean(in_words(run.failure))}", "$text-error"))
    if run.log:
        lines.append(Content(f"log of the libraries: {fmt.clean(run.log)}"))
    if run.ended and run.record is not None:
        lines += _ended(run, run.record, width)
    else:
        lines += trial_lines(run.progress.trials, width)
    return Content("\n").join(lines[1:] if lines and not lines[0].plain else lines)


def _ended(run: RunOnScreen, record: RunRecord, width: int) -> Iterator[Content]:
    from advisor.calibrate.show_results import result_lines

    if reason := record.result.get("reason"):
        yield Content.styled(f"! {fmt.clean(str(reason))}", "$text-warning")
    if record.summary.status is Status.CANCELLED and not run.replay:
        yield Content("Finished trials are kept: c plans the rest, c again continues.")
    yield from section("Scores", list(score_lines(record, width)))
    yield from _changed(run, width)
    lines = [hanging(line.removeprefix("  "), width) for line in result_lines(record)[2:]]
    yield from section("What it showed", lines)


def _changed(run: RunOnScreen, width: int) -> Iterator[Content]:
    """The verdict before and after, in the words of the command line."""
    from advisor.experiments.effects import compare, effect_lines

    if run.before is None:
        return
    if run.after is None:
        yield Content.styled("judging again with what was measured …", "dim")
        return
    lines = effect_lines(compare(run.before, run.after))
    yield from section("What it changed", [hanging(line.strip(), width) for line in lines])
