"""Ranges of the leading options on common axes, and what moves the advantage most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import input_name, option_name
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Sensitivity, Verdict
from advisor.tui.views.axis import Axis
from advisor.tui.views.options import option_rows
from advisor.tui.views.verdict import section

WIDEST_NAME = 30
_WITH_ENDS = 60
"""Narrower panes show bars without the numbers at their ends."""

_WIDE = 110
"""From here on names of options have two fifths of the pane."""
_MOST_ROWS = 8
_MOST_INPUTS = 12
_ENDS = 22


def name_width(width: int) -> int:
    """Columns of a name beside a bar: at most a third of the pane."""
    return min(WIDEST_NAME, max(width // 3, 12))


def range_lines(verdict: Verdict, width: int) -> Iterator[Content]:
    """Cost, quality and time, each on one axis."""
    for title, lines in _ranges(verdict, width):
        yield from section(title, lines)


def _ranges(verdict: Verdict, width: int) -> Iterator[tuple[str, list[Content]]]:
    """Cost, quality and time of the leading options, each on one axis."""
    options = [option for option, _ in option_rows(verdict, folded=True)][:_MOST_ROWS]
    rows = (
        ("Cost per month (80 % range)", [o.monthly_usd for o in options], fmt.compact_money, True),
        ("Cost once", [o.one_off_usd for o in options], fmt.compact_money, True),
        ("Quality", [o.quality for o in options], fmt.score, False),
        ("Weeks to production", [o.weeks for o in options], fmt.weeks, True),
    )
    for title, ranges, show, from_zero in rows:
        yield title, _on_axis(options, ranges, show, width, from_zero=from_zero)


def _on_axis(
    options: Sequence[OptionRecord],
    ranges: Sequence[Range],
    show: fmt.Show,
    width: int,
    *,
    from_zero: bool,
) -> list[Content]:
    names = name_width(width) if width < _WIDE else width * 2 // 5
    room = max(min(width - names - 12, 60), 10)
    axis = Axis.over(ranges, room, from_zero=from_zero)
    lines = [
        Content.assemble(
            _name(option_name(option.id), names),
            " ",
            (axis.bar(interval), "$text-accent"),
            (f" {show(interval.p50):>9}", "bold"),
        )
        for option, interval in zip(options, ranges, strict=True)
    ]
    ticks = Content.styled(" " * (names + 1) + axis.ticks(show), "dim")
    return [*lines, ticks] if lines else []


def _name(text: str, width: int) -> Content:
    return Content(fmt.clean(text)).truncate(width, ellipsis=True, pad=True)


def tornado_lines(verdict: Verdict, width: int) -> Iterator[Content]:
    """A bar per input from the advantage at its P10 to that at its P90; │ is no advantage."""
    rows = verdict.sensitivity[:_MOST_INPUTS]
    if not rows:
        yield Content.styled("no input moves the advantage, or it is not known yet", "dim")
        return
    yield Content.styled(
        "The advantage over the next approach, at an input's P10 and P90", "bold $text-primary"
    )
    names = name_width(width)
    ends_width = _ENDS if width >= _WITH_ENDS else 0
    room = max(min(width - names - ends_width - 1, 50), 11)
    ends = [end for row in rows for end in (row.low, row.high)]
    axis = Axis(min(0.0, *ends), max(0.0, *ends) or 1.0, room)
    show = fmt.score if rows[0].unit == "score" else fmt.compact_money
    for row in rows:
        yield Content.assemble(
            _name(input_name(row.input), names),
            " ",
            (_swing(row, axis), "$text-accent"),
            (f" {show(row.low)} … {show(row.high)}" if ends_width else "", "dim"),
        )
    yield Content.styled(" " * (names + 1) + axis.ticks(show), "dim")
    yield from section("What it would be worth to know", _worth(verdict, names))


def _worth(verdict: Verdict, names: int) -> list[Content]:
    """The inputs whose exact value would save most on average."""
    return [
        Content.assemble(
            _name(input_name(one.input), names), (f" {fmt.money(one.worth_usd):>10}", "bold")
        )
        for one in verdict.information[:5]
    ]


def _swing(row: Sensitivity, axis: Axis) -> str:
    left, right = sorted((axis.column(row.low), axis.column(row.high)))
    cells = [" "] * axis.width
    cells[axis.column(0.0)] = "│"
    cells[left : right + 1] = "█" * (right + 1 - left)
    return "".join(cells)
