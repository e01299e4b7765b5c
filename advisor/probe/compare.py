"""What of a row is compared with other rows: the part that differs, not the instructions that all rows share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

LEAST_ROWS = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """`whole`: prompt and answer, else the prompt alone; `head` and `tail` are the shared begin and end of prompts."""

    whole: bool = False
    head: str = ""
    tail: str = ""

    def text(self, prompt: str, answer: str) -> str:
        """The part of a row that tells it from others."""
        if self.head and prompt.startswith(self.head):
            prompt = prompt[len(self.head) :]
        if self.tail and prompt.endswith(self.tail):
            prompt = prompt[: len(prompt) - len(self.tail)]
        return f"{prompt}\n{answer}" if self.whole else prompt


def what_to_compare(pairs: Sequence[tuple[str, str]]) -> Compared:
    """From some first rows: whole rows where most prompts are the same; else prompts, less what all of them share."""
    prompts = {prompt for prompt, _ in pairs}
    if len(pairs) < LEAST_ROWS:
        return Compared()
    if 2 * len(prompts) < len(pairs) and 2 * len(set(pairs)) > len(pairs):
        return Compared(whole=True)
    if len(prompts) < LEAST_ROWS:
        return Compared()
    head = _shared_begin(prompts)
    tail = _shared_begin([p[len(head) :][::-1] for p in prompts])[::-1]
    return Compared(False, head[: _last_space(head)], tail[len(tail) - _last_space(tail[::-1]) :])


def _shared_begin(texts: Collection[str]) -> str:
    first, last = min(texts), max(texts)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _last_space(text: str) -> int:
    """Length of `text` up to and with its last white space, so that no word is cut."""
    return next((at for at in range(len(text), 0, -1) if text[at - 1].isspace()), 0)
