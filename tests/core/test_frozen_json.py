"""Records written as JSON and built again; nothing else is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

from advisor.core import frozen_json
from advisor.core.option import Option, Place, Serving
from advisor.core.quantity import UNKNOWN, Basis, Quantity, Range


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -3,
        1.5,
        "text",
        "",
        (),
        (1, (2.0, None)),
        [1, "a", [False]],
        frozenset({1, 2}),
        date(2026, 11, 20),
        Path("a/b"),
        Place.RENTED,
        Range(1.0, 2.0, 3.0),
        UNKNOWN,
        Quantity(Range.exact(2.0), "USD", Basis.QUOTED, "a list", "2026-11"),
        Option("tune", "lora", "m", "", Serving(Place.OWNED)),
        MappingProxyType({}),
        MappingProxyType({("a", "b"): Range.exact(1.0), "c": (Place.CPU,)}),
    ],
)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    built = frozen_json.loads(frozen_json.dumps(value))
    assert built == value
    assert type(built) is type(value)


def test_texts_are_short_json() -> None:
    assert json.loads(frozen_json.dumps((1, None))) == {"tuple": [1, None]}
    assert frozen_json.dumps([1, 2]) == b"[1,2]"


@pytest.mark.parametrize("value", [object(), {1, 2}, Range, b"bytes", 1j])
def test_what_is_neither_plain_nor_a_record_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        frozen_json.dumps(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"other": 1}', "unknown kind"),
        ('{"record": "os:path", "fields": []}', "not a record of this program"),
        ('{"record": "advisor.core.text:printable", "fields": []}', "not a record of this"),
        ('{"record": "advisor.core.events:CancelToken", "fields": []}', "not a record of this"),
        ('{"record": "advisor.core.quantity:Range", "fields": [1.0]}', "shorter|argument"),
    ],
)
def test_nothing_but_records_of_the_program_is_built(text: str, words: str) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError), match=words):
        frozen_json.loads(text.encode())
