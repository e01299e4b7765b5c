"""A model's announced end, where it moves the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.lifecycle import ends_within_horizon
from advisor.core.option import Estimate
from advisor.core.setting import Setting
from advisor.decide.quantiles import middle
from advisor.decide.ranking import Matrix, Ranking, full

MOVE = "horizon.move"


def ended(ranking: Ranking, estimates: Sequence[Estimate], brief: Brief, setting: Setting) -> str:
    """What the end of a model costs, where the choice would be another without it, or where the
    choice itself has to move; else an empty string.

    The rule of the verdict is applied to the same draws, each move left out of the costs.
    """

    def sentence(estimate: Estimate) -> str:
        end = ends_within_horizon(estimate.option, brief, setting)
        days = (end.day - setting.as_of).days if end is not None else 0
        return (
            f"{end.model} ends {end.day:%Y-%m-%d}, in {days} days; the move to another model "
            f"costs {fmt.money(middle(estimate.figures['once.move']))}"
            if end is not None
            else ""
        )

    pick = estimates[ranking.pick]
    if MOVE in pick.figures:
        return f"{sentence(pick)}: it is in the cost."
    without = _leader_without_moves(ranking, estimates)
    if without is None:
        return ""
    return f"{sentence(without)}. If it did not end, {without.option.id} would be chosen."


def _leader_without_moves(ranking: Ranking, estimates: Sequence[Estimate]) -> Estimate | None:
    """The option with an end that would lead if no move cost anything; None where the lead stays
    where it is.
    """
    if ranking.pick != ranking.leader or not any(MOVE in e.figures for e in estimates):
        return None
    lasting = replace(ranking, cost=ranking.cost - _moves(estimates, len(ranking.cost)))
    leader = estimates[lasting.leader]
    return leader if MOVE in leader.figures else None


def _moves(estimates: Sequence[Estimate], size: int) -> Matrix:
    """What moving from an ending model is worth today, USD; 0 without an end. Shape (cases,
    options).
    """
    return np.column_stack(
        [full(e.figures[MOVE], size) if MOVE in e.figures else np.zeros(size) for e in estimates]
    )
