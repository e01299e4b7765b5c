"""The target beyond which the answer is another one: the nearest above and below today's.

No figure depends on the target, so the draws of the verdict are held against another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from advisor.core.brief import Brief, questions
from advisor.core.verdict import FlipPoint
from advisor.decide.ranking import Ranking
from advisor.decide.settling import Ruling

TARGET = "quality.target"
STEPS = 12
"""Targets that are tried on the way to the highest, and to the lowest."""

DRAWS = 400
FINEST = 0.001
"""A target is narrowed down to this."""

MARGIN = 0.005
"""How far beyond a point all draws have to give its answer."""

Judge = Callable[[Ranking], Ruling]


def target_flips(brief: Brief, today: Ruling, judge: Judge) -> Iterator[FlipPoint]:
    """The nearest higher and lower target with another answer; none where the brief has no
    target.
    """
    now = brief.quality.target
    if now <= 0:
        return
    ceiling = brief.quality.human_ceiling
    for end in (max(now, 1.0 if ceiling is None else ceiling), 0.0):
        flip = _nearest(now, end, today, judge)
        if flip is not None:
            yield flip


def _nearest(now: float, end: float, today: Ruling, judge: Judge) -> FlipPoint | None:
    few = today.ranking.rows(slice(DRAWS + 1))
    near = now
    for far in np.linspace(now, end, STEPS + 1)[1:]:
        if judge(few.with_target(float(far))).word != today.word:
            return _narrowed(now, (near, float(far), end), today, judge)
        near = float(far)
    return None


def _narrowed(
    now: float, ends: tuple[float, float, float], today: Ruling, judge: Judge
) -> FlipPoint | None:
    """Bisection on all draws between a near and a far target, none beyond the last; None where all
    draws do not confirm the change.
    """
    near, far, last = ends
    every = today.ranking
    if judge(every.with_target(far)).word == today.word:
        return None
    while abs(far - near) > FINEST:
        middle = (near + far) / 2
        if judge(every.with_target(middle)).word == today.word:
            near = middle
        else:
            far = middle
    out = min(far + MARGIN, last) if far > now else max(far - MARGIN, last)
    beyond = judge(every.with_target(out))
    if beyond.word == today.word:
        return None
    unit = questions()[TARGET].unit
    return FlipPoint(TARGET, round(far, 3), beyond.word, now, unit, beyond.option)
