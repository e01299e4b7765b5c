"""Answers checked one by one."""

from __future__ import annotations

import pytest

from advisor.brief.values import RefusedAnswer, checked
from advisor.core.brief import questions


@pytest.mark.parametrize("amount", [5e-324, 1e-300, 9e-10])
def test_a_tiny_amount_is_refused_with_the_least_one(amount: float) -> None:
    question = questions()["hardware.usd_per_hour"]
    with pytest.raises(RefusedAnswer, match="is impossible; give 0, or 1e-09 and more"):
        checked(question, amount)
    assert checked(question, 1e-9).p50 == 1e-9
