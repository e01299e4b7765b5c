"""Every printed flip point flips: an input 5 % beyond its value changes the answer."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from advisor import pipeline
from advisor.core.brief import Brief, questions
from advisor.core.question import Kind
from advisor.core.verdict import FlipPoint
from advisor.decide.target import MARGIN, TARGET

DRAWS = 2_000
"""The same for the flip and for the judgement beyond it."""

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "profiles" / "briefs").glob("*.toml"))
SHARED = sorted((ROOT / "../shared/scenarios").glob("s*/brief*.toml"))


def beyond(flip: FlipPoint) -> float:
    """5 % farther from the present value, within the question's bounds."""
    now = flip.now or 0.0
    if flip.input == TARGET:  # confirmed this far beyond it, as a ceiling may be near
        return flip.value + (MARGIN if flip.value > now else -MARGIN)
    question = questions()[flip.input]
    value = flip.value * 1.05 if flip.value > now else flip.value / 1.05
    if question.kind == Kind.WHOLE:
        value = math.ceil(value) if flip.value > now else math.floor(value)
    low = question.low if question.low is not None else -math.inf
    high = question.high if question.high is not None else math.inf
    return min(max(value, low), high)


def is_taken_from_a_file(brief: Brief, key: str) -> bool:
    """An answer that the data file overrides cannot be set."""
    return key.startswith("data.") and bool(brief.data.path) and not brief.data.sample


@pytest.mark.parametrize("path", [*SHIPPED, *SHARED], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_printed_flip_flips(path: Path) -> None:
    brief = pipeline.load(path)
    surroundings = pipeline.look(brief, own_runs=False)
    today = pipeline.judge(brief, surroundings, draws=DRAWS)
    for flip in today.flip_points:
        assert flip.verdict_becomes != today.verdict
        if is_taken_from_a_file(brief, flip.input):
            continue
        number = beyond(flip)
        changed = pipeline.load(path, [f"{flip.input}={number!r}"])
        then = pipeline.judge(changed, surroundings, draws=DRAWS, deep=False)
        assert then.verdict != today.verdict, (flip, then.verdict)
