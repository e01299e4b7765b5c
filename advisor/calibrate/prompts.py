"""The text that a model is given: instruction, shown examples, the item.

The same for every arm that shows the same.
"""

from __future__ import annotations

from collections.abc import Sequence

ASK = "Input: "
ANSWER = "\nOutput:"
GAP = "\n\n"
NEXT = f"{GAP}{ASK.rstrip()}"
"""Where a model that goes on by itself begins the next item: what follows is no answer."""


def prompt(instruction: str, examples: Sequence[tuple[str, str]], question: str) -> str:
    """Instruction, worked examples and the item, ending where the answer begins."""
    parts = [instruction] if instruction else []
    parts += [f"{ASK}{p}{ANSWER} {a}" for p, a in examples]
    return GAP.join([*parts, f"{ASK}{question}{ANSWER}"])


def chat(
    instruction: str, examples: Sequence[tuple[str, str]], question: str, *, system: bool = True
) -> list[dict[str, str]]:
    """The same as the messages of a chat; without `system` the instruction stands before the first
    question.
    """
    messages = [{"role": "system", "content": instruction}] if instruction and system else []
    for p, a in examples:
        messages += [{"role": "user", "content": p}, {"role": "assistant", "content": a}]
    messages.append({"role": "user", "content": question})
    if instruction and not system:
        messages[0] = {"role": "user", "content": f"{instruction}{GAP}{messages[0]['content']}"}
    return messages


def shown_examples(train: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """The first examples with answers as different as can be: each answer once before any comes
    twice.
    """
    chosen: list[tuple[str, str]] = []
    waiting = list(train)
    while waiting and len(chosen) < count:
        answers: set[str] = set()
        again = []
        for row in waiting:
            if row[1] in answers or len(chosen) >= count:
                again.append(row)
            else:
                answers.add(row[1])
                chosen.append(row)
        waiting = again
    return chosen
