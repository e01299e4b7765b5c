from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.verdict import Verdict
from advisor.report import json as report

CONTRACT = {
    "": "schema verdict arm p_best expected_regret_usd why arms excluded break_even flip_points "
    "sensitivity next_step readiness segments plan assumptions warnings",
    "arms": "id approach technique model runs_on one_off_usd monthly_usd horizon_usd weeks quality "
    "p_meets_constraints p_best figures",
    "excluded": "id rule detail",
    "flip_points": "input value verdict_becomes",
    "sensitivity": "input low high swing_usd",
    "readiness": "rule status",
    "segments": "name verdict arm p_best one_off_usd monthly_usd",
    "plan": "stage arm gate weeks",
    "assumptions": "key value basis source as_of",
}


def test_the_keys_of_the_contract_are_all_there(verdict: Verdict) -> None:
    data = json.loads(report.render(verdict))
    for path, keys in CONTRACT.items():
        row = data[path][0] if path else data
        assert set(keys.split()) <= set(row), path
    assert set(data["arms"][0]["quality"]) == {"p10", "p50", "p90"}
    assert {"months", "requests_per_month", "price_multiple", "uplift"} <= set(data["break_even"])
    assert {"action", "cost_usd", "days", "worth_usd"} <= set(data["next_step"])
    figure = "id value unit basis formula source as_of"
    assert set(figure.split()) <= set(data["arms"][0]["figures"][0])


def test_it_is_the_record_and_nothing_else(verdict: Verdict) -> None:
    record = json.loads(
        json.dumps(asdict(verdict)), parse_float=lambda digits: float(f"{float(digits):.10g}")
    )
    assert json.loads(report.render(verdict)) == record


def test_the_same_record_gives_the_same_bytes(verdict: Verdict, golden) -> None:
    assert report.render(verdict) == report.render(replace(verdict))
    golden("verdict.json", report.render(verdict))


def test_unknown_is_null_and_never_nan(verdict: Verdict) -> None:
    odd = replace(verdict, expected_regret_usd=math.nan, p_best=math.inf)
    data = json.loads(report.render(odd), parse_constant=lambda word: pytest.fail(word))
    assert data["expected_regret_usd"] is None
    assert data["p_best"] is None
    assert data["arms"][3]["monthly_usd"] == {"p10": None, "p50": None, "p90": None}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_ten_digits(value: float) -> None:
    read = json.loads(report.dump([value]))[0]
    assert read == pytest.approx(value, rel=1e-9, abs=0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2))
def test_rounding_keeps_the_order_of_a_range(values: list[float]) -> None:
    read = json.loads(report.dump(sorted(values)))
    assert read == sorted(read)
