"""Instructions to try: the user's own, variants by template, and proposals of a model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.calibrate.prompting.forms import Pair

VARIANTS = (
    "{task}",
    "{task} {form}",
    "You are an expert in this kind of task. {task} {form}",
    "{task} Read the input twice, then decide. {form}",
    "{task} If several answers could fit, give the most specific one. {form}",
    "Task: {task}\nRules: follow the examples exactly, add nothing. {form}",
)
"""Instructions by template: `task` is the user's own, `form` how an answer looks."""

PROPOSE = (
    "Below are inputs with their right outputs. Write the instruction that would make a careful "
    "assistant give exactly these outputs for such inputs. Name the rules that decide between "
    "outputs. Reply with the instruction alone.\n\n{examples}"
)
PROPOSAL_TOKENS = 400
PROPOSAL_EXAMPLES = 12


def variants(task: str, labels: Sequence[str] = (), *, count: int = len(VARIANTS)) -> list[str]:
    """At most `count` different instructions, the user's own first."""
    form = f"Answer with one of: {', '.join(labels)}." if labels else "Give the answer alone."
    texts = [" ".join(line.format(task=task, form=form).split(" ")).strip() for line in VARIANTS]
    return list(dict.fromkeys(text for text in texts if text))[:count]


def proposal_prompt(rows: Sequence[Pair]) -> str:
    """What a model is asked for an instruction (Zhou et al. 2022, automatic prompt engineer)."""
    rows_text = "\n\n".join(f"Input: {prompt}\nOutput: {answer}" for prompt, answer in rows)
    return PROPOSE.format(examples=rows_text)


def proposal_in(text: str) -> str:
    """The instruction in a model's reply, in one paragraph and without quotes."""
    return re.sub(r"\s+", " ", text).strip().strip("\"'`*").strip()[:2000]
