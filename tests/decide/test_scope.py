"""Pictures, sound and video are not covered, whatever the type of the task says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.brief import parse
from advisor.core.errors import UsageError
from advisor.core.probes import DataReport
from advisor.core.quantity import Quantity
from advisor.decide.scope import not_covered
from tests.options import brief

TOKENS = Quantity.unknown("tokens/row", "not counted")
DATA = DataReport(("a.jsonl",), 20, 20, 0, (), 0, "p", "a", "exact", TOKENS, TOKENS, TOKENS, 400)


@pytest.mark.parametrize(
    ("domain", "word"),
    [
        ("receipt photos", "photos"),
        ("Scanned contracts", "scanned"),
        ("calls, from audio", "audio"),
        ("insurance, in our voice", ""),
        ("imaginary worlds", ""),
    ],
)
def test_words_for_what_is_not_text_draw_a_caution(domain: str, word: str) -> None:
    lines = list(not_covered(brief(task__domain=domain)))
    assert len(lines) == bool(word)
    assert all(f"speaks of {word}:" in line for line in lines)


def test_pictures_in_the_data_draw_a_caution_whatever_the_words_of_the_brief() -> None:
    with_pictures = replace(DATA, media_rows={"picture": 12, "sound": 1})
    (line,) = not_covered(brief(task__domain="accounting"), with_pictures)
    assert line.startswith("The data have pictures in 12 rows and sound in 1 row:")
    assert not list(not_covered(brief(task__domain="accounting"), DATA))


@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_a_task_that_is_not_text_is_refused_in_a_sentence(kind: str) -> None:
    with pytest.raises(UsageError, match=f"task.type: '{kind}' is not supported: only text"):
        parse(f'schema = 1\n[task]\ntype = "{kind}"\n')
