"""Preference data: which answer is the better one, which the worse, in every form of TRL,
LLaMA-Factory, OpenAI, ms-swift, HH-RLHF, and of ratings and ranks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from advisor.probe.chats import (
    Beside,
    RowParts,
    beside,
    finished,
    is_chat,
    turn_list,
)
from advisor.probe.flat import prompt_text
from advisor.probe.names import ANSWERS, CHATS, LEARNED, Role, plain
from advisor.probe.records import JsonObject
from advisor.probe.turns import Turn, turn_of

PAIRS = (
    ("chosen", "rejected"),
    ("preferred_output", "non_preferred_output"),
    ("preferred", "non_preferred"),
    ("preferred", "dispreferred"),
    ("preferred", "rejected"),
    ("accepted", "rejected"),
    ("chosen_response", "rejected_response"),
    ("response_chosen", "response_rejected"),
    ("chosen_answer", "rejected_answer"),
    ("chosen_messages", "rejected_messages"),
    ("output_chosen", "output_rejected"),
    ("response_j", "response_k"),
    ("better", "worse"),
    ("better_response", "worse_response"),
    ("winner", "loser"),
    ("win", "lose"),
    ("best", "worst"),
    ("good", "bad"),
    ("pos", "neg"),
    ("positive", "negative"),
)
"""The better answer's field and the worse one's."""

REJECTED_BESIDE = ("rejected_response", "rejected_messages", "rejected", "non_preferred_output")
"""A worse answer beside a row whose own answer is the better one (ms-swift)."""

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
_ITEM_TEXT = ("text", "response", "answer", "output", "content", "completion", "summary")
_ITEM_SCORE = ("overall_score", "score", "rating", "reward", "fine-grained_score", "rank")
_UNPAIRED = ("completion", "response", "output", "answer")

ReadRow = Callable[[JsonObject, bool], RowParts]


class Preference(NamedTuple):
    """A recognised form of preference data; `read` raises KeyError for a field that a row lacks and
    ValueError with the reason where no answer is the better one.
    """

    prompt: str
    answer: str
    assumed: str
    read: ReadRow


class PromptOf(NamedTuple):
    """How the prompt of a preference row is read: a chat, or fields; both may be absent."""

    chat: str
    fields: tuple[str, ...]

    def turns(self, row: JsonObject) -> list[Turn]:
        """The given turns of a row."""
        if self.chat and row.get(self.chat) is not None:
            turns = turn_list(row[self.chat])
            if turns is not None:
                return turns
        texts = [prompt_text(row.get(name), name) for name in self.fields]
        text = "\n".join(filter(None, texts))
        return [turn_of({"content": text}, Role.USER)] if text else []

    def around(self, row: JsonObject, *used: str) -> Beside:
        """What is given beside the prompt; OpenAI has the tools within the prompt's object."""
        outer = beside(row, self.chat, *self.fields, *used)
        inner = row.get(self.chat) if self.chat else None
        if not isinstance(inner, dict):
            return outer
        within = beside(inner, "messages", "conversations", "contents")
        return within._replace(texts=[*outer.texts, *within.texts]) if within.texts else outer

    def name(self) -> str:
        """For the report."""
        return "+".join(filter(None, [self.chat, *self.fields]))


def preference(
    rows: Sequence[JsonObject], choose_prompt: Callable[[list[str]], tuple[str, ...]]
) -> Preference | None:
    """The form of preference data that some first rows have; None: they have none.

    `choose_prompt` picks prompt fields among names.
    """
    names = {plain(key): key for row in reversed(rows) for key in row}
    for recognise in (_pair, _rejected_beside, _numbered, _ranked, _unpaired):
        form = recognise(rows, names, choose_prompt)
        if form is not None:
            return form
    return None


def _values(rows: Sequence[JsonObject], name: str) -> list[Any]:
    return [row[name] for row in rows if row.get(name) not in (None, "", [])]


def _prompt_of(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    used: Sequence[str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> PromptOf:
    free = [name for name in names.values() if name not in used]
    for name in free:
        known_chat = plain(name) in (*CHATS, "prompt", "input", "context", "question", "history")
        if known_chat and any(is_chat(value) for value in _values(rows, name)[:5]):
            return PromptOf(name, ())
    texts = [n for n in free if any(_is_text(v) for v in _values(rows, n)[:5])]
    return PromptOf("", choose_prompt(texts))


def _is_text(value: Any) -> bool:
    """Whether a value is a text, or an object around one (WebGPT's question)."""
    return isinstance(value, str) or (isinstance(value, dict) and "full_text" in value)


def _pair(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    for better, worse in PAIRS:
        if better not in names or worse not in names:
            continue
        good = names[better]
        bad = names[worse]
        if not _are_answers(rows, good, bad):
            continue
        return _pair_form(_prompt_of(rows, names, (good, bad), choose_prompt), good, bad)
    return None


def _pair_form(prompt: PromptOf, good: str, bad: str) -> Preference:
    """Two answers in fields of their own."""

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        around = prompt.around(row, good, bad)
        return paired(around, prompt.turns(row), row[good], row[bad], wants_chat=wants_chat)

    return _named(prompt, good, bad, read)


def _are_answers(rows: Sequence[JsonObject], *names: str) -> bool:
    """Whether fields hold texts, messages or chats, not numbers and truth values."""
    return all(
        (values := _values(rows, name)) and all(isinstance(v, str | list | dict) for v in values)
        for name in names
    )


def _named(prompt: PromptOf, good: str, bad: str, read: ReadRow, note: str = "") -> Preference:
    prompt_name = prompt.name() or f"what {good} and {bad} begin with"
    assumed = f"preference data: prompt = {prompt_name}, chosen = {good}, rejected = {bad}{note}"
    return Preference(prompt.name() or "the shared begin", good, assumed, read)


def paired(around: Beside, given: list[Turn], good: Any, bad: Any, *, wants_chat: bool) -> RowParts:
    """A pair of answers; what both begin with belongs to the prompt, as TRL extracts it."""
    better = _side(good)
    worse = _side(bad)
    shared = _shared(better, worse)
    shared_text = "\n".join(text for turn in better[:shared] for text in _texts(turn))
    given = [turn for turn in given if not _is_repeated(turn, shared_text)]
    prompt = [*around.history, *given, *better[:shared]]
    prompt_texts = [*around.texts, *(text for turn in prompt for text in _texts(turn))]
    prompt_texts += [text for turn in better[shared:] for text in turn.given]
    return finished(
        around,
        [*prompt, *better[shared:]],
        prompt_texts,
        [text for turn in better[shared:] for text in turn.learned],
        [text for turn in worse[shared:] for text in turn.learned],
        wants_chat=wants_chat,
    )


def _is_repeated(turn: Turn, shared_text: str) -> bool:
    """Whether a prompt stands in both answers too, as in UltraFeedback's chats."""
    text = "\n".join(_texts(turn)).strip()
    return bool(shared_text) and text in shared_text


def _side(value: Any) -> list[Turn]:
    """An answer as turns: a chat, a message, a transcript, or a plain text."""
    if isinstance(value, dict) and not is_chat([value]) and not is_chat(value):
        value = next((value[k] for k in _ITEM_TEXT if k in value), value)
    turns = turn_list([value] if isinstance(value, dict) else value)
    if turns is None:
        turns = [turn_of({"content": value}, Role.ASSISTANT)]
    return turns


def _texts(turn: Turn) -> tuple[str, ...]:
    """All texts of a turn that is given: nothing of a prompt is learned."""
    return (*turn.given, *turn.learned)


def _shared(better: list[Turn], worse: list[Turn]) -> int:
    """How many turns both sides begin with; the last assistant's turn of each is its answer."""
    shared = 0
    for first, second in zip(better, worse, strict=False):
        if first.role != second.role or _texts(first) != _texts(second):
            break
        shared += 1
    if shared == len(better) == len(worse):  # the same answer twice
        shared -= 1
    return shared


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
    if chat and any(is_chat(v) for v in _values(rows, chat)[:5]):

        def read_chat(row: JsonObject, wants_chat: bool) -> RowParts:
            turns = turn_list(row[chat]) or []
            last = _last_answer(turns)
            worse = row[bad]
            good = [turn.message for turn in turns[last:]]
            if is_chat(worse):
                return paired(beside(row, chat, bad), [], row[chat], worse, wants_chat=wants_chat)
            around = beside(row, chat, bad)
            return paired(around, turns[:last], good, worse, wants_chat=wants_chat)

        return _named(PromptOf(chat, ()), f"the last answer of {chat}", bad, read_chat)
    good = next((names[a] for a in ANSWERS if a in names and names[a] != bad), "")
    if not good:
        return None
    return _pair_form(_prompt_of(rows, names, (good, bad), choose_prompt), good, bad)


def _last_answer(turns: Sequence[Turn]) -> int:
    """Where the last answer begins; the number of turns where there is none."""
    at = len(turns)
    while at and turns[at - 1].role in LEARNED:
        at -= 1
    return at


def _numbered(
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
    scores = [names.get(re.sub(r"^.*?_?(a|b|0|1|2)$", rf"{s}_\1", n), "") for s in ("score",)
              for n in fields]  # fmt: skip
    if not winner and not all(scores):
        return None
    prompt = _prompt_of(rows, names, (first, second, winner), choose_prompt)
    starts_at_one = fields[0].endswith("1")
    is_reference = fields[0].startswith("human_ref")

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        if winner:
            better = winner_of(row[winner], starts_at_one=starts_at_one, one_is_first=is_reference)
        else:
            better = _by_score(row[scores[0]], row[scores[1]])
        if better is None:
            raise ValueError("a tie: neither answer is the better one")
        good, bad = (row[first], row[second]) if better == 0 else (row[second], row[first])
        around = prompt.around(row, first, second)
        return paired(around, prompt.turns(row), good, bad, wants_chat=wants_chat)

    how = winner or " and ".join(scores)
    return _named(prompt, f"the one that {how} prefers", "the other", read, f" ({first}, {second})")


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


def _ranked(
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
        for value in _values(rows, name)[:5]
        for item in value
    )
    choice = "" if scores or has_own else next((names[c] for c in _CHOICES if c in names), "")
    if not (scores or has_own or choice) and plain(name) not in ("output", "outputs"):
        return None
    prompt = _prompt_of(rows, names, (name, scores), choose_prompt)
    if not prompt.name():
        return None

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        items = row[name]
        if not isinstance(items, list) or len(items) < 2:
            raise ValueError(f"{name} holds fewer than two answers")
        if choice:
            order = _chosen_first(len(items), row[choice])
        else:
            order = _order(items, row.get(scores) if scores else None, by_rank="rank" in scores)
        around = prompt.around(row, name)
        better = items[order[0]]
        rest = [text for at in order[1:] for turn in _side(items[at]) for text in turn.learned]
        return paired(around, prompt.turns(row), better, "\n".join(rest), wants_chat=wants_chat)

    how = "by their scores" if scores or has_own else choice or "best first"
    return _named(prompt, f"the best of {name}", "the others", read, f" ({how})")


def _chosen_first(count: int, choice: Any) -> list[int]:
    """Places with the chosen one first. Raises ValueError where none is chosen."""
    if isinstance(choice, bool) or not isinstance(choice, int) or not 0 <= choice < count:
        raise ValueError("the choice names none of the answers")
    return [choice, *(at for at in range(count) if at != choice)]


def _is_list(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds lists of several answers."""
    values = _values(rows, name)
    return bool(values) and all(
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(v, str) or (isinstance(v, dict) and _item_text(v)) for v in value)
        and not is_chat(value)
        for value in values
    )


def _item_text(item: JsonObject) -> bool:
    return any(isinstance(item.get(key), str) for key in _ITEM_TEXT)


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


def _unpaired(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> Preference | None:
    """KTO: an answer and whether it is wanted (`label`, `kto_tag`)."""
    mark = next((names[n] for n in ("kto_tag", "label", "desirable", "is_good") if n in names), "")
    if not mark or not all(_as_truth(value, mark) is not None for value in _values(rows, mark)):
        return None
    if not _values(rows, mark):
        return None
    answer = next((names[n] for n in _UNPAIRED if n in names), "")
    if not answer:
        answer = next((names[n] for n in CHATS if n in names), "")
        if not answer or not any(is_chat(v) for v in _values(rows, answer)[:5]):
            return None
    prompt = _prompt_of(rows, names, (answer, mark), choose_prompt)
    if not prompt.name() and not any(is_chat(v) for v in _values(rows, answer)[:5]):
        return None

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        wanted = _as_truth(row[mark], mark)
        if wanted is None:
            raise ValueError(f"{mark} is neither true nor false")
        turns = _side(row[answer])
        last = _last_answer(turns)
        around = prompt.around(row, answer)
        given = [*around.history, *prompt.turns(row), *turns[:last]]
        texts = [*around.texts, *(text for turn in given for text in _texts(turn))]
        learned = [text for turn in turns[last:] for text in turn.learned]
        return finished(
            around, [*given, *turns[last:]], texts, learned, wanted=wanted, wants_chat=wants_chat
        )

    prompt_name = prompt.name() or f"{answer} but for its last answer"
    assumed = (
        f"unpaired preference data: prompt = {prompt_name}, answer = {answer}, wanted = {mark}"
    )
    return Preference(prompt_name, answer, assumed, read)


def _as_truth(value: Any, mark: str) -> bool | None:
    """Whether an answer is wanted; numbers count only under a name that means nothing else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if mark != "label" and value in (0, 1):
        return bool(value)
    return None
