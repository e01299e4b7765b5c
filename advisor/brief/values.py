"""One value against its question: the same rules for the file, the flags and the form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from advisor.core.errors import did_you_mean
from advisor.core.quantity import Range
from advisor.core.question import Kind, Question
from advisor.core.text import printable

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2099, 12, 31)
"""Days between which a brief can be dated: prices exist, and any horizon stays in the calendar."""

LONGEST_TEXT = 4096
"""Characters of a text, and bytes of a path: the longest that file systems take."""

SMALLEST = 1e-9
"""The smallest amount other than 0 of anything that is asked: what is divided by less overflows."""

POINTS = ("low", "likely", "high")
"""The keys of an uncertain number: P10, P50 and P90."""

CONTROL = re.compile(r"[\x00-\x1f]")
"""Characters that a path must not contain."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LONGEST = 60
_WHOLE = 1e15
_LARGEST = 10**300
_LONGEST_NAME = 255


class RefusedAnswer(ValueError):
    """Why a value cannot be an answer, and what to give instead; the caller adds the place."""


def plain(text: str) -> str:
    """`text` fit for one line of a message: short, with control characters escaped."""
    return printable(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def quoted(text: str) -> str:
    """`text` as `plain` shows it, in quotes."""
    return f"'{plain(text)}'"


def checked(question: Question, raw: Any) -> Any:
    """The answer in core's own type: a Range, int, float, str, bool, date or tuple; None where 0
    means "left out".

    Raises RefusedAnswer.
    """
    value = _READERS[question.kind](question, raw)
    return None if question.zero_is_absent and value == Range.exact(0.0) else value


def number_text(value: float) -> str:
    """A number in a message: 3,000,000, never 3e+06; one that no float can hold is shortened."""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return f"{'-' if value < 0 else ''}1e{value.bit_length() * 0.30103:.0f}"
    return f"{int(value):,}" if value == int(value) and abs(value) < _WHOLE else f"{value:,.10g}"


def bounded(question: Question, value: float) -> float:
    """`value` if it is within the question's bounds, and 0 or not tiny. Raises RefusedAnswer."""
    if 0 < abs(value) < SMALLEST:
        raise RefusedAnswer(f"{value:g} is impossible; give 0, or {SMALLEST:g} and more")
    low = question.low
    high = question.high
    if (low is None or value >= low) and (high is None or value <= high):
        return value
    percent = question.kind in (Kind.SHARE, Kind.SCORE) and 1 < value <= 100
    hint = f" (for {value:g} % write {value / 100:g})" if percent else ""
    raise RefusedAnswer(
        f"{number_text(value)} is impossible; give {bounds_in_words(question)}{hint}"
    )


def bounds_in_words(question: Question) -> str:
    """The bounds in words, such as "0 to 1"; empty where there are none."""
    if question.low is None or question.high is None:
        return ""
    return f"{number_text(question.low)} to {number_text(question.high)}"


def ordered(question: Question, points: tuple[float, float, float]) -> Range:
    """A range of three points in their order. Raises RefusedAnswer."""
    low, likely, high = (bounded(question, p) for p in points)
    if question.zero_is_absent and low == 0:
        raise RefusedAnswer("0 means that it is not known; give a range that begins above 0")
    if not low <= likely <= high:
        points_text = " – ".join(map(number_text, (low, likely, high)))
        raise RefusedAnswer(f"the range {points_text} is out of order; give low <= likely <= high")
    return Range(low, likely, high)


def _real(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise RefusedAnswer(f"needs a number, not {_named(raw)}; write it without quotes")
    try:
        value = float(raw)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise RefusedAnswer("needs a finite number; leave the key out if it is not known")
    return value


def _range(question: Question, raw: Any) -> Range:
    if not isinstance(raw, dict):
        return Range.exact(bounded(question, _real(raw)))
    if set(raw) != set(POINTS):
        raise RefusedAnswer(_range_fault(raw))
    return ordered(question, (_real(raw["low"]), _real(raw["likely"]), _real(raw["high"])))


def _range_fault(raw: Mapping[Any, Any]) -> str:
    """What is wrong with the keys of a range."""
    strange = [plain(str(key)) for key in raw if key not in POINTS]
    if strange:
        return (
            f"a range has the keys low, likely and high, not {strange[0]}; "
            "write all three and nothing else"
        )
    missing = " and ".join(point for point in POINTS if point not in raw)
    return f"the range lacks {missing}; write low, likely and high, or a single number"


def _single(question: Question, raw: Any) -> float:
    if isinstance(raw, dict):
        raise RefusedAnswer("takes one number, not a range; give the likely one")
    return bounded(question, _real(raw))


def _whole(question: Question, raw: Any) -> int:
    value = _single(question, raw)
    if not value.is_integer():
        raise RefusedAnswer(
            f"{number_text(value)} is not a whole number; give {bounds_in_words(question)}"
        )
    return int(value)


def _text(question: Question, raw: Any) -> str:
    if not isinstance(raw, str):
        raise RefusedAnswer(f"needs text, not {_named(raw)}; put it in quotes")
    if question.required and not raw.strip():
        raise RefusedAnswer("is empty; it cannot be left out here")
    if not _is_utf8(raw):
        raise RefusedAnswer("contains bytes that are not UTF-8 text; type it again")
    if question.kind == Kind.PATH:
        _check_path(raw)
    elif len(raw) > LONGEST_TEXT:
        raise RefusedAnswer(f"has {len(raw):,} characters; give at most {LONGEST_TEXT:,}")
    return raw


def _check_path(raw: str) -> None:
    """Raises RefusedAnswer for a path that no file system takes."""
    if CONTROL.search(raw):
        raise RefusedAnswer("contains a control character; give a plain path")
    names = raw.replace("\\", "/").split("/")
    if len(raw.encode()) > LONGEST_TEXT or any(len(n.encode()) > _LONGEST_NAME for n in names):
        raise RefusedAnswer(
            f"is too long for a path; give at most {LONGEST_TEXT:,} bytes and "
            f"{_LONGEST_NAME} per name"
        )


def _is_finite(number: float) -> bool:
    return isinstance(number, int) or math.isfinite(number)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


NOT_TEXT = (
    "image",
    "images",
    "picture",
    "photo",
    "vision",
    "audio",
    "speech",
    "video",
    "multimodal",
)
"""Kinds of tasks that people ask for and that no figure here covers."""


FORMS = {
    "short-text": ("sql", "query", "command", "number", "sentence", "phrase"),
    "long-text": ("code", "markdown", "html", "report", "essay", "email", "summary", "python"),
    "json": ("structured", "xml", "yaml", "fields", "table", "csv", "tool-call", "function-call"),
    "label": ("class", "category", "boolean", "yes-no", "choice"),
}
"""Forms of output that people name, under the one whose figures hold for them."""


def _meant_form(question: Question, value: str) -> str:
    """What to choose for a form of output that has no name of its own."""
    if question.key != "task.output":
        return ""
    name = value.lower().replace(" ", "-").replace("_", "-")
    meant = next((form for form, names in FORMS.items() if name in names), "")
    return f"; for {plain(value)} choose {meant!r}" if meant else ""


def _choice(question: Question, raw: Any) -> str:
    value = _text(question, raw)
    if value not in question.choices:
        if question.key == "task.type" and value.lower() in NOT_TEXT:
            raise RefusedAnswer(
                f"{quoted(value)} is not supported: only text is compared; describe what OCR or a "
                f"transcript gives, with one of {', '.join(question.choices)}"
            )
        near = _meant_form(question, value) or did_you_mean(value, question.choices)
        choices = ", ".join(question.choices)
        raise RefusedAnswer(
            f"{quoted(value)} is not one of {choices}{near or '; choose one of them'}"
        )
    return value


def _yes_no(question: Question, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise RefusedAnswer(f"needs true or false, not {_named(raw)}; write it without quotes")
    return raw


def _date(question: Question, raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return _in_century(raw)
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            return _in_century(date.fromisoformat(raw))
        except RefusedAnswer:
            raise
        except ValueError:
            raise RefusedAnswer(
                f"{raw} is not a calendar date; write one such as 2026-11-20"
            ) from None
    raise RefusedAnswer(f"needs a date, not {_named(raw)}; write it as 2026-11-20")


def _in_century(day: date) -> date:
    """A day whose horizon stays in the calendar. Raises RefusedAnswer."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise RefusedAnswer(f"{day} is out of range; give a date from {FIRST_DAY} to {LAST_DAY}")
    return day


def _names(question: Question, raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        raise RefusedAnswer(f'needs a list of names, not {_named(raw)}; write ["a", "b"]')
    for name in raw:
        if not isinstance(name, str) or not name.strip():
            raise RefusedAnswer(f'needs names, not {_named(name)}; write ["a", "b"]')
    if twice := next((n for i, n in enumerate(raw) if n in raw[:i]), None):
        raise RefusedAnswer(f"names {quoted(twice)} twice; leave one out")
    return tuple(raw)


def _named(raw: Any) -> str:
    """A value in a word or two, for a message."""
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, str):
        return f"the text {quoted(raw)}" if raw else "empty text"
    if isinstance(raw, int | float):
        return (
            f"the number {number_text(raw)}" if _is_finite(raw) else "a number that is not finite"
        )
    words = ((dict, "a table"), (list, "a list"), (datetime, "a time of day"), (date, "a date"))
    return next((word for kind, word in words if isinstance(raw, kind)), "a time of day")


_READERS: dict[Kind, Callable[[Question, Any], Any]] = {
    Kind.NUMBER: _range,
    Kind.SHARE: _range,
    Kind.SCORE: _single,
    Kind.WHOLE: _whole,
    Kind.TEXT: _text,
    Kind.PATH: _text,
    Kind.CHOICE: _choice,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _date,
    Kind.NAMES: _names,
}
