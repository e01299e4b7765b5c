"""Pictures, sound and video are not covered, whatever the type of the task says."""

from __future__ import annotations

import pytest

from advisor.brief import parse
from advisor.core.errors import UsageError
from advisor.decide.scope import not_covered
from tests.options import brief


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


@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_a_task_that_is_not_text_is_refused_in_a_sentence(kind: str) -> None:
    with pytest.raises(UsageError, match=f"task.type: '{kind}' is not supported: only text"):
        parse(f'schema = 1\n[task]\ntype = "{kind}"\n')
