"""Scores of options: measured ones are pinned, related ones move, draws are stable and joint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.brief import Score
from advisor.core.quantity import Basis, Range
from advisor.estimate.quality import Skill, TaskProfile, scores
from advisor.estimate.quality.prediction import _best_prompt, points_of, size_in_name
from advisor.estimate.quality.skills import release_year

SIZE = 4001
TASK = TaskProfile("extraction", "medium")
SONNET = Skill("prompt/few-shot@claude-sonnet-5", "prompt", "few-shot", "claude-sonnet-5")
HAIKU = Skill("prompt/few-shot@claude-haiku-4-5", "prompt", "few-shot", "claude-haiku-4-5")
LORA = Skill("tune/lora@llama-3.1-8b", "tune", "lora", "llama-3.1-8b", 8.0, 18_000.0)
QLORA = Skill("tune/qlora@llama-3.1-8b", "tune", "qlora", "llama-3.1-8b", 8.0, 18_000.0)
HYBRID = Skill(
    "hybrid/tuned-few-shot@llama-3.1-8b", "hybrid", "tuned-few-shot", "llama-3.1-8b", 8.0, 18_000.0
)


def streams(size: int, seed: int | None = 1) -> Callable[[str], np.ndarray]:
    def normals(id: str) -> np.ndarray:
        if seed is None:
            return np.zeros(size)
        z = np.random.default_rng([seed, crc32(id.encode())]).standard_normal(size)
        z[0] = 0.0
        return z

    return normals


def run(skills, measured=(), task=TASK, size=SIZE, seed: int | None = 1):
    return scores(task, skills, measured, normals=streams(size, seed), size=size)


def measure(skill: Skill, score: float, items: int, n: int = 0) -> Score:
    return Score(skill.approach, skill.technique, skill.model, score, items, 0.0, n)


def test_a_measured_score_is_as_sure_as_its_test_set() -> None:
    scored = run([HAIKU], [measure(HAIKU, 0.842, 600)])[HAIKU.id]
    binomial = (0.842 * 0.158 / 600) ** 0.5
    assert scored.rows[0] == pytest.approx(0.842, abs=0.004)
    assert np.std(scored.rows) == pytest.approx(binomial, rel=0.1)
    assert np.mean(scored.rows >= 0.9) < 0.05
    assert scored.basis is Basis.MEASURED
    assert scored.detail == "0.842 on 600 items"


def test_close_scores_on_few_items_are_nearly_a_tie() -> None:
    scored = run([SONNET, LORA], [measure(SONNET, 0.905, 600), measure(LORA, 0.912, 600, 18_000)])
    ahead = np.mean(scored[LORA.id].rows > scored[SONNET.id].rows)
    assert 0.5 < ahead < 0.8


def test_row_0_is_the_median_of_the_draws() -> None:
    for prediction in run([SONNET, LORA, HYBRID], [measure(SONNET, 0.8, 200)]).values():
        assert prediction.rows[0] == pytest.approx(float(np.median(prediction.rows[1:])), abs=0.02)


def test_one_seed_gives_one_answer_and_another_skill_changes_no_draw() -> None:
    measured = [measure(SONNET, 0.85, 300)]
    alone, again, beside = (
        run([SONNET, LORA], measured),
        run([SONNET, LORA], measured),
        run([HYBRID, LORA, QLORA, SONNET], measured),
    )
    for name in (SONNET.id, LORA.id):
        assert np.array_equal(alone[name].rows, again[name].rows)
        np.testing.assert_allclose(alone[name].rows, beside[name].rows, rtol=1e-9)


def test_a_score_moves_its_kin_and_the_nearest_most() -> None:
    stranger = Skill("tune/lora@gemma-2-9b", "tune", "lora", "gemma-2-9b", 9.0, 18_000.0)
    skills = [SONNET, LORA, QLORA, stranger]
    before, after = run(skills), run(skills, [measure(LORA, 0.97, 1000, 18_000)])
    up = {name: logit(after[name].rows[0]) - logit(before[name].rows[0]) for name in before}
    assert up[LORA.id] > up[QLORA.id] > up[stranger.id] > up[SONNET.id] > 0
    assert np.std(after[QLORA.id].rows) < np.std(before[QLORA.id].rows)
    assert "0.970 of tune/lora@llama-3.1-8b" in after[QLORA.id].detail


def logit(q: float) -> float:
    return float(np.log(q / (1 - q)))


def test_an_unmeasured_score_rests_on_published_studies() -> None:
    scored = run([SONNET])[SONNET.id]
    assert scored.basis is Basis.PUBLISHED
    assert "extraction" in scored.detail


def test_options_of_one_model_go_up_and_down_together() -> None:
    scored = run([LORA, QLORA, SONNET])
    with_kin = np.corrcoef(scored[LORA.id].rows, scored[QLORA.id].rows)[0, 1]
    with_stranger = np.corrcoef(scored[LORA.id].rows, scored[SONNET.id].rows)[0, 1]
    assert with_kin > with_stranger > 0


def test_human_agreement_is_a_ceiling() -> None:
    scored = run(
        [LORA], [measure(LORA, 0.94, 500, 18_000)], TaskProfile("extraction", human_ceiling=0.93)
    )[LORA.id]
    assert scored.rows.max() == pytest.approx(0.94)  # what was measured stays
    unmeasured = run(
        [QLORA], [measure(LORA, 0.99, 5000, 18_000)], TaskProfile("extraction", human_ceiling=0.93)
    )[QLORA.id]
    assert unmeasured.rows.max() <= 0.93


def test_an_expected_uplift_replaces_the_evidence() -> None:
    uplift = Range(-0.03, 0.02, 0.07)
    task = TaskProfile("extraction", expected_uplift=uplift)
    scored = run([SONNET, LORA], [measure(SONNET, 0.7, 100_000)], task)
    gain = scored[LORA.id].rows - scored[SONNET.id].rows
    assert gain[0] == pytest.approx(0.02, abs=1e-9)
    assert np.quantile(gain, [0.1, 0.9]) == pytest.approx([-0.03, 0.07], abs=0.005)


def test_a_measured_tuned_score_beats_an_expectation() -> None:
    measured = [measure(SONNET, 0.7, 500), measure(LORA, 0.9, 500, 18_000)]
    told = run(
        [SONNET, LORA], measured, TaskProfile("extraction", expected_uplift=Range(-0.3, -0.2, -0.1))
    )
    assert np.array_equal(told[LORA.id].rows, run([SONNET, LORA], measured)[LORA.id].rows)


def test_the_last_score_of_one_option_holds() -> None:
    twice = [measure(SONNET, 0.5, 400), measure(SONNET, 0.8, 400)]
    assert np.array_equal(
        run([SONNET], twice)[SONNET.id].rows, run([SONNET], twice[1:])[SONNET.id].rows
    )


def test_far_extrapolation_is_said() -> None:
    curve = [measure(LORA, 0.6, 300, 100), measure(LORA, 0.7, 300, 1000)]
    near, far = run([_at(4000.0)], curve)[LORA.id], run([_at(20_000.0)], curve)[LORA.id]
    assert near.basis is far.basis is Basis.MODELLED
    assert "4.0 x beyond the last point at 1,000" in near.detail
    assert "far" not in near.detail
    assert "more than 8 x: far" in far.detail


def test_spread_between_runs_widens_a_score() -> None:
    calm = run([SONNET], [Score("prompt", "few-shot", "claude-sonnet-5", 0.8, 400, 0.0)])[SONNET.id]
    wild = run([SONNET], [Score("prompt", "few-shot", "claude-sonnet-5", 0.8, 400, 0.05)])[
        SONNET.id
    ]
    assert np.std(wild.rows) > 1.5 * np.std(calm.rows)


def test_names_are_compared_without_regard_to_case() -> None:
    score = Score("prompt", "few-shot", "Claude-Sonnet-5", 0.8, 400)
    assert run([SONNET], [score])[SONNET.id].basis is Basis.MEASURED


@settings(max_examples=15)
@given(st.lists(st.floats(1, 1e6), min_size=3, max_size=3))
def test_what_if_cases_agree_with_one_case_each(labels: list[float]) -> None:
    measured = [measure(LORA, 0.8, 300, 1000), measure(LORA, 0.9, 300, 8000)]
    rows = np.array(labels)
    together = scores(TASK, [_at(rows)], measured, normals=streams(3, None), size=3)[LORA.id].rows
    single = [
        scores(TASK, [_at(n)], measured, normals=streams(1, None), size=1)[LORA.id].rows[0]
        for n in labels
    ]
    np.testing.assert_allclose(together, single, rtol=1e-9)


def _at(n) -> Skill:
    return Skill(LORA.id, "tune", "lora", LORA.model, 8.0, n)


@settings(max_examples=25)
@given(st.floats(0, 1), st.integers(1, 5000), st.sampled_from([SONNET, LORA, HYBRID]))
def test_scores_stay_between_0_and_1(score: float, items: int, skill: Skill) -> None:
    for prediction in run([SONNET, LORA, HYBRID], [measure(skill, score, items)], size=64).values():
        assert np.all((prediction.rows >= 0) & (prediction.rows <= 1))


@pytest.mark.parametrize(
    ("model", "year", "month"),
    [
        ("bert-base-uncased", 2018, 10),
        ("t5-large", 2019, 10),
        ("gpt-3 (davinci)", 2020, 6),
        ("gpt-3.5-turbo", 2022, 11),
        ("llama-7b", 2023, 2),
        ("gpt-4", 2023, 3),
        ("llama-2-13b", 2023, 7),
        ("mistral-7b", 2023, 9),
        ("gpt-4o", 2024, 5),
        ("llama-3.1-8b", 2024, 7),
        ("gemma-2-9b", 2024, 6),
        ("qwen2.5-7b", 2024, 9),
        ("gemma-3-4b", 2025, 3),
        ("gpt-4.1-mini", 2025, 4),
        ("qwen3-8b", 2025, 4),
        ("gpt-5-mini", 2025, 8),
    ],
)
def test_a_model_is_as_old_as_its_maker_says(model: str, year: int, month: int) -> None:
    """Families are coarse: within a year of the announcement, and within half a year of 2023's."""
    off = 1.2 if year < 2022 else 0.6
    assert release_year(model) == pytest.approx(year + (month - 0.5) / 12, abs=off)


def test_the_gain_of_documents_is_not_that_of_examples() -> None:
    """A tuned model scored without documents, and a hybrid with them, which gains a lot: examples
    in the prompt of that model are not expected to gain as much.
    """
    task = TaskProfile("code", "high", documents=True)
    with_documents = Skill(
        "hybrid/tuned-retrieval@llama-3.1-8b",
        "hybrid",
        "tuned-retrieval",
        "llama-3.1-8b",
        8.0,
        18e3,
    )
    measured = [
        measure(SONNET, 0.44, 400),
        measure(LORA, 0.645, 400, 18_000),
        measure(with_documents, 0.9, 400, 18_000),
    ]
    by_id = run([SONNET, LORA, with_documents, HYBRID], measured, task)
    assert by_id[with_documents.id].rows[0] == pytest.approx(0.9, abs=0.01)
    assert by_id[HYBRID.id].rows[0] < by_id[LORA.id].rows[0] + 0.02


def test_a_measured_score_is_a_logit_with_the_variance_of_its_items_and_runs() -> None:
    """p (1 − p) ÷ n on the score, over the slope of the logit squared; three quarters of a curve's
    share its test set.
    """
    alone = points_of([LORA], [Score("tune", "lora", LORA.model, 0.8, 200, 0.03, 500)], {})[0]
    assert alone.n == 500
    assert alone.logit == pytest.approx(np.log(0.8 / 0.2))
    assert alone.own == pytest.approx(1 / (200 * 0.16) + (0.03 / 0.16) ** 2)
    assert alone.shared == 0.0
    curve = points_of([LORA], [measure(LORA, 0.8, 200, 500), measure(LORA, 0.85, 200, 900)], {})
    assert [p.shared for p in curve] == pytest.approx([0.75 / (200 * 0.16), 0.75 / (200 * 0.1275)])
    assert curve[0].own == pytest.approx(0.25 / (200 * 0.16))


@pytest.mark.parametrize(
    ("score", "items", "kept"),
    [(0.0, 50, 0.01), (1.0, 50, 0.99), (0.5, 0, 0.5), (1.0, 1, 0.5), (0.9, 50, 0.9)],
)
def test_half_an_item_keeps_a_score_from_nothing_and_from_all(
    score: float, items: int, kept: float
) -> None:
    point = points_of([SONNET], [measure(SONNET, score, items)], {})[0]
    assert point.logit == pytest.approx(float(np.log(kept / (1 - kept))))
    assert point.own == pytest.approx(1 / (max(items, 1) * kept * (1 - kept)))


def test_a_scored_model_that_is_no_option_has_the_size_that_is_known_or_named() -> None:
    named = Score("tune", "encoder", "Llama-2-7B", 0.8, 100)
    found = points_of([LORA], [named], {})[0].skill
    assert (found.id, found.params_b, found.encoder) == ("tune/encoder@Llama-2-7B", 7.0, True)
    assert found.examples is None
    given = points_of([LORA], [named], {"llama-2-7b": 6.7})[0].skill
    assert given.params_b == 6.7
    closed = points_of([LORA], [named], {"llama-2-7b": None})[0].skill
    assert closed.params_b is None
    plain = points_of([LORA], [Score("prompt", "few-shot", "claude-4", 0.8, 100)], {})[0].skill
    assert (plain.params_b, plain.encoder) == (None, False)


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("llama-2-7b-80k", 7.0),
        ("qwen2.5-0.5b", 0.5),
        ("phi-3.5", None),
        ("model-7bit", None),
        ("mixtral-8x7b", 7.0),  # of an expert: all that the name says
    ],
)
def test_billions_of_parameters_in_a_name(name: str, billions: float | None) -> None:
    assert size_in_name(name) == billions


def test_the_best_measured_prompt_leads_the_neighbours_unless_something_tuned_was_measured() -> (
    None
):
    scored = [measure(SONNET, 0.9, 500), measure(HAIKU, 0.6, 500)]
    best = _best_prompt(points_of([SONNET, HAIKU], scored, {}))
    assert best is not None
    assert best.score.score == 0.9
    mixed = points_of([SONNET, LORA], [scored[0], measure(LORA, 0.5, 500)], {})
    assert _best_prompt(mixed) is None
    assert _best_prompt([]) is None


def test_a_score_names_its_source_else_the_brief() -> None:
    plain = run([SONNET], [measure(SONNET, 0.8, 400)])[SONNET.id]
    assert plain.source == "the brief's scores"
    named = Score("prompt", "few-shot", SONNET.model, 0.8, 400, source="log.csv", as_of="2026-11")
    found = run([SONNET], [named])[SONNET.id]
    assert (found.source, found.as_of) == ("log.csv", "2026-11")


@pytest.mark.parametrize(
    ("n", "basis", "words"),
    [
        (1000.0, Basis.MEASURED, "0.700 on 300 items"),
        (1500.0, Basis.MEASURED, "at 1,000 examples; curve of 2 points read at 1,500"),
        (40.0, Basis.MEASURED, "at 100 examples; curve of 2 points read at 40"),
        (39.0, Basis.MODELLED, "curve of 2 points; 39 examples lie below the first point at 100"),
        (2600.0, Basis.MODELLED, "extrapolated 2.6 x beyond the last point at 1,000"),
    ],
)
def test_a_curve_says_where_it_was_read(n: float, basis: Basis, words: str) -> None:
    curve = [measure(LORA, 0.6, 300, 100), measure(LORA, 0.7, 300, 1000)]
    found = run([_at(n)], curve, size=64)[LORA.id]
    assert found.basis is basis
    assert words in found.detail


def test_what_moved_an_unmeasured_score_is_its_kin_and_only_the_last_two() -> None:
    others = [
        measure(SONNET, 0.81, 100),
        measure(HAIKU, 0.72, 100),
        measure(QLORA, 0.93, 100, 18_000),
    ]
    found = run([LORA], others, size=64)[LORA.id]
    assert found.basis is Basis.MODELLED
    assert found.detail.endswith("moved by 0.930 of tune/qlora@llama-3.1-8b")
    stranger = Skill("tune/encoder@bert", "tune", "encoder", "bert", 0.1, 500.0, encoder=True)
    moved = run([stranger], others[:2], size=64)[stranger.id].detail
    assert moved.endswith("0.810 of prompt/few-shot@claude-sonnet-5, 0.720 of " + HAIKU.id)
    preferred = Skill("tune/dpo@llama-3.1-8b", "tune", "dpo", LORA.model, 8.0, 500.0)
    assert "as tuned on the preferred answers" in run([preferred], size=64)[preferred.id].detail
    assert "as tuned on the preferred answers" not in run([LORA], size=64)[LORA.id].detail


def test_a_prompt_without_room_for_all_classes_answers_with_those_it_names() -> None:
    """4 tokens per class: 500 of them name 125 of 500 classes, half of the requests by the square
    root law; what was measured stays.
    """
    many = TaskProfile("classification", labels=500)
    short = replace(SONNET, static_tokens=500.0)
    wide = replace(SONNET, static_tokens=2000.0)
    free = run([SONNET], task=many, size=1, seed=None)[SONNET.id].rows[0]
    cut = run([short], task=many, size=1, seed=None)[SONNET.id]
    assert cut.rows[0] == pytest.approx(free * 0.5)
    assert "its prompt of 500 tokens cannot name 500 classes" in cut.detail
    whole = run([wide], task=many, size=1, seed=None)[SONNET.id]
    assert whole.rows[0] == pytest.approx(free)
    assert "cannot name" not in whole.detail
    uncounted = run([short], task=TaskProfile("classification"), size=1, seed=None)[SONNET.id]
    plain = run([SONNET], task=TaskProfile("classification"), size=1, seed=None)[SONNET.id]
    assert uncounted.rows[0] == pytest.approx(plain.rows[0])
    tested = run([short], [measure(SONNET, 0.9, 5000)], many, size=1, seed=None)[SONNET.id]
    assert tested.rows[0] == pytest.approx(0.9, abs=0.01)
