"""Preference data with numbered or listed answers: a winner, scores or ranks tell the best one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from advisor.probe.forms.chats import (
    RowParts,
    is_chat,
)
from advisor.probe.forms.names import plain
from advisor.probe.forms.pairing import (
    ITEM_TEXT,
    Preference,
    named,
    paired,
    prompt_of,
    side_of,
    values_of,
)
from advisor.probe.forms.records import JsonObject

_NUMBERED = re.compile(
    r"(response|output|answer|completion|conversation|reply|summary|generation|human_ref|candidate"
    r"|text|model_output|model_response)_?(a|b|0|1|2|left|right)"
)

_WINNERS = (
    "winner", "preference", "preferred", "better", "better_response_id", "better_id", "chosen",
    "choice", "overall_preference", "preference_strength", "labels", "label", "human_preference",
)  # fmt: skip

_RANKED = (
    "output", "outputs", "responses", "completions", "candidates", "answers", "generations",
    "summaries", "choices",
)  # fmt: skip

_CHOICES = ("choice", "best", "chosen", "preferred", "label")

_SCORES = ("scores", "ratings", "rewards", "rating", "score", "ranks", "rank", "ranking")

_ITEM_SCORE = ("overall_score", "score", "rating", "reward", "fine-grained_score", "rank")


def numbered(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    """`response_a` and `response_b` with a winner, or with a score each."""
    stems: dict[str, list[str]] = {}
    for name in sorted(names):
        match = _NUMBERED.fullmatch(name)
        if match:
            stems.setdefault(match[1], []).append(name)
    fields = next((pair for pair in stems.values() if len(pair) == 2), None)
    if fields is None:
        return None
    first, second = (names[name] for name in fields)
    winner = next((names[w] for w in _WINNERS if w in names), "")
    flags = ("", "") if winner else _winning_flags(names)
    scores = [names.get(re.sub(r"^.*?_?(a|b|0|1|2)$", rf"{s}_\1", n), "") for s in ("score",)
              for n in fields]  # fmt: skip
    if not winner and not all(flags) and not all(scores):
        return None
    prompt = prompt_of(rows, names, (first, second, winner, *flags), choose_prompt)
    starts_at_one = fields[0].endswith("1")
    is_reference = fields[0].startswith("human_ref")

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        if winner:
            better = winner_of(row[winner], starts_at_one=starts_at_one, one_is_first=is_reference)
        else:
            judged = flags if all(flags) else scores
            better = _by_score(row[judged[0]], row[judged[1]])
        if better is None:
            raise ValueError("a tie: neither answer is the better one")
        good, bad = (row[first], row[second]) if better == 0 else (row[second], row[first])
        around = prompt.around(row, first, second)
        return paired(around, prompt.turns(row), good, bad, wants_chat=wants_chat)

    how = winner or " and ".join(flags if all(flags) else scores)
    return named(prompt, f"the one that {how} prefers", "the other", read, f" ({first}, {second})")


def _winning_flags(names: dict[str, str]) -> tuple[str, str]:
    """A column per answer that is 1 where it wins, as Chatbot Arena's `winner_model_a`."""
    for first, second in (("a", "b"), ("0", "1"), ("1", "2")):
        for stem in ("winner_model", "winner", "model_win", "win"):
            if f"{stem}_{first}" in names and f"{stem}_{second}" in names:
                return names[f"{stem}_{first}"], names[f"{stem}_{second}"]
    return "", ""


def winner_of(value: Any, *, starts_at_one: bool, one_is_first: bool = False) -> int | None:
    """Which of two answers a winner's field names: 0 or 1; None: neither.

    A number below zero means the first (HelpSteer's strength); `one_is_first` is the labels of SHP.
    """
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if re.search(r"tie|both|neither|equal|none", word) or not word:
            return None
        last = re.split(r"[\s_-]", word)[-1]
        names = {"a": 0, "b": 1, "left": 0, "right": 1, "first": 0, "second": 1}
        if last in names:
            return names[last]
        if not re.fullmatch(r"-?\d+(\.0)?", last):
            return None
        value = int(float(last))
    if not isinstance(value, int | float) or value != value:
        return None
    if one_is_first:
        return 0 if value == 1 else 1
    if value < 0:
        return 0
    if starts_at_one:
        return None if value == 0 else min(int(value), 2) - 1
    return min(int(value), 1)


def _by_score(first: Any, second: Any) -> int | None:
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    if first == second:
        return None
    return 0 if first > second else 1


def ranked(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    """Several answers in a list, with scores or ranks, or the best first."""
    name = next((names[r] for r in _RANKED if r in names and _is_list(rows, names[r])), "")
    if not name:
        return None
    scores = next((names[s] for s in _SCORES if s in names), "")
    has_own = any(
        isinstance(item, dict) and any(key in item for key in _ITEM_SCORE)
        for value in values_of(rows, name)[:5]
        for item in _listed(value, None)[0]
    )
    choice = "" if scores or has_own else next((names[c] for c in _CHOICES if c in names), "")
    if not (scores or has_own or choice) and plain(name) not in ("output", "outputs"):
        return None
    prompt = prompt_of(rows, names, (name, scores), choose_prompt)
    if not prompt.name():
        return None

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        items, marks = _listed(row[name], row.get(scores) if scores else None)
        if len(items) < 2:
            raise ValueError(f"{name} holds fewer than two answers")
        if choice:
            order = _chosen_first(len(items), row[choice])
        else:
            order = _order(items, marks, by_rank="rank" in scores)
        around = prompt.around(row, name)
        better = items[order[0]]
        rest = [text for at in order[1:] for turn in side_of(items[at]) for text in turn.learned]
        return paired(around, prompt.turns(row), better, "\n".join(rest), wants_chat=wants_chat)

    how = "by their scores" if scores or has_own else choice or "best first"
    return named(prompt, f"the best of {name}", "the others", read, f" ({how})")


def _listed(answers: Any, scores: Any) -> tuple[list[Any], Any]:
    """Answers and their scores as lists, also where both are by the names of models."""
    if isinstance(answers, dict):
        if isinstance(scores, dict):
            scores = [scores.get(model) for model in answers]
        return list(answers.values()), scores
    return (answers if isinstance(answers, list) else []), scores


def _chosen_first(count: int, choice: Any) -> list[int]:
    """Places with the chosen one first. Raises ValueError where none is chosen."""
    if isinstance(choice, bool) or not isinstance(choice, int) or not 0 <= choice < count:
        raise ValueError("the choice names none of the answers")
    return [choice, *(at for at in range(count) if at != choice)]


def _is_list(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds lists of several answers."""
    values = [_listed(value, None)[0] for value in values_of(rows, name)]
    return bool(values) and all(
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(v, str) or (isinstance(v, dict) and _item_text(v)) for v in value)
        and not is_chat(value)
        for value in values
    )


def _item_text(item: JsonObject) -> bool:
    return any(
        isinstance(item.get(key), str) or is_chat(item.get(key)) or is_chat([item.get(key)])
        for key in ITEM_TEXT
    )


def _order(items: list[Any], scores: Any, *, by_rank: bool) -> list[int]:
    """Places of the answers, the best first. Raises ValueError where the first two are equal."""
    values = scores
    if values is None:
        key = next((k for k in _ITEM_SCORE if isinstance(items[0], dict) and k in items[0]), "")
        values = [item.get(key) for item in items] if key else None
        by_rank = key == "rank"
    if values is None:
        return list(range(len(items)))
    if not isinstance(values, list) or len(values) != len(items):
        raise ValueError("not as many scores as answers")
    numbers = [float(value) for value in values]
    order = sorted(range(len(items)), key=lambda at: numbers[at] if by_rank else -numbers[at])
    if numbers[order[0]] == numbers[order[1]]:
        raise ValueError("a tie: no answer is the best one")
    return order
