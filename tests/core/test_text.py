from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.text import printable


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
