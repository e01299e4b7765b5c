"""A model's announced end, where it moves the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Brief, Score
from advisor.core.lifecycle import ends_within_horizon
from advisor.core.option import Estimate
from advisor.core.setting import Setting
from advisor.core.verdict import Excluded, NextStep
from advisor.decide.quantiles import middle
from advisor.decide.ranking import Matrix, Ranking, full

MOVE = "horizon.move"


def is_ending(estimate: Estimate) -> bool:
    """Whether a model of the option ends inside the horizon, so that its work is done again."""
    return MOVE in estimate.figures


def succession(
    ranking: Ranking, estimates: Sequence[Estimate], brief: Brief, setting: Setting
) -> NextStep | None:
    """To score what takes the place of the pick, whose model ends inside the horizon; None where it
    lasts. The move is in the cost of the pick, so the step itself adds none.
    """
    end = ends_within_horizon(estimates[ranking.pick].option, brief, setting)
    if end is None or not is_ending(estimates[ranking.pick]):
        return None
    items = brief.data.eval_examples.likely
    where = f" on the {fmt.count(items)} test items in hand" if items >= 1 else ""
    move = fmt.money(middle(estimates[ranking.pick].figures["once.move"]))
    return NextStep(
        f"decide now, and score a successor of {end.model}{where}: {end.model} ends "
        f"{end.day:%Y-%m-%d}, and the {move} of the move are included",
        0.0,
        0.0,
        0.0,
        command="advisor calibrate prompts --url URL --model MODEL --brief BRIEF",
    )


def ended(ranking: Ranking, estimates: Sequence[Estimate], brief: Brief, setting: Setting) -> str:
    """What the end of a model costs, where the choice would be another without it, or where the
    choice itself has to move; else an empty string.

    The rule of the verdict is applied to the same draws, each move left out of the costs.
    """
    pick = estimates[ranking.pick]
    ending = pick if is_ending(pick) else _leader_without_moves(ranking, estimates)
    end = None if ending is None else ends_within_horizon(ending.option, brief, setting)
    if ending is None or end is None:
        return ""
    sentence = (
        f"{end.model} ends {end.day:%Y-%m-%d}, in {(end.day - setting.as_of).days} days; the move "
        f"to another model costs {fmt.money(middle(ending.figures['once.move']))}"
    )
    if ending is pick:
        return f"{sentence}: it is included in the cost."
    return f"{sentence}. If it did not end, {ending.option.id} would be chosen."


def shut_out(
    ranking: Ranking, target: float, measured: Sequence[Score], excluded: Sequence[Excluded]
) -> str:
    """The best score of an option that a rule excludes, where it reaches the target and no option
    that is left is likely to, or none scored higher; else an empty string.
    """
    rules = {out.id.partition("+")[0].lower(): out for out in excluded}
    left = {option.skill.lower() for option in ranking.options}
    whole = {
        s.skill: s
        for s in sorted(measured, key=lambda score: score.train_examples)
        if not s.segment
    }
    lost = {name: s for name, s in whole.items() if name in rules and name not in left}
    if not lost:
        return ""
    name, best = max(lost.items(), key=lambda pair: pair[1].score)
    others = [score.score for skill, score in whole.items() if skill in left]
    is_open = not ranking.likely[ranking.pick]
    if best.score < target or (best.score <= max(others, default=0.0) and not is_open):
        return ""
    out = rules[name]
    scored = f"{best.approach}/{best.technique}@{best.model} scored {best.score:g}"
    return f"{scored} and is ruled out by {out.rule}: {out.detail}."


def _leader_without_moves(ranking: Ranking, estimates: Sequence[Estimate]) -> Estimate | None:
    """The option with an end that would lead if no move cost anything; None where the lead stays
    where it is.
    """
    if ranking.pick != ranking.leader or not any(map(is_ending, estimates)):
        return None
    lasting = replace(ranking, cost=ranking.cost - _moves(estimates, len(ranking.cost)))
    leader = estimates[lasting.leader]
    return leader if is_ending(leader) else None


def _moves(estimates: Sequence[Estimate], size: int) -> Matrix:
    """What moving from an ending model is worth today, USD; 0 without an end. Shape (cases,
    options).
    """
    return np.column_stack(
        [full(e.figures[MOVE], size) if is_ending(e) else np.zeros(size) for e in estimates]
    )
