"""Two verdicts on one brief, compared: the decision, its money, the facts and answers behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import FigureInput, Verdict

FACTS = ("price.", "gpu.", "model.", "provider.", "cache.minutes", "hardware.usd_per_hour")
"""How the ids of inputs begin that our tables, a price file or a plug-in state."""

OWN_RUNS = ("train.tokens_per_second", "quality.score")
"""Inputs that a calibration of one's own moves."""

STATED = "brief"
"""How the source of an answer begins."""

ALWAYS_NEW = ("as_of",)
"""Answers that differ whenever a brief is judged on another day."""


@dataclass(frozen=True, slots=True)
class FactChange:
    """A value that both verdicts rest on. `what` names the input, `where` the model or GPU."""

    what: str
    where: str
    before: float | None
    after: float | None
    unit: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """An answer of the brief; empty: left out."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a verdict says to do, and its money (USD) as ranges."""

    verdict: str
    option: str
    p_best: float
    monthly_usd: Range
    horizon_usd: Range
    as_of: str


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """What is different between two verdicts; `before` is None where there was none.

    `new_options` and `lost_options` are models with their technique that only one of both knows.
    """

    brief: str
    before: Decision | None
    after: Decision
    facts: tuple[FactChange, ...] = ()
    answers: tuple[AnswerChange, ...] = ()
    new_options: tuple[str, ...] = ()
    lost_options: tuple[str, ...] = ()

    @property
    def is_other_decision(self) -> bool:
        """Whether another option is recommended, or another verdict given."""
        before = self.before
        return before is not None and (before.verdict, before.option) != (
            self.after.verdict,
            self.after.option,
        )

    @property
    def is_anything(self) -> bool:
        """Whether there is something to tell."""
        parts = (self.facts, self.answers, self.new_options, self.lost_options)
        return self.before is None or self.is_other_decision or any(parts)


def change(brief: str, before: Verdict | None, after: Verdict) -> VerdictChange:
    """What is different in `after`."""
    if before is None:
        return VerdictChange(brief, None, decision(after))
    old = {option.id for option in before.arms}
    new = {option.id for option in after.arms}
    return VerdictChange(
        brief,
        decision(before),
        decision(after),
        tuple(_facts(before, after)),
        tuple(_answers(before, after)),
        tuple(sorted(new - old)),
        tuple(sorted(old - new)),
    )


def decision(verdict: Verdict) -> Decision:
    """The decision of a verdict; money is unknown where no option is left."""
    option = verdict.chosen
    monthly = option.monthly_usd if option is not None else UNKNOWN
    total = option.horizon_usd if option is not None else UNKNOWN
    return Decision(verdict.verdict, verdict.arm, verdict.p_best, monthly, total, verdict.as_of)


def _facts(before: Verdict, after: Verdict) -> Iterator[FactChange]:
    """Facts that both verdicts use with another value, each once."""
    old = _inputs(before)
    for key, new in _inputs(after).items():
        was = old.get(key)
        if was is not None and not _is_same(was.value, new.value):
            what, where = key
            yield FactChange(
                what.partition("@")[0], where, was.value, new.value, new.unit, new.source, new.as_of
            )


def _inputs(verdict: Verdict) -> Mapping[tuple[str, str], FigureInput]:
    """Inputs by their id, and the model and the way it is served that use them."""
    inputs: dict[tuple[str, str], FigureInput] = {}
    for option in verdict.arms:
        for figure in option.figures:
            for entry in figure.inputs:
                if entry.id.startswith((*FACTS, *OWN_RUNS)) and not _is_stated(entry):
                    inputs.setdefault((entry.id, _user_of(entry, option.id, option.model)), entry)
    return inputs


def _is_same(before: float | None, after: float | None) -> bool:
    """Whether two values are equal to the digits that a record keeps."""
    if before is None or after is None:
        return before is after
    return math.isclose(before, after, rel_tol=1e-8)


def _is_stated(entry: FigureInput) -> bool:
    return entry.source.startswith(STATED)


def _user_of(entry: FigureInput, option: str, model: str) -> str:
    """Who an input belongs to: an hour's price and a lifetime of a cache to a way of serving."""
    serving = option.partition("+")[2]
    provider = entry.source.partition(":")[0]
    hosted = f"{model} at {provider}" if entry.id.startswith("price.") else model
    return f"{hosted} ({serving})" if entry.id.startswith(("price.cache", "cache.")) else hosted


def _answers(before: Verdict, after: Verdict) -> Iterator[AnswerChange]:
    old = {answer.key: answer.value for answer in before.answers}
    new = {answer.key: answer.value for answer in after.answers}
    for key in dict.fromkeys((*old, *new)):
        if key not in ALWAYS_NEW and old.get(key, "") != new.get(key, ""):
            yield AnswerChange(key, old.get(key, ""), new.get(key, ""))
