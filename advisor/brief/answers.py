"""Answers as people type them in a form field, a flag or a plain terminal, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from advisor.brief.amounts import plain_amount
from advisor.brief.rules import contradictions
from advisor.brief.values import RefusedAnswer, bounds_in_words, checked, ordered, plain, quoted
from advisor.core.brief import LISTS, SECTIONS, Brief, Origin, questions
from advisor.core.errors import UsageError, did_you_mean, nearest
from advisor.core.quantity import Basis, Range
from advisor.core.question import Kind, Question

LEFT_OUT = ("", "?")
"""Answers that mean "I do not know": the default applies, or the value is derived."""

MEANT = dict.fromkeys(
    (
        "on_premises",
        "on_premise",
        "on_prem",
        "onprem",
        "local_only",
        "self_hosted",
        "air_gapped",
        "offline",
    ),
    "policy.data_may_leave=false",
) | {"rag": "retrieval.tokens=N, the tokens of documents per request"}
"""Bare names of keys that people try, and the answer that says it here."""

_SCALES = {"": 0, "k": 3, "thousand": 3, "m": 6, "million": 6, "bn": 9, "b": 9, "billion": 9}
_NUMBER = re.compile(
    r"([+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)\s*(%?)", re.IGNORECASE
)
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])")
_DOTTED = re.compile(r"[1-9]\d{0,2}\.\d\d0")
_COUNTED = ("requests", "examples", "items", "tokens", "labels", "classes", "prefixes", "USD/month")
"""Units of which there are thousands, so that 5.000 is more likely 5,000 than 5. A number that
we write has no zero at its end.
"""
_SPLIT = re.compile(
    r"\s*(?:\.\.+|…|–|—|;|<=?|,\s|\bto\b|\s-\s|(?<=[\dkKmMbBn%])-(?=[\d.]))\s*", re.IGNORECASE
)
_YES = ("yes", "y", "true", "on", "1")
_NO = ("no", "n", "false", "off", "0")
_NONE = ("none", "[]", "-")
_LONGEST = 200
_TINY = -9


def parse_answer(question: Question, text: str) -> Any:
    """The answer that `text` gives, in core's own type; None for "left out" (empty, or a question
    mark).

    Numbers take k, M and bn, a `%` where they are shares, and ranges as `low..high` (the middle is
    likely) or `low likely high`. Names are separated by commas; `none` is the empty list. Raises
    UsageError, in plain words.
    """
    text = text.strip()
    if text in LEFT_OUT:
        return None
    try:
        return _PARSERS.get(question.kind, _as_it_stands)(question, text)
    except RefusedAnswer as refusal:
        raise UsageError(f"{question.key or question.text}: {refusal}") from None


def format_answer(question: Question, value: Any) -> str:
    """`value` as a person would type it, exact: `parse_answer` takes it back to the same value.

    Empty for None.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Range):
        return _range_text(question, value)
    if isinstance(value, int | float):
        return _number_text(question, float(value))
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return value.isoformat() if isinstance(value, date) else str(value)


def with_answers(brief: Brief, settings: Iterable[str], *, source: str = "--set") -> Brief:
    """`brief` with answers given as `key=value`, such as `traffic.requests_per_month=3M`; an empty
    value takes one back. Raises UsageError for an unknown key, an impossible value or one that
    contradicts another answer.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            raise UsageError(f"{source} {plain(setting)}: has no '='; write KEY=VALUE")
        brief = with_answer(brief, key, parse_answer(_asked(key, source), text), f"{source} {key}")
    for key, message in contradictions(brief):
        raise UsageError(f"{source}: {key}: {message}")
    return brief


def with_answer(brief: Brief, key: str, value: Any, source: str) -> Brief:
    """`brief` with one answer, quoted from `source`; None takes the answer back.

    Contradictions are not looked for.
    """
    if value is None:
        return brief.without(key)
    return brief.answered(
        key, value, Origin(Basis.QUOTED, source, brief.as_of.isoformat() if brief.as_of else "")
    )


def _asked(key: str, source: str) -> Question:
    keys = [k for k in questions() if "[" not in k]
    if key in keys:
        return questions()[key]
    if key in LISTS or key in SECTIONS:
        table = f"[[{key}]]" if key in LISTS else f"[{key}]"
        raise UsageError(
            f"{source}: {key} is a table, not one value; write {table} in the file of the brief"
        )
    if key.rpartition(".")[2] in MEANT:
        raise UsageError(
            f"{source}: unknown key {plain(key)}; write {MEANT[key.rpartition('.')[2]]}"
        )
    same = [k for k in keys if k.rpartition(".")[2] == key.rpartition(".")[2]]
    if same:
        hint = f"; did you mean {' or '.join(repr(k) for k in same)}?"
    else:
        hint = did_you_mean(key, keys) or _by_last_word(key, keys)
    raise UsageError(
        f"{source}: unknown key {plain(key)}{hint or '; see docs/reference/brief.md for the keys'}"
    )


def _by_last_word(key: str, keys: list[str]) -> str:
    """A suggestion for a bare name that is misspelt: compared with the last words of the keys."""
    last = {k.rpartition(".")[2]: k for k in keys}
    similar = [last[n] for n in nearest(key.rpartition(".")[2], last)]
    return f"; did you mean {' or '.join(map(repr, similar))}?" if similar else ""


def _numeric(question: Question, text: str) -> Any:
    """A single number or, where the question allows it, a range of two or three."""
    text, factor = plain_amount(question, text)
    parts = [p for p in _SPLIT.split(_THOUSANDS.sub(lambda m: m[0].replace(",", ""), text)) if p]
    if not parts:
        raise RefusedAnswer(f"{quoted(text)} is not a number; write {_example(question)}")
    if len(parts) == 1:
        parts = _apart(parts[0])
    if len(parts) == 1:
        return checked(question, _times(_value(question, parts[0]), factor))
    if not question.ranged:
        raise RefusedAnswer("takes one number, not a range; give the likely one")
    if len(parts) > 3:
        raise RefusedAnswer(
            f"{quoted(text)} has more than three numbers; write low..high or low..likely..high"
        )
    points = [_times(point, factor) for point in _points(question, parts)]
    low = points[0]
    high = points[-1]
    likely = points[1] if len(points) == 3 else _middle(low, high)
    value = ordered(question, (low, likely, high))
    return None if question.zero_is_absent and value == Range.exact(0.0) else value


def _times(value: float, factor: float) -> float:
    """A number brought to the question's unit, to six digits: 70k a year is 5,833.33 a month."""
    return value if factor == 1.0 else float(f"{value * factor:.6g}")


def _apart(text: str) -> list[str]:
    """Numbers separated by spaces alone; any other text stays whole."""
    numbers = [m[0].strip() for m in _NUMBER.finditer(text)]
    is_row = "".join(numbers).replace(" ", "") == text.replace(" ", "")
    return numbers if is_row and len(numbers) > 1 else [text]


def _points(question: Question, parts: list[str]) -> list[float]:
    """The numbers of a range.

    A unit on the last alone counts for all (2.4..3.6M), unless it breaks their order.
    """
    last = _NUMBER.fullmatch(parts[-1])
    unit = f"{last[2]}{last[3]}" if last else ""
    if unit and all((m := _NUMBER.fullmatch(p)) and not m[2] and not m[3] for p in parts[:-1]):
        shared = [_value(question, p + unit) for p in parts[:-1]] + [_value(question, parts[-1])]
        if shared == sorted(shared):
            return shared
    return [_value(question, p) for p in parts]


def _value(question: Question, text: str) -> float:
    """One number with its unit. Decimal arithmetic, so that 2.4 M is 2,400,000 exactly."""
    parts = _NUMBER.fullmatch(text.removeprefix("$").strip())
    scale = _SCALES.get(parts[2].lower()) if parts else None
    if parts is None or scale is None or len(text) > _LONGEST:
        raise RefusedAnswer(f"{quoted(text)} is not a number; write {_example(question)}")
    if _DOTTED.fullmatch(parts[1]) and not scale and _counts(question):
        short = parts[1].rstrip("0").rstrip(".")
        whole = parts[1].replace(".", "")
        raise RefusedAnswer(f"{quoted(text)} may mean {whole} or {short}; write the one you mean")
    if parts[3] and not _takes_percent(question):
        raise RefusedAnswer(
            f"{quoted(text)} has a % sign, but this is a number of {question.unit or question.kind}"
        )
    try:
        return float(Decimal(parts[1].replace("_", "")).scaleb(scale - (2 if parts[3] else 0)))
    except ArithmeticError:
        raise RefusedAnswer(
            f"{quoted(text)} is too long or too large a number; write {_example(question)}"
        ) from None


def _counts(question: Question) -> bool:
    return question.unit.startswith(_COUNTED) or question.unit == "USD"


def _middle(low: float, high: float) -> float:
    """The middle, in decimal arithmetic: of -0.03 and 0.07 it is 0.02 exactly."""
    return float((Decimal(repr(low)) + Decimal(repr(high))) / 2)


def _example(question: Question) -> str:
    if question.kind in (Kind.SHARE, Kind.SCORE):
        return "a number from 0 to 1 or a percentage such as 15%"
    bounds = bounds_in_words(question)
    more = ", a short form such as 3M, or a range such as 2.4M..3.6M" if question.ranged else ""
    return (f"{bounds}" if bounds else "a number") + more


def _takes_percent(question: Question) -> bool:
    return question.kind in (Kind.SHARE, Kind.SCORE) or question.unit.startswith(("share", "score"))


def _yes_no(question: Question, text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise RefusedAnswer(f"{quoted(text)} is neither yes nor no; write yes or no")
    return text.lower() in _YES


def _choice(question: Question, text: str) -> Any:
    begins = [c for c in question.choices if c.startswith(text.lower())]
    exact = text.lower() in question.choices
    return checked(question, text.lower() if exact or len(begins) != 1 else begins[0])


def _names(question: Question, text: str) -> Any:
    if text.lower() in _NONE:
        return ()
    return checked(
        question, [n.strip().strip("\"'") for n in text.strip("[]").split(",") if n.strip()]
    )


def _as_it_stands(question: Question, text: str) -> Any:
    return checked(question, text)


def _range_text(question: Question, value: Range) -> str:
    if value.p10 is None or value.p50 is None or value.p90 is None:
        return ""
    if value.is_exact:
        return _number_text(question, value.p50)
    middle = [] if value.p50 == _middle(value.p10, value.p90) else [value.p50]
    points = [value.p10, *middle, value.p90]
    short = [_number_text(question, p) for p in points]
    if (
        _points(question, [p.replace(",", "") for p in short]) != points
    ):  # the unit of a last 1.25 M would be applied to a plain 1
        short[-1] = _digits(Decimal(repr(value.p90)))
    return " – ".join(short)


def _number_text(question: Question, value: float) -> str:
    """The shortest exact form: 15 %, 3.0 M, 18,000, 0.905."""
    exact = Decimal(repr(value))
    if _takes_percent(question) and question.kind != Kind.SCORE and question.unit != "score":
        return f"{_digits(exact.scaleb(2))} %"
    for power, letter in ((9, "bn"), (6, "M")):
        short = exact.scaleb(-power)
        if abs(short) >= 1 and short == round(short, 2):
            return f"{_digits(short) if short % 1 else f'{short:.1f}'} {letter}"
    return _digits(exact)


def _digits(value: Decimal) -> str:
    """A decimal without idle zeros, its thousands grouped; with an exponent only where it is
    tiny.
    """
    if value and value.adjusted() < _TINY:
        return str(value.normalize()).lower()
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_PARSERS: Mapping[str, Callable[[Question, str], Any]] = {
    Kind.NUMBER: _numeric,
    Kind.SHARE: _numeric,
    Kind.SCORE: _numeric,
    Kind.WHOLE: _numeric,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.NAMES: _names,
}
