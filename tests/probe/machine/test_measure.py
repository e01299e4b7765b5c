"""The micro-benchmark: bounded, cancellable, and in the right units."""

import itertools

import pytest

from advisor.core.errors import Cancelled
from advisor.core.events import CancelToken
from advisor.core.quantity import Basis
from advisor.probe.machine import measure
from advisor.probe.machine.measure import LEAST_ROUNDS, matrix_rate, memory_bandwidth


def test_measured_and_ordered():
    for found, unit in (
        (memory_bandwidth(2, 0.25, seconds=0), "GB/s"),
        (matrix_rate(seconds=0), "GFLOP/s"),
    ):
        assert found.basis is Basis.MEASURED
        assert found.unit == unit
        assert 0 < found.range.p10 <= found.range.p50 <= found.range.p90


def test_rates_are_amount_over_time(monkeypatch):
    ticks = itertools.count(0, 2.0)
    monkeypatch.setattr(measure.time, "perf_counter", lambda: next(ticks))
    assert measure._rates(lambda: None, 10.0, 0.0, None) == [5.0] * LEAST_ROUNDS


def test_blocks_are_a_small_part_of_free_memory(monkeypatch):
    seen = []
    monkeypatch.setattr(
        measure, "_rates", lambda work, amount, seconds, cancel: seen.append(amount) or [1.0]
    )
    memory_bandwidth(1, 1.0)
    memory_bandwidth(1, 1000.0)
    small, large = (amount * 1e9 / 2 for amount in seen)  # bytes of one block
    assert small == 1024**3 / measure.MEMORY_SHARE
    assert large == measure.BLOCK_BYTES


def test_no_memory_no_figure():
    found = memory_bandwidth(2, 0.0)
    assert not found.range.is_known
    assert "too little" in found.reason


def test_can_be_cancelled():
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        matrix_rate(cancel=token)
