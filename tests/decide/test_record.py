"""Figures as records: quantiles against numpy's, unknown as null."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure
from advisor.core.quantity import UNKNOWN, Basis
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
