"""Files of training data as no program should write them: right forms with wrong parts in them."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.variation import changed

ODD_TEXTS = (
    "", " ", "\x00", "a\nb", "\u202e", "\ufeff", "\x9b31m", "\x1b]0;x\x07", "=1+1", "[red]x[/]",
    "<think>", "<|im_start|>", "{{ x }}", "😀\u200d👩", "A" * 3000, " " * 5000, "\ud7ff", "B+",
)  # fmt: skip
KEYS = (
    "messages", "conversations", "prompt", "completion", "chosen", "rejected", "label", "text",
    "instruction", "input", "output", "system", "history", "tools", "contents", "role", "content",
    "from", "value", "id", "score", "weight", "answers", "images", "parts", "query", "response",
    "tool_calls", "functions", "documents", "reasoning_content", "question", "context", "kto_tag",
)  # fmt: skip
ROLES = ("user", "assistant", "system", "tool", "human", "gpt", "USER", "CHATBOT", "model", "xyz")


@cache
def texts() -> st.SearchStrategy[str]:
    """Words, odd texts, and any Unicode that UTF-8 can hold."""
    return st.one_of(
        st.sampled_from(["yes", "no", "refund", "Where is my parcel?", "B", "3.5", "-5"]),
        st.sampled_from(ODD_TEXTS),
        st.text(st.characters(codec="utf-8"), max_size=40),
    )


@cache
def leaves() -> st.SearchStrategy[Any]:
    """Anything that JSON can hold in one place, also what only Python's JSON can."""
    return st.one_of(
        texts(), st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400)
    )


@cache
def values() -> st.SearchStrategy[Any]:
    """Leaves, and lists and objects of them."""
    return st.recursive(
        leaves(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
        ),
        max_leaves=5,
    )


@cache
def turns() -> st.SearchStrategy[Any]:
    """A chat in the form of one service or of several at once."""
    role = st.sampled_from(ROLES)
    openai = st.fixed_dictionaries({"role": role, "content": texts() | values()})
    sharegpt = st.fixed_dictionaries({"from": role, "value": texts()})
    gemini = st.fixed_dictionaries({"role": role, "parts": st.lists(values(), max_size=2)})
    return st.lists(openai | sharegpt | gemini | values(), max_size=4)


@cache
def rows() -> st.SearchStrategy[Any]:
    """A row in a known form, with some fields of any kind; or anything."""
    chat = st.fixed_dictionaries(
        {}, optional={"messages": turns(), "conversations": turns(), "tools": values()}
    )
    flat = st.fixed_dictionaries(
        {"prompt": texts(), "completion": texts()}, optional={"system": values(), "id": values()}
    )
    preference = st.fixed_dictionaries(
        {"chosen": texts() | turns(), "rejected": texts() | turns()}, optional={"prompt": values()}
    )
    labelled = st.fixed_dictionaries({"text": texts(), "label": leaves()})
    anything = st.dictionaries(st.sampled_from(KEYS) | texts(), values(), max_size=5)
    return st.one_of(chat, flat, preference, labelled, anything, values())


@dataclass(frozen=True)
class DataFile:
    """A file to read, its name and number of rows; where a test fails it stays in its folder."""

    name: str
    content: bytes = field(repr=False)
    rows: int


@st.composite
def files(draw: st.DrawFn, repeats: int = 1) -> DataFile:
    """A file of a few drawn rows, and of each changed in `repeats` - 1 ways."""
    ending = draw(st.sampled_from([".jsonl", ".jsonl", ".json", ".csv", ".tsv", ".txt"]))
    drawn = draw(st.lists(rows(), min_size=1, max_size=6))
    chance = random.Random(draw(st.integers(0, 2**32)))
    written = [_varied(row, i, chance) for i in range(repeats) for row in drawn]
    content = _written(ending, written)
    damage = draw(st.sampled_from(["none", "none", "none", "cut", "bytes", "blank"]))
    return DataFile(f"rows{ending}", _damaged(draw, content, damage), len(written))


def _varied(row: Any, number: int, chance: random.Random) -> Any:
    """The row itself as number 0; then changed, or told apart by a number in its first text."""
    if number % 2:
        return changed(row, chance, _odd)
    if number and isinstance(row, dict):
        for key, value in row.items():
            if isinstance(value, str):
                return {**row, key: f"{value} {number}"}
    return row


def _odd(chance: random.Random) -> Any:
    return chance.choice((*ODD_TEXTS, None, True, 0, -1.5, 10**400, float("nan"), [], {}, ["a"]))


def _written(ending: str, written: list[Any]) -> bytes:
    if ending in (".csv", ".tsv"):
        return _table(written, "\t" if ending == ".tsv" else ",")
    if ending == ".json":
        return json.dumps(written).encode()
    if ending == ".txt":
        return "\n".join(str(row) for row in written).encode("utf-8", "replace")
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in written).encode(
        "utf-8", "surrogatepass"
    )


def _table(written: list[Any], delimiter: str) -> bytes:
    objects = [row for row in written if isinstance(row, dict)]
    names = list(dict.fromkeys(str(key) for row in objects for key in row))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, escapechar="\\")
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in objects)
    return text.getvalue().encode("utf-8", "replace")


def _damaged(draw: st.DrawFn, content: bytes, damage: str) -> bytes:
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    if damage == "cut":
        return content[:place]
    if damage == "bytes":
        return content[:place] + draw(st.binary(min_size=1, max_size=4)) + content[place:]
    if damage == "blank":
        return content[:place] + b"\n\n \n" + content[place:]
    return content
