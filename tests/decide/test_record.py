"""Figures as records: quantiles against numpy's, unknown as null."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure
from advisor.core.quantity import UNKNOWN, Basis, Range
from advisor.decide.quantiles import quantiles
from advisor.decide.record import Recorder, sources
from tests.options import estimated, prompt


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=400))
def test_quantiles_are_those_of_numpy(values: list[float]) -> None:
    rows = np.array(values)
    found = quantiles(rows)
    assert [found.p10, found.p50, found.p90] == pytest.approx(
        np.quantile(rows, [0.1, 0.5, 0.9]).tolist(), abs=1e-6
    )


def test_unknown_draws_have_no_range() -> None:
    assert quantiles(np.array([1.0, np.nan, 2.0])) == UNKNOWN


def test_a_record_carries_formula_numbers_and_origin() -> None:
    estimate = estimated(prompt("uncached"))
    found = Recorder().figure(estimate["run.inference"])
    assert found.formula == "traffic.requests_per_month × (1 + traffic.retry_rate) × run.request"
    assert found.filled.startswith("3,000,000 × (1 + 0) × ")
    assert {i.id for i in found.inputs} == {
        "traffic.requests_per_month",
        "traffic.retry_rate",
        "run.request",
    }
    assert found.basis == "quoted"
    assert "price list of the test" in " ".join(i.source for i in found.inputs)
    assert found.as_of == "2026-11-01"


def test_an_unknown_figure_is_null_with_its_reason() -> None:
    found = Recorder().figure(
        Figure(float("nan"), "USD", "once.labels", source="nobody said", basis=Basis.ASSUMED)
    )
    assert (found.value, found.p50) == (None, None)
    assert found.source == "nobody said"


@pytest.mark.parametrize(("value", "is_source"), [(0.0, False), (1.0, True)])
def test_a_nothing_has_no_source_and_an_amount_has(value: float, is_source: bool) -> None:
    known = estimated(prompt("uncached"))
    free = Figure(value, "USD", "once.training", source="no training")
    paid = Figure(5.0, "USD", "once.people", source="a list", as_of="2026-11-01")
    total = (free + paid).named("horizon.total", "USD")
    found = sources([replace(known, figures={**known.figures, "horizon.total": total})])
    assert any("no training" in one.source for one in found) is is_source
    assert any("a list" in one.source for one in found)


def test_a_range_is_that_of_the_draws_and_worked_out_once() -> None:
    recorder = Recorder()
    rows = np.array([99.0, 1.0, 2.0, 3.0])
    first = recorder.spread(Figure(rows, "USD", "a"))
    assert (first.p10, first.p50, first.p90) == pytest.approx((1.2, 2.0, 2.8))
    assert recorder.spread(Figure(rows, "USD", "b")) is first
    other = recorder.spread(Figure(rows + 1, "USD", "a"))
    assert other.p50 == 3.0
    assert recorder.spread(Figure(np.array([5.0]), "USD", "c")) == Range.exact(5.0)
    assert recorder.spread(Figure(7.0, "USD", "d")) == Range.exact(7.0)
    assert recorder.spread(Figure(np.array([np.nan, 1.0]), "USD", "e")) == UNKNOWN


def test_an_option_has_its_form_and_what_is_in_place_is_named() -> None:
    estimate = estimated(prompt("uncached"))
    record = Recorder().option(estimate, 0.123456789, 0.5, ())
    assert (record.approach, record.p_meets_constraints, record.p_best) == ("prompt", 0.123457, 0.5)
    assert (record.best_form, record.figures) == (estimate.option.id, ())
    ours = replace(estimate, option=replace(estimate.option, as_is=True))
    kept = Recorder().option(ours, 1.0, 1.0, [estimate["run.total"]], "another", 0.25)
    assert (kept.approach, kept.best_form, kept.cash_quality_correlation) == (
        "as-is",
        "another",
        0.25,
    )
    assert [f.id for f in kept.figures] == ["run.total"]


def test_a_figure_is_as_old_as_its_oldest_dated_input_and_names_four_sources() -> None:
    leaves = [
        Figure(float(i), "USD", f"x{i}", source=f"list {i}", as_of=day)
        for i, day in enumerate(("2026-03-01", "undated", "2025-12-24", "", "2026-01-01"), start=1)
    ]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf
    found = Recorder().figure(total.named("sum", "USD"))
    assert found.as_of == "2025-12-24"
    assert found.source == "list 1; list 2; list 3; list 4"
    assert found.value == 15.0
    alone = Recorder().figure(Figure(2.0, "USD", "alone"))
    assert (alone.formula, alone.as_of) == ("alone", "")
    assert Recorder().figure(leaves[0]).formula == "list 1"
    product = (leaves[0] * leaves[2]).named("part", "USD")
    (of_product, own) = Recorder().figure((product + leaves[0]).named("all", "USD")).inputs
    assert of_product.source == "list 1; list 3"
    assert (own.source, own.value, own.as_of) == ("list 1", 1.0, "2026-03-01")


@pytest.mark.parametrize(
    ("leaf", "is_source"),
    [
        (Figure(0.0, "USD", "x", source="a"), False),
        (Figure(0.0, "USD", "x", source="a", basis=Basis.QUOTED), True),
        (Figure(np.zeros(3), "USD", "x", source="a"), True),
        (Figure(1.0, "USD", "x", source="a"), True),
        (Figure(1.0, "USD", "", source="a"), False),
        (Figure(1.0, "USD", "x"), False),
    ],
)
def test_a_source_is_what_a_named_amount_rests_on(leaf: Figure, is_source: bool) -> None:
    other = Figure(2.0, "weeks", "y", source="b", as_of="2026-11-01")
    total = (leaf + Figure(5.0, "USD", "z", source="c")).named("horizon.total", "USD")
    weeks = (other + other).named("time.weeks", "weeks")
    estimate = estimated(prompt("uncached"))
    pair = [replace(estimate, figures={"horizon.total": total, "time.weeks": weeks})] * 2
    found = {one.source: one.used_for for one in sources(pair)}
    assert found == ({"a": ("x",)} if is_source else {}) | {"c": ("z",), "b": ("y",)}
