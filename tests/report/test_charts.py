from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import Sensitivity, Verdict
from advisor.report import extract
from advisor.report.cash import CashFlow, cash_flow
from advisor.report.charts import chances, costs
from advisor.report.charts.canvas import Scale, tick_money
from advisor.report.document import document
from advisor.report.page import Chart
from advisor.report.phrases import widest_first
from advisor.report.terms import Terms

SVG = "{http://www.w3.org/2000/svg}"


def charts_of(verdict: Verdict) -> dict[str, Chart]:
    blocks = [block for section in document(verdict).sections for block in section.blocks]
    return {block.name: block for block in blocks if isinstance(block, Chart)}


def parse(chart: Chart | None) -> ElementTree.Element:
    assert chart is not None
    return ElementTree.fromstring(chart.svg)


def of_class(root: ElementTree.Element, tag: str, style: str) -> list[ElementTree.Element]:
    return [e for e in root.iter(SVG + tag) if e.get("class") == style]


def test_the_report_has_its_pictures(verdict: Verdict) -> None:
    drawn = {"best", "trade-off", "parts", "quality", "tornado", "risk-matrix", "timeline"}
    assert set(charts_of(verdict)) == drawn


def test_a_whole_record_has_all_pictures(priced: Verdict) -> None:
    assert {"map", "learning", "cash"} < set(charts_of(priced))


def test_each_picture_is_well_formed_named_and_inside_its_frame(
    verdict: Verdict, hostile: Verdict
) -> None:
    for record in (verdict, hostile):
        for chart in charts_of(record).values():
            root = parse(chart)
            assert root.get("role") == "img"
            assert root.find(f"{SVG}title").text == chart.title
            assert chart.rows
            assert chart.alternative.startswith(chart.title)
            _, _, width, height = map(float, root.get("viewBox").split())
            limits = {"x": width, "x1": width, "x2": width, "cx": width, "y": height, "cy": height}
            for e in root.iter():
                for attribute, most in limits.items():
                    assert 0 <= float(e.get(attribute, 0)) <= most, (chart.name, attribute)


def test_bars_of_chance_are_in_proportion() -> None:
    shares = [("Fine-tuning", 0.75), ("Prompting", 0.25)]
    root = parse(chances.approaches(shares, "Fine-tuning"))
    (chosen,) = of_class(root, "rect", "mark bar")
    (other,) = of_class(root, "rect", "rest bar")
    assert float(chosen.get("width")) / float(other.get("width")) == pytest.approx(3, rel=0.01)


def test_chances_of_approaches_add_up_their_options(verdict: Verdict) -> None:
    summed = dict(extract.approach_chances(verdict))
    assert summed == {"Fine-tuning": 0.91, "Prompting": 0.09, "Hybrid": 0.0, "As today": 0.0}


def test_a_tornado_crosses_zero_where_an_input_turns_the_advantage(verdict: Verdict) -> None:
    root = parse(chances.tornado(widest_first(verdict)))
    zero = float(of_class(root, "line", "rest")[0].get("x1"))
    rings = [float(c.get("cx")) for c in of_class(root, "circle", "end")]
    assert rings[0] < zero < rings[1]


def test_stacked_parts_are_as_long_as_they_cost(verdict: Verdict) -> None:
    root = parse(costs.stacked([verdict.chosen], 12.0, Terms.of(verdict)))
    once = float(of_class(root, "rect", "part0 bar")[0].get("width"))
    hosting = float(of_class(root, "rect", "part2 bar")[0].get("width"))
    assert hosting / once == pytest.approx(237.28 * 12 / 18363.27, rel=0.02)


def test_dots_of_quality_tell_measured_from_predicted() -> None:
    rows = [("a", Range(0.8, 0.85, 0.9), True), ("b", Range(0.7, 0.8, 0.9), False)]
    chart = chances.quality_dots(rows, 0.88)
    root = parse(chart)
    assert len(of_class(root, "circle", "mark")) == len(of_class(root, "circle", "end")) == 1
    assert chart.rows == (
        ("a", "0.850 measured, 0.800 – 0.900"),
        ("b", "0.800 predicted, 0.700 – 0.900"),
    )


def test_two_options_are_placed_by_cost_and_quality(verdict: Verdict) -> None:
    terms = Terms.of(verdict)
    root = parse(chances.quality_against_cost(list(verdict.arms[:2]), verdict, terms, 0.9))
    (chosen,) = of_class(root, "circle", "mark")
    (other,) = of_class(root, "circle", "rest")
    assert float(chosen.get("cx")) < float(other.get("cx"))  # cheaper
    assert float(chosen.get("cy")) < float(other.get("cy"))  # better


def test_no_picture_where_there_is_nothing_to_compare(nothing_left: Verdict) -> None:
    assert charts_of(nothing_left) == {}


def test_unknown_costs_have_no_place(verdict: Verdict) -> None:
    unknown = [replace(option, horizon_usd=UNKNOWN) for option in verdict.arms]
    terms = Terms.of(verdict)
    assert chances.quality_against_cost(unknown, verdict, terms, None) is None
    assert costs.cash_by_month(verdict, terms) is None  # the record has no horizon.months_level


def test_a_scale_of_one_value_stands() -> None:
    assert parse(chances.tornado([Sensitivity("a", 0.0, 0.0, 0.0)])) is not None
    assert Scale(3.0, 3.0)(3.0) == Scale(3.0, 3.0).start


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "$0"), (50_000.0, "$50 k"), (1_250_000.0, "$1.25 M"), (-20.0, "−$20")]
)
def test_ticks_of_money_are_short(value: float, text: str) -> None:
    assert tick_money(value) == text


def test_months_of_cash_add_up_to_the_total(priced: Verdict) -> None:
    """18,363.27 once, then 3,317.28 a month at 8 % a year: Σ 3,317.28 ÷ 1.08^(t÷12)."""
    flow = cash_flow(priced.chosen)
    assert isinstance(flow, CashFlow)
    assert len(flow.monthly) == 12
    assert flow.monthly[0] == pytest.approx(3317.28 / 1.08 ** (1 / 12), abs=0.01)
    assert flow.monthly[11] == pytest.approx(3317.28 / 1.08, abs=0.01)
    assert flow.total == pytest.approx(priced.chosen.figure("horizon.cash").value, abs=0.005)
    assert flow.cumulative[0] == 18363.27


def test_cash_lines_meet_where_the_dearer_start_is_earned_back(priced: Verdict) -> None:
    chart = costs.cash_by_month(priced, Terms.of(priced))
    root = parse(chart)
    dashed = of_class(root, "line", "grid dash")
    assert len(dashed) == 1
    notes = [t.text for t in root.iter(f"{SVG}text") if "even after" in (t.text or "")]
    assert notes == ["even after 2.0 months"]  # 17,643.27 ÷ 8,850.72 a month


def test_numbers_of_options_that_lie_close_can_be_read() -> None:
    dots = [(50.0, 60.0), (52.0, 61.0), (53.0, 60.0), (51.0, 59.0), (54.0, 62.0)]
    spots = chances._labels(dots)
    for place, (x, y) in enumerate(spots):
        for other_x, other_y in spots[place + 1 :]:
            assert abs(x - other_x) >= 9 or abs(y - other_y) >= 13
