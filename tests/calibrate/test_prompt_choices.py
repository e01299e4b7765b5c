"""Numbers of examples, as they are stated."""

from __future__ import annotations

import pytest

from advisor.calibrate.prompt_choices import PromptChoices, shot_counts, techniques_by_shots
from advisor.core.errors import UsageError


@pytest.mark.parametrize(("text", "counts"), [("0", [0]), ("0,3", [0, 3]), ("8, 1", [8, 1])])
def test_numbers_stand_between_commas(text: str, counts: list[int]) -> None:
    assert shot_counts(text) == counts


@pytest.mark.parametrize("text", ["", "-1", "0,-1", "3,x", "0.5"])
def test_what_is_no_number_of_examples_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write them as 0,3"):
        shot_counts(text)


@pytest.mark.parametrize(
    ("shots", "names"),
    [
        ([0], ("zero-shot",)),
        ([1], ("one-shot",)),
        ([2], ("few-shot",)),
        ([0, 3, 5], ("zero-shot", "few-shot")),
        ([5, 1], ("one-shot", "few-shot")),
        ([], ()),
    ],
)
def test_numbers_of_examples_name_their_techniques(
    shots: list[int], names: tuple[str, ...]
) -> None:
    assert techniques_by_shots(shots) == names


@pytest.mark.parametrize(
    ("choices", "searches"),
    [
        (PromptChoices(), False),
        (PromptChoices(search=True), True),
        (PromptChoices(optimiser="gepa"), True),
        (PromptChoices(search_calls=5, proposals=3), False),
    ],
)
def test_a_search_is_asked_for_by_itself_or_by_its_optimiser(
    choices: PromptChoices, searches: bool
) -> None:
    assert choices.searches is searches
