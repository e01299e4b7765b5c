"""How long an answer takes, by hand."""

from __future__ import annotations

import pytest

from advisor.core.option import Option, Place, Serving
from tests.estimate.test_limits import facts
from tests.options import brief, estimated, prompt, rented


def seconds(option: Option, **changes: object) -> float:
    case = brief(traffic__max_latency_seconds=5.0, **changes)  # type: ignore[arg-type]
    return estimated(option, case, facts())["time.answer_seconds"].value


def test_a_provider_takes_its_first_token_and_its_writing_speed() -> None:
    assert seconds(prompt("uncached")) == pytest.approx(0.6 + 320 / 80)


def test_a_model_on_gpus_takes_its_own_time_and_a_cascade_that_of_both() -> None:
    own = seconds(rented())
    cascade = Option(
        "hybrid", "cascade", "llama-3.1-8b", "", Serving(Place.RENTED), helper="claude-sonnet-5"
    )
    assert seconds(cascade) == pytest.approx(own + 0.6 + 320 / 80)


def test_nothing_is_judged_without_a_limit_or_in_batches() -> None:
    assert "time.answer_seconds" not in estimated(prompt("uncached")).figures
    limited = brief(traffic__max_latency_seconds=5.0)
    assert "time.answer_seconds" not in estimated(prompt("batch"), limited).figures
