"""Averages the structural prediction with the nearest published decisions.

Both are distributions of a tuned or hybrid score given the best measured prompt. They are averaged
quantile by quantile, so the rank of a draw, and with it every correlation, stays. The weights were
chosen on studies left out (docs/reference/formulas-quality.md#quality-blend).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from advisor.core.brief import Score
from advisor.estimate.quality import nearest
from advisor.estimate.quality.design import USUAL_LABELS, Coefficient
from advisor.estimate.quality.nearest import LEVELS, DecisionTraits
from advisor.estimate.quality.skills import Rows, Skill, TaskProfile

Cases = NDArray[np.bool_]

STRUCTURE = {"tune": 0.5, "hybrid": 0.6}
"""Weight of the structural prediction by approach; the nearest decisions have the rest."""


def averaged(
    task: TaskProfile, skills: Sequence[Skill], rows: Rows, best_prompt: Score, median: Cases
) -> Rows:
    """Scores, shape (skills, cases), with tuned and hybrid ones averaged with the nearest
    decisions.

    The last row belongs to the best measured prompt; it is dropped. `median` marks the cases that
    hold the median and not a draw.
    """
    out = rows[:-1].copy()
    for i, skill in enumerate(skills):
        if skill.approach != "prompt":
            about = _decision(task, skill, best_prompt)
            labels = USUAL_LABELS if skill.examples is None else skill.examples
            out[i] = blended(skill.approach, about, rows[i], rows[-1], labels, median)
    return out


def _decision(task: TaskProfile, skill: Skill, best_prompt: Score) -> DecisionTraits:
    return DecisionTraits(
        task.type,
        task.documents,
        skill.weak or skill.technique == "reinforced",
        skill.model.lower() == best_prompt.model.lower(),
        best_prompt.score,
        USUAL_LABELS,
        skill.technique if skill.approach == "hybrid" else "",
        task.metric,
    )


def blended(
    approach: str,
    about: DecisionTraits,
    scores: Rows,
    prompt: Rows,
    labels: Coefficient,
    median: Cases,
    near: nearest.Neighbours | None = None,
) -> Rows:
    """Draws of a score, shape (cases,), averaged with the published decisions nearest to `about`.

    `prompt` are the draws of the best prompt's score, `labels` those that the score was tuned on.
    """
    near = near or nearest.load()
    quantiles = near.tuned_scores(about) if approach == "tune" else near.hybrid_scores(about)
    gains = scores - prompt
    usual = np.interp(ranks(gains, median), LEVELS, quantiles)
    nearest_gains = nearest.at_labels(usual, labels) - about.prompt
    weight = STRUCTURE[approach]
    return np.asarray(np.clip(prompt + weight * gains + (1 - weight) * nearest_gains, 0.0, 1.0))


def ranks(gains: Rows, median: Cases) -> Rows:
    """The rank of each draw among the draws, in (0, 1); 0.5 in median cases."""
    out = np.full(len(gains), 0.5)
    drawn = np.flatnonzero(~median)
    order = np.argsort(gains[drawn], kind="stable")
    out[drawn[order]] = (np.arange(len(drawn)) + 0.5) / max(len(drawn), 1)
    return out
