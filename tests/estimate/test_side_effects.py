"""Side effects of options: which figures each carries, from which study, and that none is a sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.option import Estimate
from advisor.core.quantity import Basis
from tests.options import brief, estimated, prompt, rented

EFFECTS = (
    "wording_spread",
    "repeat_spread",
    "below_prompt",
    "forgetting",
    "reasoning_gain",
    "voting_gain",
)


def effects_of(estimate: Estimate) -> set[str]:
    return {name for name in EFFECTS if f"quality.{name}" in estimate.figures}


@pytest.mark.parametrize(
    ("technique", "effects"),
    [
        ("zero-shot", {"wording_spread"}),
        ("few-shot", {"wording_spread", "repeat_spread"}),
        ("chain-of-thought", {"wording_spread", "reasoning_gain"}),
        ("self-consistency", {"wording_spread", "reasoning_gain", "voting_gain"}),
    ],
)
def test_a_prompt_varies_and_may_reason(technique: str, effects: set[str]) -> None:
    option = prompt("uncached", technique=technique)
    assert effects_of(estimated(option, brief())) == effects


def test_tuning_may_forget_and_fall_below_the_prompt() -> None:
    estimate = estimated(rented(), brief(data__examples=100))
    assert effects_of(estimate) == {
        "wording_spread",
        "repeat_spread",
        "below_prompt",
        "forgetting",
    }
    share = estimate["quality.below_prompt"]
    assert share.value == pytest.approx(0.37)
    assert share.basis is Basis.PUBLISHED
    assert "4 studies" in share.source


def test_more_labels_vary_less() -> None:
    few, many = (
        estimated(rented(), brief(data__examples=n))["quality.repeat_spread"].value
        for n in (100, 101)
    )
    assert few > 2 * many


def test_no_total_counts_a_side_effect() -> None:
    estimate = estimated(rented(), brief(data__examples=100))
    for name in ("run.total", "once.total", "horizon.total"):
        formula = str(estimate[name].operands)
        assert not any(f"quality.{effect}" in formula for effect in EFFECTS), name


def test_a_spread_is_never_negative() -> None:
    estimate = estimated(rented(), brief(data__examples=100), rows=2001, seed=1)
    for name in ("wording_spread", "repeat_spread", "below_prompt", "forgetting"):
        rows = np.asarray(estimate[f"quality.{name}"].rows)
        assert len(rows) == 2001
        assert rows.min() >= 0
    p10, p50, p90 = np.quantile(estimate["quality.forgetting"].rows, [0.1, 0.5, 0.9])
    assert (p10, p50, p90) == pytest.approx((0.0, 0.022, 0.044), abs=0.002)


@pytest.mark.parametrize(
    ("technique", "shown", "spread"),  # Bertsch 2024: 0.038 up to 100 demonstrations, then 0.02
    [
        ("few-shot", 0, 0.038),
        ("many-shot", 0, 0.02),
        ("few-shot-100", 100, 0.038),
        ("few-shot-101", 101, 0.02),
        ("many-shot-50", 50, 0.038),
    ],
)
def test_more_demonstrations_vary_less(technique: str, shown: int, spread: float) -> None:
    option = replace(prompt("uncached", technique=technique), shown_examples=shown)
    found = estimated(option, brief())["quality.repeat_spread"]
    assert found.value == pytest.approx(spread)


@pytest.mark.parametrize(
    ("technique", "loss"), [("lora", 0.022), ("full", 0.09), ("hosted", 0.022), ("encoder", None)]
)
def test_what_is_forgotten_depends_on_what_is_trained(technique: str, loss: float | None) -> None:
    """Biderman 2024; what a provider trains, it does not say: as adapters."""
    figures = estimated(rented(technique), brief()).figures
    assert ("quality.forgetting" in figures) is (loss is not None)
    if loss is not None:
        assert figures["quality.forgetting"].value == pytest.approx(loss)


def test_only_a_tuned_model_falls_below_the_prompt_and_only_reasoning_may_cost_score() -> None:
    hybrid = estimated(rented("tuned-few-shot", "hybrid"), brief())
    assert "quality.below_prompt" not in hybrid.figures
    thought = estimated(prompt("uncached", technique="chain-of-thought"), rows=2001, seed=1)
    gain = thought["quality.reasoning_gain"].rows
    assert np.quantile(gain, [0.1, 0.5]) == pytest.approx([-0.02, 0.038], abs=0.005)
    assert gain.min() < -0.02
