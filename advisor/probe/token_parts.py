"""Texts that a tokenizer's pattern cannot take (a million blanks): counted in parts or by bytes."""

from __future__ import annotations

from collections.abc import Callable

BYTES_PER_TOKEN = 4.1
"""English prose and code under o200k_base: 3.96 and 4.28 bytes a token on 46 MB; see
profiles/tokens/bands.csv.
"""

PART_CHARACTERS = 32_768
"""A text that the pattern cannot take is counted in parts of so many characters; each cut can add a
token.
"""
LEAST_PART = 64
LONG_RUN = 200_000


def count_in_parts(count: Callable[[str], int], text: str) -> int:
    """Tokens of a text; of one that the tokenizer's pattern cannot take, those of its parts."""
    if len(text) <= PART_CHARACTERS or not has_long_run(text):
        try:
            return count(text)
        except BaseException as error:
            raise_unless_of_the_pattern(error)
            if len(text) <= LEAST_PART:
                return count_bytes(text)
    size = max(min(PART_CHARACTERS, len(text) // 2), LEAST_PART)
    return sum(count_in_parts(count, text[at : at + size]) for at in range(0, len(text), size))


def has_long_run(text: str) -> bool:
    """Whether a text holds a stretch without a change that a pattern takes much time or stack for:
    so many characters without a blank, or nothing but blanks.
    """
    step = LONG_RUN // 2
    return len(text) >= LONG_RUN and any(
        _is_one_run(text[at : at + step]) for at in range(0, len(text) - step + 1, step)
    )


def _is_one_run(part: str) -> bool:
    return part.isspace() or len(part.split(None, 1)) == 1


def raise_unless_of_the_pattern(error: BaseException) -> None:
    """A library in Rust that gives up raises ValueError, or a panic, which is no Exception."""
    if not isinstance(error, ValueError | RuntimeError | OverflowError) and (
        type(error).__name__ != "PanicException"
    ):
        raise error


def count_bytes(text: str) -> int:
    """About how many tokens a text has, by its bytes in UTF-8."""
    return round(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)
