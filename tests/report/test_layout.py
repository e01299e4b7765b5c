from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from advisor.core import format as fmt
from advisor.report import layout


@given(st.text(), st.integers(2, 100))
@example("00/\u0300", 2)  # a mark on the last letter
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    text = fmt.clean(text)
    lines = layout.wrap(text, width)
    assert all(cell_len(line) <= max(width, 4) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrapping_keeps_a_percentage_whole_and_cuts_names_at_their_marks() -> None:
    assert layout.wrap("costs 27 % of it", 9) == ["costs", "27 % of", "it"]
    assert layout.wrap("tune/lora@llama-3.1-8b+batch+rented", 24) == [
        "tune/lora@llama-3.1-8b+",
        "batch+rented",
    ]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("one two", 7, ["one two"]),
        ("one two", 6, ["one", "two"]),
        ("表表表", 4, ["表表", "表"]),
        ("abcdef", 3, ["abc", "def"]),
    ],
)
def test_lines_break_between_words_else_within(text: str, width: int, lines: list[str]) -> None:
    assert layout.wrap(text, width) == lines


@given(st.text(max_size=20), st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_padding_fills_to_the_width_and_never_cuts(text: str, width: int, side: str) -> None:
    text = fmt.clean(text)
    padded = layout.pad(text, width, side)
    assert layout.cells(padded) == max(width, layout.cells(text))
    assert padded.strip(" ") == text.strip(" ")
    if side == "right" and text:
        assert padded.endswith(text)


def test_a_wide_character_takes_two_cells() -> None:
    assert layout.cells("a表") == 3
    assert layout.pad("表", 4) == "表  "
    assert layout.pad("表", 4, "right") == "  表"
