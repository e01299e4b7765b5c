"""Steps that tell more: their price, days, worth and words, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import NextStep, Readiness
from advisor.decide.information import variance_removed
from advisor.decide.measuring import (
    TEST_SIZES,
    answers,
    calibrations,
    collect_test,
    find_prices,
    first_scores,
    grade_usd,
    is_question,
    is_search,
    larger_test,
    scorings,
    trial,
    trials,
)
from advisor.decide.situation import Situation
from tests.decide.test_ranking import ranking
from tests.options import brief

DRAWS = 4000
PROMPT = Option("prompt", "few-shot", "large")
TUNE = Option("tune", "lora", "small")
NOISE = np.random.default_rng(9).normal(size=DRAWS + 1)
OPEN = np.random.default_rng(1).normal(1000.0, 500.0, DRAWS + 1)
"""The cost of the tuned option; the prompt's is 1,000."""


def drawn(rows: NDArray[np.float64], basis: Basis = Basis.ASSUMED, id: str = "") -> Figure:
    return Figure(rows, "score", id, basis=basis, source="test")


def skilled(sd: float = 0.05, basis: Basis = Basis.ASSUMED) -> Figure:
    """A score of 0.8 that moves with the cost of the tuned option."""
    return drawn(0.8 + sd * (OPEN - 1000) / 500, basis)


def estimate(option: Option, **values: float) -> Estimate:
    return Estimate(option, {k.replace("__", "."): Figure(v, "USD", k) for k, v in values.items()})


def situation(held: Brief | None = None, **changes: Any) -> Situation:
    cost = np.column_stack([np.full(DRAWS + 1, 1000.0), OPEN])
    base = replace(ranking(cost), options=(PROMPT, TUNE))
    estimates = (estimate(PROMPT), estimate(TUNE))
    return replace(Situation(held or brief(), base, {}, {}, estimates=estimates), **changes)


@pytest.mark.parametrize(("grade", "usd"), [(Range.exact(3.0), 3.0), (None, 2 * 1.2)])
def test_grading_costs_what_is_stated_or_twice_a_label(grade: Range | None, usd: float) -> None:
    case = brief()
    case = replace(case, data=replace(case.data, eval_label_usd=grade))
    assert grade_usd(case) == pytest.approx(usd)


def test_a_first_test_set_is_worth_what_the_most_telling_score_is() -> None:
    """160 items show ten points, at 1.2 each and 500 a week."""
    scores = {"a": drawn(0.8 + 0.05 * NOISE), TUNE.skill: skilled()}
    case = situation(quality=scores)
    step = collect_test(case)
    assert step.action == (
        "collect and grade 160 test items: they show a difference of 10.0 points; start with "
        f"{case.ranking.options[case.ranking.pick].id} meanwhile"
    )
    assert (step.cost_usd, step.days) == (pytest.approx(160 * 1.2), pytest.approx(7 * 160 / 500))
    by_hand = case.worth(scores[TUNE.skill], variance_removed(scores[TUNE.skill], 160))
    assert step.worth_usd == by_hand.usd > 50
    assert step.worth_standard_error_usd == by_hand.standard_error
    assert collect_test(situation()).worth_usd == 0.0


def test_noise_is_worth_nothing_and_keeps_its_error() -> None:
    step = collect_test(situation(quality={"a": drawn(0.8 + 0.05 * NOISE)}))
    assert step.worth_usd == 0.0
    assert step.worth_standard_error_usd is not None
    assert step.worth_standard_error_usd > 0


@pytest.mark.parametrize(
    ("leaf", "question"),
    [
        ("gpu.usd_per_hour", "hardware.usd_per_hour"),
        ("train.tokens_per_second@m/lora", "hardware.train_tokens_per_second"),
        ("traffic.requests_per_month", "traffic.requests_per_month"),
    ],
)
def test_an_unknown_figure_is_asked_for_by_its_question(leaf: str, question: str) -> None:
    total = Figure(float("nan"), "USD", leaf) + Figure(5.0, "USD", "team.hourly_usd")
    costs = [Estimate(o, {"horizon.total": total}) for o in (PROMPT, TUNE)]
    step = find_prices(situation(estimates=costs))
    assert step.action == f"answer {question}: no option has a known cost without"
    assert step.command == f"advisor recommend BRIEF --set {question}=VALUE"
    assert (step.cost_usd, step.days, step.worth_usd) == (0.0, 1.0, 0.0)


def test_an_unknown_price_is_asked_for_by_its_models() -> None:
    total = Figure(float("nan"), "USD", "price.input") + 5.0
    costs = [Estimate(o, {"horizon.total": total}) for o in (PROMPT, TUNE)]
    step = find_prices(situation(estimates=costs))
    assert step.action == "state the prices of large, small in a price file (prices.file)"
    assert (step.cost_usd, step.days, step.worth_usd) == (0.0, 1.0, 0.0)


def test_a_larger_test_has_the_size_that_pays_best() -> None:
    scores = {
        "prompt/a@m": drawn(0.8 + 0.05 * NOISE, Basis.MEASURED),
        TUNE.skill: skilled(0.05, Basis.MEASURED),
    }
    case = situation(brief(data__eval_label_usd=0.05), quality=scores)
    (step,) = larger_test(case)
    figure = scores[TUNE.skill]
    nets = {n: case.worth(figure, variance_removed(figure, n)).usd - 0.05 * n for n in TEST_SIZES}
    best = max(nets, key=nets.__getitem__)
    assert best not in (min(TEST_SIZES), max(TEST_SIZES))
    assert step.action == f"grade {best} more test items of {TUNE.skill}: its score decides most"
    assert step.cost_usd == pytest.approx(0.05 * best)
    assert step.days == pytest.approx(7 * best / 500)
    assert step.command == "advisor calibrate quality --model small --brief BRIEF"


def test_only_a_measured_score_of_a_model_that_lasts_is_tested_further() -> None:
    measured = {TUNE.skill: skilled(0.05, Basis.MEASURED)}
    assert not list(larger_test(situation(quality={TUNE.skill: skilled()})))
    assert list(larger_test(situation(quality=measured)))
    ending = (estimate(PROMPT), estimate(TUNE, horizon__move=1.0))
    assert not list(larger_test(situation(quality=measured, estimates=ending)))


@pytest.mark.parametrize(
    ("likely", "status", "searches"),
    [(False, "ok", True), (True, "ok", False), (False, "warn", False), (False, "stop", False)],
)
def test_options_are_searched_where_some_were_scored_and_none_is_likely(
    likely: bool, status: str, searches: bool
) -> None:
    case = situation(readiness=(Readiness("scores", status, ""),), quality={TUNE.skill: skilled()})
    meets = np.full(case.ranking.meets.shape, likely)
    meets[1:200] = True
    case = replace(case, ranking=replace(case.ranking, meets=meets))
    assert is_search(case) is searches
    assert bool(list(trials(case))) is (searches and 199 / DRAWS >= 0.05)
    assert bool(list(scorings(case))) is not searches


def closed(kept: Sequence[float], scored: Sequence[bool] | None = None) -> Situation:
    """Of the draws, the prompt keeps the limits in the first share and the tuned option in the
    second, counted from the end; the pick, the prompt, costs 1,000.
    """
    place = np.arange(DRAWS + 1)
    meets = np.column_stack([place < kept[0] * DRAWS + 1, place > (1 - kept[1]) * DRAWS])
    case = situation(quality={TUNE.skill: skilled()})
    flags = None if scored is None else np.array(scored)
    ranked = replace(case.ranking, meets=meets, named=0, scored=flags)
    return replace(case, ranking=ranked)


def test_a_trial_is_worth_the_pick_where_it_alone_keeps_the_limits() -> None:
    """In a fifth of the draws; known to keep them, the 1,000 are not spent below them."""
    (step,) = trials(closed((0.1, 0.2)))
    assert step.worth_usd == pytest.approx(0.2 * 1000)
    assert (step.kind, step.worth_standard_error_usd) == ("improvement", None)
    assert step.detail == "Its chance to keep the limits is 20 %, that of the pick 10 %"


@pytest.mark.parametrize(("chance", "count"), [(0.05, 1), (0.049, 0)])
def test_only_options_with_a_real_chance_are_tried(chance: float, count: int) -> None:
    assert len(list(trials(closed((0.0, chance))))) == count


def test_draws_in_which_the_pick_or_a_scored_option_keeps_the_limits_do_not_count() -> None:
    """The tuned option keeps them in 90 draws of 100, the pick in the first 40: 60 are its own."""
    (alone,) = trials(closed((0.4, 0.9)))
    assert alone.worth_usd == pytest.approx(0.6 * 1000)
    (with_flags,) = trials(closed((0.4, 0.9), (False, False)))
    assert with_flags.worth_usd == alone.worth_usd
    third = Option("prompt", "zero-shot", "other")
    case = closed((0.4, 0.9))
    ranked = case.ranking
    middle = (np.arange(DRAWS + 1) > 0.4 * DRAWS) & (np.arange(DRAWS + 1) <= 0.7 * DRAWS)
    three = replace(
        ranked,
        options=(*ranked.options, third),
        **{
            name: np.column_stack([getattr(ranked, name), getattr(ranked, name)[:, 0]])
            for name in ("cost", "once", "quality", "meets_quality", "meets_money", "meets_weeks")
        },
        meets=np.column_stack([ranked.meets, middle]),
        scored=np.array([False, False, True]),
    )
    (step,) = trials(replace(case, ranking=three))
    assert step.worth_usd == pytest.approx(0.3 * 1000)


def test_an_option_is_scored_on_the_items_in_hand_at_the_price_of_its_trial() -> None:
    costs = (estimate(PROMPT), estimate(TUNE, work__hours=40.0, run__request=0.5))
    case = situation(
        brief(data__eval_examples=600.0), quality={TUNE.skill: skilled()}, estimates=costs
    )
    (step,) = scorings(case)
    assert step.action == f"score {TUNE.skill} on the 600 test items in hand"
    assert step.cost_usd == pytest.approx(0.25 * 40 * 110 + 600 * 0.5)
    assert step.days == pytest.approx(0.25 * 40 / 8)
    removed = variance_removed(case.quality[TUNE.skill], 600.0)
    assert step.worth_usd == case.worth(case.quality[TUNE.skill], removed).usd > 0
    assert step.command == "advisor calibrate quality --model small --brief BRIEF"


@pytest.mark.parametrize(
    ("items", "changes", "count"),
    [
        (1.0, {}, 1),
        (0.9, {}, 0),
        (600.0, {"horizon__move": 1.0}, 0),
        (600.0, {"once__labels": float("nan")}, 0),
    ],
)
def test_no_option_is_scored_without_items_or_at_an_unknown_price(
    items: float, changes: dict[str, float], count: int
) -> None:
    case = situation(
        brief(data__eval_examples=items),
        quality={TUNE.skill: skilled(), "prompt/of@nobody": skilled()},
        estimates=(estimate(PROMPT), estimate(TUNE, **changes)),
    )
    assert len(list(scorings(case))) == count


def test_a_trial_takes_a_day_at_least_and_waits_for_its_labels() -> None:
    case = situation(brief(data__labels_per_week=70.0))
    assert trial(case, estimate(TUNE), 100) == (0.0, 1.0)
    voted = Option("prompt", "self-consistency", "m")
    calls = voted.traits.calls
    assert calls > 1
    assert trial(case, estimate(voted, run__request=0.01), 100)[0] == pytest.approx(calls)
    assert trial(case, estimate(TUNE, labels__missing=140.0, once__labels=9.0), 100) == (
        9.0,
        pytest.approx(14.0),
    )
    assert trial(case, estimate(TUNE, train__run_usd=3.0), 100)[0] == 3.0


def test_the_first_score_is_of_an_option_with_a_chance_then_of_one_that_keeps_the_policy() -> None:
    """The tuned option costs more to try; each flag of the prompt outweighs that."""
    costs = (estimate(PROMPT, work__hours=4.0), estimate(TUNE, work__hours=40.0))
    scores = {o.skill: drawn(0.8 + 0.05 * NOISE) for o in (PROMPT, TUNE)}
    case = situation(quality=scores, estimates=costs)

    def first(**changes: Any) -> str:
        step = first_scores(replace(case, ranking=replace(case.ranking, **changes)))
        assert step is not None
        return step.action.split()[1]

    assert first() == first(cleared=np.array([True, True])) == PROMPT.skill
    assert first(cleared=np.array([False, True])) == TUNE.skill
    meets = np.ones_like(case.ranking.meets)
    meets[1 + DRAWS // 25 :, 0] = False  # in 4 of 100 draws
    assert first(meets=meets) == TUNE.skill
    assert first(meets=meets, cleared=np.array([True, False])) == TUNE.skill
    assert first_scores(situation()) is None


def test_of_equal_worth_the_cheaper_is_scored_first_and_worth_counts() -> None:
    scores = {PROMPT.skill: drawn(0.8 + 0.05 * NOISE), TUNE.skill: skilled()}
    costs = (estimate(PROMPT, work__hours=1.0), estimate(TUNE, work__hours=2.0))
    step = first_scores(situation(quality=scores, estimates=costs))
    assert step is not None
    assert step.action.split()[1] == TUNE.skill  # its score tells what it costs


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"horizon__move": 1.0}, 1),
        ({"horizon__move": 1.0, "once__labels": float("nan")}, 0),
    ],
)
def test_a_successor_is_scored_in_place_of_a_prompt_that_ends(
    changes: dict[str, float], count: int
) -> None:
    costs = (estimate(PROMPT, work__hours=40.0, **changes), estimate(TUNE))
    case = situation(quality={PROMPT.skill: skilled()}, estimates=costs)
    step = first_scores(case)
    assert (step is not None) is bool(count)
    if step is not None:
        assert step.action == (
            f"score {PROMPT.skill} on the 600 test items in hand, with a successor of its model, "
            "which ends"
        )
        assert step.cost_usd == pytest.approx(0.25 * 40 * 110)
        assert step.command == "advisor calibrate prompts --url URL --model MODEL --brief BRIEF"
    measured = {PROMPT.skill: skilled(0.05, Basis.MEASURED)}
    assert first_scores(replace(case, quality=measured)) is None
    assert first_scores(replace(case, quality={})) is None
    tuned_ends = (estimate(PROMPT), estimate(TUNE, horizon__move=1.0))
    assert first_scores(situation(quality={TUNE.skill: skilled()}, estimates=tuned_ends)) is None
    none_in_hand = replace(case, brief=brief(data__eval_examples=0.0))
    assert first_scores(none_in_hand) is None


@pytest.mark.parametrize(
    ("hardware", "rent", "usd"),
    [
        ({"usd_per_hour": Range.exact(4.0), "count": 2}, 9.0, 0.25 * 4 * 2),
        ({"usd_per_hour": None, "count": 2}, 9.0, 0.25 * 9 * 2),
        ({"usd_per_hour": None, "count": 2}, None, 0.0),
        ({"usd_per_hour": Range.exact(4.0), "owned": True}, 9.0, 0.0),
    ],
)
def test_a_calibration_takes_a_quarter_of_an_hour_of_every_gpu(
    hardware: dict[str, Any], rent: float | None, usd: float
) -> None:
    case = brief()
    case = replace(case, hardware=replace(case.hardware, **hardware))
    inputs = {"train.tokens_per_second@m/lora": drawn(OPEN), "team.hourly_usd": drawn(OPEN)}
    if rent is not None:
        inputs["gpu.usd_per_hour"] = Figure(rent, "USD/h", "gpu.usd_per_hour")
    (step,) = calibrations(situation(case, inputs=inputs))
    assert step.action == "calibrate the training speed of m/lora on one L40S"
    assert (step.cost_usd, step.days) == (pytest.approx(usd), 0.5)
    assert step.command == "advisor calibrate throughput --model m --brief BRIEF"
    assert step.worth_usd > 100


@pytest.mark.parametrize(
    ("key", "figure", "is_asked"),
    [
        ("team.hourly_usd", drawn(OPEN), True),
        ("team.hourly_usd", drawn(OPEN, Basis.QUOTED), False),
        ("team.hourly_usd", Figure(5.0, "USD", basis=Basis.ASSUMED), False),
        ("serve.bandwidth_share", drawn(OPEN), False),
    ],
)
def test_what_is_assumed_and_open_can_be_asked(key: str, figure: Figure, is_asked: bool) -> None:
    steps = list(answers(situation(inputs={key: figure})))
    assert bool(steps) is is_asked
    for step in steps:
        assert step.action == f"find out {key} (assumed so far): it could change the answer"
        assert (step.cost_usd, step.days) == (0.0, 1.0)
        assert is_question(step)
    assert not is_question(NextStep("score it to find out more", 0.0, 0.0, 0.0))
