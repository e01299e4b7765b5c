"""How far a learning curve may differ from what studies show, learned from the team's own curves.

A curve's steepness may differ, and it may drift: a random walk in log2 n, an independent step for
each doubling. Both count from the last measured point, so extrapolation widens with distance. Most
of it belongs to the task and is shared by all skills that show examples, or by all that are tuned
on labels; the rest is the skill's own. A common curve is not followed below its first point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log2, sqrt

import numpy as np

from advisor.estimate.quality.design import (
    PROMPT_FORM,
    SHOTS_BEND,
    SHOWN,
    USUAL_LABELS,
    USUAL_SHOTS,
    Coefficient,
    Loadings,
    bent,
    prompt_share,
)
from advisor.estimate.quality.skills import Rows, Skill, TaskProfile

COMMON = 0.7  # of a curve's variance around the studies', what all curves of the task share
LN2 = float(np.log(2))

SETTLED = 1000.0
"""Labels from which slopes differ less the further out: from one measured number of labels to the
next, logits per doubling of published curves have P10 to P90 0.00 to 0.59 at 256 to 1,000 labels,
0.03 to 0.62 at 1,000 to 3,000 and 0.00 to 0.31 above (profiles/evidence.csv, 140 steps).
"""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A measured number of examples of a skill, and whether the skill has several."""

    skill: str
    approach: str
    technique: str
    n: float
    on_curve: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A part of a score that follows a curve: which kind, at how many examples, with what weight
    and bend.
    """

    kind: str
    n: Coefficient
    weight: float
    bend: float


def add_shape(
    out: Loadings, task: TaskProfile, skill: Skill, bend: float, measured: Sequence[CurvePoint]
) -> None:
    """Adds to a skill's weights what is common to the task's curves, and what is its own."""
    name = skill.id.lower()
    own = [m.n for m in measured if m.skill == name and m.n > 0]
    for part in _parts(task, skill, bend):
        starts = [
            m.n
            for m in measured
            if m.on_curve and m.n > 0 and _kind(m.approach, m.technique) == part.kind
        ]
        if starts:
            followed = replace(part, n=np.maximum(part.n, min(starts)))
            _add(out, followed, part.kind, max(starts), part.weight * sqrt(COMMON))
        if (
            own
            and skill.examples is not None
            and part.kind == _kind(skill.approach, skill.technique)
        ):
            _add(out, part, name, max(own), part.weight * sqrt(1 - COMMON if starts else 1.0))


def spread_of_slopes(n: Coefficient) -> Coefficient:
    """How far learning curves differ in slope at so many labels, as a part of that up to
    `SETTLED`.
    """
    part = np.sqrt(SETTLED / np.maximum(n, SETTLED))
    return part if isinstance(part, np.ndarray) else float(part)


def _kind(approach: str, technique: str) -> str:
    """The number that a skill's curve runs over: labels, shots, or none."""
    if approach == "prompt":
        return "shots" if technique in SHOWN else ""
    return "labels"


def _parts(task: TaskProfile, skill: Skill, bend: float) -> Iterator[_Part]:
    share = prompt_share(task, skill)
    technique = (
        skill.technique
        if skill.approach == "prompt"
        else PROMPT_FORM.get(skill.technique, "zero-shot")
    )
    if technique in SHOWN:
        demonstrations = (
            skill.examples
            if skill.approach == "prompt" and skill.examples is not None
            else USUAL_SHOTS[technique]
        )
        yield _Part("shots", np.maximum(demonstrations, 1.0), share, bend + SHOTS_BEND)
    if share < 1:
        labels = USUAL_LABELS if skill.examples is None else skill.examples
        weight = 1.0 if skill.approach == "tune" else 1 - share
        yield _Part("labels", np.maximum(labels, 1.0), weight, bend)


def _add(out: Loadings, part: _Part, owner: str, start: float, weight: Coefficient) -> None:
    if part.kind == "labels":
        weight = weight * spread_of_slopes(np.minimum(part.n, start))
    out.deviations["steepness", owner] = weight * bent(part.n, start, part.bend) / LN2
    here = _plain(np.log2(part.n))
    last = log2(start)
    lowest, highest = (here.min(), here.max()) if isinstance(here, np.ndarray) else (here, here)
    for k in range(floor(min(lowest, last)), ceil(max(highest, last))):
        step = weight * (_within(here, k) - _within(last, k))
        if step.any() if isinstance(step, np.ndarray) else step:
            out.deviations["drift", f"{owner}|{k}"] = step


def _within(doublings: Coefficient, k: int) -> Coefficient:
    """Kept within the step from k to k + 1."""
    if isinstance(doublings, np.ndarray):
        return doublings.clip(k, k + 1)
    return float(min(max(doublings, k), k + 1))


def _plain(value: Rows | np.float64) -> float | Rows:
    """A number as a number, an array as it is."""
    return value if isinstance(value, np.ndarray) else float(value)
