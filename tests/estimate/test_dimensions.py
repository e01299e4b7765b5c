"""Every formula keeps its units: dollars, time, tokens, requests and power, by our own algebra.

Counts of runs, items and epochs multiply without a unit; so do numbers of the formula
itself, such as 3600 seconds per hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from advisor.core.figure import Figure
from advisor.core.option import Option, Place, Serving
from tests.options import TUNED, brief, estimated, prompt, rented, setting

TIME = dict.fromkeys(["s", "min", "h", "day", "days", "weeks", "month", "months", "year"], "time")
BASE = TIME | {
    "USD": "money",
    "tokens": "tokens",
    "1M tokens": "tokens",
    "request": "requests",
    "requests": "requests",
    "answer": "requests",
    "error": "requests",
    "example": "requests",
    "examples": "requests",
    "W": "power",
}
PLAIN = {"", "share", "score", "epochs", "runs", "run", "items", "item", "prefixes"}
PLAIN |= {"yes = 1", "points", "labels", "sets of GPUs", "GPUs", "deployments", "calls", "call"}
SAME = {"=", "+", "-", "min", "max", "ceil"}


def dimension(unit: str) -> Counter[str]:
    """`USD/1M tokens` is money¹ · tokens⁻¹."""
    top, _, bottom = unit.partition("/")
    found: Counter[str] = Counter()
    for word, power in ((top, 1), (bottom, -1)):
        if word == "kWh":
            found.update({"power": power, "time": power})
        elif word not in PLAIN:
            found[BASE[word]] += power
    return found


def sum_of(a: Counter[str], b: Counter[str], sign: int) -> Counter[str]:
    found = Counter(a)
    for key, power in b.items():
        found[key] += sign * power
    return Counter({key: power for key, power in found.items() if power})


def computed(figure: Figure) -> Counter[str] | None:
    """The dimension by the operands; None where the operator fits any."""
    parts = [known(part) for part in figure.operands]
    if figure.operator in ("×", "÷"):
        if None in parts:
            return None
        return sum_of(parts[0], parts[1], 1 if figure.operator == "×" else -1)
    if figure.operator in SAME:
        stated = [
            part
            for part, of in zip(parts, figure.operands, strict=True)
            if part is not None and not (of.unit == "" and not of.operands and not of.id)
        ]
        unlike = [part for part in stated if part != stated[0]]
        return Counter({"unlike": 1}) if unlike else (stated[0] if stated else Counter())
    return Counter() if figure.operator == "exp" else None


def known(figure: Figure) -> Counter[str] | None:
    """The dimension of an input by its unit, of an intermediate result by its operands."""
    if figure.id or not figure.operands:
        return dimension(figure.unit)
    return computed(figure)


def every(figure: Figure) -> Iterator[Figure]:
    yield figure
    for part in figure.operands:
        yield from every(part)


HOSTED = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
OWNED = Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.OWNED))
DEAR = brief(quality__error_cost_usd=0.5)
ONLINE = replace(DEAR, traffic=replace(DEAR.traffic, can_wait_24h=False, retry_rate=0.02))
ESTIMATES = {
    "batch": estimated(prompt("batch"), DEAR),
    "cached": estimated(prompt("cached-1h"), ONLINE),
    "searched": estimated(prompt("batch", technique="searched"), DEAR),
    "retrieval": estimated(prompt("uncached", technique="retrieval"), ONLINE),
    "rented": estimated(rented(), ONLINE),
    "both": estimated(rented("tuned-few-shot", "hybrid"), DEAR),
    "hosted": estimated(HOSTED, ONLINE, setting(tuned={"gpt-4.1-mini": TUNED})),
    "owned": estimated(OWNED, brief(hardware__owned=True)),
}
MONTHS = {"run.per_accepted_usd"}
"""Holds the months of the horizon as a number of the formula."""


@pytest.mark.parametrize("name", list(ESTIMATES))
def test_units_follow_from_the_formula(name: str) -> None:
    figures = {id(f): f for g in ESTIMATES[name].figures.values() for f in every(g)}.values()
    named = [
        f for f in figures if f.id and f.operands and f.id not in MONTHS and f.is_known and f.value
    ]
    assert len(named) > 10
    dimensions = {f.id: (f, computed(f)) for f in named}
    wrong = {
        name: (figure.unit, dict(found))
        for name, (figure, found) in dimensions.items()
        if found is not None and found != dimension(figure.unit)
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("wrong", "unit"),
    [
        (lambda a, b: a * b, "USD/month"),
        (lambda a, b: a / b, "USD"),
        (lambda a, b: a + b, "USD/month"),
    ],
)
def test_a_wrong_formula_has_the_wrong_unit(wrong, unit: str) -> None:
    """The check itself: a month's bill is not dollars times months, nor their sum."""
    paid, months = Figure(12.0, "USD", "once.total"), Figure(3.0, "months", "horizon")
    assert computed(wrong(paid, months).named("run.total", unit)) != dimension(unit)
