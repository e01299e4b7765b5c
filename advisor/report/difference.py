"""Two briefs side by side: both verdicts, the change in dollars, and which input alone causes how
much of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from advisor.core import format as fmt
from advisor.core.brief import Brief, questions
from advisor.core.errors import AdvisorError, Infeasible
from advisor.core.quantity import Range
from advisor.core.question import Question
from advisor.core.verdict import Verdict
from advisor.report.headline import horizon

SCHEMA = 1
NAMES_ONLY = ("name", "client", "author", "confidential")
"""Keys that no estimate reads."""

LEFT_OUT = "left out"

_WHOLE = ("current", "baseline", "retrieval", "segments", "quality.measured")
"""Tables that may be absent, and lists: they differ as a whole where their keys cannot be told
apart one by one.
"""

Judge = Callable[[Brief], Verdict]


@dataclass(frozen=True, slots=True)
class JudgedBrief:
    """One of the two briefs: its verdict, and the recommended option's money (USD) at the likely
    value of every input.
    """

    name: str
    verdict: str
    option: str
    p_best: float
    monthly_usd: float | None
    one_off_usd: float | None
    horizon_usd: float | None


@dataclass(frozen=True, slots=True)
class MoneyChange:
    """A change in USD; None where one of the two amounts is unknown."""

    monthly_usd: float | None
    one_off_usd: float | None
    horizon_usd: float | None


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that differs, and what A becomes with that one value of B; `reason` says why there
    is no effect.
    """

    input: str
    a: str
    b: str
    effect: MoneyChange | None
    verdict: str = ""
    option: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What `advisor diff` prints."""

    schema: int
    a: JudgedBrief
    b: JudgedBrief
    change: MoneyChange
    horizon: str
    changed: tuple[InputChange, ...]
    as_of: str = ""


def difference(a: Brief, b: Brief, names: tuple[str, str], judge: Judge) -> Difference:
    """Judge both briefs, and A once more for each input that differs, with that input as in B."""
    first = judge(a)
    second = judge(b)
    before = side(names[0], first)
    after = side(names[1], second)
    changed = tuple(_change(a, b, key, before, judge) for key in differing(a, b))
    change = between(before, after)
    return Difference(
        SCHEMA, before, after, change, _horizons(first, second), changed, fmt.clean(second.as_of)
    )


def _horizons(a: Verdict, b: Verdict) -> str:
    """What the sums are called; both lengths where they differ."""
    lengths = dict.fromkeys((horizon(a), horizon(b)))
    return " / ".join(lengths)


def remainder_usd(difference: Difference) -> float | None:
    """What the inputs change together per month beyond what each changes alone; None where an
    effect is unknown.
    """
    alone = [c.effect.monthly_usd for c in difference.changed if c.effect is not None]
    whole = difference.change.monthly_usd
    amounts = [usd for usd in alone if usd is not None]
    if whole is None or len(amounts) < len(alone) or (not amounts and len(difference.changed) < 2):
        return None
    return float(cents(whole) - sum(map(cents, amounts), Decimal(0)))


def side(name: str, verdict: Verdict) -> JudgedBrief:
    """The money of the option that a verdict recommends."""
    month, once, total = (_likely(verdict, f) for f in ("run.total", "once.total", "horizon.total"))
    return JudgedBrief(name, verdict.verdict, verdict.arm, verdict.p_best, month, once, total)


def between(a: JudgedBrief, b: JudgedBrief) -> MoneyChange:
    """B less A, in exact cents as they are printed, so that the amounts shown add up."""
    return MoneyChange(
        cents_between(a.monthly_usd, b.monthly_usd),
        cents_between(a.one_off_usd, b.one_off_usd),
        cents_between(a.horizon_usd, b.horizon_usd),
    )


def cents_between(a: float | None, b: float | None) -> float | None:
    """`b` less `a` (USD), both first rounded to cents; None where one is unknown."""
    if a is None or b is None or not fmt.is_known(a) or not fmt.is_known(b):
        return None
    return float(cents(b) - cents(a))


def differing(a: Brief, b: Brief) -> tuple[str, ...]:
    """The keys at which two briefs differ, in the order of the file; paths by the file they lead
    to.
    """
    whole = [k for k in _WHOLE if _differs_whole(k, _value(a, k), _value(b, k))]
    single = [
        k
        for k, q in questions().items()
        if "[]" not in k
        and not k.startswith(tuple(f"{w}." for w in whole))
        and _resolved(a, q) != _resolved(b, q)
    ]
    return (*single, *whole)


def swapped(a: Brief, b: Brief, key: str) -> Brief:
    """A with B's value (and its origin) at `key`; a path still leads to B's file."""
    question = questions().get(key)
    value = _value(b, key)
    if question is not None and question.kind == "path" and value:
        value = str((Path(b.folder) / value).resolve())
    head, _, tail = key.partition(".")
    origins = {k: o for k, o in a.origins.items() if not _below(k, key)}
    origins |= {k: o for k, o in b.origins.items() if _below(k, key)}
    changed = replace(getattr(a, head), **{tail: value}) if tail else value
    return replace(a, **{head: changed, "origins": origins})


def _likely(verdict: Verdict, figure_id: str) -> float | None:
    figure = verdict.chosen.figure(figure_id) if verdict.chosen else None
    return figure.value if figure else None


def _change(a: Brief, b: Brief, key: str, before: JudgedBrief, judge: Judge) -> InputChange:
    row = (key, answer_text(key, _value(a, key)), answer_text(key, _value(b, key)))
    if key in NAMES_ONLY:
        return InputChange(*row, MoneyChange(0.0, 0.0, 0.0), before.verdict, before.option)
    try:
        verdict = judge(swapped(a, b, key))
    except Infeasible:
        return InputChange(*row, None, reason="no option left")
    except AdvisorError as error:
        return InputChange(*row, None, reason=str(error))
    return InputChange(*row, between(before, side("", verdict)), verdict.verdict, verdict.arm)


def answer_text(key: str, value: Any) -> str:
    """An answer of the brief in words."""
    question = questions().get(key)
    if value is None or value == "":
        return LEFT_OUT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return _list_text(value)
    if is_dataclass(value) and not isinstance(value, Range):
        return "given"
    return _single_text(question, value)


def _single_text(question: Question | None, value: Any) -> str:
    unit = question.unit if question else ""
    if isinstance(value, Range):
        middle = fmt.measure(value.p50, unit)
        return (
            middle
            if value.is_exact
            else f"{middle} ({fmt.span(value, lambda v: fmt.bare(v, unit))})"
        )
    if isinstance(value, date):
        return value.isoformat()
    return fmt.measure(value, unit) if isinstance(value, int | float) else str(value)


def _list_text(value: tuple[Any, ...]) -> str:
    if not value:
        return "none"
    return ", ".join(value) if all(isinstance(v, str) for v in value) else f"{len(value)} rows"


def _value(brief: Brief, key: str) -> Any:
    """The value at `key`; None where its table is left out."""
    try:
        return brief.get(key)
    except KeyError:
        return None


def _resolved(brief: Brief, question: Question) -> Any:
    value = _value(brief, question.key)
    return (Path(brief.folder) / value).resolve() if question.kind == "path" and value else value


def _differs_whole(key: str, a: Any, b: Any) -> bool:
    return a != b and (isinstance(a, tuple) or a is None or b is None)


def _below(key: str, parent: str) -> bool:
    return key == parent or key.startswith((f"{parent}.", f"{parent}["))


def cents(usd: float) -> Decimal:
    """An amount in USD, rounded to cents."""
    return Decimal(repr(float(usd))).quantize(Decimal("0.01"), ROUND_HALF_UP)
