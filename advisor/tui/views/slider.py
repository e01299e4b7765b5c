"""A number as a slider: where it stands, and where the verdict flips."""

from __future__ import annotations

from math import log10

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.quantity import Range
from advisor.core.question import Question
from advisor.core.verdict import FlipPoint, Verdict
from advisor.tui.model.draft import Answer
from advisor.tui.model.question_text import unit

_REACH = 10.0
"""Amounts reach from a tenth to ten times of their value."""

_WIDTH = 41
_NARROWEST = 15
"""A shorter slider has its flip in a line of its own."""
_TITLE = "what if  "


def slider_line(
    question: Question, value: Answer, verdict: Verdict | None, width: int, stated: Answer = None
) -> Content:
    """`0.3 M ├─────●───◆──┤ 30 M  ◆ fine-tuning from 13.8 M`; else empty. Beside a what-if ○ stays
    where the answer is that is `stated`, and so do the ends.
    """
    middle = _middle(value)
    if middle is None:
        return Content("")
    flip = _flip(question.key, verdict)
    start = _middle(stated)
    anchor = middle if start is None else start
    if not _is_share(question) and min(middle, anchor) <= 0:
        return Content("")
    low, high = _ends(question, anchor, flip)
    low = min(low, middle)
    high = max(high, middle)
    if high <= low:
        return Content("")
    tail = ""
    if flip is not None:
        becomes = fmt.APPROACH_WORDS.get(flip.verdict_becomes, flip.verdict_becomes)
        tail = f"  ◆ {becomes} from {fmt.compact(flip.value)}"
    beside = f"{_TITLE}{fmt.compact(low)}  {fmt.compact(high)} {unit(question)}{tail} "
    if width - len(beside) < _NARROWEST:
        beside = beside.replace(tail, "")
        tail = tail.replace("  ", "\n", 1)
    room = min(_WIDTH, max(width - len(beside), _NARROWEST))
    cells = list(f"├{'─' * (room - 2)}┤")
    if flip is not None and low <= flip.value <= high:
        cells[_column(question, flip.value, low, high, room)] = "◆"
    if start is not None:
        cells[_column(question, start, low, high, room)] = "○"
    cells[_column(question, middle, low, high, room)] = "●"
    return Content.assemble(
        (_TITLE, "bold"),
        fmt.compact(low),
        " ",
        ("".join(cells), "$text-accent"),
        " ",
        fmt.compact(high),
        (f" {unit(question)}", "dim"),
        (tail, "bold $text-warning"),
    )


def _middle(value: Answer) -> float | None:
    if isinstance(value, Range):
        return value.p50
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None


def _flip(key: str, verdict: Verdict | None) -> FlipPoint | None:
    flips = verdict.flip_points if verdict is not None else ()
    return next((flip for flip in flips if flip.input == key), None)


def _is_share(question: Question) -> bool:
    return question.kind in ("share", "score")


def _ends(question: Question, middle: float, flip: FlipPoint | None) -> tuple[float, float]:
    """Shares from 0 to 1; amounts a tenth to ten times, wider where a flip is near that, and
    never beyond what may be answered.
    """
    if _is_share(question):
        return 0.0, 1.0
    low = middle / _REACH
    high = middle * _REACH
    if flip is not None and flip.value > 0:
        if middle / _REACH**2 <= flip.value < low:
            low = flip.value
        if high < flip.value <= middle * _REACH**2:
            high = flip.value
    low = max(low, question.low or 0.0)
    return low, high if question.high is None else min(high, question.high)


def _column(question: Question, value: float, low: float, high: float, room: int) -> int:
    """The column of a value: even steps for shares, equal ratios for amounts."""
    if _is_share(question):
        share = (value - low) / (high - low)
    else:
        share = (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low))
    return round(min(max(share, 0.0), 1.0) * (room - 1))
