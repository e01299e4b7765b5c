"""What a verdict and a run say about test items that were opened before."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

from advisor.calibrate.openings import (
    Openings,
    best_by_chance,
    error_of,
    opening_line,
    openings_of,
    option_of,
    remarks,
)
from advisor.calibrate.quality_records import QualityResult
from advisor.core.experiment import KeptTrial, Status, TrialOutcome


def kept(
    run: int,
    prompt: str,
    *,
    model: str = "m",
    approach: str = "prompt",
    score: float = 0.5,
    items: int = 100,
    spec: dict[str, Any] | None = None,
    **result: Any,
) -> KeptTrial:
    """A trial of a run, scored on test items."""
    document = {"approach": approach, "technique": "t", "prompt_hash": prompt, "score": score}
    document |= {"items": items, "item_scores": [score]} | result
    outcome = TrialOutcome(prompt, f"prompt {prompt}", Status.DONE, 1.0, document)
    return KeptTrial(run, "prompts", "2026-11-20", {"model": model}, spec or {}, outcome)


@pytest.mark.parametrize(
    ("runs", "new", "is_new"), [((), 3, False), ((1,), 0, False), ((1,), 1, True)]
)
def test_a_new_look_scores_something_new_on_items_seen_before(
    runs: tuple[int, ...], new: int, is_new: bool
) -> None:
    assert Openings(30, runs, 1, new).is_a_new_look is is_new


def test_openings_are_read_from_a_result_and_tell_what_chance_gives() -> None:
    assert openings_of(None) is None
    opened = openings_of({"items": 30, "runs": [1, 4], "options": 1, "new": 1, "by_chance": 0.0214})
    assert opened is not None
    line = opening_line(opened)
    assert line.startswith(
        "30 of the test items were opened by 2 runs before (1, 4), for 1 other option: "
    )
    assert "would score 0.021 too high by chance" in line
    old = opening_line(Openings(30, [1], 2, 0))
    assert old.endswith("by 1 run before (1), for 2 other options; nothing new was scored on them")


def test_an_option_is_its_prompt_and_what_it_was_trained_on() -> None:
    result = QualityResult(approach="prompt", technique="few-shot")
    assert option_of(result, "M") == ("prompt", "m", "few-shot", 0)
    tuned = QualityResult(approach="tune", technique="lora", prompt_hash="x", train_examples=40)
    assert option_of(tuned, "M") == ("tune", "m", "x", 40)


def test_the_best_of_equals_is_too_high_by_bloms_score() -> None:
    for options in (2, 3, 10):
        place = (options - 0.375) / (options + 0.25)
        assert best_by_chance(options, 0.5) == pytest.approx(0.5 * stats.norm.ppf(place))
    assert best_by_chance(1, 0.5) == 0.0


def test_the_error_of_a_score_is_that_of_its_interval() -> None:
    low, high = stats.norm(0.5, 0.125).interval(0.8)
    assert error_of(QualityResult(interval=(low, high))) == pytest.approx(0.125)
    assert error_of(QualityResult()) == 0.0


def test_prompts_of_several_runs_on_the_same_items_are_remarked_with_the_largest_error() -> None:
    trials = [
        kept(1, "a", score=0.5, items=100),
        kept(1, "b", score=0.9, items=100),
        kept(2, "c", score=0.5, items=400),
        kept(2, "a"),
    ]
    (line,) = remarks(trials)
    chance = best_by_chance(3, math.sqrt(0.5 * 0.5 / 100))
    assert line.startswith(
        "Own scores: 2 runs scored 3 prompts of m on the same test items, the later ones"
    )
    assert f"{chance:.3f} too high by chance" in line


@pytest.mark.parametrize(
    "trials",
    [
        [kept(1, "a"), kept(1, "b")],  # one run
        [kept(1, "a"), kept(2, "a")],  # one prompt, again
        [kept(1, "a"), kept(2, "b", model="n")],  # two models
        [kept(1, "a"), kept(2, "b", approach="tune")],  # tunings are planned before
        [kept(1, "a"), kept(2, "b", spec={"demonstration": True})],
    ],
)
def test_nothing_is_remarked_where_no_prompt_was_written_after_results(
    trials: list[KeptTrial],
) -> None:
    assert remarks(trials) == ()


def test_an_unscored_trial_is_no_look() -> None:
    unscored = kept(2, "b")
    document = {k: v for k, v in unscored.outcome.result.items() if k != "item_scores"}
    outcome = TrialOutcome("b", "b", Status.DONE, 1.0, document)
    assert remarks([kept(1, "a"), KeptTrial(2, "prompts", "", {"model": "m"}, {}, outcome)]) == ()


@pytest.mark.parametrize(("unread", "count"), [(5, 0), (6, 1)])
def test_answers_that_could_not_be_read_are_remarked_above_a_twentieth(
    unread: int, count: int
) -> None:
    lines = remarks([kept(3, "a", artefacts={"cut": unread})] * 2)
    assert len(lines) == count  # the same line once
    for line in lines:
        assert line == (
            "Own scores: prompt a of run 3 does not count: 6 % of its answers could not be read"
        )


def test_no_score_and_no_items_leave_no_error() -> None:
    trials = [kept(1, "a", items=0, score=0.0), kept(2, "b", items=0, score=0.0)]
    (line,) = remarks(trials)
    assert " 0.000 too high" in line
