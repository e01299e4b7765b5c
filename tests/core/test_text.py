from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.text import printable, shortened, without_controls

OVERRIDES = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain – ärger 漢字 ×", "plain – ärger 漢字 ×"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@given(st.text())
def test_the_result_is_always_one_printable_line(raw: str) -> None:
    assert printable(raw).isprintable()
    assert printable(printable(raw)) == printable(raw)


@given(st.text())
def test_json_without_controls_means_the_same(text: str) -> None:
    written = without_controls(json.dumps(text, ensure_ascii=False))
    assert json.loads(written) == text
    assert not any(unicodedata.category(c) == "Cc" for c in written)
    assert not any(unicodedata.bidirectional(c) in OVERRIDES for c in written)


def test_lines_and_colours_stay() -> None:
    assert without_controls("a\n\x1b[1mb\x1b[0m\té😀") == "a\n\x1b[1mb\x1b[0m\té😀"
    assert without_controls("\u202e\x9b") == r"\u202e\u009b"


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abcdefgh", 8, "abcdefgh"),
        ("abcdefghi", 8, "abcde…hi"),
        ("abcdefghijklmnop", 12, "abcdefgh…nop"),
    ],
)
def test_a_long_text_keeps_three_quarters_of_its_start(text: str, most: int, shown: str) -> None:
    assert shortened(text, most) == shown
    assert len(shown) <= most
