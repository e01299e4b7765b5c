"""What to do next: two lists, priced with people and what must be built, within reach, above noise.

Rows stand on both sides of each limit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Brief, Retrieval
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.verdict import FlipPoint, NextStep, Readiness
from advisor.decide.improving import fresh_share, improvements
from advisor.decide.information import NOISE, Worth, conditional_costs, worth
from advisor.decide.measuring import (
    answers,
    calibrations,
    collect_test,
    find_prices,
    first_scores,
    larger_test,
    scorings,
    trial,
)
from advisor.decide.plan import plan
from advisor.decide.situation import Situation, label_goal
from advisor.decide.steps import improvement_steps, information_steps, next_step
from tests.decide.test_ranking import ranking
from tests.options import brief, estimated, prompt, rented, setting

DRAWS = 4000


def drawn(mean: float, sd: float, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(mean, sd, DRAWS + 1)
    rows[0] = mean
    return rows


def score(rows: np.ndarray, basis: Basis = Basis.ASSUMED) -> Figure:
    return Figure(rows, "score", "quality.score", basis=basis, source="test")


def situation(held: Brief | None = None, **changes: object) -> Situation:
    """A prompt at 1,000 beside a tuned model whose cost follows an input with a spread of 500."""
    cost = np.column_stack([np.full(DRAWS + 1, 1000.0), drawn(1100, 500, 1)])
    base = Situation(held or brief(), ranking(cost), {}, {})
    return replace(base, **changes)


def test_noise_is_worth_nothing_and_an_input_that_decides_its_regret() -> None:
    case = situation()
    noise = case.worth(score(drawn(0, 1, 9)))
    assert noise.usd <= NOISE * noise.standard_error
    assert noise.is_noise
    all_of_it = case.worth(score(drawn(1100, 500, 1)))
    regret = case.ranking.regret(case.ranking.pick)
    assert all_of_it.usd == pytest.approx(regret, rel=0.05)
    assert all_of_it.usd <= regret
    assert not all_of_it.is_noise


@pytest.mark.parametrize(
    ("usd", "error", "is_noise"), [(2.0, 1.0, True), (2.01, 1.0, False), (0.0, 0.0, True)]
)
def test_worth_must_stand_two_standard_errors_above_zero(
    usd: float, error: float, is_noise: bool
) -> None:
    assert Worth(usd, error).is_noise is is_noise


def test_less_than_all_of_the_variance_is_worth_less_and_none_nothing() -> None:
    given = conditional_costs(situation().ranking, drawn(1100, 500, 1))
    assert worth(given, 0.0).usd == 0
    assert 0 < worth(given, 0.3).usd < worth(given, 1.0).usd
    assert worth(None).usd == 0


@pytest.mark.parametrize(("weeks", "is_listed"), [(1.99, False), (2.0, True)])
def test_a_step_longer_than_the_deadline_is_not_listed(weeks: float, is_listed: bool) -> None:
    """Labels take 1,000 ÷ 500 = 2 weeks."""
    held = brief(budget__weeks=weeks, data__examples=1000.0, data__labels_per_week=500.0)
    flip = FlipPoint("data.examples", 2000.0, "tune", 1000.0, "rows", "tune/lora@m")
    assert (label_goal(situation(held, flips=(flip,))) is not None) is is_listed


@pytest.mark.parametrize(("pace", "is_listed"), [(76.0, False), (77.0, True)])
def test_nor_one_longer_than_half_of_the_horizon(pace: float, is_listed: bool) -> None:
    """12 months have 52.1 weeks: 2,000 labels must come within 26.07, at 76.7 a week."""
    held = brief(data__examples=1000.0, data__labels_per_week=pace)
    held = replace(held, budget=replace(held.budget, weeks=None, horizon_months=12))
    flip = FlipPoint("data.examples", 3000.0, "tune", 1000.0, "rows", "tune/lora@m")
    assert (label_goal(situation(held, flips=(flip,))) is not None) is is_listed


@pytest.mark.parametrize(
    ("value", "becomes", "is_goal"),
    [
        (2000.0, "tune", True),
        (2000.0, "hybrid", True),
        (2000.0, "undecided", False),
        (2000.0, "prompt", False),
        (500.0, "tune", False),
    ],
)
def test_a_goal_lies_ahead_and_ends_in_a_trained_option(
    value: float, becomes: str, is_goal: bool
) -> None:
    held = brief(data__examples=1000.0)
    flip = FlipPoint("data.examples", value, becomes, 1000.0, "rows", "x")
    assert (label_goal(situation(held, flips=(flip,))) is not None) is is_goal


def test_without_a_flip_the_labels_to_the_target_are_the_goal_while_nothing_is_likely() -> None:
    held = brief(data__examples=1000.0)
    needed = {
        "tune/lora@a": Quantity(Range(1500, 3000, 9000), "labels", Basis.MODELLED, "curve", ""),
        "tune/lora@b": Quantity(Range(1500, 2500, 9000), "labels", Basis.MODELLED, "curve", ""),
        "tune/lora@c": Quantity.unknown("labels", "out of reach"),
    }
    case = situation(held, labels=needed)
    assert label_goal(case) is None  # the prompt is likely to keep the limits
    hopeless = replace(case.ranking, meets=np.zeros_like(case.ranking.meets))
    goal = label_goal(replace(case, ranking=hopeless))
    assert goal is not None
    assert (goal.labels, goal.option, goal.missing) == (2500, "tune/lora@b", 1500)


@pytest.mark.parametrize(
    ("change", "weeks", "left"), [(0.0, 10.0, 1.0), (0.2, 8.69, 0.8), (1.0, 8.7, 0.0)]
)
def test_labels_of_facts_that_change_are_worth_less(
    change: float, weeks: float, left: float
) -> None:
    """8.69 weeks are two months: a fifth of the facts a month, for half of the time, is 20 %."""
    held = brief(task__factual_share=1.0, task__knowledge_change_per_month=change)
    assert fresh_share(held, weeks) == pytest.approx(left, abs=0.002)


def test_a_step_toward_more_labels_has_its_price_its_days_and_its_command() -> None:
    held = brief(data__examples=1000.0, data__label_usd=1.2, data__label_setup_usd=50.0)
    flip = FlipPoint("data.examples", 3000.0, "tune", 1000.0, "rows", "tune/lora@m")
    step = next(iter(improvements(situation(held, flips=(flip,)))))
    assert step.cost_usd == pytest.approx(2000 * 1.2 + 50)
    assert step.days == pytest.approx(7 * 2000 / 500)
    assert step.kind == "improvement"
    assert step.command == "advisor recommend BRIEF --set data.examples=3000"


def test_a_trial_is_priced_with_people_a_run_and_what_must_be_built() -> None:
    held = brief(team__prompt_hours=40.0, team__hourly_usd=100.0)
    plain = estimated(prompt("uncached"), held)
    cost, days = trial(situation(held), plain, 600)
    requests = 600 * plain["run.request"].value
    assert cost == pytest.approx(0.25 * 40 * 100 + requests)
    assert days == pytest.approx(0.25 * 40 / 8)
    documents = replace(held, retrieval=Retrieval(build_hours=Range.exact(80.0)))
    looked_up = estimated(prompt("uncached", technique="retrieval"), documents)
    more, _ = trial(situation(documents), looked_up, 600)
    assert more == pytest.approx(0.25 * (40 + 80) * 100 + 600 * looked_up["run.request"].value)
    untrained = brief(data__examples=0.0, team__hourly_usd=100.0)
    tuned = estimated(rented(), untrained)
    whole, weeks = trial(situation(untrained), tuned, 600)
    assert whole == pytest.approx(0.25 * 160 * 100 + 100 * 1.2 + tuned["train.run_usd"].value)
    assert weeks == pytest.approx(0.25 * 160 / 8 + 7 * 100 / 500)


@pytest.mark.parametrize(
    ("basis", "items", "is_offered"),
    [(Basis.ASSUMED, 400.0, True), (Basis.MEASURED, 400.0, False), (Basis.ASSUMED, 0.0, False)],
)
def test_only_untested_options_are_scored_on_items_in_hand(
    basis: Basis, items: float, is_offered: bool
) -> None:
    held = brief(data__eval_examples=items)
    tuned = estimated(rented(), held)
    case = situation(
        held,
        quality={tuned.option.skill: score(drawn(1100, 500, 1), basis)},
        estimates=(tuned,),
    )
    steps = list(scorings(case))
    assert bool(steps) is is_offered
    assert all(s.command.startswith("advisor calibrate quality") for s in steps)


def test_a_larger_test_keeps_to_the_pace_of_grading() -> None:
    rows = np.clip(drawn(0.8, 0.05, 4), 0.01, 0.99)
    slow = brief(budget__weeks=1.0, data__labels_per_week=150.0)
    case = situation(slow, quality={"prompt/few-shot@m": score(rows, Basis.MEASURED)})
    (step,) = larger_test(case)
    assert step.action.startswith("grade 100 ")
    assert step.days == pytest.approx(7 * 100 / 150)
    slower = brief(budget__weeks=0.5, data__labels_per_week=150.0)
    assert not list(larger_test(replace(case, brief=slower)))


def test_what_lifts_a_stop_comes_first() -> None:
    stop = (Readiness("evaluation set", "stop", ""),)
    case = situation(readiness=stop)
    listed = information_steps(case)
    assert listed[0] == collect_test(case)
    assert "160 test items" in listed[0].action  # 8 · 0.2 ÷ 0.1²
    assert next_step(listed, (NextStep("better", 0, 0, 1e9),), case) == listed[0]
    free = situation()
    assert next_step((), (NextStep("better", 0, 0, 5.0),), free) == NextStep("better", 0, 0, 5.0)
    assert next_step((), (), free) is None


def test_steps_that_cost_more_than_they_are_worth_are_not_listed() -> None:
    """Knowing the speed of training is worth up to the regret; a calibration costs a quarter of
    an hour of rent.
    """
    speed = Figure(drawn(1100, 500, 1), "tokens/s", "x", basis=Basis.MODELLED)
    inputs = {"train.tokens_per_second@m/lora": speed}
    cheap = situation(brief(hardware__usd_per_hour=4.0), inputs=inputs)
    (step,) = calibrations(cheap)
    assert step.cost_usd == pytest.approx(1.0)
    assert step in information_steps(cheap)
    dear = situation(brief(hardware__usd_per_hour=1e6), inputs=inputs)
    assert not information_steps(dear)
    assert not improvement_steps(dear)


def test_a_question_that_is_only_assumed_can_be_asked() -> None:
    assumed = Figure(drawn(1100, 500, 1), "USD/h", "team.hourly_usd", basis=Basis.ASSUMED)
    quoted = replace(assumed, basis=Basis.QUOTED)
    unasked = replace(assumed, id="serve.bandwidth_share")  # no question of the brief
    inputs = {"team.hourly_usd": assumed, "team.prompt_hours": quoted, unasked.id: unasked}
    case = situation(inputs=inputs)
    (step,) = answers(case)
    assert step.command == "advisor recommend BRIEF --set team.hourly_usd=VALUE"


def test_a_plan_has_gates_that_can_be_measured_and_stages_that_take_time() -> None:
    held = brief(data__examples=1000.0, team__tuning_hours=160.0)
    flip = FlipPoint("data.examples", 3000.0, "tune", 1000.0, "rows", "tune/lora@m")
    case = situation(held, flips=(flip,))
    stages = plan(held, case.ranking, label_goal(case))
    assert [s.stage for s in stages] == [1, 2, 3]
    assert [s.weeks for s in stages] == [4.0, 1.0, 4.0]
    assert "2,000 more labels (3,000 in all)" in stages[0].gate
    assert "paired test on 640 fresh items" in stages[1].gate  # 8 · 0.2 ÷ 0.05²
    assert "0.9" in stages[1].gate
    assert stages[-1].arm == "tune/lora@m"
    assert plan(held, case.ranking, None) == ()


def test_where_no_cost_is_known_only_what_is_unknown_is_asked_for() -> None:
    held = replace(brief(), traffic=replace(brief().traffic, requests_per_month=None))
    step = find_prices(situation(held, estimates=(estimated(prompt("batch"), held),)))
    assert "traffic.requests_per_month" in step.action
    assert "tokens" not in step.action
    assert (step.cost_usd, step.worth_usd) == (0.0, 0.0)
    nobody = find_prices(situation(estimates=(estimated(prompt("batch"), facts=setting({})),)))
    assert "prices" in nobody.action


def test_what_has_no_chance_to_keep_the_limits_is_scored_last() -> None:
    """Whatever it costs to score: the dearer option with a chance comes first."""
    options = (estimated(prompt("batch")), estimated(rented()))
    for hopeless in (0, 1):
        meets = np.ones((DRAWS + 1, 2), dtype=bool)
        meets[:, hopeless] = False
        held = situation().ranking
        skills = [one.option for one in options]
        ranked = replace(held, options=tuple(skills), meets=meets)
        scores = {one.skill: score(drawn(0.9, 0.1, 4)) for one in skills}
        case = situation(ranking=ranked, estimates=options, quality=scores)
        first = first_scores(case)
        assert first is not None
        assert skills[1 - hopeless].skill in first.action


def test_a_prompt_whose_model_ends_is_scored_with_a_successor() -> None:
    """What the prompt reaches decides, also where its model ends: to ask for it costs less than to
    tune another; a tuned model that ends is not scored.
    """
    options = (estimated(prompt("batch")), estimated(rented()))
    ending = [
        replace(one, figures={**one.figures, "horizon.move": Figure(100.0, "USD", "horizon.move")})
        for one in options
    ]
    skills = [one.option for one in options]
    ranked = replace(situation().ranking, options=tuple(skills))
    scores = {one.skill: score(drawn(0.9, 0.1, 4)) for one in skills}
    for estimates, action in (
        ((ending[0], options[1]), "with a successor of its model, which ends"),
        ((options[0], ending[1]), "test items in hand"),
        (tuple(ending), "with a successor of its model, which ends"),
    ):
        first = first_scores(situation(ranking=ranked, estimates=estimates, quality=scores))
        assert first is not None
        assert first.action.startswith(f"score {skills[0].skill} on the ")
        assert first.action.endswith(action)
        assert ("--model MODEL " in first.command) is action.startswith("with")
