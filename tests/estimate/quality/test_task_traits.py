"""What is known of the task moves scores the right way: classes, labels, and the kind of metric."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.brief import Score
from advisor.estimate.quality import Skill, TaskProfile, labels_to_reach, load, scores
from advisor.estimate.quality.class_list import answerable_share, names_all
from advisor.estimate.quality.metric_kind import MetricKind, kind_of
from advisor.estimate.quality.skills import FEWEST_CLASSES, USUAL_CLASSES, release_year

SIZE = 2001
QUANTILES = (0.1, 0.5, 0.9)
INTENTS = TaskProfile("classification", output="label", labels=40)
PROMPT = Skill("prompt/few-shot@gpt-6-luna", "prompt", "few-shot", "gpt-6-luna")
LORA = Skill("tune/lora@qwen3-8b", "tune", "lora", "qwen3-8b", 8.0, 3_000.0)
ENCODER = Skill("tune/encoder@bert", "tune", "encoder", "bert", 0.11, 3_000.0, encoder=True)
COUNTS = st.integers(min_value=2, max_value=100_000)


def normals(id: str) -> np.ndarray:
    z = np.random.default_rng([5, crc32(id.encode())]).standard_normal(SIZE)
    z[0] = 0.0
    return z


def quantiles(skill: Skill, task: TaskProfile = INTENTS, measured: tuple[Score, ...] = ()):
    rows = scores(task, [skill], measured, normals=normals, size=SIZE)[skill.id].rows
    return np.quantile(rows, QUANTILES)


@settings(max_examples=12, deadline=None)
@given(COUNTS, COUNTS, st.sampled_from([PROMPT, LORA, ENCODER]))
def test_more_classes_never_raise_a_score(one: int, other: int, skill: Skill) -> None:
    few, many = sorted((one, other))
    at = [quantiles(skill, replace(INTENTS, labels=n)) for n in (few, many)]
    assert np.all(at[0][:2] >= at[1][:2] - 1e-9)


@settings(max_examples=12, deadline=None)
@given(
    st.floats(min_value=10, max_value=1e6),
    st.floats(min_value=1, max_value=100),
    st.sampled_from([LORA, ENCODER]),
)
def test_more_labels_never_lower_a_tuned_score(n: float, times: float, skill: Skill) -> None:
    rows = [
        scores(INTENTS, [replace(skill, examples=m)], (), normals=normals, size=SIZE)[skill.id].rows
        for m in (n, n * times)
    ]
    assert np.all(rows[1] >= rows[0] - 1e-9)


def test_more_classes_take_more_labels_in_proportion() -> None:
    needed = [
        labels_to_reach(replace(INTENTS, labels=n), LORA, (), 0.8, normals=normals, size=SIZE)
        for n in (4, 8)
    ]
    if all(q.range.p50 is not None for q in needed):
        assert needed[1].range.likely >= needed[0].range.likely
    few, many = (
        scores(
            replace(INTENTS, labels=n),
            [replace(ENCODER, examples=100.0 * n)],
            (),
            normals=normals,
            size=SIZE,
        )[ENCODER.id].rows[0]
        for n in (10, 1000)
    )
    assert few == pytest.approx(many, abs=0.1)  # as many labels per class: nearly the same score


@pytest.mark.parametrize(
    ("task", "classes"),
    [
        (replace(INTENTS, labels=0), USUAL_CLASSES),
        (replace(INTENTS, labels=1), FEWEST_CLASSES),
        (replace(INTENTS, labels=77), 77),
        (TaskProfile("extraction", labels=77), USUAL_CLASSES),
    ],
)
def test_only_a_classification_has_classes(task: TaskProfile, classes: float) -> None:
    assert task.classes == classes


def test_what_nobody_counted_is_taken_as_a_few_classes() -> None:
    unknown, few, many = (quantiles(PROMPT, replace(INTENTS, labels=n))[1] for n in (0, 3, 300))
    assert unknown == pytest.approx(few)
    assert many < few - 0.03


def test_the_encoder_of_a_public_intent_benchmark_is_within_reach() -> None:
    """40 intents, 15,000 labels: BANKING77 0.93 to 0.95, CLINC150 0.96 to 0.97, SNIPS 0.98."""
    p10, p50, p90 = quantiles(replace(ENCODER, examples=15_000.0))
    assert p50 > 0.8
    assert p10 < 0.93 < p90


@pytest.mark.parametrize(
    ("metric", "task", "kind"),
    [
        ("accuracy", "classification", MetricKind.SHARE),
        ("exact match", "extraction", MetricKind.SHARE),
        ("micro-F1", "extraction", MetricKind.SHARE),
        ("weighted F1", "classification", MetricKind.SHARE),
        ("macro F1", "classification", MetricKind.MACRO),
        ("ROUGE-L", "summarisation", MetricKind.OVERLAP),
        ("chrF++", "translation", MetricKind.OVERLAP),
        ("F1", "dialogue", MetricKind.OVERLAP),
        ("F1", "qa", MetricKind.SHARE),
        ("share of letters a physician accepts", "summarisation", MetricKind.JUDGED),
        ("LLM judge", "dialogue", MetricKind.JUDGED),
    ],
)
def test_the_kind_of_a_metric_is_in_its_name(metric: str, task: str, kind: MetricKind) -> None:
    assert kind_of(metric, task) is kind


def test_overlap_with_a_reference_scores_far_below_acceptance() -> None:
    letters = TaskProfile("summarisation", "high", metric=MetricKind.JUDGED)
    accepted = quantiles(PROMPT, letters)[1]
    overlap = quantiles(PROMPT, replace(letters, metric=MetricKind.OVERLAP))[1]
    assert accepted > overlap + 0.2


def test_directions_hold_in_the_shipped_coefficients() -> None:
    for family in load().families:
        weight = dict(zip(family.names, family.mean, strict=True))
        assert weight["prompt-classes"] < 0 < weight["tune-labels"]
        assert weight["metric:overlap"] < weight["metric:macro"] < 0
        assert weight["prompt-year"] > 0


def test_a_prompt_answers_with_the_classes_that_it_names() -> None:
    assert names_all(300, 1_500)
    assert not names_all(6_000, 1_500)
    share = answerable_share(6_000, 1_500, normals)
    assert share[0] == pytest.approx((1_500 / 24_000) ** 0.5)
    assert np.all(answerable_share(12, 1_000, normals) == 1.0)
    short = replace(PROMPT, static_tokens=1_500.0)
    task = replace(INTENTS, labels=6_000)
    whole = quantiles(replace(PROMPT, static_tokens=200_000.0), task)[1]
    assert quantiles(short, task)[1] < 0.4 * whole
    tested = Score("prompt", "few-shot", "gpt-6-luna", 0.7, 5_000)
    assert quantiles(short, task, (tested,))[1] == pytest.approx(0.7, abs=0.01)


def test_models_of_one_name_are_not_taken_for_their_successors() -> None:
    assert release_year("gemma-2b") < release_year("gemma-2-2b")
    assert all(release_year(name) < 2024 for name in ("Mixtral-8x7B", "WizardLM-13B", "PaLM-2 L"))
