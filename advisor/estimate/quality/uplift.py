"""Puts the team's own expectation of what tuning adds in the place of the evidence's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.core.constants import Z80
from advisor.core.quantity import Range
from advisor.estimate.quality.posterior import Normals
from advisor.estimate.quality.skills import Rows, Skill


def uplifted(
    rows: Rows, skills: Sequence[Skill], measured: Sequence[Skill], uplift: Range, normals: Normals
) -> Rows:
    """Scores, shape (skills, cases), with tuned and hybrid ones moved so that the best tuned is
    best prompt + uplift.

    Nothing is moved where a tuned or hybrid score was measured (that beats an expectation) or a
    side is missing. Differences among the moved skills stay as they were. "Best" is by the median.
    """
    prompts = [i for i, s in enumerate(skills) if s.approach == "prompt"]
    tuned = [i for i, s in enumerate(skills) if s.approach == "tune"]
    moved = [i for i, s in enumerate(skills) if s.approach != "prompt"]
    if not prompts or not tuned or any(s.approach != "prompt" for s in measured):
        return rows
    best_prompt = max(prompts, key=lambda i: rows[i, 0])
    best_tuned = max(tuned, key=lambda i: rows[i, 0])
    z = normals("quality.expected_uplift")
    p50 = uplift.likely
    up = 0.0 if uplift.p90 is None else uplift.p90 - p50
    down = 0.0 if uplift.p10 is None else p50 - uplift.p10
    gain = p50 + np.where(z > 0, up, down) / Z80 * z
    out = rows.copy()
    out[moved] = np.clip(rows[moved] + rows[best_prompt] + gain - rows[best_tuned], 0.0, 1.0)
    return out
