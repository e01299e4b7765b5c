"""Prompt forms: all that a prompt is made of but its item, and the forms of each technique."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.core.errors import UsageError, did_you_mean
from advisor.core.experiment import JsonObject, digest
from advisor.core.records import KEY, JsonRecord, known_fields
from advisor.core.techniques import SAMPLES

BALANCED = "balanced"
RANDOM = "random"
NEAREST = "nearest"
CHOICES = (BALANCED, RANDOM, NEAREST)
"""How examples are chosen: every answer once before any twice, at random, or the most similar."""

NEAREST_SHOTS = 5
DOCUMENTS = 3
THINKING_ROOM = 512
"""Tokens that a written chain of thought may take on top of its answer."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PromptForm(JsonRecord):
    """One prompt without its item. `picks` are the training rows shown, where a search chose them.

    `samples` answers are voted on; `documents` passages stand before the item; `template` are the
    messages of a template file; `embeddings` names the model that says what is similar: BM25 where
    it is None.
    """

    technique: str = "zero-shot"
    instruction: str = ""
    shots: int = field(default=0, metadata={KEY: "shown"})
    choice: str = BALANCED
    picks: Sequence[int] = ()
    seed: int = 0
    thinks: bool = False
    samples: int = 1
    structured: bool = False
    documents: int = 0
    template: Sequence[Mapping[str, str]] = ()
    embeddings: str | None = None

    def changes(self) -> JsonObject:
        """What differs from a plain zero-shot prompt: its identity beside instruction and
        examples.
        """
        plain = PromptForm()
        names = ["choice", "seed", "thinks", "samples", "structured", "documents", "template"]
        names.append("embeddings")
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value != getattr(plain, name)}

    @property
    def is_fixed(self) -> bool:
        """Whether all items get the same examples and no documents."""
        return not self.compares

    @property
    def compares(self) -> bool:
        """Whether rows or passages are chosen for each item by how similar they are to it."""
        return bool(self.documents or (self.choice == NEAREST and self.shots))

    @property
    def label(self) -> str:
        """In a few words, such as `few-shot, 3 nearest shown`."""
        parts = [self.technique]
        if self.shots:
            chosen = "" if self.choice == BALANCED else f"{self.choice} "
            parts.append(f"{self.shots} {chosen}shown")
        if self.documents:
            parts.append(f"{self.documents} passages")
        if self.embeddings:
            parts.append("by embeddings")
        if self.structured:
            parts.append("structured")
        return ", ".join(parts)


def forms_of(documents: Sequence[JsonObject]) -> tuple[PromptForm, ...]:
    """The forms in a specification's JSON."""
    return tuple(PromptForm(**known_fields(PromptForm, document)) for document in documents)


def prompt_hash(form: PromptForm, examples: Sequence[Pair]) -> str:
    """The name of a prompt: its instruction, its examples, and what else it is made of.

    Of a form whose examples differ by item, `examples` are the rows it chooses from.
    """
    parts: list[object] = [form.instruction, [list(pair) for pair in examples]]
    changes = form.changes()
    return digest([*parts, changes] if changes else parts)


Forms = Callable[[str, Sequence[int]], tuple[PromptForm, ...]]


def _zero(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return (PromptForm("zero-shot", instruction),)


def _one(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return (PromptForm("one-shot", instruction, 1),)


def _few(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return tuple(PromptForm("few-shot", instruction, n) for n in counts if n > 1)


def _random(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return tuple(replace(form, choice=RANDOM) for form in _few(instruction, counts))


def _nearest(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    several = [n for n in counts if n > 1] or [NEAREST_SHOTS]
    return tuple(PromptForm("retrieved-examples", instruction, n, NEAREST) for n in several)


def _many(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return (PromptForm("many-shot", instruction, max(counts, default=0)),)


def _thinking(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return (PromptForm("chain-of-thought", instruction, thinks=True),)


def _voted(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    form = PromptForm("self-consistency", instruction, thinks=True, samples=round(SAMPLES))
    return (form,)


def _documents(instruction: str, counts: Sequence[int]) -> tuple[PromptForm, ...]:
    return (PromptForm("retrieval", instruction, documents=DOCUMENTS),)


TECHNIQUES: Mapping[str, Forms] = {
    "zero-shot": _zero,
    "one-shot": _one,
    "few-shot": _few,
    "random few-shot": _random,
    "retrieved-examples": _nearest,
    "many-shot": _many,
    "chain-of-thought": _thinking,
    "self-consistency": _voted,
    "retrieval": _documents,
}
"""The candidates of each technique, for an instruction and numbers of examples."""


def technique_forms(
    name: str, instructions: Sequence[str], counts: Sequence[int]
) -> tuple[PromptForm, ...]:
    """Every candidate of a technique. Raises UsageError for one that is not measured here."""
    forms = TECHNIQUES.get(name)
    if forms is None:
        raise UsageError(
            f"--techniques {name}: not measured here; one of "
            f"{', '.join(TECHNIQUES)}{did_you_mean(name, tuple(TECHNIQUES))}"
        )
    return tuple(form for text in instructions for form in forms(text, counts))


def compared_ways(forms: Sequence[PromptForm], embeddings: str) -> tuple[PromptForm, ...]:
    """The forms, and those that choose by similarity once more by embeddings, where a model of them
    is named.
    """
    also = (replace(form, embeddings=embeddings) for form in forms if form.compares)
    return (*forms, *also) if embeddings else tuple(forms)


def option_label(forms: Sequence[PromptForm]) -> str:
    """What the option of these candidates is called."""
    if len(forms) == 1:
        return forms[0].label
    first = forms[0]
    counts = sorted({form.shots for form in forms if form.shots})
    numbers = f", {' or '.join(map(str, counts))} shown" if counts else ""
    return f"{first.technique}{numbers}, best of {len(forms)}"
