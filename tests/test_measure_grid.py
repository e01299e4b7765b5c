"""The grid that waits for a GPU is forecast as a whole, and says what it does not know."""

from __future__ import annotations

import tomllib

import pytest

from advisor.facts import load
from advisor.shipped import folder
from tools.measure_grid import forecast, plans

GRID = folder("calibration") / "grid.toml"


def test_every_trial_of_the_grid_has_a_forecast_and_a_label_of_its_own() -> None:
    facts = load()
    gpu = facts.gpu("H200-SXM")
    groups = list(plans(tomllib.loads(GRID.read_text(encoding="utf-8")), facts))
    expected = [
        forecast(trial, one.shared["lengths"], gpu, facts) for one in groups for trial in one.trials
    ]
    assert len({one["label"] for one in expected}) == len(expected) > 40
    for one in expected:
        for quantity in ("process_gib", "allocated_gib", "tokens_per_second"):
            low, middle, high = one[quantity]
            assert 0.0 < low < middle < high, one["label"]
        assert one["allocated_gib"][1] < one["process_gib"][1] < 141.0, one["label"]


def test_a_key_that_no_trial_has_is_named() -> None:
    with pytest.raises(ValueError, match="no such key: methd"):
        list(plans({"run": [{"model": "SmolLM2-135M", "methd": "lora"}]}, load()))
