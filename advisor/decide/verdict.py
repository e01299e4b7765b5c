"""The verdict: simulate, rank, explain. Pure; the estimators come in as an evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Quantity
from advisor.core.setting import Setting
from advisor.core.verdict import (
    Assumption,
    BreakEven,
    Excluded,
    FlipPoint,
    Information,
    NextStep,
    OptionRecord,
    Readiness,
    Sensitivity,
    Verdict,
)
from advisor.decide.ages import price_ages
from advisor.decide.breakeven import break_even
from advisor.decide.criteria import weigh
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.plan import labels_needed, plan
from advisor.decide.ranking import HOPELESS, Ranking, rank
from advisor.decide.readiness import best_of_another_approach, readiness
from advisor.decide.record import HEADLINE, Recorder, number, sources
from advisor.decide.risks import risks
from advisor.decide.rules import cautions
from advisor.decide.steps import DECIDE_NOW, Situation, information, next_steps, without_measurement
from advisor.decide.whatif import what_changes
from advisor.decide.why import Case, reasons

SCHEMA = 1

SEPARATED = 0.55
"""An approach that is best in fewer draws than this is not separated from the others ..."""

AT_STAKE = 0.05
"""... where the expected regret is also more than this share of its cost."""


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
    information: tuple[Information, ...] = ()


def decide(inputs: DecisionInputs, *, deep: bool) -> Verdict:
    """The verdict on drawn cases.

    `deep` adds flip points, sensitivity, value of information and all figures.
    """
    ranking = rank(inputs.cases.estimates, inputs.brief, inputs.cases.size)
    other = best_of_another_approach(ranking)
    checks = readiness(inputs.brief, inputs.setting, ranking)
    second = _second_look(inputs, ranking, other, checks) if deep else SecondLook()
    return _assemble(inputs, ranking, other, checks, second, deep=deep)


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
        verdict="undecided",
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
    inputs: DecisionInputs, ranking: Ranking, other: int | None, checks: Sequence[Readiness]
) -> SecondLook:
    brief = inputs.brief
    cases = inputs.cases
    changes = what_changes(inputs.evaluator, cases, brief, ranking.pick, other)
    situation = Situation(
        brief,
        ranking,
        cases.inputs,
        inputs.quality,
        changes.flips,
        tuple(checks),
        cases.estimates,
        inputs.searched,
    )
    even = break_even(inputs.evaluator, cases, ranking.pick, other, changes.equal_requests)
    return SecondLook(
        even, changes.flips, changes.sensitivity, next_steps(situation), information(situation)
    )


def undecided(ranking: Ranking, checks: Sequence[Readiness]) -> str:
    """Why there is no verdict yet, or an empty string."""
    stopped = next((r for r in checks if r.status == "stop"), None)
    if stopped is not None:
        return f"{stopped.rule}: {stopped.detail}"
    if not ranking.rankable.any():
        return "no option has a known cost"
    chance = float(ranking.p_meets[ranking.pick])
    if chance < 0.5:
        return (
            f"no option is likely to meet the limits: the chance of the best is {fmt.share(chance)}"
        )
    regret = ranking.regret(ranking.pick)
    cost = float(ranking.cost[0, ranking.pick])
    share = ranking.p_approach(ranking.options[ranking.pick].approach)
    if share < SEPARATED and regret > AT_STAKE * cost:
        return (
            "nothing separates the options: the chosen approach is best in "
            f"{fmt.of_hundred(share)} of 100 draws"
        )
    return ""


def _assemble(
    inputs: DecisionInputs,
    ranking: Ranking,
    other: int | None,
    checks: tuple[Readiness, ...],
    second: SecondLook,
    *,
    deep: bool,
) -> Verdict:
    brief = inputs.brief
    estimates = inputs.cases.estimates
    pick = estimates[ranking.pick]
    rival = estimates[other] if other is not None else None
    stop = undecided(ranking, checks)
    why = reasons(Case(brief, ranking, pick, rival, second.break_even, inputs.setting.results))
    if stop:
        why = (f"Not decidable yet: {stop}. Meanwhile use {pick.option.id}.", *why)[:5]
    options = tuple(e.option for e in estimates)
    origins = sources(estimates) if deep else ()
    cautioned = (
        *inputs.warnings,
        *cautions(options, brief, inputs.setting),
        *over_budget(brief, ranking),
        *price_ages(origins, inputs.setting.as_of),
    )
    return Verdict(
        schema=SCHEMA,
        name=brief.name,
        client=brief.client,
        as_of=inputs.setting.as_of.isoformat(),
        seed=inputs.seed,
        draws=inputs.cases.size - 1,
        verdict="undecided" if stop else pick.option.approach,
        arm=pick.option.id,
        p_best=round(float(ranking.p_best[ranking.pick]), 6),
        expected_regret_usd=_finite(ranking.regret(ranking.pick)),
        why=tuple(w for w in why if any(c.isdigit() for c in w)),
        arms=_option_records(inputs, ranking, other, deep=deep),
        excluded=(*inputs.excluded, *_excluded(brief, ranking)),
        break_even=second.break_even,
        flip_points=second.flips,
        sensitivity=second.sensitivity,
        next_step=_next_step(brief, ranking, second, stop),
        readiness=checks,
        steps=second.steps,
        information=second.information,
        risks=risks(inputs.brief, inputs.setting, pick, rival, second.break_even),
        horizon_months=float(brief.budget.horizon_months),
        plan=plan(brief, ranking, second.flips),
        assumptions=inputs.assumptions,
        warnings=cautioned,
        labels_needed=labels_needed(brief, inputs.labels),
        criteria=weigh(estimates, brief, inputs.weights) if inputs.weights else (),
        sources=origins,
        alternative=rival.option.id if rival is not None else "",
    )


def _next_step(brief: Brief, ranking: Ranking, second: SecondLook, stop: str) -> NextStep:
    """The most valuable step, or what is left to do where no step is worth its price."""
    if second.steps:
        return second.steps[0]
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

    return tuple(
        recorder.option(e, float(ranking.p_meets[i]), float(ranking.p_best[i]), figures(i, e))
        for i, e in enumerate(inputs.cases.estimates)
    )


def _excluded(brief: Brief, ranking: Ranking) -> list[Excluded]:
    """Arms whose chance to meet a constraint is below 5 %, with the constraint that stops them
    most.
    """
    excluded = []
    for i, option in enumerate(ranking.options):
        if ranking.p_meets[i] < HOPELESS:
            excluded.append(Excluded(option.id, *_tightest(brief, ranking, i, option)))
    return excluded


def _tightest(brief: Brief, ranking: Ranking, i: int, option: Option) -> tuple[str, str]:
    chances = {
        "quality.target": float(ranking.meets_quality[1:, i].mean()),
        "budget.hard: money": float(ranking.meets_money[1:, i].mean()),
        "budget.hard: weeks": float(ranking.meets_weeks[1:, i].mean()),
    }
    rule = min(chances, key=chances.__getitem__)
    chance = f"chance to meet it {fmt.share(chances[rule], 1)}"
    if rule == "quality.target":
        return (
            rule,
            f"expected quality {fmt.score(ranking.quality[0, i])} against the target "
            f"{brief.quality.target:g}; {chance}",
        )
    if rule == "budget.hard: money":
        return rule, f"{fmt.money(ranking.once[0, i])} once; {chance}"
    return rule, chance


def over_budget(brief: Brief, ranking: Ranking) -> tuple[str, ...]:
    """A soft limit that the pick breaks at its likely value is a warning."""
    limit = brief.budget.one_off_usd
    once = float(ranking.once[0, ranking.pick])
    if limit is None or brief.budget.hard or not once > limit.likely:
        return ()
    return (
        f"The pick takes {fmt.money(once)} once, more than the {fmt.money(limit.likely)} "
        "of budget.one_off_usd",
    )
