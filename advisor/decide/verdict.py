"""The verdict: simulate, rank, explain. Pure; the estimators come in as an evaluator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from advisor.core.brief import Brief
from advisor.core.setting import Setting
from advisor.core.verdict import FlipPoint, MapCell, Readiness, Verdict
from advisor.decide.assembly import assemble, with_detail, with_second_look
from advisor.decide.breakeven import break_even
from advisor.decide.crossing import equal_volume
from advisor.decide.evaluator import Evaluator
from advisor.decide.flips import Prober, flip_points
from advisor.decide.interim import Interim, by_hand, interim, leaving
from advisor.decide.judgement import DecisionInputs, Judged, SecondLook
from advisor.decide.landscape import cost_map, learning_curve
from advisor.decide.ranking import Ranking, rank
from advisor.decide.readiness import best_of_another_approach, readiness, stops
from advisor.decide.record import Recorder
from advisor.decide.rules import keeps_policy
from advisor.decide.settling import UNDECIDED, Ruling, rule, settled
from advisor.decide.situation import Situation, label_goal
from advisor.decide.standing import baseline_errors
from advisor.decide.steps import improvement_steps, information, information_steps, next_step
from advisor.decide.tornado import tornado


def decide(inputs: DecisionInputs, *, deep: bool) -> Verdict:
    """The verdict on drawn cases.

    `deep` adds flip points, sensitivity, value of information and all figures.
    """
    every = rank(inputs.cases.estimates, inputs.brief, inputs.cases.size)
    named = settled(_cleared(every, inputs))
    checks = readiness(inputs.brief, inputs.setting, named)
    today = rule(named, checks)
    until = _until(inputs, today)
    subject = today.ranking if until.nearest is None else today.ranking.naming(until.nearest)
    judged = Judged(today, checks, until, subject, best_of_another_approach(subject))
    second = _second_look(inputs, judged) if deep else SecondLook()
    verdict = with_second_look(assemble(inputs, judged, second, deep=deep), second)
    return with_detail(verdict, inputs, judged) if deep else verdict


def _cleared(ranking: Ranking, inputs: DecisionInputs) -> Ranking:
    """The ranking, which knows whose providers keep the policy."""
    cleared = [keeps_policy(option, inputs.brief, inputs.setting) for option in ranking.options]
    return replace(ranking, cleared=np.array(cleared))


def _until(inputs: DecisionInputs, today: Ruling) -> Interim:
    """What to do until a verdict that is open is known."""
    if today.word != UNDECIDED:
        return Interim("")
    pick = inputs.cases.estimates[today.ranking.pick]
    errors = baseline_errors(Recorder(), pick, inputs.cases.inputs, inputs.brief)
    ends = leaving(inputs.brief, inputs.setting, inputs.excluded)
    return interim(today.ranking, ends, by_hand(inputs.brief, pick, errors))


def _second_look(inputs: DecisionInputs, judged: Judged) -> SecondLook:
    cases = inputs.cases
    flips = _flips(inputs, judged.today, judged.checks)
    situation = Situation(
        inputs.brief,
        judged.today.ranking,
        cases.inputs,
        inputs.quality,
        flips,
        judged.checks,
        cases.estimates,
        inputs.searched,
        inputs.labels,
    )
    steps = information_steps(situation)
    better = improvement_steps(situation)
    pick = judged.subject.pick
    volume = equal_volume(inputs.evaluator, cases, pick, judged.other)
    return SecondLook(
        break_even(inputs.evaluator, cases, pick, judged.other, volume),
        flips,
        tornado(inputs.evaluator, cases, judged.subject, inputs.quality, judged.other),
        steps,
        better,
        next_step(steps, better, situation),
        label_goal(situation),
        information(situation),
        _cost_map(inputs),
        learning_curve(inputs.evaluator, cases, judged.subject, inputs.seed),
    )


def _cost_map(inputs: DecisionInputs) -> tuple[MapCell, ...]:
    """The answer of the decision rule at other volumes and prices of an error."""

    def judge(evaluator: Evaluator, ranking: Ranking) -> Ruling:
        named = settled(_cleared(ranking, inputs))
        return rule(named, readiness(evaluator.brief, inputs.setting, named))

    return cost_map(inputs.evaluator, inputs.cases, inputs.seed, judge)


def _flips(
    inputs: DecisionInputs, today: Ruling, checks: Sequence[Readiness]
) -> tuple[FlipPoint, ...]:
    """None where a check stops: no value of another input settles the question then."""
    if any(check.status == "stop" for check in checks) or not today.ranking.rankable.any():
        return ()

    def judge(ranking: Ranking) -> Ruling:
        named = settled(_cleared(ranking, inputs))
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
