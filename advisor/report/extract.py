"""What several sections ask of the record: figures, answers, folded options, chances."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from advisor.core import format as fmt
from advisor.core.naming import model_name
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report.headline import as_is
from advisor.report.page import Ranged
from advisor.report.phrases import ranked
from advisor.report.terms import approach_name, approach_word, is_as_is, skill_of

MOST_OPTIONS = 6

__all__ = [
    "InPlace",
    "OptionFold",
    "answer",
    "approach_chances",
    "cash",
    "cash_saved",
    "compared",
    "day_after",
    "folded",
    "has_errors",
    "in_place",
    "interval",
    "is_above_noise",
    "level_months",
    "money",
    "named_approach",
    "number",
    "ranked",
    "rows_of",
    "runner_up",
    "saved",
    "skills",
    "start",
]


def answer(verdict: Verdict, key: str) -> str:
    """What the brief states at `key`, in words; empty where it leaves it out."""
    return next((fmt.clean(a.value) for a in verdict.answers if a.key == key), "")


def number(verdict: Verdict, key: str) -> float | None:
    """The number that the brief states at `key`, at its likely value."""
    return next((a.number for a in verdict.answers if a.key == key), None)


def interval(option: OptionRecord, figure_id: str) -> Range:
    """The 80 % interval of a figure; unknown where the option has none."""
    figure = option.figure(figure_id)
    return UNKNOWN if figure is None else Range(figure.p10, figure.p50, figure.p90)


def cash(option: OptionRecord) -> Range:
    """What is paid over the horizon, the cost of errors left out."""
    paid = interval(option, "horizon.cash")
    return paid if paid.is_known else option.horizon_usd


def level_months(verdict: Verdict) -> float:
    """How many months of a level cost the horizon is worth today; its months where not known."""
    figure = verdict.chosen.figure("horizon.months_level") if verdict.chosen else None
    if figure is not None and figure.value is not None:
        return figure.value
    return verdict.horizon_months or 0.0


def has_errors(option: OptionRecord) -> bool:
    """Whether wrong answers of the option have a price."""
    return bool(interval(option, "run.errors").p90)


def money(amount: Range) -> Ranged:
    """An amount of USD with its interval."""
    return Ranged(fmt.money(amount.p50), fmt.tight_span(amount), amount)


def runner_up(verdict: Verdict) -> OptionRecord | None:
    """The option of another approach that the recommended one is compared with."""
    return next((o for o in verdict.arms if o.id == verdict.alternative), None)


def compared(verdict: Verdict) -> list[OptionRecord]:
    """The recommended option, the runner-up and today's, each once."""
    options = [verdict.chosen, runner_up(verdict), as_is(verdict)]
    return list({o.id: o for o in options if o is not None}.values())


@dataclass(frozen=True, slots=True)
class OptionFold:
    """Options that differ only in how they are served: the best form, how many there are, and the
    share of the simulated futures in which one of them is best.
    """

    option: OptionRecord
    count: int
    p_best: float


def folded(verdict: Verdict) -> list[OptionFold]:
    """At most six options to read, variants folded. What is in place today is always among them,
    where it is an option.
    """
    groups: dict[str, list[OptionRecord]] = {}
    for option in ranked(verdict):
        groups.setdefault(option.best_form or skill_of(option.id), []).append(option)
    folds = [_fold(best, group, verdict) for best, group in groups.items()]
    today = [fold for fold in folds if is_as_is(fold.option)]
    others = [fold for fold in folds if not is_as_is(fold.option)]
    return others[: MOST_OPTIONS - len(today)] + today


def _fold(best: str, group: list[OptionRecord], verdict: Verdict) -> OptionFold:
    """The named option stands for its group, else the best form, else the first."""
    order = sorted(group, key=lambda o: (o.id != verdict.subject, o.id != best))
    return OptionFold(order[0], len(group), min(1.0, sum(o.p_best for o in group)))


def rows_of(verdict: Verdict, name: str) -> list[dict[str, str]]:
    """The rows of a list that the brief states, such as `plan.gates`: answers by field."""
    rows: dict[int, dict[str, str]] = {}
    for entry in verdict.answers:
        match = re.fullmatch(rf"{re.escape(name)}\[(\d+)\]\.(\w+)", entry.key)
        if match is not None:
            rows.setdefault(int(match[1]), {})[match[2]] = fmt.clean(entry.value)
    return [rows[number] for number in sorted(rows)]


def start(verdict: Verdict) -> date | None:
    """The day on which the work starts: as the brief states it, else that of the decision."""
    try:
        return date.fromisoformat(answer(verdict, "plan.start") or verdict.as_of)
    except ValueError:
        return None


def day_after(verdict: Verdict, weeks: float) -> str:
    """The working day that is so many weeks after the start, or follows it; empty where the start
    is not known.
    """
    first = start(verdict)
    if first is None or not 0 <= weeks < 5000:
        return ""
    day = first + timedelta(days=round(7 * weeks))
    return (
        day + timedelta(days=max(0, 7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
    ).isoformat()


def approach_chances(verdict: Verdict) -> list[tuple[str, float]]:
    """In what share of the simulated futures an option of each approach is best."""
    if verdict.approaches:
        return [(approach_word(a.approach), a.p_best) for a in verdict.approaches]
    chances: dict[str, float] = {}
    for option in verdict.arms:
        name = approach_name(option)
        chances[name] = chances.get(name, 0.0) + option.p_best
    return sorted(chances.items(), key=lambda entry: -entry[1])


def named_approach(verdict: Verdict, chosen: OptionRecord) -> tuple[str, float]:
    """The approach of the recommended option, and how often it is best."""
    chances = dict(approach_chances(verdict))
    if is_as_is(chosen) and verdict.approaches:  # counted under the approach in place
        for name, chance in chances.items():
            if chance == verdict.p_approach:
                return name, chance
    name = approach_name(chosen)
    return name, chances.get(name, verdict.p_best)


def cash_saved(verdict: Verdict, other: OptionRecord) -> float | None:
    """What the recommended option costs less in cash than another, over the horizon.

    Against the runner-up it is the record's own number, the median over the draws.
    """
    advantage = verdict.advantage.cash_usd.p50
    if other.id == verdict.alternative and advantage is not None:
        return advantage
    ours = cash(verdict.chosen).p50 if verdict.chosen is not None else None
    theirs = cash(other).p50
    return theirs - ours if ours is not None and theirs is not None else None


def saved(verdict: Verdict, other: OptionRecord) -> float | None:
    """The same with wrong answers counted, where they have a price."""
    advantage = verdict.advantage.total_usd.p50
    if other.id == verdict.alternative and advantage is not None:
        return advantage
    ours = verdict.chosen.horizon_usd.p50 if verdict.chosen is not None else None
    theirs = other.horizon_usd.p50
    return theirs - ours if ours is not None and theirs is not None else None


@dataclass(frozen=True, slots=True)
class InPlace:
    """What is done today where it is not one of the options: its name, and what it takes over the
    horizon in cash and in wrong answers (USD); None where unknown.
    """

    name: str
    cash_usd: float
    errors_usd: float | None


def in_place(verdict: Verdict) -> InPlace | None:
    """What a saving is counted against: the stated bill of the model in place, else what is done
    without a model.
    """
    model = answer(verdict, "current.model")
    bill = number(verdict, "current.monthly_usd")
    by_hand = number(verdict, "baseline.monthly_usd")
    if model and bill is not None:
        return InPlace(f"{model_name(model)} today", bill * level_months(verdict), None)
    if by_hand is not None:
        process = answer(verdict, "baseline.process") or "by hand"
        errors = verdict.baseline_errors.cost_usd.p50
        return InPlace(process, by_hand * level_months(verdict), errors)
    return None


def is_above_noise(share: float, draws: int) -> bool:
    """Whether a share of the draws exceeds its own standard error, √(p(1−p) ÷ n)."""
    if draws <= 0:
        return share > 0
    return share > 0 and share >= float((share * (1 - share) / draws) ** 0.5)


def skills(options: Sequence[OptionRecord]) -> list[OptionRecord]:
    """One option for each quality: those that differ only in how they are served share it."""
    return list({skill_of(o.id): o for o in reversed(options)}.values())[::-1]
