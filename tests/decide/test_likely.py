"""What is not drawn counts at its likely value: the ends of its range move nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from advisor.core.brief import Baseline, Brief, Retrieval, Score, Segment
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.verdict import BaselineErrors, BreakEven, FlipPoint, Readiness
from advisor.decide.breaches import hopeless, over_budget
from advisor.decide.considerations import Matter, considerations
from advisor.decide.criteria import weigh
from advisor.decide.endings import succession
from advisor.decide.improving import improvements
from advisor.decide.interim import by_hand
from advisor.decide.measuring import calibrations, collect_test, first_scores, larger_test
from advisor.decide.plan import labels_needed, plan
from advisor.decide.ranking import Ranking, rank
from advisor.decide.readiness import readiness
from advisor.decide.risks import risks
from advisor.decide.rules import cautions, rule_out
from advisor.decide.segments import segment_brief, with_counts
from advisor.decide.situation import Situation, label_goal
from advisor.decide.steps import improvement_steps, information_steps
from advisor.decide.why import Case, reasons
from tests.options import DAY, SONNET, brief, estimated, prompt, rented, setting

ROWS = 101
SEGMENTS = (
    Segment("brand", 3, Range.exact(0.5), Range.exact(100.0), Range.exact(20.0)),
    Segment("site", 1, Range.exact(0.4), Range.exact(2000.0), Range.exact(60.0)),
)
SCORES = (
    Score("prompt", "few-shot", "claude-sonnet-5", 0.85, 600),
    Score("tune", "lora", "llama-3.1-8b", 0.91, 600),
)


def case(hard: bool = True) -> Brief:
    """A brief that states all that the decision reads."""
    held = brief(
        task__factual_share=0.5,
        task__knowledge_change_per_month=0.02,
        traffic__max_latency_seconds=20.0,
        data__label_setup_usd=50.0,
        data__examples=900.0,
        quality__measured=SCORES,
        quality__error_cost_usd=0.001,
        team__adapter_hours=10.0,
        team__prompt_hours=8.0,
    )
    ends = {"one_off_usd": 15_000.0, "monthly_usd": 3_000.0, "weeks": 6.0}
    budget = replace(held.budget, hard=hard, **{k: Range.exact(v) for k, v in ends.items()})
    baseline = Baseline("two clerks", Range.exact(9_000.0), 0.9)
    return replace(held, budget=budget, baseline=baseline, segments=())


def unsure(thing: Any) -> Any:
    """The same with every exact number as the median of a wide and skewed range."""
    if isinstance(thing, Range):
        likely = thing.p50
        return thing if likely is None else Range(0.4 * likely, likely, 3.0 * likely)
    if isinstance(thing, tuple):
        return tuple(map(unsure, thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        changed = {f.name: unsure(getattr(thing, f.name)) for f in fields(thing) if f.init}
        return replace(thing, **changed)
    return thing


def pair() -> tuple[Estimate, Estimate]:
    """A prompt and a tuned model, drawn once for all briefs."""
    drawn = replace(case(), team=replace(case().team, hourly_usd=Range(60.0, 110.0, 200.0)))
    prompted = estimated(
        prompt("batch"), drawn, rows=ROWS, seed=7, quality=0.85, basis=Basis.ASSUMED
    )
    return prompted, estimated(rented(), drawn, rows=ROWS, seed=7, quality=0.91)


PAIR = pair()
RANKING = rank(PAIR, case(), ROWS)
LABELS = {
    "tune/lora@llama-3.1-8b": Quantity(Range(1500.0, 2500.0, 5000.0), "", Basis.MODELLED, "", "")
}
ENDING = replace(SONNET, ends=DAY.replace(month=12, day=4))


def situation(held: Brief) -> Situation:
    score = Figure(np.linspace(0.7, 0.99, ROWS), "score", "q", basis=Basis.ASSUMED)
    measured = replace(score, basis=Basis.MEASURED)
    flip = FlipPoint("data.examples", 2000.0, "tune", 900.0, "rows", PAIR[1].option.id)
    speed = Figure(np.linspace(1e3, 3e3, ROWS), "tokens/s", "speed")
    return Situation(
        held,
        RANKING,
        {"train.tokens_per_second@m/lora": speed},
        {PAIR[0].option.skill: score, PAIR[1].option.skill: measured},
        (flip,),
        (Readiness("scores", "warn", ""),),
        PAIR,
        {"claude-sonnet-5": score},
        LABELS,
    )


def arrays(ranking: Ranking) -> list[object]:
    values = (getattr(ranking, f.name) for f in fields(ranking))
    return [v.tolist() if isinstance(v, np.ndarray) else v for v in values]


def _retrieval(held: Brief) -> object:
    documents = replace(held, retrieval=Retrieval(build_hours=Range.exact(80.0)))
    stated = replace(documents, origins={**held.origins, "task.factual_share": "file"})
    return rule_out((prompt("batch"), rented()), stated, setting())


ANSWERS: dict[str, Callable[[Brief], object]] = {
    "rank": lambda b: arrays(rank(PAIR, b, ROWS)),
    "weigh": lambda b: weigh(PAIR, b, {"cost": 1, "quality": 2, "time": 3}),
    "considerations": lambda b: considerations(Matter(b, RANKING, PAIR, LABELS)),
    "risks": lambda b: risks(b, setting(), PAIR[1], PAIR[0], BreakEven(price_multiple=0.5)),
    "reasons": lambda b: reasons(Case(b, RANKING, PAIR[1], PAIR[0], BreakEven(months=3.0))),
    "readiness": lambda b: readiness(b, setting(), RANKING),
    "hopeless": lambda b: hopeless(b, RANKING, PAIR),
    "over budget": lambda b: over_budget(replace(b, budget=replace(b.budget, hard=False)), PAIR[1]),
    "plan": lambda b: plan(b, RANKING.naming(0), label_goal(situation(b))),
    "labels": lambda b: labels_needed(b, LABELS),
    "labels of segments": lambda b: labels_needed(
        replace(b, segments=b.segments or unsure_if(b, SEGMENTS)), LABELS
    ),
    "goal": lambda b: label_goal(situation(b)),
    "days": lambda b: situation(b).longest_days,
    "improvements": lambda b: list(improvements(situation(b))),
    "improvement steps": lambda b: improvement_steps(situation(b)),
    "information steps": lambda b: information_steps(situation(b)),
    "a test": lambda b: collect_test(situation(b)),
    "a larger test": lambda b: list(larger_test(situation(b))),
    "calibrations": lambda b: list(calibrations(situation(b))),
    "a first score": lambda b: first_scores(situation(b)),
    "by hand": lambda b: by_hand(b, PAIR[0], BaselineErrors(cost_usd=Range.exact(5.0))),
    "successor": lambda b: succession(
        RANKING.naming(0), [moving(PAIR[0]), PAIR[1]], b, setting({"claude-sonnet-5": ENDING})
    ),
    "rules": lambda b: rule_out(
        (prompt("batch"), rented()), b, setting({"claude-sonnet-5": ENDING})
    ),
    "documents": _retrieval,
    "cautions": lambda b: cautions((prompt("batch"), rented()), b, setting()),
    "segments": lambda b: segment_likely(replace(b, segments=unsure_if(b, SEGMENTS))),
}


def unsure_if(held: Brief, thing: Any) -> Any:
    """As unsure as the brief is."""
    return thing if held.data.examples.is_exact else unsure(thing)


def moving(estimate: Estimate) -> Estimate:
    moves = {key: Figure(500.0, "USD", key) for key in ("once.move", "horizon.move")}
    return Estimate(estimate.option, {**estimate.figures, **moves})


def segment_likely(held: Brief) -> object:
    """The likely values of the brief of a segment, and of all together."""
    part = segment_brief(held, held.segments[0])
    whole = with_counts(held)
    ranges = (
        part.traffic.requests_per_month,
        part.traffic.distinct_prefixes,
        part.data.examples,
        part.data.eval_examples,
        whole.data.examples,
        whole.data.eval_examples,
        whole.traffic.distinct_prefixes,
    )
    return [None if r is None else r.likely for r in ranges]


@pytest.mark.parametrize("name", ANSWERS)
def test_the_ends_of_what_is_not_drawn_move_nothing(name: str) -> None:
    answer = ANSWERS[name]
    sure = answer(case())
    assert sure
    assert answer(unsure(case())) == sure
