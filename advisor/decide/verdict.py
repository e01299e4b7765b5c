"""The verdict: simulate, rank, explain. Pure; the estimators come in as an evaluator."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Quantity
from advisor.core.setting import Setting
from advisor.core.verdict import (
    Assumption,
    BreakEven,
    DrawnOption,
    Excluded,
    FlipPoint,
    Information,
    LearningCurve,
    MapCell,
    NextStep,
    OptionRecord,
    Readiness,
    Sensitivity,
    SourceRecord,
    Verdict,
)
from advisor.decide.ages import price_ages
from advisor.decide.breaches import hopeless, over_budget
from advisor.decide.breakeven import break_even
from advisor.decide.considerations import Matter, considerations
from advisor.decide.criteria import weigh
from advisor.decide.crossing import equal_volume
from advisor.decide.endings import ended, shut_out
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.flips import Prober, flip_points
from advisor.decide.landscape import correlation, cost_map, drawn_options, learning_curve
from advisor.decide.plan import labels_needed, plan
from advisor.decide.ranking import Ranking, rank
from advisor.decide.readiness import best_of_another_approach, readiness, stops
from advisor.decide.record import HEADLINE, Recorder, number, sources
from advisor.decide.risks import risks
from advisor.decide.rules import cautions
from advisor.decide.scope import not_covered
from advisor.decide.settling import UNDECIDED, Ruling, interim, rule, settled
from advisor.decide.situation import LabelGoal, Situation, label_goal
from advisor.decide.standing import advantage, approaches, baseline_errors, best_forms, group_of
from advisor.decide.steps import (
    DECIDE_NOW,
    improvement_steps,
    information,
    information_steps,
    next_step,
    without_measurement,
)
from advisor.decide.tornado import tornado, unexplained
from advisor.decide.why import Case, reasons

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """All that the decision looks at: the brief and its setting, drawn cases, and what was excluded
    before.
    """

    brief: Brief
    setting: Setting
    cases: Cases
    evaluator: Evaluator
    quality: Mapping[str, Figure]
    excluded: tuple[Excluded, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]
    seed: int
    weights: Mapping[str, float] = field(default_factory=dict)
    searched: Mapping[str, Figure] = field(
        default_factory=dict
    )  # score of a searched prompt, by model
    labels: Mapping[str, Quantity] = field(
        default_factory=dict
    )  # labels to reach the target, by skill


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Break-even, flip points, sensitivity, next steps. Empty for a verdict that must be quick."""

    break_even: BreakEven = BreakEven()
    flips: tuple[FlipPoint, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    steps: tuple[NextStep, ...] = ()
    improvements: tuple[NextStep, ...] = ()
    next_step: NextStep | None = None
    goal: LabelGoal | None = None
    information: tuple[Information, ...] = ()
    cost_map: tuple[MapCell, ...] = ()
    curve: LearningCurve | None = None


def decide(inputs: DecisionInputs, *, deep: bool) -> Verdict:
    """The verdict on drawn cases.

    `deep` adds flip points, sensitivity, value of information and all figures.
    """
    named = settled(rank(inputs.cases.estimates, inputs.brief, inputs.cases.size))
    checks = readiness(inputs.brief, inputs.setting, named)
    today = rule(named, checks)
    other = best_of_another_approach(today.ranking)
    second = _second_look(inputs, today, other, checks) if deep else SecondLook()
    return _assemble(inputs, today, other, checks, second, deep=deep)


def nothing_left(
    brief: Brief,
    setting: Setting,
    excluded: tuple[Excluded, ...],
    assumptions: tuple[Assumption, ...],
    seed: int,
) -> Verdict:
    """The record where every option is ruled out: no option, but each rule with what it stopped."""
    rules = ", ".join(dict.fromkeys(e.rule for e in excluded))
    count = "the only one is" if len(excluded) == 1 else f"all {len(excluded)} are"
    reason = (
        f"No option is left: {count} ruled out by {rules}."
        if rules
        else "No option is left: 0 models are named."
    )
    step = (
        f"relax a rule ({rules}) or name other models"
        if rules
        else "name a model in models.prompt or models.tune"
    )
    return Verdict(
        schema=SCHEMA,
        name=brief.name,
        client=brief.client,
        as_of=setting.as_of.isoformat(),
        seed=seed,
        draws=0,
        verdict=UNDECIDED,
        arm="",
        p_best=0.0,
        expected_regret_usd=None,
        why=(reason,),
        arms=(),
        excluded=excluded,
        break_even=BreakEven(),
        flip_points=(),
        sensitivity=(),
        next_step=NextStep(step, 0.0, 0.0, 0.0),
        readiness=(Readiness("options", "stop", reason),),
        assumptions=assumptions,
    )


def _second_look(
    inputs: DecisionInputs, today: Ruling, other: int | None, checks: tuple[Readiness, ...]
) -> SecondLook:
    cases = inputs.cases
    ranking = today.ranking
    flips = _flips(inputs, today, checks)
    situation = Situation(
        inputs.brief,
        ranking,
        cases.inputs,
        inputs.quality,
        flips,
        checks,
        cases.estimates,
        inputs.searched,
        inputs.labels,
    )
    steps = information_steps(situation)
    better = improvement_steps(situation)
    volume = equal_volume(inputs.evaluator, cases, ranking.pick, other)
    return SecondLook(
        break_even(inputs.evaluator, cases, ranking.pick, other, volume),
        flips,
        tornado(inputs.evaluator, cases, ranking, inputs.quality, other),
        steps,
        better,
        next_step(steps, better, situation),
        label_goal(situation),
        information(situation),
        _cost_map(inputs),
        learning_curve(inputs.evaluator, cases, ranking, inputs.seed),
    )


def _cost_map(inputs: DecisionInputs) -> tuple[MapCell, ...]:
    """The answer of the decision rule at other volumes and prices of an error."""

    def judge(evaluator: Evaluator, ranking: Ranking) -> Ruling:
        named = settled(ranking)
        return rule(named, readiness(evaluator.brief, inputs.setting, named))

    return cost_map(inputs.evaluator, inputs.cases, inputs.seed, judge)


def _flips(
    inputs: DecisionInputs, today: Ruling, checks: Sequence[Readiness]
) -> tuple[FlipPoint, ...]:
    """None where a check stops: no value of another input settles the question then."""
    if any(check.status == "stop" for check in checks) or not today.ranking.rankable.any():
        return ()

    def judge(ranking: Ranking) -> Ruling:
        named = settled(ranking)
        return rule(named, stops(inputs.brief, inputs.setting, named))

    most = _same_options(inputs.brief, inputs.setting)
    prober = Prober(inputs.evaluator, inputs.brief, judge, inputs.seed, today, inputs.cases, most)
    return flip_points(prober)


def _same_options(brief: Brief, setting: Setting) -> dict[str, float]:
    """The length of a static prompt from which on a provider caches it that does not today."""
    prices = [*setting.prices.values(), *setting.tuned.values()]
    most = {}
    for key in ("traffic.static_tokens", "tuning.static_tokens"):
        now = brief.get(key).likely
        longer = [
            float(p.cache_minimum_tokens or 0) for p in prices if p.cached_input_usd is not None
        ]
        most[key] = min((tokens for tokens in longer if tokens > now), default=math.inf)
    return most


def _assemble(
    inputs: DecisionInputs,
    today: Ruling,
    other: int | None,
    checks: tuple[Readiness, ...],
    second: SecondLook,
    *,
    deep: bool,
) -> Verdict:
    brief = inputs.brief
    estimates = inputs.cases.estimates
    ranking = today.ranking
    stop = today.stop
    pick = estimates[ranking.pick]
    rival = estimates[other] if other is not None else None
    end = _end(inputs, ranking)
    case = Case(brief, ranking, pick, rival, second.break_even, inputs.setting.results, end)
    origins = sources(estimates) if deep else ()
    return Verdict(
        schema=SCHEMA,
        name=brief.name,
        client=brief.client,
        as_of=inputs.setting.as_of.isoformat(),
        seed=inputs.seed,
        draws=inputs.cases.size - 1,
        verdict=today.word,
        arm=pick.option.id,
        p_best=round(float(ranking.p_best[ranking.pick]), 6),
        expected_regret_usd=_finite(ranking.regret(ranking.pick)),
        why=_why(case, stop),
        arms=_option_records(inputs, ranking, other, deep=deep),
        excluded=(*inputs.excluded, *hopeless(brief, ranking, estimates)),
        break_even=second.break_even,
        flip_points=second.flips,
        sensitivity=second.sensitivity,
        next_step=_next_step(brief, ranking, second, stop),
        readiness=checks,
        steps=second.steps,
        improvements=second.improvements,
        information=second.information,
        risks=risks(inputs.brief, inputs.setting, pick, rival, second.break_even),
        considerations=considerations(Matter(brief, ranking, estimates, inputs.labels))
        if deep
        else (),
        unexplained_variance_share=unexplained(second.sensitivity) if second.sensitivity else None,
        p_approach=round(ranking.p_approach(pick.option.approach), 6),
        approaches=approaches(ranking),
        advantage=advantage(Recorder(), pick, rival),
        horizon_months=float(brief.budget.horizon_months),
        plan=plan(brief, ranking, second.goal),
        assumptions=inputs.assumptions,
        warnings=_warnings(inputs, ranking, origins),
        labels_needed=labels_needed(brief, inputs.labels),
        criteria=weigh(estimates, brief, inputs.weights) if inputs.weights else (),
        sources=origins,
        alternative=rival.option.id if rival is not None else "",
        cost_map=second.cost_map,
        curve=second.curve,
        drawn=_drawn(inputs.cases, pick, rival) if deep else (),
        against_today=advantage(Recorder(), pick, _in_place(inputs.cases, pick)),
        baseline_errors=baseline_errors(Recorder(), pick, inputs.cases.inputs, brief),
    )


def _end(inputs: DecisionInputs, ranking: Ranking) -> str:
    """What a rule, or the end of a model, does to the choice; an empty string where nothing."""
    quality = inputs.brief.quality
    return shut_out(ranking, quality.target, quality.measured, inputs.excluded) or ended(
        ranking, inputs.cases.estimates, inputs.brief, inputs.setting
    )


def _in_place(cases: Cases, pick: Estimate) -> Estimate | None:
    """What is in place today, where it is another option than the pick."""
    return next((e for e in cases.estimates if e.option.as_is and e is not pick), None)


def _drawn(cases: Cases, pick: Estimate, rival: Estimate | None) -> tuple[DrawnOption, ...]:
    compared = (pick, rival, _in_place(cases, pick))
    return drawn_options((e for e in compared if e is not None), cases.size)


def _why(case: Case, stop: str) -> tuple[str, ...]:
    """At most five reasons, each with a number; what stops a decision stands first."""
    why = reasons(case)
    if stop:
        why = (f"Not decidable yet: {stop}. {interim(case.ranking)}", *why)[:5]
    return tuple(w for w in why if any(c.isdigit() for c in w))


def _warnings(
    inputs: DecisionInputs, ranking: Ranking, origins: tuple[SourceRecord, ...]
) -> tuple[str, ...]:
    """What was warned of before, and what the options, the budget and old prices add."""
    options = tuple(e.option for e in inputs.cases.estimates)
    return (
        *not_covered(inputs.brief, inputs.setting.data),
        *inputs.warnings,
        *cautions(options, inputs.brief, inputs.setting),
        *over_budget(inputs.brief, inputs.cases.estimates[ranking.pick]),
        *price_ages(origins, inputs.setting.as_of),
    )


def _next_step(brief: Brief, ranking: Ranking, second: SecondLook, stop: str) -> NextStep:
    """The most valuable step, or what is left to do where no step is worth its price."""
    if second.next_step is not None:
        return second.next_step
    return without_measurement(brief, ranking) if stop else DECIDE_NOW


def _finite(value: float) -> float | None:
    return number(value) if abs(value) < float("inf") else None


def _option_records(
    inputs: DecisionInputs, ranking: Ranking, other: int | None, *, deep: bool
) -> tuple[OptionRecord, ...]:
    """All figures of every option, or, in a hurry, the headlines of the chosen one and of its
    rival.
    """
    recorder = Recorder()
    detailed = (ranking.pick, other)

    def figures(i: int, estimate: Estimate) -> Iterable[Figure]:
        if deep:
            return estimate.figures.values()
        return [estimate[h] for h in HEADLINE] if i in detailed else ()

    forms = best_forms(ranking)
    options = ranking.options
    return tuple(
        recorder.option(
            estimate,
            float(ranking.p_meets[i]),
            float(ranking.p_best[i]),
            figures(i, estimate),
            options[forms[group_of(options[i])]].id,
            correlation(estimate, inputs.cases.size) if deep else None,
        )
        for i, estimate in enumerate(inputs.cases.estimates)
    )
