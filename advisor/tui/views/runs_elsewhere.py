"""GPUs of other machines, as the runs that came from there read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from advisor.core.format import clean, number
from advisor.tui.model.runs_elsewhere import FarReading, RunElsewhere
from advisor.tui.views.gauges import LABEL_WIDTH, VALUE_WIDTH, step_of

NONE_YET = (
    "Other machines: none yet. `advisor calibrate … --on ssh://HOST` runs there; "
    "`advisor runs import FILE` takes in a run."
)


def elsewhere_lines(runs: Sequence[RunElsewhere], width: int) -> Content:
    """A heading for each run, and its readings from the first step to the last."""
    if not runs:
        return Content.styled(NONE_YET, "dim")
    return Content("\n").join(_lines(runs, max(width - LABEL_WIDTH - VALUE_WIDTH, 0)))


def _lines(runs: Sequence[RunElsewhere], room: int) -> Iterator[Content]:
    for run in runs:
        yield Content.assemble(
            (clean(f"Elsewhere: {run.device or 'a machine without a name'}"), "bold $text-primary"),
            "  ",
            (clean(f"{run.origin}, run {run.number}, {run.day}, {run.answered}"), "dim"),
        )
        yield from (_row(reading, room) for reading in run.readings)


def _row(reading: FarReading, room: int) -> Content:
    most = f"max {number(reading.most)} {reading.unit}".rstrip()
    return Content.assemble(
        (f"{reading.name:<{LABEL_WIDTH}}", "dim"),
        f"{clean(most):<{VALUE_WIDTH}}",
        (course(reading.values, reading.most, room), "$text-accent"),
    )


def course(values: Sequence[float | None], most: float, room: int) -> str:
    """Values from 0 to `most` as bars in at most `room` cells; each cell is the mean of its
    share of the values.
    """
    cells = min(room, len(values))
    bars = []
    for cell in range(cells):
        share = values[cell * len(values) // cells : (cell + 1) * len(values) // cells]
        readable = [value for value in share if value is not None]
        mean = sum(readable) / len(readable) if readable else None
        bars.append(" " if mean is None or most <= 0 else step_of(max(mean, 0.0) / most))
    return "".join(bars)
