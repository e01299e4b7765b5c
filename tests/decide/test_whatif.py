"""Flip points and break-evens, against the closed forms of the formulas page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Range
from advisor.core.setting import Setting
from advisor.core.verdict import BreakEven, FlipPoint
from advisor.decide.breakeven import break_even
from advisor.decide.whatif import what_changes
from advisor.estimate.cost import estimate_all
from advisor.estimate.sheet import Sheet, what_if
from advisor.pipeline import Evaluated
from tests.arms import brief, prompt, rented, setting

PAIR = (prompt("batch"), rented())


class Bench:
    """An evaluator with two arms of equal, certain quality."""

    def __init__(self, held: Brief, facts: Setting | None = None) -> None:
        self.brief, self.facts = held, facts or setting()

    def on(self, sheet: Sheet) -> Evaluated:
        good = Figure(0.95, "score", "quality.score", basis=Basis.MEASURED, source="test")
        quality = {arm.skill: good for arm in PAIR}
        found = estimate_all(PAIR, sheet, self.facts, quality)
        return Evaluated(sheet.size, found, sheet.made, sheet.spreads, quality)

    def what_if(self, changes: object) -> Evaluated:
        return self.on(what_if(self.brief, changes))  # type: ignore[arg-type]

    def likely(self) -> Evaluated:
        return self.on(Sheet(self.brief, 1))


def flips_of(held: Brief) -> dict[str, FlipPoint]:
    bench = Bench(held)
    return {f.input: f for f in what_changes(bench, bench.likely(), held, 1, 0).flips}


def even_of(held: Brief) -> BreakEven:
    """The tuned arm against the prompt."""
    bench = Bench(held)
    cases = bench.likely()
    return break_even(cases, 1, 0, what_changes(bench, cases, held, 1, 0).equal_requests)


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
    assert found.value == pytest.approx(volume, rel=1e-3)
    assert found.verdict_becomes == "prompt"
    assert even_of(held).requests_per_month == pytest.approx(volume, rel=1e-4)


def test_months_and_price_multiple_by_hand() -> None:
    held = brief()
    bench = Bench(held)
    cases = bench.likely()
    a, b = cases.estimates[1], cases.estimates[0]
    even = even_of(held)
    assert even.months == pytest.approx(
        (a["once.total"].value - b["once.total"].value) / (b["run.total"].value - a["run.total"].value)
    )
    assert even.price_multiple is not None
    charges = b["run.inference"].value * 12
    cheaper = b["once.total"].value + even.price_multiple * charges
    assert cheaper == pytest.approx(a["horizon.total"].value)


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
    unsure = brief(team__hourly_usd=Range(80, 110, 150), traffic__requests_per_month=Range(2e6, 3e6, 4e6))
    bench = Bench(unsure)
    cases = bench.on(Sheet(unsure, 4001, 11))
    swings = {s.input: s for s in what_changes(bench, cases, unsure, 1, 0).sensitivity}
    low = bench.what_if([("team.hourly_usd", 80.0)]).estimates
    advantage = low[0]["horizon.total"].rows[1] - low[1]["horizon.total"].rows[1]  # type: ignore[index]
    assert swings["team.hourly_usd"].low == pytest.approx(advantage)
    assert next(iter(swings)) == "traffic.requests_per_month"
    shares = [s.variance_share for s in swings.values()]
    assert sum(shares) == pytest.approx(1, abs=0.1)
