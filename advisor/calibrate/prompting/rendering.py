"""A prompt form and an item as the messages of a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.calibrate.prompting.examples import Embed, ExampleChoice, index_of
from advisor.calibrate.prompting.forms import Pair, PromptForm, prompt_hash
from advisor.calibrate.prompts import ANSWER, ASK, GAP, chat
from advisor.core.experiment import JsonObject

THINK = (
    "Think step by step first. Then write the final answer alone on the last line, after 'Answer:'."
)
STRUCTURE = 'Answer with a JSON object with one key, "answer".'
ITEM = "{{input}}"
"""Where an item goes in a prompt that is shown or exported."""


class Prompter:
    """Renders the items of one form; `pool` are the rows it may show, `passages` what it may
    read, `embed` how it compares them where the form does so by embeddings.
    """

    def __init__(
        self,
        form: PromptForm,
        pool: Sequence[Pair],
        passages: Sequence[str] = (),
        embed: Embed | None = None,
    ) -> None:
        self.form = form
        self.choice = ExampleChoice(form, pool, embed)
        self._passages = passages
        self._index = index_of(passages, form, embed)
        examples = self.choice.fixed if form.is_fixed else pool
        self.hash = prompt_hash(form, examples if form.shots else ())

    @property
    def instruction(self) -> str:
        """With what a chain of thought or a structured answer asks for on top."""
        extra = [THINK] if self.form.thinks else []
        extra += [STRUCTURE] if self.form.structured else []
        return " ".join([*([self.form.instruction] if self.form.instruction else []), *extra])

    def question(self, text: str) -> str:
        """The item with the passages that it is answered from."""
        if not self.form.documents:
            return text
        nearest = self._index.nearest(text, self.form.documents)
        passages = "\n\n".join(
            f"[{number}] {self._passages[place]}" for number, place in enumerate(nearest, 1)
        )
        return f"Documents:\n{passages}\n\n{text}"

    def messages(self, text: str) -> list[dict[str, str]]:
        """The chat that asks for this item."""
        examples = self.choice.of(text)
        if self.form.template:
            return _rendered(self.form.template, self.instruction, examples, self.question(text))
        return chat(self.instruction, examples, self.question(text))

    def shown(self) -> list[dict[str, str]]:
        """The prompt as a template: what differs by item stands in double braces."""
        if self.form.template:
            return [dict(message) for message in self.form.template]
        if self.form.is_fixed:
            return chat(self.instruction, self.choice.fixed, ITEM)
        parts = ["{{documents}}"] if self.form.documents else []
        examples = [("{{example}}", "{{answer}}")] if self.form.shots else []
        return chat(self.instruction, examples, GAP.join([*parts, ITEM]))

    def answer_schema(self, labels: Sequence[str]) -> JsonObject | None:
        """The JSON Schema of a structured answer, else None."""
        if not self.form.structured:
            return None
        answer: JsonObject = {"type": "string"}
        if labels:
            answer = {"type": "string", "enum": list(labels)}
        return {
            "type": "object",
            "properties": {"answer": answer},
            "required": ["answer"],
            "additionalProperties": False,
        }


def _rendered(
    template: Sequence[Mapping[str, str]], instruction: str, examples: Sequence[Pair], text: str
) -> list[dict[str, str]]:
    """The messages of a template with its variables filled in.

    `examples` is the shown rows as text. A template that names one other variable alone means the
    item by it, as prompts of promptfoo do.
    """
    values: dict[str, str] = {
        "input": text,
        "instruction": instruction,
        "examples": GAP.join(f"{ASK}{p}{ANSWER} {a}" for p, a in examples),
    }
    environment = sandbox()
    for name in free_variables(template):
        values.setdefault(name, text)
    return [
        {
            "role": message["role"],
            "content": environment.from_string(message["content"]).render(values),
        }
        for message in template
    ]


def free_variables(template: Sequence[Mapping[str, str]]) -> list[str]:
    """The variables of a template, in the order of their names."""
    from jinja2 import meta

    environment = sandbox()
    names: set[str] = set()
    for message in template:
        names |= meta.find_undeclared_variables(environment.parse(message["content"]))
    return sorted(names)


def sandbox() -> Any:
    """Renders templates of files, which may come from anywhere: no attribute of an object is
    reached.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(keep_trailing_newline=False)
