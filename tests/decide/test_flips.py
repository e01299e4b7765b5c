"""Flip points and break-evens, against the closed forms of the formulas page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.brief import Brief, Score, questions
from advisor.core.figure import Figure
from advisor.core.option import Estimate, score_input
from advisor.core.quantity import Basis, Range
from advisor.core.setting import Setting
from advisor.core.verdict import BreakEven, FlipPoint
from advisor.decide import flips
from advisor.decide.breakeven import break_even
from advisor.decide.crossing import equal_volume
from advisor.decide.evaluator import Cases
from advisor.decide.flips import Prober, _beyond, _keep_valid, flip_points, grid, moved_options
from advisor.decide.ranking import Ranking, rank
from advisor.decide.settling import Ruling, answer
from advisor.decide.tornado import tornado
from advisor.estimate.cost import estimate_all
from advisor.estimate.sheet import Sheet, what_if
from advisor.pipeline import Evaluated, Evaluation
from tests.options import brief, prompt, rented, setting, still_to_pay

PAIR = (prompt("batch"), rented())


class Bench:
    """An evaluator with two arms of equal, certain quality."""

    def __init__(self, held: Brief, facts: Setting | None = None) -> None:
        self.brief, self.facts = held, facts or setting()

    def on(self, sheet: Sheet) -> Evaluated:
        good = Figure(0.95, "score", "quality.score", basis=Basis.MEASURED, source="test")
        quality = {option.skill: good for option in PAIR}
        found = estimate_all(PAIR, sheet, self.facts, quality)
        return Evaluated(sheet.size, found, sheet.figures, sheet.spreads, quality)

    def what_if(self, changes: object) -> Evaluated:
        return self.on(what_if(self.brief, changes))  # type: ignore[arg-type]

    def drawn_what_if(
        self,
        changes: Sequence[tuple[str, float]],
        draws: int,
        seed: int,
        which: Sequence[int],
        cases: Cases,
    ) -> tuple[Estimate, ...]:
        bound = Evaluation(self.brief, self.facts, PAIR)
        return bound.drawn_what_if(changes, draws, seed, which, cases)

    def scored_at(self, labels: float, which: Sequence[int]) -> tuple[bool, ...]:
        return (True,) * len(which)

    def over(self, months: int, draws: int, seed: int, cases: Cases) -> Evaluated:
        budget = replace(self.brief.budget, horizon_months=months)
        return Bench(replace(self.brief, budget=budget), self.facts).on(
            Sheet(replace(self.brief, budget=budget), draws + 1, seed)
        )

    def at(
        self, cases: Evaluated, which: Sequence[int], key: str, rows: NDArray[np.float64]
    ) -> tuple[Estimate, ...]:
        return Evaluation(self.brief, self.facts, PAIR).at(cases, which, key, rows)

    def likely(self) -> Evaluated:
        return self.on(Sheet(self.brief, 1))


def flips_of(held: Brief) -> dict[str, FlipPoint]:
    bench = Bench(held)

    def judge(ranking: Ranking) -> Ruling:
        return answer(ranking, ())

    cases = bench.on(Sheet(held, 2001, 7))
    today = judge(rank(cases.estimates, held, cases.size))
    return {f.input: f for f in flip_points(Prober(bench, held, judge, 7, today, cases))}


def even_of(held: Brief, draws: int = 0) -> BreakEven:
    """The tuned arm against the prompt."""
    bench = Bench(held)
    cases = bench.on(Sheet(held, draws + 1, 7)) if draws else bench.likely()
    return break_even(bench, cases, 1, 0, equal_volume(bench, cases, 1, 0))


def per_request_usd() -> tuple[float, float]:
    prefix = 1650 * (0.6 * 0.3 + 0.4 * 3.75)
    prompted = 0.5 * (prefix + 180 * 3 + 320 * 15) / 1e6
    tuned = (300 / 12_000 + 320 / 2500) / 3600 * 1.861
    return prompted, tuned


def test_volume_at_which_the_verdict_flips_is_the_break_even_of_the_formulas() -> None:
    held = brief()
    run = 0.05 + 18_000 * 620 * 3 / 2400 / 3600
    fixed = 2200 + (24 * 110 + run * 1.861) / 3 + (17_600 + 6 * run * 1.861) / 12
    prompted, tuned = per_request_usd()
    volume = fixed / (prompted - tuned)
    found = flips_of(held)["traffic.requests_per_month"]
    assert found.value == pytest.approx(volume, rel=0.02)
    assert found.verdict_becomes == "prompt"
    assert even_of(held).requests_per_month == pytest.approx(volume, rel=1e-4)


def test_months_and_price_multiple_by_hand() -> None:
    held = brief()
    bench = Bench(held)
    cases = bench.likely()
    a, b = cases.estimates[1], cases.estimates[0]
    even = even_of(held)
    assert even.months == pytest.approx(
        (a["once.total"].value - b["once.total"].value)
        / (b["run.total"].value - a["run.total"].value)
    )
    assert even.price_multiple is not None
    charges = b["run.inference"].value * 12
    cheaper = still_to_pay(b) + even.price_multiple * charges
    assert cheaper == pytest.approx(a["horizon.total"].value)


def volume_by_hand(hourly_usd: float) -> float:
    """Where prompt and tuned model cost the same over 12 months, both without prompt hours, at an
    hourly wage.
    """
    run = 0.05 + 18_000 * 620 * 3 / 2400 / 3600
    month = 20 * hourly_usd + (24 * hourly_usd + run * 1.861) / 3
    once = 160 * hourly_usd + 6 * run * 1.861
    prompted, tuned = per_request_usd()
    return (month + once / 12) / (prompted - tuned)


def test_the_volume_of_equal_cost_moves_draw_by_draw_with_what_is_uncertain() -> None:
    """The volume grows with the wage, so its P10 and P90 are those of the wage; start-up time adds
    next to nothing.
    """
    even = even_of(brief(team__hourly_usd=Range(80, 110, 150)), draws=4000)
    found = even.requests_per_month_range
    ends = (found.p10, found.p50, found.p90)
    assert ends == pytest.approx([volume_by_hand(wage) for wage in (80, 110, 150)], rel=0.03)
    assert even.requests_per_month == pytest.approx(volume_by_hand(110), rel=1e-3)


def test_a_volume_that_is_never_reached_in_a_tenth_of_the_draws_has_no_upper_end() -> None:
    """Where the GPU may cost more for a request than the prompt, no volume makes the tuned model
    cheaper.
    """
    even = even_of(brief(hardware__usd_per_hour=Range(1.0, 1.861, 400.0)), draws=4000)
    assert even.requests_per_month is not None
    assert even.requests_per_month_range.p10 is not None
    assert even.requests_per_month_range.p90 is None


def test_what_is_already_earned_back_counts_as_nothing_to_wait_for() -> None:
    """In some draws the prompt takes more hours than tuning: then there is nothing to earn back."""
    held = brief(team__prompt_hours=Range(0, 100, 400))
    assert even_of(held, draws=4000).months_range.p10 == 0


def test_a_multiple_of_prices_below_zero_is_no_price() -> None:
    """Where the tuned model is cheaper even than free tokens, the price of equal cost is 0, never
    less.
    """
    found = even_of(brief(team__prompt_hours=Range(0, 0, 2000)), draws=4000).price_multiple_range
    assert found.p10 == 0
    assert found.p50 is not None


def test_uplift_pays_for_the_difference_through_fewer_errors() -> None:
    held = brief(quality__error_cost_usd=0.02)
    bench = Bench(held)
    cases = bench.likely()
    even = even_of(held)
    bare = [e["horizon.total"].value - 12 * e["run.errors"].value for e in cases.estimates]
    assert even.uplift == pytest.approx(abs(bare[0] - bare[1]) / (3e6 * 12 * 0.02))


def test_an_input_that_cannot_change_the_verdict_has_no_flip_point() -> None:
    held = brief()
    assert "data.eval_label_usd" not in flips_of(held)  # both arms pay the same evaluation


def test_whole_number_defaults_are_swept_in_fractions() -> None:
    held = replace(brief(), team=replace(brief().team, retrain_every_months=Range(3, 3, 3)))
    cases = Bench(held).what_if([("team.retrain_every_months", 0.5)])
    assert cases.inputs["team.retrain_every_months"].rows[1] == 0.5


def test_the_tornado_does_not_depend_on_the_order_of_inputs() -> None:
    unsure = brief(
        team__hourly_usd=Range(80, 110, 150), traffic__requests_per_month=Range(2e6, 3e6, 4e6)
    )
    bench = Bench(unsure)
    cases = bench.on(Sheet(unsure, 4001, 11))
    ranking = replace(rank(cases.estimates, unsure, cases.size), named=1)
    swings = {s.input: s for s in tornado(bench, cases, ranking, {}, 0)}
    low = bench.what_if([("team.hourly_usd", 80.0)]).estimates
    advantage = low[0]["horizon.total"].rows[1] - low[1]["horizon.total"].rows[1]  # type: ignore[index]
    assert swings["team.hourly_usd"].low == pytest.approx(advantage)
    assert next(iter(swings)) == "traffic.requests_per_month"
    shares = [s.variance_share for s in swings.values()]
    assert sum(shares) == pytest.approx(1, abs=0.1)


def test_the_tornado_measures_scores_and_inputs_alike() -> None:
    """By hand, with errors free: a pick that reaches the target differs by its cost alone; one that
    misses it is replaced by the rival, and its one-off cost is lost.
    """
    tuned = Score("tune", "lora", PAIR[1].model, 0.9, items=50)
    prompted = Score("prompt", PAIR[0].technique, PAIR[0].model, 0.97, items=5000)
    strict = brief(quality__target=0.9, quality__measured=(tuned, prompted))
    evaluator = Evaluation(strict, setting(), PAIR)
    cases = evaluator.draws(2000, 11)
    ranking = replace(rank(cases.estimates, strict, cases.size), named=1)
    rows = {s.input: s for s in tornado(evaluator, cases, ranking, cases.quality, 0)}
    row = rows[score_input(PAIR[1].skill)]
    rival, pick = evaluator.draws(0, 11).estimates
    gap = rival["horizon.total"].value - pick["horizon.total"].value
    assert row.high == pytest.approx(gap)
    assert row.low == pytest.approx(-pick["once.total"].value)


def test_the_volume_of_equal_cost_is_the_same_whichever_of_the_two_is_named() -> None:
    held = brief(team__hourly_usd=Range(80, 110, 150))
    bench = Bench(held)
    cases = bench.on(Sheet(held, 2001, 7))
    root = equal_volume(bench, cases, 1, 0)
    tuned = break_even(bench, cases, 1, 0, root).requests_per_month_range
    prompted = break_even(bench, cases, 0, 1, root).requests_per_month_range
    for end in ("p10", "p50", "p90"):
        assert getattr(prompted, end) == pytest.approx(getattr(tuned, end), rel=1e-3)


@pytest.mark.parametrize(
    ("key", "now", "ends"),
    [
        ("traffic.requests_per_month", 3e6, (3e4, 3e8)),
        ("quality.target", 0.9, (0.0, 1.0)),  # a share is swept whole
        ("traffic.retry_rate", 0.0, (0.0, 1.0)),
        ("team.tuning_hours", 0.0, (0.0, 1e4)),  # from zero: up to ten thousand
    ],
)
def test_an_input_is_tried_within_its_bounds_or_a_hundredfold_each_way(
    key: str, now: float, ends: tuple[float, float]
) -> None:
    question = questions()[key]
    values = grid(question, now)
    low = max(ends[0], ends[0] if question.low is None else question.low)
    high = min(ends[1], ends[1] if question.high is None else question.high)
    assert (values[0], values[-1]) == pytest.approx((low, high))
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("requests", [1.2e6, 1.5e6, 2e6, 3e6])
def test_a_flip_of_the_horizon_is_the_last_whole_month_before_the_cost_is_earned_back(
    requests: float,
) -> None:
    """The tuned model costs more once and less a month; horizons below three months are not
    tried.
    """
    case = brief(traffic__requests_per_month=requests)
    months = even_of(case).months
    assert months is not None
    answer = flips_of(case).get("budget.horizon_months")
    if months < 3:
        assert answer is None
    else:
        assert answer is not None
        assert answer.value == np.floor(months)
        assert answer.verdict_becomes == "prompt"


def test_an_option_that_an_input_does_not_move_keeps_its_figures() -> None:
    """The price of a GPU moves the tuned option alone; the volume moves both."""
    held = brief()
    bench = Bench(held)
    cases = bench.on(Sheet(held, 101, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    prober = Prober(bench, held, lambda ranking: answer(ranking, ()), 7, today, cases)
    now = {
        "hardware.usd_per_hour": 1.861,
        "team.prompt_hours": 8.0,
        "traffic.requests_per_month": 3e6,
        "data.eval_label_usd": 1.2,
    }
    moves = moved_options(prober, now)
    assert moves["team.prompt_hours"] == {0}
    assert moves["hardware.usd_per_hour"] == {1}
    assert moves["traffic.requests_per_month"] == {0, 1}


@pytest.mark.parametrize(
    ("holds_from", "listed"), [(101.0, 100.0), (110.0, 105.0), (115.0, 110.25), (116.0, None)]
)
def test_a_point_that_all_draws_do_not_confirm_is_moved_outwards_by_5_percent(
    holds_from: float, listed: float | None
) -> None:
    """Three values are tried, each 5 % beyond what is listed: 105, 110.25 and 115.76 USD."""
    key = "data.label_usd"

    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[SimpleNamespace]:
        assert draws == 10
        words = ["tune" if value >= holds_from else "prompt" for _, value in values]
        return [SimpleNamespace(word=word, option="an option") for word in words]

    bracket = flips.Bracket(key, 90.0, 100.0, SimpleNamespace(word="tune"))  # type: ignore[arg-type]
    points = flips._confirmed(SimpleNamespace(ask=ask), [bracket], {key: 50.0}, 10)  # type: ignore[arg-type]
    assert [point.value for point in points] == pytest.approx([] if listed is None else [listed])


@pytest.mark.parametrize(
    ("key", "value", "now", "expected"),
    [
        ("data.label_usd", 2.0, 1.0, 2.0 * 1.05),
        ("data.label_usd", 1.0, 2.0, 1.0 / 1.05),
        ("budget.horizon_months", 11.0, 12.0, 10.0),  # 10.48, on whole months farther away
        ("budget.horizon_months", 21.0, 12.0, 23.0),  # 22.05
        ("traffic.cache_hit_rate", 0.99, 0.5, 1.0),  # within the bounds of the question
    ],
)
def test_the_far_side_of_a_flip_is_a_twentieth_beyond_it(
    key: str, value: float, now: float, expected: float
) -> None:
    assert _beyond(key, value, now) == pytest.approx(expected)


def test_no_shared_part_is_tried_that_is_longer_than_the_prompt() -> None:
    """1,650 tokens are stated; of these 800 to 1,000 are shared."""
    case = brief(traffic__shared_tokens=Range(800.0, 900.0, 1000.0))
    static, shared = "traffic.static_tokens", "traffic.shared_tokens"

    def kept(stated: bool) -> dict[str, list[float]]:
        origins = {**case.origins, **({shared: "file"} if stated else {})}
        grids = {
            static: np.array([999.0, 1000.0, 5000.0]),
            shared: np.array([1.0, 1650.0, 1651.0]),
        }
        _keep_valid(grids, replace(case, origins=origins))
        return {key: values.tolist() for key, values in grids.items()}

    assert kept(stated=True) == {static: [1000.0, 5000.0], shared: [1.0, 1650.0]}
    assert kept(stated=False)[static] == [999.0, 1000.0, 5000.0]
    open_ = replace(case.traffic, static_tokens=Range(1500.0, 1650.0, 1800.0))
    grids = {shared: np.array([1500.0, 1501.0, 1700.0])}
    _keep_valid(grids, replace(case, traffic=open_, origins={**case.origins, shared: "file"}))
    assert grids[shared].tolist() == [1500.0]
