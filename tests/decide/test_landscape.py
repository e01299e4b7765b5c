"""What pictures need beyond the verdict, each compared with the verdict or the draws themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from advisor import pipeline
from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.decide import landscape
from advisor.decide.landscape import CURVE_POINTS, MAP_DRAWS, MULTIPLES, PRICES_USD
from advisor.decide.ranking import Ranking, rank

BRIEFS = Path(__file__).parents[2] / "profiles" / "briefs"
DRAWS = 600


@pytest.fixture(scope="module")
def brief() -> Brief:
    return pipeline.load(BRIEFS / "customs-invoices.toml")


class Taken(NamedTuple):
    """The draws that a cell of the map was judged on, of so many rows."""

    start: int
    stop: int
    rows: int


@pytest.fixture(scope="module")
def taken() -> list[Taken]:
    """Filled by `judged`."""
    return []


@pytest.fixture(scope="module")
def judged(brief: Brief, taken: list[Taken]) -> Verdict:
    drawn: list[Ranking] = []

    def ranked(estimates, brief, size):
        drawn.append(rank(estimates, brief, size))
        return drawn[-1]

    def rows(self: Ranking, which: slice) -> Ranking:
        if any(self is one for one in drawn):
            taken.append(Taken(which.start, which.stop, len(self.cost)))
        return rows_of(self, which)

    rows_of = Ranking.rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landscape, "rank", ranked)
        patch.setattr(Ranking, "rows", rows)
        return pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=DRAWS)


@pytest.mark.parametrize("place", [0, len(PRICES_USD), -2, -1])
def test_a_cell_of_the_map_is_the_verdict_at_its_volume_and_price(
    brief: Brief, judged: Verdict, place: int
) -> None:
    cells = judged.cost_map
    assert len(cells) == len(MULTIPLES) * len(PRICES_USD)
    cell = cells[place]
    moved = replace(
        brief,
        traffic=replace(brief.traffic, requests_per_month=Range.exact(cell.requests_per_month)),
        quality=replace(brief.quality, error_cost_usd=Range.exact(cell.error_cost_usd)),
    )
    again = pipeline.judge(moved, pipeline.look(moved, own_runs=False), draws=DRAWS, deep=False)
    assert (cell.verdict, cell.arm) == (again.verdict, again.arm)


def test_the_cells_of_a_price_share_out_its_draws(judged: Verdict, taken: list[Taken]) -> None:
    """Each cell is judged on draws of its own volume: as many for each, none twice, none left."""
    priced = [taken[i : i + len(MULTIPLES)] for i in range(0, len(taken), len(MULTIPLES))]
    assert priced
    for cells in priced:
        assert [cell.start for cell in cells] == [0, *(cell.stop for cell in cells[:-1])]
        assert {cell.stop - cell.start for cell in cells} == {MAP_DRAWS + 1}
        assert cells[-1].stop == cells[-1].rows


def test_chances_are_written_to_the_sixth_digit(judged: Verdict) -> None:
    shown = [judged.p_best, judged.p_approach, *(a.p_best for a in judged.arms)]
    shown += [option.p_meets_constraints for option in judged.arms]
    assert shown == [None if p is None else round(p, 6) for p in shown]


def test_there_is_no_learning_curve_without_a_tuned_option_or_labels() -> None:
    tuned = SimpleNamespace(options=[Option("tune", "lora", "m")])
    prompted = SimpleNamespace(options=[Option("prompt", "few-shot", "m")])
    unknown = {"data.examples": Figure(math.nan, "labels", "data.examples")}
    for ranking, inputs in ((tuned, {}), (tuned, unknown), (prompted, {})):
        cases = SimpleNamespace(inputs=inputs)
        assert landscape.learning_curve(None, cases, ranking, 1) is None  # type: ignore[arg-type]


def test_a_learning_curve_rises_through_the_labels_in_hand(judged: Verdict) -> None:
    curve = judged.curve
    assert curve is not None
    assert len(curve.points) == CURVE_POINTS
    assert curve.points[CURVE_POINTS // 2].examples == curve.now
    likely = [point.score.p50 or 0.0 for point in curve.points]
    assert likely == sorted(likely)
    assert all(p.score.p10 <= p.score.p50 <= p.score.p90 for p in curve.points)


def test_the_draws_listed_are_those_of_the_ranges(judged: Verdict) -> None:
    first = judged.drawn[0]
    assert first.option == judged.arm
    for option in judged.drawn:
        usd = [*option.once_usd, *option.monthly_usd, *option.cash_usd, *option.errors_usd]
        assert usd == [round(value, 2) for value in usd]
        assert list(option.quality) == [round(value, 4) for value in option.quality]
    paid = judged.chosen.figure("horizon.cash")
    inside = np.mean(
        (np.array(first.cash_usd) >= paid.p10) & (np.array(first.cash_usd) <= paid.p90)
    )
    assert 0.7 < inside < 0.9
    total = np.median(np.array(first.cash_usd) + np.array(first.errors_usd))
    assert total == pytest.approx(judged.chosen.horizon_usd.p50, rel=0.1)


def test_the_chance_of_a_flip_is_that_of_its_input(judged: Verdict) -> None:
    drawn = [flip for flip in judged.flip_points if flip.p_beyond is not None]
    assert drawn
    assert all(0.0 <= flip.p_beyond <= 0.5 for flip in drawn if flip.value > flip.now)


def test_an_owner_of_roles_pays_their_blended_rate() -> None:
    text = """
        [models]
        prompt = ["claude-haiku-4-5"]
        tune = ["llama-3.1-8b"]
        [[team.roles]]
        name = "engineer"
        share = 0.75
        hourly_usd = 120
        [[team.roles]]
        name = "expert"
        share = 0.25
        hourly_usd = {low = 60, likely = 80, high = 100}
    """
    from advisor.brief import parse

    roles = parse(text)
    informed = pipeline.inform(roles, pipeline.look(roles, own_runs=False))
    rate = informed.team.hourly_usd
    assert (rate.p10, rate.p50, rate.p90) == (105.0, 110.0, 115.0)
    assert informed.origin("team.hourly_usd").source == "brief brief: team.roles"


def test_every_volume_of_the_map_is_judged_on_draws_of_its_own(
    brief: Brief, judged: Verdict
) -> None:
    """From a tenth of today's volume to tenfold, each as a verdict on so many draws."""
    now = brief.traffic.requests_per_month.p50
    price = max(cell.error_cost_usd for cell in judged.cost_map)
    row = [cell for cell in judged.cost_map if cell.error_cost_usd == price]
    shares = [cell.requests_per_month / now for cell in row]
    assert shares == pytest.approx([0.1, 0.3, 1.0, 3.0, 10.0])
    for cell in row:
        moved = replace(
            brief,
            traffic=replace(brief.traffic, requests_per_month=Range.exact(cell.requests_per_month)),
            quality=replace(brief.quality, error_cost_usd=Range.exact(price)),
        )
        again = pipeline.judge(
            moved, pipeline.look(moved, own_runs=False), draws=MAP_DRAWS, deep=False
        )
        assert (cell.verdict, cell.arm) == (again.verdict, again.arm)


def hand_made(**values: object) -> Estimate:
    figures = {k.replace("__", "."): v for k, v in values.items()}
    return Estimate(
        Option("tune", "lora", "m"),
        {k: Figure(v, "USD", k) for k, v in figures.items()},  # type: ignore[arg-type]
    )


class Curved:
    """A score that rises with the logarithm of the labels, 0.1 for each eightfold, ± 0.01."""

    def __init__(self, rise: float = 0.1) -> None:
        self.rise = rise
        self.asked: tuple[int, list[int], list[float]] = (0, [], [])

    def drawn_what_if(
        self,
        changes: list[tuple[str, float]],
        draws: int,
        seed: int,
        which: list[int],
        cases: object,
    ) -> tuple[Estimate, ...]:
        self.asked = (draws, which, [value for _, value in changes])
        offsets = np.concatenate([[5.0], np.linspace(-0.01, 0.01, draws)])
        blocks = [0.5 + self.rise * math.log(v, 8) + offsets for _, v in changes]
        return (hand_made(quality__score=np.concatenate(blocks)),)


def curve_of(
    labels: float, world: Curved, named: int = 1, size: int = 101
) -> landscape.LearningCurve | None:
    """Of a prompt and two tuned options, of which the last is best in most draws."""
    options = tuple(Option(a, "x", m) for a, m in (("prompt", "p"), ("tune", "a"), ("tune", "b")))
    rows = np.arange(size)
    third = np.where(rows % 3 == 0, 9.0, 1.0)
    cost = np.column_stack([np.full(size, 8.0), np.full(size, 5.0), third])
    every = np.ones(cost.shape, dtype=bool)
    ranking = Ranking(options, cost, cost, cost, every, every, every, every, named=named)
    inputs = {"data.examples": Figure(labels, "labels", "data.examples")}
    cases = SimpleNamespace(inputs=inputs, size=size)
    return landscape.learning_curve(world, cases, ranking, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize(("labels", "middle"), [(800.0, 800.0), (100.0, 100.0), (40.0, 100.0)])
def test_a_curve_goes_from_an_eighth_to_eight_times_the_labels(
    labels: float, middle: float
) -> None:
    world = Curved()
    curve = curve_of(labels, world)
    assert curve is not None
    values = [point.examples for point in curve.points]
    assert values == [float(round(middle * 2.0**k)) for k in range(-3, 4)]
    assert curve.now == labels
    for point in curve.points:
        likely = 0.5 + 0.1 * math.log(point.examples, 8)
        ends = (point.score.p10, point.score.p50, point.score.p90)
        assert ends == pytest.approx((likely - 0.008, likely, likely + 0.008))
    assert world.asked[:2] == (100, [1])


@pytest.mark.parametrize(("named", "which"), [(0, 2), (1, 1), (2, 2)])
def test_a_curve_is_that_of_the_pick_or_of_the_best_tuned_option(named: int, which: int) -> None:
    world = Curved()
    curve = curve_of(800.0, world, named, size=501)
    assert curve is not None
    assert curve.option == f"tune/x@{'_ab'[which]}"
    assert world.asked[:2] == (200, [which])


@pytest.mark.parametrize("rise", [0.0, math.nan])
def test_labels_that_move_nothing_have_no_curve(rise: float) -> None:
    assert curve_of(800.0, Curved(rise)) is None


class Priced:
    """An option that costs 1 USD for 1,000 requests and errs in a fifth of them, over one month."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief

    def priced_at(self, usd: float) -> Priced:
        quality = replace(self.brief.quality, error_cost_usd=Range.exact(usd))
        return Priced(replace(self.brief, quality=quality))

    def drawn_what_if(
        self, changes: list[tuple[str, float]], draws: int, *others: object
    ) -> tuple[Estimate, ...]:
        volumes = np.repeat([value for _, value in changes], draws + 1)
        errors = 0.2 * volumes * self.brief.quality.error_cost_usd.likely
        cash = volumes / 1000
        rows = {"horizon.total": cash + errors, "horizon.errors": errors, "once.total": 0 * cash}
        rows |= {"quality.score": 0 * cash + 0.8, "run.total": cash, "time.weeks": 0 * cash}
        return (Estimate(Option("tune", "x", "m"), {k: Figure(v, "", k) for k, v in rows.items()}),)


@pytest.mark.parametrize(
    ("stated", "prices"),
    [(0.0, [0.0, 0.01, 0.1, 1.0, 10.0]), (0.5, [0.0, 0.15, 0.5, 1.5, 5.0])],
)
@pytest.mark.parametrize(("draws", "kept"), [(50, 50), (900, 200)])
def test_every_cell_is_judged_at_its_own_volume_and_price(
    stated: float, prices: list[float], draws: int, kept: int, brief: Brief
) -> None:
    seen: list[tuple[float, float]] = []

    def judge(evaluator: Priced, ranking: Ranking) -> SimpleNamespace:
        price = evaluator.brief.quality.error_cost_usd.likely
        assert ranking.cost.shape == (kept + 1, 1)
        volume = float(ranking.cash[0, 0]) * 1000
        assert np.allclose(ranking.cost, volume / 1000 + 0.2 * volume * price)
        seen.append((volume, price))
        return SimpleNamespace(word=f"word {len(seen)}", option="an option")

    traffic = replace(brief.traffic, requests_per_month=Range(1.0, 2000.0, 9000.0))
    quality = replace(brief.quality, error_cost_usd=Range(0.5 * stated, stated, 9 * stated))
    world = Priced(replace(brief, traffic=traffic, quality=quality))
    cases = SimpleNamespace(size=draws + 1, estimates=(hand_made(),))
    cells = landscape.cost_map(world, cases, 7, judge)  # type: ignore[arg-type]
    volumes = [200.0, 600.0, 2000.0, 6000.0, 20_000.0]
    expected = [(v, p) for v in volumes for p in prices]
    assert [(c.requests_per_month, c.error_cost_usd) for c in cells] == [
        pytest.approx(pair) for pair in expected
    ]
    assert seen == [pytest.approx(pair) for pair in expected]
    assert [c.verdict for c in cells] == [f"word {i}" for i in range(1, 26)]


@pytest.mark.parametrize("volume", [None, Range.exact(0.0)])
def test_without_traffic_there_is_no_map(volume: Range | None, brief: Brief) -> None:
    still = Priced(replace(brief, traffic=replace(brief.traffic, requests_per_month=volume)))
    assert landscape.cost_map(still, None, 7, None) == ()  # type: ignore[arg-type]


def test_draws_are_listed_once_rounded_and_cut() -> None:
    rows = np.arange(300) + 0.123456
    figures = ("once__total", "run__total", "horizon__cash", "horizon__errors")
    estimate = hand_made(**dict.fromkeys(figures, rows), quality__score=rows / 1000)
    (listed,) = landscape.drawn_options([estimate, estimate], 300)
    assert listed.once_usd == listed.errors_usd == tuple(round(i + 0.12, 2) for i in range(1, 201))
    assert listed.quality[:2] == (0.0011, 0.0021)
    unknown = replace(estimate, figures={**estimate.figures, "run.total": Figure(math.nan, "")})
    (listed,) = landscape.drawn_options([unknown], 300)
    assert (listed.monthly_usd, len(listed.cash_usd)) == ((), 200)


@pytest.mark.parametrize(
    ("cash", "score", "expected"),
    [
        (np.array([99.0, 1.0, 2.0, 3.0, 4.0]), np.array([0.0, 4.0, 3.0, 2.0, 1.0]), -1.0),
        (np.array([99.0, 1.0, 2.0, 3.0, 6.0]), np.array([0.0, 1.0, 3.0, 2.0, 5.0]), None),
        (np.array([99.0, 1.0, 1.0, 1.0, 1.0]), np.array([0.0, 1.0, 3.0, 2.0, 5.0]), 0.0),
        (np.array([99.0, 1.0, 2.0, 3.0, 6.0]), np.array([0.0, 2.0, 2.0, 2.0, 2.0]), 0.0),
        (np.array([99.0, 1.0, 2.0, 3.0, np.inf]), np.array([0.0, 1.0, 3.0, 2.0, 5.0]), 0.0),
        (np.array([99.0, 1.0, 2.0, 3.0, 6.0]), np.array([0.0, 1.0, 3.0, 2.0, np.nan]), 0.0),
    ],
)
def test_cash_and_score_move_together_or_not(
    cash: np.ndarray, score: np.ndarray, expected: float | None
) -> None:
    """None as expected: scipy's; 0: not known."""
    found = landscape.correlation(hand_made(horizon__cash=cash, quality__score=score), 5)
    if expected == 0.0:
        assert found is None
        return
    by_scipy = float(stats.pearsonr(cash[1:], score[1:]).statistic)
    assert found == pytest.approx(by_scipy if expected is None else expected, abs=1e-6)
