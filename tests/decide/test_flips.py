"""Flip points and break-evens, against the closed forms of the formulas page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

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


def word(says: str) -> flips.ShortRuling:
    return flips.ShortRuling(says, "an option")


TODAY = SimpleNamespace(word="prompt")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("prompt prompt prompt", []),
        ("prompt tune prompt", [(2.0, 4.0, "tune")]),
        ("tune undecided hybrid", [(1.0, 2.0, "tune")]),  # the first alone
        ("undecided undecided tune", [(1.0, 2.0, "undecided"), (4.0, 8.0, "tune")]),
        ("undecided prompt undecided", [(1.0, 2.0, "undecided")]),
        ("undecided tune hybrid", [(1.0, 2.0, "undecided"), (2.0, 4.0, "tune")]),
    ],
)
def test_the_first_change_counts_and_behind_a_doubt_the_first_other_verdict(
    words: str, expected: list[tuple[float, float, str]]
) -> None:
    outward = [(2.0 ** (i + 1), word(w)) for i, w in enumerate(words.split())]
    found = flips._changes("k", 1.0, outward, TODAY)  # type: ignore[arg-type]
    assert [(b.near, b.far, b.answer.word) for b in found] == expected
    assert all(b.key == "k" for b in found)


@pytest.mark.parametrize(
    ("near", "far", "between"),
    [
        (1.0, 256.0, [4.0, 16.0, 64.0]),
        (256.0, 1.0, [64.0, 16.0, 4.0]),
        (0.0, 4.0, [1.0, 2.0, 3.0]),
        (4.0, 0.0, [3.0, 2.0, 1.0]),
    ],
)
def test_a_step_is_cut_in_four_by_its_logarithm_or_from_zero_evenly(
    near: float, far: float, between: list[float]
) -> None:
    assert flips._steps(flips.Bracket("k", near, far, word("x"))).tolist() == pytest.approx(between)


@pytest.mark.parametrize(
    ("ends", "tuned", "narrowed"),
    [
        ((1.0, 256.0), lambda v: v >= 10, (4.0, 16.0)),
        ((256.0, 1.0), lambda v: v <= 10, (16.0, 4.0)),
        ((1.0, 256.0), lambda v: False, (64.0, 256.0)),
        ((1.0, 256.0), lambda v: True, (1.0, 4.0)),
        ((1.0, 256.0), lambda v: v == 4.0, (1.0, 4.0)),  # where it comes first
    ],
)
def test_a_bracket_is_narrowed_to_the_step_in_which_its_answer_comes_first(
    ends: tuple[float, float], tuned: Callable[[float], bool], narrowed: tuple[float, float]
) -> None:
    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[flips.ShortRuling]:
        assert draws == flips.FINE_DRAWS
        return [word("tune" if tuned(round(value, 6)) else "prompt") for _, value in values]

    other = flips.Bracket("j", 3.0, 48.0, word("never"))
    bracket = flips.Bracket("k", *ends, word("tune"))
    prober: Any = SimpleNamespace(ask=ask)
    first, second = flips._narrowed(prober, [other, bracket])
    assert (second.near, second.far) == pytest.approx(narrowed)
    assert (first.key, first.near, first.far) == ("j", pytest.approx(24.0), 48.0)


@pytest.mark.parametrize(
    ("value", "now", "share"),
    [(7.0, 5.0, 0.3), (3.0, 5.0, 0.2), (10.0, 5.0, 0.0), (1.0, 5.0, 0.0), (5.0, 4.0, 0.5)],
)
def test_the_chance_of_a_flip_is_the_share_of_draws_beyond_it(
    value: float, now: float, share: float
) -> None:
    """Of the draws 1, 2 … 10; the likely case is none."""
    rows = np.array([99.0, *range(1, 11)])
    cases: Any = SimpleNamespace(
        size=11,
        inputs={"k": Figure(rows, "", "k")},
        spreads={
            "k": Range(2.0, 5.0, 9.0),
            "exact": Range.exact(5.0),
            "open": Range(None, None, None),
        },
    )
    point = FlipPoint("k", value, "tune", now)
    assert flips._chance(cases, point) == share
    for other in (replace(point, input="exact"), replace(point, input="open")):
        assert flips._chance(cases, other) is None
    assert flips._chance(cases, replace(point, input="unknown")) is None
    assert flips._chance(cases, replace(point, now=None)) is None


def test_flips_are_ordered_by_how_far_they_are_in_proportion() -> None:
    values = [(300.0, 100.0), (60.0, 100.0), (90.0, 100.0), (1.0, 0.0), (0.0, 5.0)]
    points = [FlipPoint(str(i), v, "tune", now) for i, (v, now) in enumerate(values)]
    ordered = sorted(points, key=flips._nearness)
    assert [p.input for p in ordered] == ["2", "1", "0", "3", "4"]
    assert flips._nearness(FlipPoint("k", 2.0, "tune", 1.0))[0] == pytest.approx(np.log(2))
    assert flips._nearness(FlipPoint("k", 0.0, "tune", 5.0))[0] == 15.0
    assert flips._nearness(FlipPoint("k", 4.0, "tune", None))[0] == 14.0


@pytest.mark.parametrize("count", [3, 8, 12])
def test_only_the_nearest_are_confirmed(count: int) -> None:
    """Candidates from near to far, in another order."""

    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[flips.ShortRuling]:
        return [word("tune") for _ in values]

    key = "data.label_usd"
    fars = [100.0 + 10 * (7 * i % count) for i in range(count)]
    brackets = [flips.Bracket(key, 90.0, far, word("tune")) for far in fars]
    prober: Any = SimpleNamespace(ask=ask)
    points = flips._confirmed(prober, brackets, {key: 50.0}, 10)
    assert [p.value for p in points] == sorted(fars)[:8]
    assert {p.unit for p in points} == {questions()[key].unit}


def test_values_that_are_asked_together_get_the_answers_they_get_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = brief()
    calls: list[tuple[list[str], int, list[int]]] = []

    class Watched(Bench):
        def drawn_what_if(
            self, changes: Any, draws: int, seed: int, which: Any, *others: Any
        ) -> tuple[Estimate, ...]:
            assert draws == 20
            calls.append(([key for key, _ in changes], len(changes), list(which)))
            return super().drawn_what_if(changes, draws, seed, which, *others)

    bench = Watched(held)
    cases = bench.on(Sheet(held, 41, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    moves = {"hardware.usd_per_hour": frozenset({1})}
    prober = Prober(bench, held, lambda ranking: answer(ranking, ()), 7, today, cases, moves=moves)
    values = [("traffic.requests_per_month", v) for v in (3e4, 3e5, 3e6)]
    values += [("hardware.usd_per_hour", v) for v in (0.1, 50.0, 5e4)]
    values += [("data.examples", 900.0), values[0]]
    alone = [prober.ask([value], 20)[0] for value in values]
    assert len({a.word for a in alone}) > 1
    assert all(which == [1] for keys, _, which in calls if keys == ["hardware.usd_per_hour"])
    for rows, cells in ((8_000, 200_000), (50, 200_000), (8_000, 100), (1, 1)):
        monkeypatch.setattr(flips, "BLOCK_ROWS", rows)
        monkeypatch.setattr(flips, "BLOCK_CELLS", cells)
        calls.clear()
        assert prober.ask(values, 20) == alone
        for _, count, which in calls:
            assert count == 1 or (count * 21 <= rows and count * 21 * len(which) <= cells)
        most = max(count for _, count, _ in calls)
        assert most == {50: 2, 8_000: most, 1: 1}[rows]
    assert prober.ask([], 20) == []


def test_groups_are_joined_only_where_that_takes_less() -> None:
    few, some, all_of_them = frozenset({0}), frozenset({1}), frozenset(range(40))
    small = [("a", 1.0)]
    joined = flips._merged([(few, small), (some, [("b", 1.0)])], 400)
    assert len(joined) == 2  # apart each takes one option, together both take two
    many = [("c", float(i)) for i in range(3)]
    (both,) = flips._merged([(all_of_them - {7}, small), (all_of_them, many)], 400)
    assert both == (all_of_them, [*small, *many])
    large = [("d", float(i)) for i in range(500)]
    assert len(flips._merged([(few, small), (all_of_them, large)], 400)) == 2
    assert flips._effort(some, many, 400) == 5000 + 3 * 401


def test_no_value_is_tried_from_which_on_there_are_other_options() -> None:
    """5 % beyond it too, and numbers of labels at which a model was scored are tried."""
    held = brief(
        quality__measured=(
            Score("tune", "lora", "m", 0.9, 600, train_examples=777),
            Score("tune", "lora", "m", 0.8, 600),
            Score("prompt", "few-shot", "n", 0.9, 600, train_examples=888),
        )
    )
    asked: list[tuple[str, float]] = []

    class Watched(Bench):
        def drawn_what_if(self, changes: Any, size: int, *others: Any) -> tuple[Estimate, ...]:
            asked.extend(changes)
            draws.add(size)
            return super().drawn_what_if(changes, size, *others)

    draws: set[int] = set()
    bench = Watched(held)
    cases = bench.on(Sheet(held, 101, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    key = "traffic.static_tokens"
    prober = Prober(bench, held, lambda r: answer(r, ()), 7, today, cases, {key: 3600.0})
    flip_points(prober)
    tried = [value for name, value in asked if name == key]
    assert tried
    assert max(tried) * 1.05 < 3600.0  # 2.15 · 1,650 is 3,554
    assert draws <= {flips.COARSE_DRAWS, flips.FINE_DRAWS, 100}
    assert 100 in draws  # every point is confirmed on all of them
    labels = {value for name, value in asked if name == "data.examples"}
    assert 777.0 in labels
    assert 888.0 not in labels


def test_only_known_numbers_are_moved() -> None:
    figures = {
        "team.hourly_usd": Figure(np.array([110.0, 90.0]), "USD/h", "team.hourly_usd"),
        "data.label_usd": Figure(np.nan, "USD", "data.label_usd"),
        "gpu.usd_per_hour": Figure(2.0, "USD/h", "gpu.usd_per_hour"),  # no question
    }
    cases: Any = SimpleNamespace(inputs=figures)
    assert flips.known_numbers(cases) == {"team.hourly_usd": 110.0}


def test_another_number_of_labels_may_score_a_tuned_option_and_leaves_prompts_as_they_are() -> None:
    options = (*PAIR, replace(PAIR[1], technique="full"))
    seen: list[tuple[float, list[int]]] = []

    def scored_at(labels: float, which: Sequence[int]) -> tuple[bool, ...]:
        seen.append((labels, list(which)))
        return tuple(i == 2 for i in which)

    def prober(flags: NDArray[np.bool_] | None) -> Any:
        today: Any = SimpleNamespace(ranking=SimpleNamespace(scored=flags, options=options))
        evaluator: Any = SimpleNamespace(scored_at=scored_at)
        cases: Any = None
        return Prober(evaluator, brief(), lambda r: answer(r, ()), 7, today, cases)

    flags = np.array([True, True, False])
    assert prober(flags)._scored_at(500.0, [0, 1, 2]).tolist() == [True, False, True]
    assert prober(flags)._scored_at(500.0, [2]).tolist() == [True]
    assert flags.tolist() == [True, True, False]
    assert seen == [(500.0, [1, 2]), (500.0, [2])]
    assert prober(None)._scored_at(500.0, [0, 1, 2]) is None


def test_only_a_change_of_labels_changes_what_is_scored() -> None:
    held = brief()
    judged: list[list[bool]] = []

    class Unscored(Bench):
        def scored_at(self, labels: float, which: Sequence[int]) -> tuple[bool, ...]:
            return (False,) * len(which)

    def judge(ranking: Ranking) -> Ruling:
        assert ranking.scored is not None
        judged.append(ranking.scored.tolist())
        return answer(ranking, ())

    bench = Unscored(held)
    cases = bench.on(Sheet(held, 21, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    prober = Prober(bench, held, judge, 7, today, cases)
    prober.ask([("data.label_usd", 2.0), ("data.examples", 900.0)], 20)
    assert judged == [[True, True], [True, False]]


@pytest.mark.parametrize(("draws", "taken"), [(10, 10), (20, 20), (400, 20)])
def test_another_horizon_is_asked_on_no_more_draws_than_there_are(draws: int, taken: int) -> None:
    held = brief()
    asked: list[tuple[int, int]] = []

    class Watched(Bench):
        def over(self, months: int, draws: int, seed: int, cases: Cases) -> Evaluated:
            asked.append((months, draws))
            return super().over(months, draws, seed, cases)

    bench = Watched(held)
    cases = bench.on(Sheet(held, 21, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    Prober(bench, held, lambda r: answer(r, ()), 7, today, cases).over(24, draws)
    assert asked == [(24, taken)]


@pytest.mark.parametrize(
    ("key", "now", "values"),
    [
        ("traffic.retry_rate", 0.3, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("data.label_usd", 2.0, [0.02, 0.2, 2.0, 20.0, 200.0]),
        ("data.label_usd", 0.0, [0.0, 1e-3, 1e-3 * 10 ** (7 / 3), 1e-3 * 10 ** (14 / 3), 1e4]),
        ("team.training_runs", 2.0, [1.0, 1.0, 2.0, 20.0, 200.0]),  # one at least
    ],
)
def test_a_grid_by_hand(key: str, now: float, values: list[float]) -> None:
    assert grid(questions()[key], now, 5).tolist() == pytest.approx(values)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({0.2: "tune", 20.0: "tune"}, [(2.0, 20.0), (2.0, 0.2)]),
        ({2.0: "tune"}, []),  # today's own value is none
        ({0.02: "tune", 200.0: "tune"}, [(20.0, 200.0), (0.2, 0.02)]),
    ],
)
def test_changes_are_looked_for_on_both_sides_of_today(
    answers: dict[float, str], expected: list[tuple[float, float]]
) -> None:
    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[flips.ShortRuling]:
        assert draws == flips.COARSE_DRAWS
        return [word(answers.get(v, "prompt")) for _, v in values]

    grids = {"a": np.array([1.0, 2.0]), "k": np.array([0.02, 0.2, 2.0, 20.0, 200.0])}
    prober: Any = SimpleNamespace(ask=ask, today=TODAY)
    found = flips._brackets(prober, grids, {"a": 1.0, "k": 2.0})
    own = [(b.near, b.far) for b in found if b.key == "k"]
    assert own == expected


def test_a_share_without_a_lower_bound_is_swept_as_any_number() -> None:
    half_open = replace(questions()["traffic.retry_rate"], low=None)
    assert grid(half_open, 0.5, 5).tolist() == pytest.approx([0.005, 0.05, 0.5, 1.0, 1.0])
