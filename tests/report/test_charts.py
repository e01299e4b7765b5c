from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from advisor.core.quantity import UNKNOWN
from advisor.core.verdict import BreakEven, Sensitivity, Verdict
from advisor.report import charts

NAMES = ("costs", "best", "tornado", "break-even")
SVG = "{http://www.w3.org/2000/svg}"


def parse(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def of_class(root: ElementTree.Element, tag: str, style: str) -> list[ElementTree.Element]:
    return [e for e in root.iter(SVG + tag) if e.get("class") == style]


@pytest.mark.parametrize("name", NAMES)
def test_each_chart_is_well_formed_named_and_inside_its_frame(
    verdict: Verdict, hostile: Verdict, name: str
) -> None:
    for held in (verdict, hostile):
        root = parse(charts.draw(name, held))
        assert root.get("role") == "img"
        assert root.find(f"{SVG}title").text
        _, _, width, height = map(float, root.get("viewBox").split())
        for e in root.iter():
            for attribute, most in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
            ):
                assert 0 <= float(e.get(attribute, 0)) <= most


def test_bars_of_chance_are_in_proportion(verdict: Verdict) -> None:
    root = parse(charts.draw("best", verdict))
    chosen, other = of_class(root, "rect", "mark bar"), of_class(root, "rect", "rest bar")
    assert float(chosen[0].get("width")) / float(other[0].get("width")) == pytest.approx(
        0.91 / 0.09, rel=0.01
    )


def test_intervals_lie_where_their_ends_are(verdict: Verdict) -> None:
    root = parse(charts.draw("costs", verdict))
    band = of_class(root, "line", "mark band")[0]
    dot = of_class(root, "circle", "mark dot")[0]
    left, right, middle = float(band.get("x1")), float(band.get("x2")), float(dot.get("cx"))
    held = verdict.chosen.horizon_usd
    assert (middle - left) / (right - left) == pytest.approx(
        (held.p50 - held.p10) / (held.p90 - held.p10), abs=0.01
    )


def test_the_lines_cross_at_the_break_even(verdict: Verdict) -> None:
    """Two straight lines: 18,363.27 + 3,317.28 m and 720 + 12,168 m meet at m = 1.9934."""
    root = parse(charts.draw("break-even", verdict))

    def line(style: str) -> tuple[float, float, float, float]:
        found = of_class(root, "line", style)[0]
        return tuple(float(found.get(k)) for k in ("x1", "y1", "x2", "y2"))

    (x1, a1, x2, a2), (_, b1, _, b2) = line("mark path"), line("rest path")
    crossing = x1 + (x2 - x1) * (b1 - a1) / ((a2 - a1) - (b2 - b1))
    assert line("grid dash")[0] == pytest.approx(crossing, abs=1.0)


def test_a_tornado_crosses_zero_where_an_input_turns_the_advantage(verdict: Verdict) -> None:
    root = parse(charts.draw("tornado", verdict))
    zero = float(of_class(root, "line", "rest")[0].get("x1"))
    rings = [float(c.get("cx")) for c in of_class(root, "circle", "end")]
    assert rings[0] < zero < rings[1]


@pytest.mark.parametrize("name", NAMES)
def test_no_picture_where_there_is_nothing_to_compare(nothing_left: Verdict, name: str) -> None:
    assert charts.draw(name, nothing_left) == ""


def test_an_unknown_cost_has_no_bar(verdict: Verdict) -> None:
    unknown = replace(verdict, arms=tuple(replace(a, horizon_usd=UNKNOWN) for a in verdict.arms))
    assert charts.draw("costs", unknown) == ""
    assert charts.draw("break-even", replace(verdict, break_even=BreakEven())) == ""


def test_a_scale_of_one_value_stands(verdict: Verdict) -> None:
    flat = replace(verdict, sensitivity=(Sensitivity("a", 0.0, 0.0, 0.0),))
    assert parse(charts.draw("tornado", flat)) is not None
