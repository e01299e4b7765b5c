"""In how many bits weights are served: what fits, and what answers in time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from advisor.core.precision import served_bits
from tests.estimate.test_gpu_hours import L40S
from tests.options import LLAMA, brief

WRITTEN = LLAMA.active_params - LLAMA.embedding_params


def seconds(bytes_each: float) -> float:
    """320 tokens, each of which reads the weights at 0.6 of 864 GB/s."""
    return 320 * bytes_each * WRITTEN / (864e9 * 0.6)


def test_the_widest_weights_that_answer_in_time_are_served() -> None:
    for limit, bits in ((2.0, 16), (1.06, 8), (0.55, 4)):
        in_time = brief(traffic__max_latency_seconds=seconds(limit) * 1.001)
        assert served_bits(LLAMA, L40S, in_time) == bits
    late = brief(traffic__max_latency_seconds=seconds(0.55) / 10)
    assert served_bits(LLAMA, L40S, late) == 4  # the quickest, though not quick enough
    assert served_bits(LLAMA, L40S, brief()) == 16  # no limit


def test_what_does_not_fit_is_not_served_however_much_time_there_is() -> None:
    small = replace(L40S, memory_gb=12.0)
    assert served_bits(LLAMA, small, brief(traffic__max_latency_seconds=1e6)) == 8
    assert served_bits(LLAMA, replace(L40S, memory_gb=2.0), brief()) == 0
    assert served_bits(LLAMA, replace(L40S, memory_gb=None), brief()) is None


@given(st.floats(0.01, 1e4), st.floats(1, 100), st.integers(1, 8))
def test_more_time_never_narrows_the_weights(limit: float, more: float, count: int) -> None:
    def bits(seconds: float) -> int:
        found = served_bits(
            LLAMA, L40S, brief(traffic__max_latency_seconds=seconds, hardware__count=count)
        )
        assert found is not None
        return found

    assert bits(limit) <= bits(limit * more)
