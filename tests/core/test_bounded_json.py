"""JSON of others takes bounded memory, whatever it unpacks to."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from advisor.core import bounded_json


@pytest.mark.parametrize("packed", ["[],", "{},", "0,", '{"a":0},', "[[[]]],", '"",'])
def test_what_is_let_through_takes_no_more_than_twice_the_bound(
    packed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_json, "MOST_BYTES", 4 * 2**20)
    low, high = 1, 10_000_000
    while high - low > 1:
        middle = (low + high) // 2
        text = "[" + packed * middle + "0]"
        try:
            bounded_json.check(text)
        except bounded_json.TooManyValues:
            high = middle
        else:
            low = middle
    tracemalloc.start()
    values = bounded_json.loads("[" + packed * low + "0]")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(values) == low + 1
    assert 2**20 < peak < 8 * 2**20 + 3 * len(packed) * low


@pytest.mark.parametrize("form", [str, str.encode])
def test_long_texts_are_no_matter(form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_json, "MOST_BYTES", 4 * 2**20)
    text = json.dumps([{"text": "a, b and [c] " * 1000}] * 20)
    assert len(bounded_json.loads(form(text))) == 20
    with pytest.raises(ValueError, match="more values than are read"):
        bounded_json.loads(form("[" + "[]," * 100_000 + "0]"))


def test_what_is_not_json_is_said_as_before() -> None:
    with pytest.raises(json.JSONDecodeError):
        bounded_json.loads("{")


@pytest.mark.parametrize("form", [str, str.encode])
@pytest.mark.parametrize(
    ("text", "takes"), [("[1,2,3]", 64 + 2 * 32), ('{"a":[{}]}', 3 * 64), ("1", 0)]
)
def test_brackets_take_64_bytes_and_commas_32(
    form, text: str, takes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_json, "MOST_BYTES", takes)
    assert bounded_json.loads(form(text)) == json.loads(text)
    monkeypatch.setattr(bounded_json, "MOST_BYTES", takes - 1)
    with pytest.raises(bounded_json.TooManyValues):
        bounded_json.check(form(text))
