"""What pictures need beyond the verdict, each compared with the verdict or the draws themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from advisor import pipeline
from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Option
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
