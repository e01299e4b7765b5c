"""Many inputs from one that was drawn: parts of it changed at random, for a thousandth of the time.

A strategy takes some 50 ms to draw a document, and the program a few to read it. Long runs thus
draw a document and a seed, and try what these two give.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from advisor.core.brief import LISTS, questions
from advisor.core.question import Kind, Question
from tests.fuzz.strategies import GPUS, MODELS, ODD_TEXTS

AMOUNTS = (Kind.NUMBER, Kind.SHARE, Kind.SCORE, Kind.WHOLE)
ODD_VALUES: tuple[Any, ...] = (
    0, -1, True, 10**18, 10**400, -0.0, 1e-300, 1e308, math.nan, math.inf, -math.inf, 0.1 + 0.2,
    [], {}, [[]], ["x", 1], {"low": 1}, {"low": 3, "likely": 2, "high": 1}, {"likely": "x"},
    date(2026, 1, 1), date(1, 1, 1), *ODD_TEXTS,
)  # fmt: skip
NAMED: Mapping[str, tuple[str, ...]] = {
    "hardware.gpu": GPUS,
    "current.model": MODELS,
    "quality.measured[].model": MODELS,
    "hardware.provider": ("", "Jarvislabs"),
    "policy.residency": ("", "eu"),
}


def changed(value: Any, chance: random.Random, odd: Callable[[random.Random], Any]) -> Any:
    """`value` with one part of it replaced by something odd, left out, doubled or renamed."""
    if isinstance(value, dict) and value and chance.random() < 0.95:
        key, way = chance.choice(list(value)), chance.random()
        if way < 0.1:
            return {name: part for name, part in value.items() if name != key}
        if way < 0.2:
            return {
                chance.choice(list(value)) + "s" * (name == key): p for name, p in value.items()
            }
        return {**value, key: changed(value[key], chance, odd)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at, way = chance.randrange(len(value)), chance.random()
        if way < 0.2:
            return [*value[:at], *value[at + 1 :]]
        part = value[at] if way < 0.3 else changed(value[at], chance, odd)
        return [*value[: at + (way < 0.3)], part, *value[at + 1 :]]
    return odd(chance)


def varied_brief(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The document with one to five answers given, changed or left out."""
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        if document and chance.random() < 0.15:
            name = chance.choice(list(document))
            part = changed(document[name], chance, lambda c: c.choice(ODD_VALUES))
            document = {**document, name: part}
        else:
            key = chance.choice(KEYS)
            document = _answered(document, key, _answer(questions()[key], chance))
    return document


KEYS = tuple(questions())


def _answered(document: dict[str, Any], key: str, answer: Any) -> dict[str, Any]:
    """The document with one answer; rows of a list get it at random, made where there is none."""
    table, _, field = key.rpartition(".")
    if not table:
        return {**document, field: answer}
    name = table.removesuffix("[]")
    head, _, last = name.rpartition(".")
    holder = document.get(head, {}) if head else document
    if not isinstance(holder, dict):
        return document
    part = holder.get(last)
    if name in LISTS:
        rows = list(part) if isinstance(part, list) else []
        row = rows[-1] if rows and isinstance(rows[-1], dict) else {}
        part = [*rows[:-1], {**_required(name), **row, field: answer}]
    else:
        part = {**(part if isinstance(part, dict) else {}), field: answer}
    return {**document, head: {**holder, last: part}} if head else {**document, last: part}


def _required(name: str) -> dict[str, Any]:
    """What each row of a list must have."""
    needed: dict[str, Any] = {}
    for key, question in questions().items():
        if question.required and key.startswith(f"{name}[]."):
            texts = question.choices or NAMED.get(key, ("part",))
            needed[key.rpartition(".")[2]] = 0.5 if question.kind in AMOUNTS else texts[0]
    return needed


def _answer(question: Question, chance: random.Random) -> Any:
    """A proper answer mostly, with an eye on the ends of its bounds; else anything odd."""
    if chance.random() < 0.1:
        return chance.choice(ODD_VALUES)
    if question.key in NAMED:
        return chance.choice(NAMED[question.key])
    if question.kind in AMOUNTS:
        return _amount(question, chance)
    kinds: dict[Kind, Callable[[], Any]] = {
        Kind.CHOICE: lambda: chance.choice(question.choices or ("x",)),
        Kind.YES_NO: lambda: chance.random() < 0.5,
        Kind.DATE: lambda: date(2026, 11, 20) + timedelta(days=chance.randint(-9999, 9999)),
        Kind.NAMES: lambda: chance.sample(MODELS, chance.randint(0, 3)),
        Kind.PATH: lambda: "",
    }
    return kinds.get(question.kind, lambda: chance.choice(ODD_TEXTS))()


def _amount(question: Question, chance: random.Random) -> Any:
    low = question.low or 0.0
    high = question.high if question.high is not None else 1e12
    top = math.log10(max(high, 1e-9))
    if question.kind == Kind.WHOLE:
        return chance.choice((int(low), int(low) + 1, int(min(high, 1e6)), chance.randint(0, 100)))
    drawn = [min(max(10 ** chance.uniform(-9, top), low), high) for _ in range(3)]
    way = chance.random()
    if way < 0.2:
        return chance.choice((low, high, 1e-9, math.nextafter(high, math.inf), -high))
    if way < 0.4 and question.kind != Kind.SCORE:
        return dict(zip(("low", "likely", "high"), sorted(drawn), strict=True))
    return chance.uniform(low, min(high, low + 100)) if way < 0.7 else drawn[0]


def misspelt(text: str, chance: random.Random) -> str:
    """The text with a few slips: letters dropped, doubled, swapped or odd, lines moved or cut."""
    for _ in range(chance.randint(1, 3)):
        at, to = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        slips = (
            text[:at] + text[at + 1 :],
            text[:at] + chance.choice("[]{}.=\"'#\n\x00 \u202e1-_") + text[at:],
            text[:at] + text[to : to + 40] + text[at:],
            text[:at] if chance.random() < 0.2 else text[:at] + text[min(to, at + 60) :],
        )
        text = chance.choice(slips)
    return text


def toml(value: Any, top: bool = True) -> str:
    """The document as TOML, each table on a line of its own; the texts as they are."""
    if isinstance(value, dict):
        pairs = [f"{json.dumps(k)} = {toml(v, False)}" for k, v in value.items()]
        return "\n".join(pairs) if top else "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(part, False) for part in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)
