"""Which prompt is used: by its mean on development items, and of equals the shorter one."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.quality_records import SearchSpec
from advisor.calibrate.worker.choosing import choose_prompt, length


def prompter(name: str, instruction: str = "", **form: Any) -> Any:
    """Without examples."""
    made = PromptForm(name, instruction, **form)
    choice = SimpleNamespace(fixed=[])
    return SimpleNamespace(form=made, instruction=instruction, choice=choice, hash=name)


def chosen(
    means: Sequence[float], items: int, search: SearchSpec | None = None, names: str = "abcd"
) -> tuple[Any, dict[str, list[int]]]:
    """The choice among prompts with these scores on every item, and the items each was asked."""
    prompters = [prompter(name, name) for name in names[: len(means)]]
    asked: dict[str, list[int]] = {p.hash: [] for p in prompters}

    def scores(one: Any, places: Sequence[int]) -> list[float]:
        asked[one.hash] += places
        return [means[names.index(one.hash)]] * len(places)

    return choose_prompt(prompters, items, search, scores), asked


def test_without_items_to_choose_on_the_first_is_taken() -> None:
    found, asked = chosen([0.1, 0.9], 0)
    assert (found.prompter.hash, found.choice) == ("a", None)
    assert asked == {"a": [], "b": []}


def test_without_a_search_all_answer_all_items() -> None:
    found, asked = chosen([0.25, 0.75, 0.5], 4)
    assert found.prompter.hash == "b"
    assert asked == {name: [0, 1, 2, 3] for name in "abc"}
    assert (found.choice.items, found.choice.score, found.choice.rungs) == (4, 0.75, [])
    assert [(c["label"], c["score"], c["items"]) for c in found.choice.candidates] == [
        ("b", 0.75, 4),
        ("c", 0.5, 4),
        ("a", 0.25, 4),
    ]


@pytest.mark.parametrize(
    ("budget", "of_the_winner", "of_the_second"),
    [
        (24, 10, 6),  # 14 of the race, 4 × 1 and 2 × 5; the winner then answers the other 4 items
        (20, 10, 4),  # 10 of the race: 4 × 1 and 2 × 3
        (12, 8, 2),  # half for the race: 4 × 1 and 2 × 1; the other 6 for the winner
    ],
)
def test_the_winner_of_a_search_answers_what_it_has_not_seen_within_the_budget(
    budget: int, of_the_winner: int, of_the_second: int
) -> None:
    found, asked = chosen([0.25, 0.75, 0.5, 0.0], 10, SearchSpec(budget))
    assert found.prompter.hash == "b"
    assert asked["b"] == list(range(of_the_winner))
    assert asked["c"] == list(range(of_the_second))
    assert asked["a"] == asked["d"] == [0]
    assert sum(map(len, asked.values())) <= budget
    assert (found.choice.items, found.choice.score) == (of_the_winner, 0.75)
    order = [(c["label"], c["items"]) for c in found.choice.candidates]
    assert order == [("b", of_the_winner), ("c", of_the_second), ("a", 1), ("d", 1)]
    assert [(r["candidates"], r["items"]) for r in found.choice.rungs] == [
        (4, 1),
        (2, of_the_second),
    ]


def test_a_search_of_one_prompt_scores_it_on_all_items() -> None:
    found, asked = chosen([0.5], 10, SearchSpec(100))
    assert asked == {"a": list(range(10))}
    assert found.choice.rungs == []


@pytest.mark.parametrize(
    ("instructions", "best"), [(("long", "xs"), 1), (("xs", "long"), 0), (("xs", "ys"), 0)]
)
def test_of_equals_the_shorter_is_taken_then_the_first(
    instructions: tuple[str, str], best: int
) -> None:
    prompters = [prompter(f"p{i}", text) for i, text in enumerate(instructions)]
    found = choose_prompt(prompters, 3, None, lambda _, places: [0.5] * len(places))
    assert found.prompter is prompters[best]


def test_the_length_of_a_prompt_is_all_that_every_request_pays_for() -> None:
    one = prompter("x", "12345", template=[{"content": "123"}, {"content": "1234"}], documents=3)
    one.choice.fixed = [("12", "1"), ("123", "12")]
    assert length(one) == 5 + 3 + 4 + (2 + 1) + (3 + 2) + 3 * 200
