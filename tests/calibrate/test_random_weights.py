"""Weights of no meaning for models that were built without any."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from advisor.calibrate.worker import random_weights  # noqa: E402


def test_what_has_no_memory_is_made_once_and_what_has_some_stays() -> None:
    with torch.device("meta"):
        model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.LayerNorm(64))
        model.append(torch.nn.Linear(64, 64))
    model[2].weight = model[0].weight  # shared
    own = torch.nn.Parameter(torch.full((64,), 3.0))
    model[0].bias = own
    random_weights.make(model, "cpu")
    assert not any(p.is_meta for p in model.parameters())
    assert model[2].weight is model[0].weight
    assert model[0].bias is own
    assert model[1].weight.eq(1.0).all()
    assert model[1].bias.eq(0.0).all()
    assert model[0].weight.std().item() == pytest.approx(random_weights.STANDARD_DEVIATION, rel=0.1)


def test_frozen_parameters_stay_frozen() -> None:
    with torch.device("meta"):
        model = torch.nn.Linear(2, 2)
    model.weight.requires_grad_(False)
    random_weights.make(model, "cpu")
    assert [p.requires_grad for p in model.parameters()] == [False, True]


def test_a_matrix_with_memory_is_taken_as_it_is() -> None:
    weight = torch.nn.Parameter(torch.ones(2, 2))
    assert random_weights.drawn(weight, "cpu").data_ptr() == weight.data_ptr()
    assert random_weights.drawn(torch.empty(2, 2, device="meta"), "cpu").shape == (2, 2)
