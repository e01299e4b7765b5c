"""Counts in flat memory against plain sets and lists."""

import collections
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.probe.statistics.census import FULL, Census, Lengths

pairs = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1)), max_size=60
)
few = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=60)


@given(st.one_of(pairs, few))
def test_exact_while_there_is_room(rows):
    census = Census()
    for row in rows:
        census.add([row[0]], [row[1]])
    answers = collections.defaultdict(set)
    for key, value in rows:
        answers[key].add(value & 0xFFFFFFFF)
    assert census.rows == len(rows)
    assert census.kinds() == sum(map(len, answers.values()))
    assert census.rows_of_mixed_keys() == sum(len(answers[key]) > 1 for key, _ in rows)


def test_repeats_take_no_room():
    census = Census(room=1000)
    for _ in range(50):
        census.add(range(700), [0] * 700)
    assert census.bits == 0
    assert (census.rows, census.kinds()) == (35_000, 700)


def test_beyond_its_room_it_is_near_and_stays_small():
    rng = random.Random(1)
    census, room = Census(room=20_000), 20_000
    keys = [rng.getrandbits(63) for _ in range(300_000)]
    mixed = set(keys[:30_000])
    for start in range(0, len(keys), 5000):
        part = keys[start : start + 5000]
        census.add(part, [0] * len(part))
    census.add(keys[:30_000], [1] * 30_000)  # a tenth of the keys come again, with another value
    assert census.bits > 0
    assert len(census._keys) <= room
    assert census.kinds() == pytest.approx(330_000, rel=0.01)
    assert census.rows_of_mixed_keys() == pytest.approx(2 * len(mixed), rel=0.05)
    assert FULL < 1


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 9000)), max_size=9), max_size=9
    )
)
def test_lengths_keep_sums_and_an_even_sample(batches):
    lengths = Lengths(2, room=8, ordered=1)
    rows = [row for batch in batches for row in batch]
    for batch in batches:
        lengths.add([a for a, _ in batch], [b for _, b in batch])
    if not rows:
        return
    for column in (0, 1):
        values = [row[column] for row in rows]
        assert lengths.mean(column) == pytest.approx(statistics.fmean(values))
        if len(values) > 1:
            assert lengths.deviation(column) == pytest.approx(statistics.stdev(values), abs=1e-6)
    kept, values = lengths.sample(1).tolist(), [row[1] for row in rows]
    step = next(s for s in (1, 2, 4, 8, 16, 32) if values[::s] == kept)
    assert step == 1 or len(values) > 8
