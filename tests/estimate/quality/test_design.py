"""What a score is the sum of: one statement of formulas-quality.md each, checked by hand."""

from __future__ import annotations

from dataclasses import replace
from math import log, log10, sqrt

import numpy as np
import pytest

from advisor.estimate.quality.design import (
    Loadings,
    bent,
    curve_of,
    difference,
    flattened,
    loadings,
    prompt_share,
)
from advisor.estimate.quality.shape import CurvePoint, _kind, add_shape
from advisor.estimate.quality.skills import Skill, TaskProfile

TASK = TaskProfile("qa", "high")
DOCUMENTS = TaskProfile("qa", "high", documents=True)
LORA = Skill("tune/lora@m", "tune", "lora", "m-14b", 14.0, 500.0)
PROMPT = Skill("prompt/few-shot@m", "prompt", "few-shot", "m-14b", 14.0, released=2025.0)


def fixed(skill: Skill, task: TaskProfile = TASK, bend: float = 0.0) -> dict[str, float]:
    return {k: float(v) for k, v in loadings(task, skill, bend, "s", "t").fixed.items()}


def test_a_prompt_is_level_size_age_technique_and_examples() -> None:
    weights = fixed(PROMPT)
    shots = (1 - (6 / 6) ** -0.3) / 0.3  # five examples are the middle of the curve
    assert weights == pytest.approx(
        {
            "type:qa": 1.0,
            "prompt-year": 2.0,
            "prompt-size": log10(14 / 7),
            "prompt:few-shot": 1.0,
            "prompt-shots": shots,
        }
    )
    closed = fixed(replace(PROMPT, params_b=None))
    assert closed["prompt-closed"] == 1.0
    assert "prompt-size" not in closed


def test_more_examples_in_a_prompt_saturate() -> None:
    at = [fixed(replace(PROMPT, examples=n))["prompt-shots"] for n in (5.0, 11.0, 23.0, 47.0)]
    steps = np.diff(at)  # doublings of 1 + n
    assert np.all(steps > 0)
    assert steps[1] / steps[0] == pytest.approx(2**-0.3)


def test_seven_tenths_of_a_tuned_score_are_its_own() -> None:
    weights = fixed(LORA)
    assert weights["tune"] == pytest.approx(0.7)
    assert weights["tune-type:qa"] == pytest.approx(0.7)
    assert weights["tune-specificity"] == pytest.approx(0.7)
    assert weights["tune-size"] == pytest.approx(0.7 * log10(2))
    assert weights["tune-labels"] == pytest.approx(0.7 * log(0.5))
    assert weights["prompt-size"] == pytest.approx(0.3 * log10(2))
    assert not any(name.startswith("tune:") for name in weights)  # LoRA is the reference
    assert fixed(replace(LORA, technique="full"))["tune:full"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("skill", "task", "share"),
    [
        (PROMPT, TASK, 1.0),
        (LORA, TASK, 0.3),
        (replace(LORA, weak=True), TASK, 0.9),
        (replace(LORA, technique="reinforced"), TASK, 0.9),
        (replace(LORA, weak=True, encoder=True), TASK, 0.3),
        (LORA, DOCUMENTS, 0.9),
        (replace(LORA, encoder=True), DOCUMENTS, 0.3),
        (replace(LORA, approach="hybrid", technique="tuned-retrieval"), DOCUMENTS, 0.7),
        (replace(LORA, approach="hybrid", technique="tuned-few-shot"), TASK, 0.5),
        (replace(LORA, approach="hybrid", technique="added-few-shot"), TASK, 0.5),
        (replace(LORA, approach="hybrid", technique="cascade"), TASK, 0.5),
    ],
)
def test_how_far_a_score_moves_with_the_prompt(
    skill: Skill, task: TaskProfile, share: float
) -> None:
    assert prompt_share(task, skill) == share


def test_weak_tuning_has_a_constant_of_its_own_and_no_labels() -> None:
    weak = fixed(replace(LORA, weak=True))
    assert weak["tune-weak"] == 1.0
    assert "tune-labels" not in weak
    assert fixed(replace(LORA, technique="reinforced"))["tune:reinforced"] == 1.0


def test_a_closed_book_has_a_constant_in_place_of_the_tuned_one() -> None:
    weights = fixed(LORA, DOCUMENTS)
    assert weights["tune-closed-book"] == 1.0
    assert "tune" not in weights
    assert weights["tune-labels"] == pytest.approx(0.7 * log(0.5))


def test_a_hybrid_adds_its_own_constant_to_both_parts() -> None:
    weights = fixed(replace(LORA, approach="hybrid", technique="tuned-retrieval"))
    assert weights["hybrid:tuned-retrieval"] == 1.0
    assert weights["prompt:retrieval"] == pytest.approx(0.7)
    assert weights["tune"] == pytest.approx(0.3)
    assert not any(name.startswith("tune:") for name in weights)


@pytest.mark.parametrize(
    ("params_b", "technique", "kind"),
    [
        (19.9, "few-shot", "prompt-small"),
        (20.0, "few-shot", "prompt-large"),
        (None, "few-shot", "prompt-large"),
        (7.0, "searched", "prompt-large"),
    ],
)
def test_small_open_models_answer_plain_prompts_erratically(
    params_b: float | None, technique: str, kind: str
) -> None:
    skill = replace(PROMPT, params_b=params_b, technique=technique)
    kinds = {k for k, _ in loadings(TASK, skill, 0.0).deviations}
    assert kind in kinds
    assert not {"prompt-small", "prompt-large"} - {kind} & kinds


def test_what_a_source_leaves_out_is_the_usual() -> None:
    assert fixed(replace(LORA, examples=None)) == fixed(replace(LORA, examples=3000.0))
    assert fixed(replace(PROMPT, technique="many-shot"))["prompt-shots"] == pytest.approx(
        bent(501.0, 6.0, 0.3)
    )
    assert fixed(replace(PROMPT, technique="zero-shot"))["prompt-shots"] == 0.0


@pytest.mark.parametrize("bend", [0.0, 0.2, 0.5])
def test_every_family_has_slope_one_at_its_centre(bend: float) -> None:
    step = 1e-4
    rise = bent(1000 * np.exp(step), 1000.0, bend) - bent(1000 * np.exp(-step), 1000.0, bend)
    assert rise / (2 * step) == pytest.approx(1.0, abs=1e-6)


CURVE = [CurvePoint("tune/lora@m", "tune", "lora", n, True) for n in (100.0, 400.0, 1600.0)]


def shape(skill: Skill, task: TaskProfile = TASK, measured=CURVE) -> dict[str, float]:
    out = Loadings()
    add_shape(out, task, skill, 0.0, measured)
    return {f"{kind} {key}": float(v) for (kind, key), v in out.deviations.items()}


def test_a_curve_counts_from_its_last_point_in_doublings() -> None:
    at = shape(replace(LORA, id="tune/lora@m", examples=6400.0))
    calm = sqrt(1000 / 1600)  # the last point has 1,600 labels: slopes differ less from there on
    assert at["steepness labels"] == pytest.approx(2 * calm * sqrt(0.7))
    assert at["steepness tune/lora@m"] == pytest.approx(2 * calm * sqrt(0.3))
    drift = sum(v for k, v in at.items() if k.startswith("drift labels"))
    assert drift == pytest.approx(2 * calm * sqrt(0.7))


def test_a_common_curve_is_followed_down_to_its_first_point_only() -> None:
    other = replace(LORA, id="tune/qlora@x")
    at = [shape(replace(other, examples=n)) for n in (25.0, 100.0, 200.0)]
    assert at[0] == at[1]
    assert at[2]["steepness labels"] == pytest.approx(-3 * sqrt(0.7))
    assert all(not key.endswith(other.id) for key in at[2])  # it has no curve of its own


def test_one_point_is_not_a_curve_of_the_task() -> None:
    single = [replace(CURVE[0], on_curve=False)]
    own = shape(replace(LORA, id="tune/lora@m", examples=400.0), measured=single)
    assert own["steepness tune/lora@m"] == pytest.approx(2.0)
    assert shape(replace(LORA, id="tune/other@m"), measured=single) == {}


def test_labels_do_not_shape_a_prompt() -> None:
    assert shape(PROMPT) == {}
    hybrid = replace(LORA, id="h", approach="hybrid", technique="tuned-few-shot", examples=6400.0)
    assert shape(hybrid)["steepness labels"] == pytest.approx(0.5 * 2 * sqrt(0.7 / 1.6))


def test_examples_shape_a_prompt_of_examples_by_their_own_curve() -> None:
    """A few-shot curve counts shots; a zero-shot prompt and a tuned model do not run over them."""
    curve = [
        CurvePoint("prompt/few-shot@m", "prompt", "few-shot", n, True) for n in (2.0, 4.0, 8.0)
    ]
    at = shape(replace(PROMPT, id="prompt/few-shot@x", examples=32.0), measured=curve)
    assert at["steepness shots"] > 0
    assert at == shape(
        replace(PROMPT, id="prompt/few-shot@x", technique="many-shot", examples=32.0),
        measured=curve,
    )
    assert not any("labels" in key for key in at)
    assert shape(replace(PROMPT, technique="zero-shot", examples=None), measured=curve) == {}
    assert shape(LORA, measured=curve) == {}


def test_a_closed_book_curve_is_a_curve() -> None:
    skill = replace(LORA, id="tune/lora@m", examples=6400.0)
    assert shape(skill, DOCUMENTS) == shape(skill)


@pytest.mark.parametrize(
    ("approach", "technique", "kind"),
    [
        ("prompt", "zero-shot", ""),
        ("prompt", "retrieval", ""),
        ("prompt", "few-shot", "shots"),
        ("prompt", "many-shot", "shots"),
        ("tune", "lora", "labels"),
        ("hybrid", "tuned-few-shot", "labels"),
    ],
)
def test_a_curve_runs_over_labels_or_over_shown_examples(
    approach: str, technique: str, kind: str
) -> None:
    assert _kind(approach, technique) == kind


def test_the_slope_behind_a_tuned_score_is_one_of_each_weight_of_labels() -> None:
    slope = curve_of(loadings(TASK, LORA, 0.0, "s", "t"))
    assert slope is not None
    assert slope.fixed == {"tune-labels": 1.0}
    assert slope.deviations == {("labels-task", "s|t"): 1.0, ("labels-study", "s"): 1.0}
    assert curve_of(loadings(TASK, PROMPT, 0.0)) is None


def test_a_slope_below_the_flattest_is_raised_to_it() -> None:
    assert flattened(np.array([-0.5, 0.0, 0.02, 0.5])) == pytest.approx([0.52, 0.02, 0.0, 0.0])


def test_a_difference_holds_what_does_not_cancel_out() -> None:
    one = Loadings({"a": 1.0, "b": 2.0}, {("k", "x"): 1.0, ("k", "y"): 3.0})
    other = Loadings({"a": 1.0, "c": 0.5}, {("k", "x"): 1.0, ("k", "z"): 1.0})
    found = difference(one, other)
    assert found.fixed == {"b": 2.0, "c": -0.5}
    assert found.deviations == {("k", "y"): 3.0, ("k", "z"): -1.0}
    varied = difference(Loadings({"a": np.array([1.0, 2.0])}), Loadings({"a": 1.0}))
    assert varied.fixed["a"].tolist() == [0.0, 1.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("skill", "deviations"),
    [
        (
            PROMPT,
            {
                "study s": 1.0,
                "task s|t": 1.0,
                "model s|m-14b": 1.0,
                "prompt-shown s|t": 1.0,
                "prompt-technique s|few-shot": 1.0,
                "prompt-technique-task s|t|few-shot": 1.0,
                "shots-task s|t": 0.0,
                "prompt-task s|t": 1.0,
                "prompt-model s|m-14b": 1.0,
                "prompt-small s|t|m-14b": 1.0,
                "answer-prompt s|t|prompt/few-shot@m": 1.0,
            },
        ),
        (
            replace(LORA, encoder=True, technique="encoder"),
            {
                "study s": 1.0,
                "task s|t": 1.0,
                "model s|m-14b": 1.0,
                "prompt-task s|t": 0.3,
                "prompt-model s|m-14b": 0.3,
                "prompt-small s|t|m-14b": 0.3,
                "labels-task s|t": 0.7 * log(0.5),
                "labels-study s": 0.7 * log(0.5),
                "tune-study s": 0.7,
                "tune-task s|t": 0.7,
                "tune-technique s|encoder": 0.7,
                "tune-model s|m-14b": 0.7,
                "tune-model-task s|t|m-14b": 0.7,
                "answer-tune s|t|tune/lora@m": 1.0,
            },
        ),
    ],
)
def test_deviations_are_shared_by_model_technique_task_and_study(
    skill: Skill, deviations: dict[str, float]
) -> None:
    found = loadings(TASK, skill, 0.0, "s", "t").deviations
    named = {f"{kind} {key}": float(value) for (kind, key), value in found.items()}
    assert named == pytest.approx(deviations)


@pytest.mark.parametrize(
    ("skill", "weights"),
    [
        (
            replace(LORA, encoder=True, technique="encoder"),
            {"tune": 0.7, "tune-type:qa": 0.7, "tune-specificity": 0.7, "tune:encoder": 0.7},
        ),
        (replace(LORA, params_b=None), {"prompt-closed": 0.3}),
    ],
)
def test_an_encoder_has_neither_size_nor_age_and_a_closed_model_no_size(
    skill: Skill, weights: dict[str, float]
) -> None:
    found = fixed(skill)
    assert {name: found[name] for name in weights} == pytest.approx(weights)
    assert "tune-size" not in found
    assert "prompt-size" not in found
    assert ("prompt-year" in found) is not skill.encoder


def test_many_classes_weigh_on_a_prompt_and_ask_for_more_labels() -> None:
    task = TaskProfile("classification", "low", labels=300)
    assert fixed(PROMPT, task)["prompt-classes"] == pytest.approx(log10(100))
    tuned = fixed(LORA, task)
    assert tuned["prompt-classes"] == pytest.approx(0.3 * 2)
    assert tuned["tune-labels"] == pytest.approx(0.7 * log(500 * sqrt(3 / 300) / 1000))
    assert tuned["tune-specificity"] == pytest.approx(-0.7)
    assert "prompt-classes" not in fixed(PROMPT)


@pytest.mark.parametrize(
    ("technique", "adds"), [("self-consistency", {"prompt:voting": 1.0}), ("chain-of-thought", {})]
)
def test_a_vote_adds_to_a_chain_of_thought(technique: str, adds: dict[str, float]) -> None:
    found = fixed(replace(PROMPT, technique=technique))
    assert found["prompt:chain-of-thought"] == 1.0
    assert {k: v for k, v in found.items() if k == "prompt:voting"} == adds


def test_a_model_is_no_newer_than_the_evidence() -> None:
    assert fixed(replace(PROMPT, released=2030.0))["prompt-year"] == 3.5
    assert fixed(replace(PROMPT, released=None, model="gpt-4"))["prompt-year"] == pytest.approx(0.3)


def test_what_a_hybrid_adds_deviates_by_study_and_by_task() -> None:
    hybrid = replace(LORA, id="h", approach="hybrid", technique="tuned-retrieval")
    found = loadings(TASK, hybrid, 0.0, "s", "t").deviations
    own = {key: value for key, value in found.items() if key[0].startswith("hybrid")}
    assert own == {("hybrid-study", "s"): 1.0, ("hybrid-task", "s|t"): 1.0}
    assert found["answer-hybrid", "s|t|h"] == 1.0
    assert found["tune-task", "s|t"] == pytest.approx(0.3)
    assert found["prompt-task", "s|t"] == pytest.approx(0.7)
