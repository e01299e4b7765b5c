"""Scenarios side by side: the verdict of each, its figures, and the answers that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import UNKNOWN, Range
from advisor.tui.model.scenarios import Scenario, differing_answers
from advisor.tui.views.verdict import section

_LABEL = 20
HOW = "p pins the scenario you see · change an answer or try a what-if · P drops the newest pin"


def compare_lines(scenarios: Sequence[Scenario], width: int) -> Content:
    """The pinned scenarios first, then the one on the desk."""
    return Content("\n").join(_lines(list(scenarios), width))


def _lines(scenarios: list[Scenario], width: int) -> Iterator[Content]:
    yield Content.styled(HOW, "dim")
    if not scenarios:
        yield Content("")
        yield Content("No verdict to compare yet.")
        return
    column = max((width - _LABEL) // len(scenarios) - 1, 8)
    yield Content("")
    yield _row("", [s.name for s in scenarios], column, "bold $text-primary")
    verdicts = [s.verdict for s in scenarios]
    words = [fmt.VERDICT_WORDS.get(v.verdict, v.verdict) for v in verdicts]
    yield _row("verdict", words, column, "bold")
    yield from _wrapped("option", [option_name(v.arm) if v.arm else "" for v in verdicts], column)
    yield _row("best in 100 draws", [fmt.of_hundred(v.p_best) for v in verdicts], column)
    for label, show, ranges in _figures(scenarios):
        yield _row(label, [show(r.p50) for r in ranges], column)
        spans = [fmt.span(r, show) if r.is_known else "" for r in ranges]
        if any(" – " in span for span in spans):
            yield _row("", spans, column, "dim")
    if len(scenarios) > 1:
        yield from section("Difference to the first", _differences(scenarios, column))
        rows = differing_answers(scenarios)
        answers = [line for label, texts in rows for line in _wrapped(label, texts, column)]
        yield from section("Answers that differ", answers or [Content("none")])


def _figures(scenarios: Sequence[Scenario]) -> Iterator[tuple[str, fmt.Show, list[Range]]]:
    options = [s.verdict.chosen for s in scenarios]
    yield "per month", fmt.money, [o.monthly_usd if o else UNKNOWN for o in options]
    yield "once", fmt.money, [o.one_off_usd if o else UNKNOWN for o in options]
    yield "horizon with errors", fmt.money, [o.horizon_usd if o else UNKNOWN for o in options]
    yield "quality", fmt.score, [o.quality if o else UNKNOWN for o in options]
    yield "weeks", fmt.weeks, [o.weeks if o else UNKNOWN for o in options]


def _differences(scenarios: Sequence[Scenario], column: int) -> list[Content]:
    signed = {"quality": fmt.signed_score, "weeks": _signed_weeks}
    lines = []
    for label, _, ranges in _figures(scenarios):
        show = signed.get(label, fmt.signed_money)
        differences = [_difference(ranges[0], interval) for interval in ranges[1:]]
        texts = ["same" if difference == 0 else show(difference) for difference in differences]
        lines.append(_row(label, ["", *texts], column))
    return lines


def _difference(first: Range, other: Range) -> float | None:
    """The difference of the medians; None where one is unknown."""
    if first.p50 is None or other.p50 is None:
        return None
    return other.p50 - first.p50


def _signed_weeks(value: float | None) -> str:
    text = fmt.weeks(value)
    return f"+{text}" if value is not None and value > 0 else text


def _row(label: str, texts: Sequence[str], column: int, style: str = "") -> Content:
    cells = [
        Content.styled(fmt.clean(text), style).truncate(column, ellipsis=True, pad=True)
        for text in texts
    ]
    name = Content.styled(label, "dim").truncate(_LABEL, ellipsis=True, pad=True)
    return name + Content(" ").join(cells)


def _wrapped(label: str, texts: Sequence[str], column: int) -> Iterator[Content]:
    """A row whose cells may need several lines."""
    cells = [[line.plain for line in Content(fmt.clean(text)).wrap(column)] for text in texts]
    for number in range(max((len(cell) for cell in cells), default=0)):
        parts = [cell[number].rstrip() if number < len(cell) else "" for cell in cells]
        yield _row(label if number == 0 else "", parts, column)
