"""The score of weights that fit their GPU in 8 or 4 bits only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.quantity import Basis
from advisor.core.setting import Setting
from advisor.facts import load
from tests.options import brief, estimated, rented, setting

MODELS = {"llama-3.1-8b": "Llama-3.1-8B", "llama-3.1-70b": "Llama-3.1-70B"}


def on(gpu: str, model: str) -> Setting:
    facts = load()
    return replace(
        setting(), models={"llama-3.1-8b": facts.model(MODELS[model])}, gpu=facts.gpu(gpu)
    )


@pytest.mark.parametrize(
    ("gpu", "model", "lost"),
    [
        ("L40S", "llama-3.1-8b", 0.0),  # 16 GB in 48
        ("H100-SXM", "llama-3.1-70b", 0.018),  # 71 GB × 1.06 do not fit 72; 39 GB do
        ("H200-SXM", "llama-3.1-70b", 0.005),  # 141 GB in 16 bits do not fit 127; 75 GB do
    ],
)
def test_a_predicted_score_loses_what_published_tests_lost_at_these_bits(
    gpu: str, model: str, lost: float
) -> None:
    facts = on(gpu, model)
    whole = estimated(rented(), brief(), facts, quality=0.9, basis=Basis.MODELLED)
    assert whole["quality.score"].value == pytest.approx(0.9 * (1 - lost))
    assert ("quality.quantisation_loss" in whole.figures) is (lost > 0)


def test_the_loss_is_a_range_and_never_a_gain() -> None:
    facts = on("H100-SXM", "llama-3.1-70b")
    found = estimated(
        rented(), brief(), facts, rows=2001, seed=7, quality=0.9, basis=Basis.MODELLED
    )
    score = np.asarray(found["quality.score"].rows)[1:]
    assert score.max() <= 0.9
    low, high = np.quantile(score, (0.1, 0.9))
    assert (low, high) == pytest.approx((0.9 * (1 - 0.054), 0.9 * (1 - 0.005)), abs=0.003)


def test_a_measured_score_is_taken_as_measured() -> None:
    facts = on("H100-SXM", "llama-3.1-70b")
    found = estimated(rented(), brief(), facts, quality=0.9, basis=Basis.MEASURED)
    assert found["quality.score"].value == 0.9
    assert "quality.quantisation_loss" not in found.figures
