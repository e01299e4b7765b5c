"""The largest micro-batch that is safe: doubling, then halving the gap, on the heaviest batch the
data can make.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from advisor.calibrate.throughput_records import MicroBatchSearch, ThroughputSpec
from advisor.calibrate.worker.batches import Batch, Rows
from advisor.calibrate.worker.loop import Trainer
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.session import is_out_of_memory
from advisor.calibrate.worker.stop import Stop

SAFE_SHARE = 0.92
"""Of the memory there is: allocators fragment, and lengths to come may be less kind."""

MOST_ROWS = 1024


def largest_safe(
    trainer: Trainer, spec: ThroughputSpec, rows: Rows, reporter: Reporter, stop: Stop
) -> MicroBatchSearch:
    """Tries whole steps (so that optimiser states exist); an out-of-memory error is an answer and
    is recovered from.

    Returns the largest rows per step that fit, 0 where not one does, with the peak memory of each
    try. A search that runs out of the trial's seconds says so: larger ones may fit too.
    """
    limit = (spec.memory_limit_gib or trainer.device.limit_gib()) * SAFE_SHARE
    tries: dict[int, float | None] = {}
    give_up = time.perf_counter() + spec.seconds

    def fits(count: int) -> bool:
        stop.check()
        late = time.perf_counter() > give_up
        if (
            late or _told(tries, count) > limit
        ):  # the line through earlier tries says no: not worth the time
            return False
        tries[count] = _peak(trainer, rows, count)
        reporter.step(phase="search", rows=count, memory_gib=tries[count])
        return (tries[count] or float("inf")) <= limit

    low = 0
    high = 1
    while high <= MOST_ROWS and fits(high):
        low, high = high, high * 2
    high = min(high, MOST_ROWS + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    peaks = {str(k): v for k, v in sorted(tries.items())}
    return MicroBatchSearch(low, limit, peaks, out_of_time=time.perf_counter() > give_up)


def _told(tries: Mapping[int, float | None], rows: int) -> float:
    """Memory by the line through the two largest tries that fitted, GiB; 0 where there are not two
    yet.
    """
    fitted = sorted((n, gib) for n, gib in tries.items() if gib is not None and n < rows)
    if len(fitted) < 2:
        return 0.0
    (n0, m0), (n1, m1) = fitted[-2:]
    return m1 + (m1 - m0) / (n1 - n0) * (rows - n1)


def _peak(trainer: Trainer, rows: Rows, count: int) -> float | None:
    """Peak memory of two whole steps in GiB, None where they did not fit."""
    device = trainer.device
    device.settle()
    device.reset_peak()
    try:
        batch = rows.heaviest(count, device.kind)
        for _ in range(2):
            trainer.step(_again(batch))
    except (
        Exception
    ) as error:  # out-of-memory errors have no common class; anything else goes on its way
        if not is_out_of_memory(error) and not isinstance(error, MemoryError):
            raise
        return None
    finally:
        for parameter in trainer.model.parameters():
            parameter.grad = None
        device.settle()
    return device.peak_gib()["process_gib"]


def _again(batch: Batch) -> Iterator[Batch]:
    while True:
        yield batch
