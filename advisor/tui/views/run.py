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
from advisor.tui.course import CURVES, Course
from advisor.tui.views.chart import FEWEST_ROWS, Chart
from advisor.tui.views.trials import clock, trial_lines
from advisor.tui.views.verdict import section
from advisor.tui.wish import in_words

if TYPE_CHECKING:
    from advisor.core.experiment import RunRecord
    from advisor.tui.runner import Shown

TITLES = {
    "loss": "loss",
    "tokens_per_second": "tokens/s",
    "memory_gib": "memory GiB",
    "watts": "power W",
}
ABSENT = {"loss": "loss", "tokens_per_second": "speed", "memory_gib": "memory", "watts": "power"}
_NARROWEST = 24
"""Columns of a chart; as many stand side by side as this allows."""

_TALLEST, _GAP = 9, 2


def head_lines(shown: Shown, speed: float, width: int) -> Content:
    """What runs, how far it is and how long it has to go; one line of each."""
    course = shown.course
    planned = shown.prepared
    name = f"replay of {shown.replay}" if shown.replay else planned.plan.name if planned else ""
    where = fmt.clean(planned.machine.name if planned else course.device)
    title = Content.assemble((fmt.clean(name), "bold"), (f"  on {where}" if where else "", "dim"))
    return Content("\n").join(
        [title.truncate(width, ellipsis=True), _progress(shown, speed, width)]
    )


def _progress(shown: Shown, speed: float, width: int) -> Content:
    course = shown.course
    pace = (
        f" · {'at once' if not speed else f'× {speed:.0f}'} (+ −)"
        if shown.replay and not shown.ended
        else ""
    )
    tail = (
        f" {course.finished} of {sum(not t.earlier for t in course.trials)} · {_state(shown)}{pace}"
    )
    room = max(min(width - layout.cells(tail), 60), 0)
    return Content.assemble((fmt.share_bar(course.share, room), "$text-success"), (tail, "bold"))


def _state(shown: Shown) -> str:
    """How it stands, in a word or two."""
    if shown.cancelling:
        return "cancelling …"
    if shown.ended:
        if shown.failure:
            return "not run"
        if shown.record is not None:
            return shown.record.summary.status.value
        return "end of the recording"
    if not any(t.status for t in shown.course.trials if not t.earlier):
        return "starting"
    left = shown.course.progress.seconds_left()
    return "warming up" if left is None else f"{clock(left)} left"


def indicator(shown: Shown) -> str:
    """The run in the line on top, while another tab may be in sight; empty where none is under
    way.
    """
    if not shown.running:
        return ""
    course = shown.course
    return f"▶ {course.finished} of {sum(not t.earlier for t in course.trials)} · {_state(shown)}"


def chart_lines(course: Course, width: int, height: int) -> Content:
    """The curves that there are, side by side as far as they fit; `height` is of them all."""
    there = [name for name in CURVES if any(v is not None for _, v in course.curves.get(name, ()))]
    lines = list(_charts(course, there, width, height)) if there else []
    absent = [ABSENT[name] for name in CURVES if name not in there]
    if there and absent:
        lines.append(Content.styled(f"no reading of {fmt.sentence_list(absent)} here", "dim"))
    return Content("\n").join(lines)


def _charts(course: Course, there: Sequence[str], width: int, height: int) -> Iterator[Content]:
    beside = max(min(len(there), (width + _GAP) // (_NARROWEST + _GAP)), 1)
    rows = -(-len(there) // beside)
    tall = max(min(height // rows, _TALLEST), FEWEST_ROWS)
    first = min(course.curves[name][0][0] for name in there)
    for start in range(0, len(there), beside):
        row = there[start : start + beside]
        wide = (width - _GAP * (len(row) - 1)) // len(row)
        drawn = [
            Chart(TITLES[n], course.curves[n], first, course.at_seconds).lines(wide, tall)
            for n in row
        ]
        yield from (Content(" " * _GAP).join(parts) for parts in zip(*drawn, strict=True))


def end_lines(shown: Shown, width: int) -> Content:
    """Below the charts: the trials while it runs; at its end what it showed, and what that
    changed.
    """
    lines = [
        Content.styled(f"! {fmt.clean(w)}", "$text-warning") for w in shown.course.warnings[-5:]
    ]
    if shown.failure:
        lines.append(Content.styled(f"✗ {fmt.clean(in_words(shown.failure))}", "$text-error"))
    if shown.log:
        lines.append(Content(f"what the libraries said: {fmt.clean(shown.log)}"))
    if shown.ended and shown.record is not None:
        lines += _ended(shown, shown.record)
    else:
        lines += trial_lines(shown.course.trials, width)
    return Content("\n").join(lines[1:] if lines and not lines[0].plain else lines)


def _ended(shown: Shown, record: RunRecord) -> Iterator[Content]:
    from advisor.calibrate.show import result_lines

    if reason := record.result.get("reason"):
        yield Content.styled(f"! {fmt.clean(str(reason))}", "$text-warning")
    if record.summary.status is Status.CANCELLED and not shown.replay:
        yield Content("What is finished is kept: c plans the rest, and c again goes on from there.")
    yield from _changed(shown)
    yield from section(
        "What it showed", [Content(line.removeprefix("  ")) for line in result_lines(record)[2:]]
    )


def _changed(shown: Shown) -> Iterator[Content]:
    """The verdict before and after, in the words of the command line."""
    from advisor.experiments.effects import compare, effect_lines

    if shown.before is None:
        return
    if shown.after is None:
        yield Content.styled("judging again with what was measured …", "dim")
        return
    lines = effect_lines(compare(shown.before, shown.after))
    yield from section("What it changed", [Content(line.strip()) for line in lines])
