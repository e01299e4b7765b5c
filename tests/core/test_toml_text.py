"""TOML within bounds: bombs are refused before they are parsed, the rest as by the parser."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.toml_text import TomlError, parse


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a." * 20_000 + "a = 1", "line 1: a key of 20,001 parts"),
        ('"a"."a".' * 100 + "a = 1", "line 1: a key of"),
        ("a . " * 500 + "a = 1", "line 1: a key of 501 parts"),
        ("x = 1\n[" + "a." * 5_000 + "a]", "line 2: a key of 5,001 parts"),
        ("x = {" + "a." * 5_000 + "a = 1}", "line 1: a key of 5,001 parts"),
        ("x = " + "[" * 100_000, "line 1: more than 64 brackets are open"),
        ("x = " + "{a = " * 500, "line 1: more than 64 brackets are open"),
        ("x = [\n" + "[\n" * 500, "more than 64 brackets are open"),
        ("x = " + "9" * 10_000, "line 1: cannot be read"),
        ("\n\nx = ", "line 3: is not TOML"),
    ],
)
def test_bombs_are_refused_at_once(text: str, words: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(TomlError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200
    assert time.perf_counter() - begun < 2.0


def test_long_lists_and_many_tables_are_fine() -> None:
    numbers = "x = [" + ", ".join("0.25" for _ in range(5_000)) + "]"
    assert len(parse(numbers)["x"]) == 5_000
    tables = "\n".join(f"[[t]]\nn = {i}" for i in range(10_000))
    assert len(parse(tables)["t"]) == 10_000
    assert parse('x = "' + "a. " * 500 + '"')["x"].count(".") == 500


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True),
        st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False),
        max_size=5,
    )
)
def test_what_the_parser_takes_is_taken(document: dict[str, float]) -> None:
    text = "\n".join(f"{key} = {number!r}" for key, number in document.items())
    assert parse(text) == tomllib.loads(text)


@pytest.mark.parametrize("parts", [32, 33])
def test_a_key_may_have_thirty_two_parts(parts: int) -> None:
    text = ".".join(["a"] * parts) + " = 1"
    if parts > 32:
        with pytest.raises(TomlError, match="33 parts"):
            parse(text)
    else:
        assert parse(text) == tomllib.loads(text)


@pytest.mark.parametrize("open_brackets", [64, 65])
def test_sixty_four_brackets_may_be_open(open_brackets: int) -> None:
    text = "x = " + "[" * open_brackets + "]" * open_brackets
    if open_brackets > 64:
        with pytest.raises(TomlError, match="64 brackets"):
            parse(text)
    else:
        assert parse(text) == tomllib.loads(text)
