"""Lines that are the same but for the option they are about are one line with a count."""

from __future__ import annotations

from advisor.estimate.advice import _folded


def test_lines_that_differ_in_the_option_alone_are_one() -> None:
    ids = ["tune/lora@a", "tune/lora@a+rented", "tune/lora@b+rented", "prompt/few-shot@c"]
    lines = [
        "tune/lora@a+rented needs 1 to 7 sets",
        "tune/lora@b+rented needs 1 to 7 sets",
        "prompt/few-shot@c needs 4 to 15 sets",
        "no option here",
        "no option here",
    ]
    assert list(_folded(lines, ids)) == [
        "tune/lora@a+rented needs 1 to 7 sets. The same holds for 1 further option",
        "prompt/few-shot@c needs 4 to 15 sets",
        "no option here",
    ]
