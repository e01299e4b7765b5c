"""Learning rates by method and size, from the recipes that the tables cite."""

from __future__ import annotations

import pytest

from advisor.calibrate import methods
from advisor.calibrate.methods import check_method, usual_rate
from advisor.core.errors import MissingExtra, UsageError

LARGE = 0.3e9 * 2
"""Bytes of 0.3 billion parameters in 16 bits."""

ENCODER = 25e6 * 4


@pytest.mark.parametrize(
    ("method", "size", "objective", "rate"),
    [
        ("lora", LARGE, "sft", 2e-4),
        ("lora", LARGE - 1, "sft", 2e-3),
        ("full", LARGE, "sft", 1e-5),
        ("full", LARGE - 1, "sft", 5e-4),
        ("qlora", 1e12, "sft", 2e-4),
        ("encoder", ENCODER, "sft", 5e-5),
        ("encoder", ENCODER - 1, "sft", 1e-3),
        ("full", 1e12, "dpo", 5e-7),
        ("lora", 1.0, "dpo", 5e-6),
        ("soft-prompt", 1.0, "dpo", 5e-6),
    ],
)
def test_the_rate_is_that_of_the_method_and_the_size(
    method: str, size: float, objective: str, rate: float
) -> None:
    assert usual_rate(method, size, objective) == rate


def test_only_methods_that_train_a_model_that_writes_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    for method in ("full", "lora", "dora", "soft-prompt"):
        check_method(method)
    with pytest.raises(MissingExtra):
        check_method("qlora")
    with pytest.raises(UsageError, match="the model writes text"):
        check_method("encoder")
    with pytest.raises(UsageError, match="not trained here"):
        check_method("adalora")
    monkeypatch.setattr(methods, "find_spec", lambda name: name)
    check_method("qlora")
