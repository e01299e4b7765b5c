"""What of a row is compared with other rows: the part that differs, not the instructions that many
rows share.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

LEAST_ROWS = 10
LEAST_SHARE = 0.1
INSTRUCTION_WORDS = 20
"""What not all of the first rows share is an instruction from this length on; shorter begins are
just language.
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """`whole`: prompt and answer, else the prompt; `heads` and `tails` begin and end prompts, the
    longest first.
    """

    whole: bool = False
    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()

    def text(self, prompt: str, answer: str) -> str:
        """The part of a row that tells it from others."""
        if not (self.whole or self.heads or self.tails):
            return prompt
        head = next((h for h in self.heads if prompt.startswith(h)), "")
        prompt = prompt[len(head) :]
        tail = next((t for t in self.tails if prompt.endswith(t)), "")
        prompt = prompt[: len(prompt) - len(tail)]
        return f"{prompt}\n{answer}" if self.whole else prompt


def what_to_compare(pairs: Sequence[tuple[str, str]]) -> Compared:
    """From some first rows: whole rows where most prompts are the same; else prompts, less what
    many of them share.
    """
    prompts = {prompt for prompt, _ in pairs}
    if len(pairs) < LEAST_ROWS:
        return Compared()
    if 2 * len(prompts) < len(pairs) and 2 * len(set(pairs)) > len(pairs):
        return Compared(whole=True)
    if len(prompts) < LEAST_ROWS:
        return Compared()
    heads = _begins(prompts)
    rest = {Compared(heads=heads).text(prompt, "")[::-1] for prompt in prompts}
    return Compared(heads=heads, tails=tuple(tail[::-1] for tail in _begins(rest)))


def _begins(texts: Collection[str]) -> tuple[str, ...]:
    """What all texts begin with, or many with at length, up to white space; the longest first,
    nothing empty.

    Texts in order: what one shares with the one that stands `many` − 1 places on, all between share
    too.
    """
    ordered = sorted(texts)
    many = max(LEAST_ROWS, round(LEAST_SHARE * len(texts)))
    shared = (
        _shared_begin(ordered[at], ordered[at + many - 1]) for at in range(len(ordered) - many + 1)
    )
    long_begins = {
        cut
        for text in shared
        if len((cut := text[: _last_space(text)]).split()) >= INSTRUCTION_WORDS
    }
    of_all = _shared_begin(ordered[0], ordered[-1])
    return tuple(
        sorted(filter(None, long_begins | {of_all[: _last_space(of_all)]}), key=len, reverse=True)
    )


def _shared_begin(first: str, last: str) -> str:
    return first[
        : next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    ]


def _last_space(text: str) -> int:
    """Length of `text` up to and with its last white space, so that no word is cut."""
    return next((at for at in range(len(text), 0, -1) if text[at - 1].isspace()), 0)
