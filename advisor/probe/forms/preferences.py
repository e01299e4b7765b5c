"""Preference data: which answer is the better one, which the worse, in every form of TRL,
LLaMA-Factory, OpenAI, ms-swift, HH-RLHF, and of ratings and ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from advisor.probe.forms.chat_names import CHATS
from advisor.probe.forms.chats import (
    RowParts,
    beside,
    finished,
    is_chat,
    turn_list,
)
from advisor.probe.forms.names import ANSWERS, GENERIC, plain
from advisor.probe.forms.pairing import (
    Preference,
    PromptOf,
    begins_alike,
    last_answer,
    named,
    paired,
    prompt_of,
    side_of,
    values_of,
)
from advisor.probe.forms.rankings import numbered, ranked
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.turns import texts_of

PAIRS = (
    ("chosen", "rejected"),
    ("preferred_output", "non_preferred_output"),
    ("response_j", "response_k"),  # of Stack Exchange: j has more votes
    ("y_w", "y_l"),
    ("response_w", "response_l"),
    ("relevant_passages", "hard_negatives"),  # of Cohere's rerank
)
"""The better answer's field and the worse one's, where the words below do not tell."""

BETTER = frozenset((
    "chosen", "preferred", "accepted", "better", "best", "winner", "win", "winning", "good",
    "positive", "pos", "selected", "correct", "right",
))  # fmt: skip

WORSE = frozenset((
    "rejected", "dispreferred", "unpreferred", "worse", "worst", "loser", "lose", "losing",
    "bad", "negative", "neg", "refused", "incorrect", "wrong",
))  # fmt: skip

_ALONE_OTHERS = frozenset(("correct", "incorrect", "right", "wrong"))
"""Alone they are a text before and after its correction."""

_NO_ANSWERS = frozenset((
    "model", "score", "scores", "rating", "id", "ids", "rank", "source", "reason", "name",
    "avg", "length",
))  # fmt: skip

REJECTED_BESIDE = (
    "rejected_response", "rejected_messages", "rejected_message", "rejected",
    "non_preferred_output",
)  # fmt: skip
"""A worse answer beside a row whose own answer is the better one (ms-swift)."""

_GENERATED = ("completion", "response", "output")
"""Beside these a label of 0 and 1 is a judgement; beside an `answer` it may be a class."""

_KTO_MARKS = ("kto_tag", "label", "desirable", "is_desirable", "is_good", "thumbs_up")

_UNPAIRED = ("completion", "response", "output", "answer")


def preference(
    rows: Sequence[JsonObject], choose_prompt: Callable[[list[str]], tuple[str, ...]]
) -> Preference | None:
    """The form of preference data that some first rows have; None: they have none.

    `choose_prompt` picks prompt fields among names.
    """
    names = {plain(key): key for row in reversed(rows) for key in row}
    for recognise in (_pair, _rejected_beside, numbered, ranked, _unpaired):
        form = recognise(rows, names, choose_prompt)
        if form is not None:
            return form
    return None


def _pair(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    for better, worse in (*PAIRS, *_named_alike(names)):
        if better not in names or worse not in names:
            continue
        good = names[better]
        bad = names[worse]
        if _are_answers(rows, good, bad):
            prompt = prompt_of(rows, names, (good, bad), choose_prompt)
            if prompt.fields and begins_alike(rows, good, bad, prompt):
                prompt = PromptOf("", ())
            return _pair_form(prompt, good, bad)
    return None


def _named_alike(names: Sequence[str] | dict[str, str]) -> list[tuple[str, str]]:
    """Fields whose names differ only in a word for better and one for worse, as `good_reply` and
    `bad_reply`.
    """
    better: dict[tuple[str, ...], str] = {}
    worse: dict[tuple[str, ...], str] = {}
    for name in names:
        words = name.replace("non_preferred", "dispreferred").split("_")
        rest = tuple(word for word in words if word not in BETTER and word not in WORSE)
        if len(rest) + 1 != len(words) or set(rest) & _NO_ANSWERS:
            continue
        if not rest and name in _ALONE_OTHERS:
            continue
        rest = tuple(word for word in rest if word not in GENERIC)
        (better if BETTER & set(words) else worse)[rest] = name
    return [(name, worse[rest]) for rest, name in better.items() if rest in worse]


def _pair_form(prompt: PromptOf, good: str, bad: str) -> Preference:
    """Two answers in fields of their own."""

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        around = prompt.around(row, good, bad)
        return paired(around, prompt.turns(row), row[good], row[bad], wants_chat=wants_chat)

    return named(prompt, good, bad, read)


def _are_answers(rows: Sequence[JsonObject], *names: str) -> bool:
    """Whether fields hold texts, messages or chats, not numbers and truth values."""
    return all(
        (values := values_of(rows, name)) and all(isinstance(v, str | list | dict) for v in values)
        for name in names
    )


def _rejected_beside(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    """`messages` or `query` and `response`, with a `rejected_response` beside (ms-swift)."""
    bad = next((names[name] for name in REJECTED_BESIDE if name in names), "")
    if not bad or not _are_answers(rows, bad):
        return None
    chat = next((n for p, n in names.items() if p in CHATS and n != bad), "")
    if chat and any(is_chat(v) for v in values_of(rows, chat)[:5]):

        def read_chat(row: JsonObject, wants_chat: bool) -> RowParts:
            turns = turn_list(row[chat]) or []
            last = last_answer(turns)
            worse = row[bad]
            good = [turn.message for turn in turns[last:]]
            if is_chat(worse):
                return paired(beside(row, chat, bad), [], row[chat], worse, wants_chat=wants_chat)
            around = beside(row, chat, bad)
            return paired(around, turns[:last], good, worse, wants_chat=wants_chat)

        return named(PromptOf(chat, ()), f"the last answer of {chat}", bad, read_chat)
    good = next((names[a] for a in ANSWERS if a in names and names[a] != bad), "")
    if not good:
        return None
    return _pair_form(prompt_of(rows, names, (good, bad), choose_prompt), good, bad)


def _unpaired(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    """KTO: an answer and whether it is wanted (`label`, `kto_tag`)."""
    mark = next((names[n] for n in _KTO_MARKS if n in names), "")
    marks = values_of(rows, mark) if mark else []
    answer = next((names[n] for n in _UNPAIRED if n in names), "")
    numbers = mark != "label" or answer in (names.get(n) for n in _GENERATED)
    if not answer:
        answer = next((names[n] for n in CHATS if n in names), "")
        if not answer or not any(_is_answered(v) for v in values_of(rows, answer)[:5]):
            return None
        numbers = True
    if not marks or any(_as_truth(value, numbers=numbers) is None for value in marks):
        return None
    prompt = prompt_of(rows, names, (answer, mark), choose_prompt)
    if not prompt.name() and not any(is_chat(v) for v in values_of(rows, answer)[:5]):
        return None

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        wanted = _as_truth(row[mark], numbers=numbers)
        if wanted is None:
            raise ValueError(f"{mark} is neither true nor false")
        turns = side_of(row[answer])
        last = last_answer(turns)
        around = prompt.around(row, answer)
        given = [*around.history, *prompt.turns(row), *turns[:last]]
        texts = [*around.texts, *(text for turn in given for text in texts_of(turn))]
        learned = [text for turn in turns[last:] for text in turn.learned]
        return finished(
            around, [*given, *turns[last:]], texts, learned, wanted=wanted, wants_chat=wants_chat
        )

    prompt_name = prompt.name() or f"{answer} but for its last answer"
    assumed = (
        f"unpaired preference data: prompt = {prompt_name}, answer = {answer}, wanted = {mark}"
    )
    return Preference(prompt_name, answer, assumed, read)


def _is_answered(value: Any) -> bool:
    """Whether a value is a chat in which the assistant says something."""
    return is_chat(value) and any(turn.learned for turn in turn_list(value) or ())


def _as_truth(value: Any, *, numbers: bool) -> bool | None:
    """Whether an answer is wanted; `numbers`: 1 is, and 0 or −1 is not."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if numbers and isinstance(value, int | float) and value in (-1, 0, 1):
        return value == 1
    return None
