"""Predictions averaged with the nearest decisions: what moves, what stays, and what is monotone."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.brief import Score
from advisor.estimate.quality import Skill, TaskProfile, scores
from advisor.estimate.quality.blending import STRUCTURE, blended, ranks
from advisor.estimate.quality.design import USUAL_LABELS
from advisor.estimate.quality.nearest import DecisionTraits, Neighbours, PublishedDecision

SIZE = 2001
TASK = TaskProfile("qa", "medium")
PROMPT = Skill("prompt/few-shot@gpt-6-luna", "prompt", "few-shot", "gpt-6-luna")
LORA = Skill("tune/lora@llama-3.1-8b", "tune", "lora", "llama-3.1-8b", 8.0, 3000.0)
RETRIEVAL = Skill(
    "hybrid/tuned-retrieval@llama-3.1-8b",
    "hybrid",
    "tuned-retrieval",
    "llama-3.1-8b",
    8.0,
    3000.0,
)
ABOUT = DecisionTraits("qa", False, False, False, 0.6, USUAL_LABELS)


def normals(id: str) -> np.ndarray:
    z = np.random.default_rng([5, crc32(id.encode())]).standard_normal(SIZE)
    z[0] = 0.0
    return z


def of(skill: Skill, prompt_score: float, task: TaskProfile = TASK, technique: str = "few-shot"):
    measured = [Score("prompt", technique, PROMPT.model, prompt_score, 500)]
    return scores(task, [skill], measured, normals=normals, size=SIZE)[skill.id].rows


def test_a_low_prompt_lowers_what_tuning_is_expected_to_reach() -> None:
    medians = [of(LORA, score)[0] for score in (0.2, 0.4, 0.6, 0.8, 0.95)]
    assert medians == sorted(medians)
    assert medians[0] < 0.65 < medians[-1]


def test_without_documents_a_tuned_model_keeps_the_closed_book_level() -> None:
    documents = replace(TASK, documents=True)
    closed_book = of(LORA, 0.8, documents, "retrieval")
    assert np.median(closed_book) < np.median(of(LORA, 0.8))
    assert np.mean(closed_book > 0.8) < 0.45 < np.mean(of(LORA, 0.8) > 0.8)
    assert np.median(of(RETRIEVAL, 0.8, documents, "retrieval")) > np.median(closed_book)


@settings(max_examples=10)
@given(st.floats(0.05, 0.95), st.floats(1, 1e5), st.floats(1.1, 100))
def test_more_labels_never_lower_a_prediction(prompt: float, labels: float, times: float) -> None:
    fewer, more = (of(replace(LORA, examples=n), prompt)[0] for n in (labels, labels * times))
    assert more >= fewer - 1e-9


def test_a_prediction_is_the_average_of_structure_and_neighbours() -> None:
    """All decisions gained 0.2 of 0.4; the structure says 0.1; half of each is 0.15."""
    near = Neighbours([PublishedDecision("a", ABOUT, 0.8, None)])
    prompt = np.full(5, 0.6)
    moved = blended(
        "tune", ABOUT, prompt + 0.1, prompt, USUAL_LABELS, np.zeros(5, dtype=bool), near
    )
    assert STRUCTURE["tune"] == 0.5
    assert moved == pytest.approx(np.full(5, 0.75))


def test_the_order_of_draws_stays() -> None:
    gains = np.random.default_rng(1).normal(0.1, 0.1, 1000)
    prompt = np.full(1000, 0.5)
    moved = blended("tune", ABOUT, prompt + gains, prompt, USUAL_LABELS, np.zeros(1000, dtype=bool))
    assert np.array_equal(np.argsort(moved, kind="stable"), np.argsort(gains, kind="stable"))


def test_a_median_case_has_the_middle_rank() -> None:
    median = np.array([True, False, False])
    assert ranks(np.array([9.0, 2.0, 1.0]), median) == pytest.approx([0.5, 0.75, 0.25])


def test_what_if_cases_are_those_of_the_median() -> None:
    measured = [Score("prompt", "few-shot", PROMPT.model, 0.6, 500)]
    drawn = scores(TASK, [LORA], measured, normals=normals, size=SIZE)[LORA.id].rows
    what_if = scores(TASK, [LORA], measured, normals=lambda _: np.zeros(3), size=3)[LORA.id].rows
    assert what_if == pytest.approx(np.full(3, drawn[0]))


def test_a_measured_tuned_score_is_not_averaged_away() -> None:
    measured = [
        Score("prompt", "few-shot", PROMPT.model, 0.5, 500),
        Score("tune", "lora", LORA.model, 0.95, 5000, 0.0, 3000),
    ]
    rows = scores(TASK, [LORA], measured, normals=normals, size=SIZE)[LORA.id].rows
    assert rows[0] == pytest.approx(0.95, abs=0.005)


def test_another_option_changes_no_draw() -> None:
    measured = [Score("prompt", "few-shot", PROMPT.model, 0.6, 500)]
    alone = scores(TASK, [LORA], measured, normals=normals, size=SIZE)[LORA.id].rows
    beside = scores(TASK, [PROMPT, RETRIEVAL, LORA], measured, normals=normals, size=SIZE)
    np.testing.assert_allclose(alone, beside[LORA.id].rows, rtol=1e-9)


def test_votes_add_to_chain_of_thought() -> None:
    thought, votes = (
        Skill(f"prompt/{t}@m", "prompt", t, "gpt-6-luna")
        for t in ("chain-of-thought", "self-consistency")
    )
    rows = scores(TASK, [thought, votes], [], normals=normals, size=SIZE)
    odds = [np.log(r.rows[0] / (1 - r.rows[0])) for r in rows.values()]
    assert odds[1] - odds[0] == pytest.approx(0.35, abs=0.01)
