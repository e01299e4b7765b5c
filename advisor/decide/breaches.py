"""Limits that are broken: hard ones exclude an option, soft ones are warned of."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.option import Estimate
from advisor.core.verdict import Excluded
from advisor.decide.quantiles import middle
from advisor.decide.ranking import HOPELESS, Ranking

LATENCY = "traffic.max_latency_seconds"


def hopeless(brief: Brief, ranking: Ranking, estimates: Sequence[Estimate]) -> list[Excluded]:
    """Options whose chance to meet the limits is below 5 %, with the limit that stops them most;
    the one that is named is not among them, since it is the nearest that there is.
    """
    return [
        Excluded(option.id, *_tightest(brief, ranking, i, estimates[i]))
        for i, option in enumerate(ranking.options)
        if ranking.p_meets[i] < HOPELESS and i != ranking.pick
    ]


def _tightest(brief: Brief, ranking: Ranking, i: int, estimate: Estimate) -> tuple[str, str]:
    chances = {
        "quality.target": float(ranking.meets_quality[1:, i].mean()),
        "budget.hard: money": float(ranking.meets_money[1:, i].mean()),
        "budget.hard: weeks": float(ranking.meets_weeks[1:, i].mean()),
    }
    if ranking.meets_latency is not None:
        chances[LATENCY] = float(ranking.meets_latency[1:, i].mean())
    rule = min(chances, key=chances.__getitem__)
    chance = f"chance to meet it {fmt.share(chances[rule], 1)}"
    if rule == "quality.target":
        stale = ranking.quality[0, i] < estimate["quality.score"].value
        counted = ", stale answers counted as wrong," if stale else ""
        return (
            rule,
            f"expected quality {fmt.score(ranking.quality[0, i])}{counted} against the target "
            f"{brief.quality.target:g}; {chance}",
        )
    if rule == "budget.hard: money":
        return rule, f"{_too_dear(brief, estimate)}; {chance}"
    return rule, chance


def _too_dear(brief: Brief, estimate: Estimate) -> str:
    """The amount that breaks its limit at the likely values: once, else per month."""
    once = estimate["once.total"].value
    limit = brief.budget.one_off_usd
    month = brief.budget.monthly_usd
    if month is None or (limit is not None and once > limit.likely):
        return f"{fmt.money(once)} once"
    return fmt.money_rate(estimate["run.total"].value)


def over_budget(brief: Brief, pick: Estimate) -> tuple[str, ...]:
    """Each soft limit that the pick breaks at its median, which reports show, is a warning."""
    budget = brief.budget
    if budget.hard:
        return ()
    limits = (
        (budget.one_off_usd, "once.total", fmt.money, "once", "budget.one_off_usd"),
        (budget.monthly_usd, "run.total", fmt.money_rate, "", "budget.monthly_usd"),
        (budget.weeks, "time.weeks", fmt.weeks_long, "to go live", "budget.weeks"),
    )
    return tuple(
        f"The pick takes {' '.join((write(middle(pick[figure])), how)).strip()}, more than the "
        f"{key} of {write(limit.likely)}"
        for limit, figure, write, how, key in limits
        if limit is not None and middle(pick[figure]) > limit.likely
    )
