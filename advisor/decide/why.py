"""The reasons, in at most five sentences that each carry a number."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core import format as fmt
from advisor.core.brief import Brief, Score
from advisor.core.option import Estimate
from advisor.core.probes import ResultsReport
from advisor.core.verdict import BreakEven
from advisor.decide.holding import price_days, stale_share
from advisor.decide.information import DISCORDANT, told_apart
from advisor.decide.quantiles import middle
from advisor.decide.ranking import Ranking
from advisor.decide.settling import p_beats

NOTABLE = 0.1
"""Difference of two chances to meet the limits from which it may decide."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is argued: the chosen option against the cheapest option of another approach. `end` is
    the sentence on a model's end that bears on the choice.
    """

    brief: Brief
    ranking: Ranking
    pick: Estimate
    other: Estimate | None
    break_even: BreakEven
    results: ResultsReport | None = None
    end: str = ""


def reasons(case: Case) -> tuple[str, ...]:
    """One to five sentences, the strongest first."""
    if not case.pick["horizon.total"].is_known:
        return (_at_least(case), _quality(case))
    sentences = (
        _monthly(case),
        _quality(case),
        _once(case),
        case.end or _unproven(case) or _hosting(case),
        _odds(case),
    )
    return tuple(sentence for sentence in sentences if sentence)


def _at_least(case: Case) -> str:
    """What is known of a cost that is not known whole."""
    run, once = (case.pick[f"{part}.total"] for part in ("run", "once"))
    least = [f.value if f.is_known else f.at_least or 0.0 for f in (run, once)]
    missing = ", ".join(dict.fromkeys((*run.missing, *once.missing)))
    return (
        f"{case.pick.option.id} costs at least {fmt.money_rate(least[0])} and "
        f"{fmt.money(least[1])} once; unknown: {missing}."
    )


def _monthly(case: Case) -> str:
    return _bill(case) + price_days(case.pick)


def _bill(case: Case) -> str:
    run = middle(case.pick["run.total"])
    if case.other is None:
        return (
            f"{case.pick.option.id} costs {fmt.money_rate(run)}; no option of another approach "
            "is left to compare with."
        )
    rival = middle(case.other["run.total"])
    cheaper = 0 < run < rival and fmt.money(run) != fmt.money(rival)
    share = f", {fmt.share(run / rival)} of what the next approach costs" if cheaper else ""
    other = f"The cheapest of another approach is {case.other.option.id}, at {fmt.money(rival)}"
    return f"{case.pick.option.id} costs {fmt.money_rate(run)}{share}. {other}."


def _score_of(case: Case, estimate: Estimate) -> Score | None:
    wanted = estimate.option.skill.lower()
    measured = [s for s in case.brief.quality.measured if not s.segment]
    return next(
        (
            s
            for s in reversed(measured)
            if f"{s.approach}/{s.technique}@{s.model}".lower() == wanted
        ),
        None,
    )


def _hard_limits(brief: Brief) -> list[str]:
    """The limits that are judged beside the target, in words."""
    budget = brief.budget
    seconds = brief.traffic.max_latency_seconds.likely
    limits = [f"the {fmt.duration(seconds)} of an answer"] if seconds > 0 else []
    if not budget.hard:
        return limits
    if budget.one_off_usd is not None or budget.monthly_usd is not None:
        limits.append("the budget")
    return [*limits, "the deadline"] if budget.weeks is not None else limits


def _quality(case: Case) -> str:
    return _scores(case) + stale_share(case.pick, case.other)


def _scores(case: Case) -> str:
    q = middle(case.pick["quality.score"])
    goal = _goal(case)
    if case.other is None:
        return f"Its expected score is {fmt.score(q)}{goal}."
    rival = middle(case.other["quality.score"])
    own = _score_of(case, case.pick)
    theirs = _score_of(case, case.other)
    if own is None or theirs is None:
        origin = (
            "related scores and the evidence base"
            if case.brief.quality.measured
            else "the evidence base"
        )
        expected = f"Expected score {fmt.score(q)}"
        if own is not None:
            expected += f" ({own.score:g} measured on {own.items:,} items)"
        return f"{expected} against {fmt.score(rival)}, from {origin}{goal}."
    return f"{_measured(case, own, theirs)}{goal}."


def _measured(case: Case, own: Score, theirs: Score) -> str:
    """Two measured scores; they count as equal where neither a test nor the limits part them."""
    sd, paired = _paired(case, own, theirs)
    items = paired or min(own.items, theirs.items)
    pair = f"{own.score:g} and {theirs.score:g}"
    if told_apart(own.score - theirs.score, items, sd):
        return f"Measured score {own.score:g} against {theirs.score:g} on {items:,} items"
    if _beaten_by_limits(case) is not None:
        return f"The scores {pair} cannot be told apart on {items:,} items"
    return f"Quality counts as equal: {pair} cannot be told apart on {items:,} items"


def _goal(case: Case) -> str:
    """The chance to meet the limits, and where it decides, what follows from that of the rival."""
    target = case.brief.quality.target
    if target <= 0:
        return ""
    chance = fmt.share(_chance(case, case.pick))
    limits = " and ".join([f"the target of {target:g}", *_hard_limits(case.brief)])
    rival = _beaten_by_limits(case)
    if rival is None:
        return f". The chance to meet {limits} is {chance}"
    return (
        f". The chance to meet {limits} is {chance}, that of {rival.option.id} "
        f"{fmt.share(_chance(case, rival))}: "
        "this decides, since an option that misses them has to be replaced"
    )


def _chance(case: Case, estimate: Estimate) -> float:
    return float(case.ranking.p_meets[case.ranking.options.index(estimate.option)])


def _beaten_by_limits(case: Case) -> Estimate | None:
    """The rival, where the pick wins by its better chance to meet the limits, and not by its
    cost.
    """
    rival = case.other
    if rival is None or not rival["horizon.total"].is_known:
        return None
    dearer = _saved(case, rival, "total") < 0
    wins = dearer and _chance(case, case.pick) >= _chance(case, rival) + NOTABLE
    return rival if wins else None


def _paired(case: Case, own: Score, theirs: Score) -> tuple[float, int]:
    """Spread of the difference per item and the number of items, from a file of scores per item;
    else the usual one, or that of independent tests where that is less.
    """
    pairs = case.results.pairs if case.results is not None else {}
    apart = sum(s.score * (1 - s.score) for s in (own, theirs))
    usual = math.sqrt(min(DISCORDANT, apart)), 0
    return pairs.get(frozenset((own.skill, theirs.skill)), usual)


def _once(case: Case) -> str:
    once = middle(case.pick["once.total"])
    sunk = case.pick.figures.get("once.sunk")
    spent = (
        f" Of that, {fmt.money(middle(sunk))} is already spent on test items."
        if sunk is not None and middle(sunk) >= 1
        else ""
    )
    training = middle(case.pick["once.training"])
    share = (
        f", of which training is {fmt.share(training / once, 1)}"
        if training > 0.0005 * once > 0
        else ""
    )
    months = case.break_even.months
    if (
        months is not None
        and case.other is not None
        and once > middle(case.other["once.total"])
        and middle(case.pick["run.total"]) < middle(case.other["run.total"])
    ):
        after = f"after {fmt.months(months)}" if months >= 0.05 else "within days"
        return f"It takes {fmt.money(once)} once{share}, and has paid that back {after}.{spent}"
    if case.other is not None:
        return (
            f"It takes {fmt.money(once)} once{share}, against "
            f"{fmt.money(middle(case.other['once.total']))}.{spent}"
        )
    return f"It takes {fmt.money(once)} once{share}.{spent}"


def _unproven(case: Case) -> str:
    """The option of lowest expected cost where it is not named, since nobody has scored it."""
    ranking = case.ranking
    leader = ranking.leader
    if ranking.scored is None or ranking.scored[leader] or not ranking.scored[ranking.pick]:
        return ""
    beaten = fmt.of_hundred(p_beats(ranking, leader, ranking.pick))
    return (
        f"{ranking.options[leader].id} is expected to score "
        f"{fmt.score(float(ranking.quality[0, leader]))}, but nobody has measured that: it beats "
        f"the pick, which was scored, in {beaten} of 100 draws."
    )


def _hosting(case: Case) -> str:
    """Idle hosting is worth a sentence where it outweighs all charges per token of the pick."""
    if case.other is None:
        return ""
    fee = middle(case.other["run.hosting"])
    bill = middle(case.pick["run.total"])
    if not (fee > bill > 0) or "serve.busy_hours" in case.other.figures:
        return ""
    times = f"{fmt.count(fee / bill)} times the whole bill of the pick"
    return (
        f"Hosting {case.other.option.model} costs {fmt.money_rate(fee)}, "
        f"idle hours included: {times}."
    )


DOING = {"prompt": "prompting", "tune": "fine-tuning", "hybrid": "a hybrid"}


def _odds(case: Case) -> str:
    """What the pick saves in cash, and apart from it in wrong answers; how often it is best."""
    ranking = case.ranking
    months = fmt.months(case.brief.budget.horizon_months)
    approach = case.pick.option.approach
    share = fmt.of_hundred(ranking.p_approach(approach))
    if case.other is None:
        return f"It is best in {fmt.of_hundred(float(ranking.p_best[ranking.pick]))} of 100 draws."
    cash = _saved(case, case.other, "cash")
    errors = _saved(case, case.other, "errors")
    money = f"{_gains(cash)} in cash"
    if abs(errors) >= 1:
        money += f" and {_gains(errors)} in wrong answers"
    return f"Over {months} it {money}; {DOING[approach]} is best in {share} of 100 draws."


def _saved(case: Case, rival: Estimate, part: str) -> float:
    """Median over the draws of what the rival costs more, USD."""
    return middle(rival[f"horizon.{part}"] - case.pick[f"horizon.{part}"])


def _gains(saved: float) -> str:
    return f"saves {fmt.money(saved)}" if saved >= 0 else f"costs {fmt.money(-saved)} more"
