"""What holds for every input, however odd: one line of refusal, or numbers that are in order."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings

from advisor.core.errors import LONGEST_LINE, AdvisorError
from advisor.core.quantity import Range

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""Examples of a long run (`make fuzz`); 0 in the short one of `make test`."""

LONGEST_SECONDS = 10
"""Of processor time for one input; of the clock six times as much, as other work may run beside."""

MOST_MIB = 700
"""That one input may add to the most memory ever used."""

PROGRESS = 1000
"""A long run prints its counts after so many inputs, so that one that is stopped counts too."""

RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
COUNTS: Counter[str] = Counter()
"""How many inputs each kind saw, for the line that `make fuzz` prints."""

Answer = TypeVar("Answer")


def runs(short: int, share: float = 1.0) -> settings:
    """`short` examples, always the same ones; or in a long run `share` of those asked for, new
    ones each time. A long run prints a failing input as it is, as making it smaller takes minutes.
    """
    return settings(
        max_examples=round(EXAMPLES * share) or short,
        derandomize=not EXAMPLES,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate) if EXAMPLES else tuple(Phase),
        suppress_health_check=RELAXED,
    )


def answer_or_refusal(
    kind: str, work: Callable[[], Answer], inputs: int = 1
) -> Answer | AdvisorError:
    """What `work` returns or how it refuses; a warning, a hang or another error fails the test."""
    _count(kind, inputs)
    with _within(LONGEST_SECONDS), _bounded(MOST_MIB), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return work()
        except AdvisorError as error:
            check_line(str(error))
            return error


def check_line(text: str) -> None:
    """One line that a terminal may show."""
    assert "\n" not in text
    assert text.isprintable(), text
    assert 0 < len(text) <= LONGEST_LINE


def check_numbers(record: Any) -> None:
    """Finite numbers; quantiles in order, whichever of them are known."""
    for place, number in numbers(record, type(record).__name__):
        assert math.isfinite(number), place
    for place, interval in ranges(record, type(record).__name__):
        points = [p for p in (interval.p10, interval.p50, interval.p90) if p is not None]
        assert points == sorted(points), place


def numbers(record: Any, place: str) -> Iterator[tuple[str, float]]:
    """(place, number) of every float below `record`."""
    if isinstance(record, float):
        yield place, record
    for name, part in parts(record):
        yield from numbers(part, f"{place}.{name}")


def ranges(record: Any, place: str) -> Iterator[tuple[str, Range]]:
    """(place, range) of every range below `record`."""
    if isinstance(record, Range):
        yield place, record
    for name, part in parts(record):
        yield from ranges(part, f"{place}.{name}")


def parts(record: Any) -> Iterator[tuple[str, Any]]:
    """The named parts of a record, a mapping or a tuple."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        for field in dataclasses.fields(record):
            yield field.name, getattr(record, field.name)
    elif isinstance(record, Mapping):
        for key, part in record.items():
            yield str(key), part
    elif isinstance(record, tuple | list):
        for i, part in enumerate(record):
            yield str(i), part


def check_json(text: str) -> None:
    """JSON as the standard has it: neither NaN nor infinity."""
    json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def _count(kind: str, inputs: int) -> None:
    before = COUNTS[kind] // PROGRESS
    COUNTS[kind] += inputs
    if EXAMPLES and COUNTS[kind] // PROGRESS > before:
        print(f"{time.strftime('%H:%M:%S')} {COUNTS[kind]:,} {kind}", file=sys.stderr, flush=True)


@contextmanager
def _bounded(mib: float) -> Iterator[None]:
    """Fail where the work adds more to the peak of resident memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert added < mib, f"{added:.0f} MiB more"


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    """Fail where the work takes longer; a test that pytest-xdist runs is on its main thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    timers = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, stop) for number in timers}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 6 * seconds)
    try:
        yield
    finally:
        for number, timer in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])
