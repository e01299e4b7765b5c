"""The estimators bound to a brief: shapes, what a change changes, and what is looked up at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.core.option import Estimate, score_input
from advisor.core.quantity import Range
from advisor.decide.ranking import full
from advisor.facts import load
from advisor.judging.evaluation import Evaluation, evaluation
from advisor.judging.surroundings import Surroundings
from tests.options import brief, prompt, rented, setting, still_to_pay

NONE = Range(0, 0, 0)
VOLUME = "traffic.requests_per_month"


def bound(case: Brief | None = None) -> Evaluation:
    return Evaluation(case or brief(), setting(), (prompt("batch"), rented()))


@cache
def nothing_but_facts() -> Surroundings:
    return Surroundings(load(), None, None, None)


def totals(estimates: Iterable[Estimate], size: int) -> list[np.ndarray]:
    return [full(e["horizon.total"], size) for e in estimates]


@pytest.mark.parametrize("count", [1, 50])
def test_draws_come_after_the_likely_case(count: int) -> None:
    drawn = bound().draws(count, 7)
    likely = bound().draws(0, 7)
    assert drawn.size == count + 1
    assert [e.option for e in drawn.estimates] == [prompt("batch"), rented()]
    for whole, alone in zip(
        totals(drawn.estimates, drawn.size), totals(likely.estimates, 1), strict=True
    ):
        assert whole[0] == pytest.approx(alone[0])


def test_the_same_seed_draws_the_same_and_another_seed_does_not() -> None:
    one, again, other = (totals(bound().draws(50, seed).estimates, 51)[1] for seed in (7, 7, 8))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_what_if_changes_one_input_in_one_row() -> None:
    """Twice the requests cost twice the tokens; the first row changes nothing."""
    changed = bound().what_if([(VOLUME, 6_000_000.0), ("team.hourly_usd", 220.0)])
    assert changed.size == 3
    assert changed.inputs[VOLUME].rows.tolist() == [3e6, 6e6, 3e6]  # type: ignore[union-attr]
    charges = changed.estimates[0]["run.total"].rows
    assert charges[1] == pytest.approx(2 * charges[0])  # type: ignore[index]
    assert charges[2] == charges[0]  # type: ignore[index]


def test_a_what_if_puts_the_score_of_one_skill_to_a_value() -> None:
    """Errors cost volume x months x price x (1 - score): by hand at both scores."""
    priced = brief(quality__error_cost_usd=Range(0.5, 0.5, 0.5), traffic__growth_per_month=NONE)
    prompted, tuned = prompt("batch"), rented()
    key = score_input(prompted.skill)
    changed = bound(priced).what_if([(key, 0.9), (key, 0.8)])
    errors = changed.estimates[0]["horizon.errors"].rows
    assert errors[2] == pytest.approx(2 * errors[1])  # type: ignore[index]
    assert errors[2] == pytest.approx(3e6 * priced.budget.horizon_months * 0.5 * 0.2)  # type: ignore[index]
    others = np.broadcast_to(changed.estimates[1]["quality.score"].rows, (3,))
    assert len(set(others)) == 1
    assert changed.estimates[1].option == tuned


def test_a_drawn_what_if_has_the_same_draws_in_every_block() -> None:
    case = bound()
    cases = case.draws(50, 7)
    drawn = case.drawn_what_if([(VOLUME, 3e6), (VOLUME, 3e6)], 20, 7, [0, 1], cases)
    for rows, whole in zip(totals(drawn, 42), totals(cases.estimates, 51), strict=True):
        assert rows[:21].tolist() == rows[21:].tolist() == whole[:21].tolist()


def test_a_drawn_what_if_evaluates_some_options_only() -> None:
    """They are the same as where the brief itself holds the value."""
    case = bound()
    cases = case.draws(20, 7)
    (tuned,) = case.drawn_what_if([(VOLUME, 6e6)], 20, 7, [1], cases)
    other = bound(brief(traffic__requests_per_month=6e6)).draws(20, 7).estimates[1]
    assert tuned.option == rented()
    for figure in ("horizon.total", "run.total", "quality.score"):
        assert tuned[figure].rows == pytest.approx(other[figure].rows)


@pytest.mark.parametrize("months", [6, 24])
def test_another_horizon_counts_its_own_months(months: int) -> None:
    """The month is the same; the whole is what is paid once and as many months."""
    whole = bound().draws(0, 7)
    estimates = bound().over(months, 0, 7, whole).estimates
    for one, same in zip(estimates, whole.estimates, strict=True):
        expected = still_to_pay(same) + months * one["run.total"].value
        paid = one["horizon.total"].value - one["horizon.errors"].value
        assert paid == pytest.approx(expected)


def test_options_at_another_value_in_the_same_draws() -> None:
    case = bound()
    drawn = case.draws(30, 7)
    same = np.full(11, 3e6)
    (tuned,) = case.at(drawn, [1], VOLUME, same)
    assert tuned.option == rented()
    expected = totals(drawn.estimates, drawn.size)[1][:11]
    assert np.broadcast_to(tuned["horizon.total"].rows, 11) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("target", "price", "is_asked"),
    [(0.9, 0.0, True), (0.0, 0.1, True), (0.0, 0.0, False)],
)
def test_a_searched_prompt_is_scored_where_quality_matters(
    target: float, price: float, is_asked: bool
) -> None:
    case = brief(quality__target=target, quality__error_cost_usd=price)
    assert set(bound(case).searched(20, 7)) == ({"claude-sonnet-5"} if is_asked else set())


def test_a_prompt_that_is_searched_already_is_not_searched_again() -> None:
    options = (prompt("batch"), prompt("batch", technique="searched"))
    assert Evaluation(brief(), setting(), options).searched(20, 7) == {}


@pytest.mark.parametrize(("target", "skills"), [(0.9, {"tune/lora@llama-3.1-8b"}), (0.0, set())])
def test_labels_are_counted_toward_a_target_only(target: float, skills: set[str]) -> None:
    assert set(bound(brief(quality__target=target)).labels_needed(20, 7)) == skills


def test_a_brief_is_bound_to_every_option_and_to_a_training_run() -> None:
    case = evaluation(brief(), nothing_but_facts())
    assert {option.approach for option in case.options} == {"prompt", "tune", "hybrid"}
    assert case.setting.as_of == brief().as_of
    assert any(estimate.run.model_name for estimate in case.setting.training.values())


def test_what_cannot_be_is_refused_with_its_key() -> None:
    case = brief()
    unknown = replace(case, hardware=replace(case.hardware, gpu="L40S9"))
    with pytest.raises(UsageError, match=r"hardware\.gpu"):
        evaluation(unknown, nothing_but_facts())


def test_an_encoder_is_trained_on_the_gpus_of_the_brief_and_served_from_a_cpu_or_there() -> None:
    """By hand: the run is tokens over the speed of `advisor estimate`, at the price of the GPU."""
    case = brief(
        hardware__gpu="L40S",
        hardware__train_tokens_per_second=None,
        hardware__usd_per_hour=Range.exact(2.0),
        models__tune=("modernbert-base",),
        models__prompt=(),
        task__output="label",
    )
    bound_case = evaluation(case, nothing_but_facts())
    found, on_gpus = (
        e for e in bound_case.draws(0, 7).estimates if e.option.technique == "encoder"
    )
    assert on_gpus.option.is_on_gpus
    assert on_gpus["train.run_usd"].value == found["train.run_usd"].value
    planned = bound_case.setting.training["modernbert-base", "encoder"]
    speed = planned.tokens_per_second.range.likely
    hours = 0.05 + found["train.tokens"].value / speed / 3600
    assert found.option.serving.place.is_cpu
    assert found["train.hours"].value == pytest.approx(hours)
    assert found["train.run_usd"].value == pytest.approx(hours * 2.0)
    without = replace(case, hardware=replace(case.hardware, gpu="none"))
    cpu = evaluation(without, nothing_but_facts())
    (slow,) = [e for e in cpu.draws(0, 7).estimates if e.option.technique == "encoder"]
    assert slow["train.hours"].value > 10 * hours
    assert "cpu.gflops" in cpu.draws(0, 7).inputs
