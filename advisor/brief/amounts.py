"""Amounts as people type them: `60k USD a year`, `1.2 million tickets per month`, `$5k/mo`, `2 s`.

Currency, what is counted, and a period are taken off the text before its numbers are read; a period
other than the question's own becomes a factor.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from advisor.core.constants import HOURS_PER_DAY, HOURS_PER_MONTH, HOURS_PER_WEEK, SECONDS_PER_HOUR
from advisor.core.question import Question

HOURS = MappingProxyType(
    {
        "year": 12 * HOURS_PER_MONTH,
        "month": HOURS_PER_MONTH,
        "week": HOURS_PER_WEEK,
        "day": HOURS_PER_DAY,
        "h": 1.0,
        "s": 1.0 / SECONDS_PER_HOUR,
    }
)
"""Hours in a period, by the word that units of questions use."""

_NAMES = MappingProxyType(
    {
        "year": "year|years|yr|annum|y",
        "month": "month|months|mo|mth",
        "week": "week|weeks|wk",
        "day": "day|days|d",
        "h": "hour|hours|hr|hrs|h",
        "s": "second|seconds|sec|s",
    }
)
_ADVERBS = MappingProxyType(
    {"yearly": "year", "annually": "year", "monthly": "month", "weekly": "week", "daily": "day"}
    | {"hourly": "h", "p.a.": "year", "pa": "year"}
)
_PERIOD = re.compile(
    r"(?:\s*(?:/|\bper\b|\ba\b|\ban\b|\beach\b|\bevery\b)\s*("
    + "|".join(_NAMES.values())
    + r")|\s+("
    + "|".join(re.escape(word) for word in _ADVERBS)
    + r"))\.?$",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"us\$|\$|\b(?:usd|us dollars|dollars?)\b", re.IGNORECASE)
_ABOUT = re.compile(r"^(?:about|around|roughly|approximately|ca\.?|circa|~|≈)\s*", re.IGNORECASE)
_NOUNS = (
    "requests|request|calls|queries|tickets|messages|documents|docs|emails|mails|conversations|chats"
    "|items|rows|examples|labels|classes|intents|categories|tokens|people|runs|epochs|gpus|units"
)
_DURATIONS = MappingProxyType(
    {
        "s": {"ms": 0.001, "milliseconds": 0.001, "s": 1.0, "sec": 1.0, "seconds": 1.0}
        | {"second": 1.0, "minutes": 60.0, "minute": 60.0, "min": 60.0},
        "h": {"h": 1.0, "hours": 1.0, "hour": 1.0, "hrs": 1.0, "days": 8.0, "day": 8.0},
        "weeks": {"weeks": 1.0, "week": 1.0, "months": HOURS_PER_MONTH / HOURS_PER_WEEK}
        | {"month": HOURS_PER_MONTH / HOURS_PER_WEEK, "days": 1 / 7, "day": 1 / 7},
        "months": {"months": 1.0, "month": 1.0, "years": 12.0, "year": 12.0},
    }
)
"""Units that may follow a duration, by the question's own unit; a day of work has 8 hours."""


def plain_amount(question: Question, text: str) -> tuple[str, float]:
    """The text without words, and the factor that brings its numbers to the question's unit.

    What is not understood stays in the text, so that reading the numbers refuses it.
    """
    text = _ABOUT.sub("", text.strip())
    if question.unit.startswith("USD"):
        text = _CURRENCY.sub(" ", text).strip()
    text, factor = _without_period(question, text)
    if factor == 1.0:
        text, factor = _without_duration(question, text)
    return _without_noun(text), factor


def _without_period(question: Question, text: str) -> tuple[str, float]:
    own = question.unit.rpartition("/")[2]
    match = _PERIOD.search(text)
    if match is None or not match.start() or "/" not in question.unit or own not in HOURS:
        return text, 1.0
    word = (match[1] or match[2]).lower()
    period = _ADVERBS.get(word) or next(
        period for period, names in _NAMES.items() if word in names.split("|")
    )
    return text[: match.start()].strip(), HOURS[own] / HOURS[period]


def _without_duration(question: Question, text: str) -> tuple[str, float]:
    units = _DURATIONS.get(question.unit, {})
    match = re.search(r"(?<=[\d.\s])([a-z]+)\.?$", text, re.IGNORECASE)
    if match is None or match[1].lower() not in units:
        return text, 1.0
    return text[: match.start()].strip(), units[match[1].lower()]


def _without_noun(text: str) -> str:
    """`1.2 million tickets` → `1.2 million`: what is counted, the question says."""
    counted = re.sub(rf"\s+(?:of\s+)?(?:{_NOUNS})$", "", text, flags=re.IGNORECASE)
    return re.sub(rf"(?<=[\dkKmM])\s*(?:{_NOUNS})$", "", counted, flags=re.IGNORECASE).strip()
