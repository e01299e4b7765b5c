"""The record of a verdict, put together from the ruling and all that explains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.setting import Setting
from advisor.core.verdict import (
    Assumption,
    BreakEven,
    DrawnOption,
    Excluded,
    NextStep,
    OptionRecord,
    Readiness,
    SourceRecord,
    Verdict,
)
from advisor.decide.ages import price_ages
from advisor.decide.breaches import hopeless, over_budget
from advisor.decide.considerations import Matter, considerations
from advisor.decide.criteria import weigh
from advisor.decide.endings import ended, shut_out, succession
from advisor.decide.evaluator import Cases
from advisor.decide.judgement import DecisionInputs, Judged, SecondLook
from advisor.decide.landscape import correlation, drawn_options
from advisor.decide.plan import labels_needed, plan
from advisor.decide.ranking import Ranking
from advisor.decide.record import HEADLINE, Recorder, number, sources
from advisor.decide.risks import risks
from advisor.decide.rules import cautions
from advisor.decide.scope import not_covered
from advisor.decide.settling import UNDECIDED, Ruling
from advisor.decide.standing import advantage, approaches, baseline_errors, best_forms, group_of
from advisor.decide.steps import (
    DECIDE_NOW,
    without_measurement,
)
from advisor.decide.tornado import unexplained
from advisor.decide.why import Case, reasons

SCHEMA = 1


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


def assemble(inputs: DecisionInputs, judged: Judged, second: SecondLook, *, deep: bool) -> Verdict:
    """What every verdict has; `arm` is the option to use, all else is about the one to show."""
    brief = inputs.brief
    estimates = inputs.cases.estimates
    ranking = judged.subject
    today = judged.today
    used = today.ranking.pick
    pick = estimates[ranking.pick]
    rival = estimates[judged.other] if judged.other is not None else None
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
        arm=estimates[used].option.id,
        p_best=round(float(ranking.p_best[used]), 6),
        expected_regret_usd=_finite(ranking.regret(used)),
        why=_why(case, today.stop, judged.until.sentence),
        arms=_option_records(inputs, ranking, judged.other, deep=deep),
        excluded=(*inputs.excluded, *hopeless(brief, ranking, estimates)),
        break_even=BreakEven(),
        flip_points=(),
        sensitivity=(),
        next_step=_next_step(inputs, today, second),
        readiness=judged.checks,
        risks=risks(brief, inputs.setting, pick, rival, second.break_even),
        p_approach=round(ranking.p_approach(pick.option.approach), 6),
        approaches=approaches(ranking),
        advantage=advantage(Recorder(), pick, rival),
        horizon_months=float(brief.budget.horizon_months),
        plan=plan(brief, today.ranking, second.goal),
        assumptions=inputs.assumptions,
        warnings=_warnings(inputs, ranking, origins),
        labels_needed=labels_needed(brief, inputs.labels),
        criteria=weigh(estimates, brief, inputs.weights) if inputs.weights else (),
        sources=origins,
        alternative=rival.option.id if rival is not None else "",
        against_today=advantage(Recorder(), pick, _in_place(inputs.cases, pick)),
        baseline_errors=baseline_errors(Recorder(), pick, inputs.cases.inputs, brief),
        meanwhile=judged.until.sentence,
        nearest="" if judged.until.nearest is None else pick.option.id,
    )


def with_second_look(verdict: Verdict, second: SecondLook) -> Verdict:
    """With break-even, flip points, sensitivity and what more knowledge is worth."""
    return replace(
        verdict,
        break_even=second.break_even,
        flip_points=second.flips,
        sensitivity=second.sensitivity,
        unexplained_variance_share=unexplained(second.sensitivity) if second.sensitivity else None,
        steps=second.steps,
        improvements=second.improvements,
        information=second.information,
        cost_map=second.cost_map,
        curve=second.curve,
    )


def with_detail(verdict: Verdict, inputs: DecisionInputs, judged: Judged) -> Verdict:
    """With the usual questions, and with draws of the compared options."""
    estimates = inputs.cases.estimates
    pick = estimates[judged.subject.pick]
    rival = estimates[judged.other] if judged.other is not None else None
    matter = Matter(inputs.brief, judged.subject, estimates, inputs.labels)
    return replace(
        verdict,
        considerations=considerations(matter),
        drawn=_drawn(inputs.cases, pick, rival),
    )


def _end(inputs: DecisionInputs, ranking: Ranking) -> str:
    """What a rule, or the end of a model, does to the choice; an empty string where nothing."""
    quality = inputs.brief.quality
    lost = shut_out(ranking, quality.target, quality.measured, inputs.excluded)
    end = ended(ranking, inputs.cases.estimates, inputs.brief, inputs.setting)
    return " ".join(sentence for sentence in (lost, end) if sentence)


def _in_place(cases: Cases, pick: Estimate) -> Estimate | None:
    """What is in place today, where it is another option than the pick."""
    return next((e for e in cases.estimates if e.option.as_is and e is not pick), None)


def _drawn(cases: Cases, pick: Estimate, rival: Estimate | None) -> tuple[DrawnOption, ...]:
    compared = (pick, rival, _in_place(cases, pick))
    return drawn_options((e for e in compared if e is not None), cases.size)


def _why(case: Case, stop: str, meanwhile: str) -> tuple[str, ...]:
    """At most five reasons, each with a number; what stops a decision stands first."""
    why = reasons(case)
    if stop:
        why = (f"Not decidable yet: {stop}. {meanwhile}", *why)[:5]
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


def _next_step(inputs: DecisionInputs, today: Ruling, second: SecondLook) -> NextStep:
    """The most valuable step, or what is left to do where no step is worth its price."""
    if second.next_step is not None:
        return second.next_step
    if today.stop:
        return without_measurement(inputs.brief, today.ranking)
    estimates = inputs.cases.estimates
    moves = succession(today.ranking, estimates, inputs.brief, inputs.setting)
    return moves or DECIDE_NOW


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
