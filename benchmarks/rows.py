"""A training file of any size, of words that are drawn as in speech (Zipf's law).

Run: python benchmarks/rows.py flat|pairs|chats ROWS FILE. `benchmarks/against.py COMMIT FILE` then
compares how long two versions take to read it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

SEED = 7
WORDS = 20_000
LABELS = ("complaint", "question", "praise", "refund", "other")

Say = Callable[[int, int], str]
"""A text of so many words: at least, at most."""


def speaker(draw: random.Random) -> Say:
    """Says texts of made-up words; the word of place n is 1/n as frequent as the first."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(WORDS)]
    shares = list(itertools.accumulate(1 / place for place in range(1, WORDS + 1)))
    return lambda low, high: " ".join(
        draw.choices(words, cum_weights=shares, k=draw.randint(low, high))
    )


def flat(say: Say, draw: random.Random) -> dict[str, object]:
    """A text and its label."""
    return {"text": f"{say(10, 70)}.", "label": draw.choice(LABELS)}


def pairs(say: Say, draw: random.Random) -> dict[str, object]:
    """An instruction, with something to work on in every second row, and its answer."""
    source = say(10, 60) if draw.random() < 0.5 else ""
    return {"instruction": say(5, 30), "input": source, "output": say(10, 80)}


def chats(say: Say, draw: random.Random) -> dict[str, object]:
    """One turn each, after a fixed instruction."""
    said = (("system", "You answer customers."), ("user", say(10, 60)), ("assistant", say(10, 60)))
    return {"messages": [{"role": role, "content": text} for role, text in said]}


FORMS = {"flat": flat, "pairs": pairs, "chats": chats}


def rows(form: str, count: int) -> Iterator[dict[str, object]]:
    """The same rows every time."""
    draw = random.Random(SEED)
    say = speaker(draw)
    for _ in range(count):
        yield FORMS[form](say, draw)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("rows", type=int)
    parser.add_argument("file", type=Path)
    stated = parser.parse_args()
    with stated.file.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows(stated.form, stated.rows))


if __name__ == "__main__":
    main()
