"""Which of several prompts is used: chosen on development items, never on test items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.calibrate.prompting.halving import Race, halving
from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.quality_records import PromptChoice, SearchSpec
from advisor.core.experiment import JsonObject

Scores = Callable[[Prompter, Sequence[int]], Sequence[float]]
"""The scores, 0 to 1, of a prompt on development items."""


@dataclass(frozen=True, slots=True)
class ChosenPrompt:
    """The prompt that was chosen, and how; None where there was nothing to choose on."""

    prompter: Prompter
    choice: PromptChoice | None


def choose_prompt(
    prompters: Sequence[Prompter], items: int, search: SearchSpec | None, scores: Scores
) -> ChosenPrompt:
    """The best of some prompts on development items.

    All of them answer all items, or, in a search, by successive halving; its winner then answers
    the items it has not seen, within the budget, so that its score compares with that of other
    options. Of equals the shorter prompt is taken. Without development items the first is taken.
    """
    if not items:
        return ChosenPrompt(prompters[0], None)
    budget = search.budget if search is not None else len(prompters) * items
    race = _race(prompters, items, budget, scores, halved=search is not None)
    answered = {number: len(values) for number, values in race.scores.items()}
    longest = max(answered.values())
    finalists = [number for number, count in answered.items() if count == longest]
    best = min(finalists, key=lambda n: (-race.mean(n), length(prompters[n]), n))
    unseen = range(answered[best], min(items, answered[best] + budget - race.spent))
    if unseen:
        values = scores(prompters[best], unseen)
        race.scores[best].update(zip(unseen, values, strict=True))
        answered[best] = len(race.scores[best])
    candidates = [_candidate(prompters[number], race, number) for number in answered]
    choice = PromptChoice(
        items=answered[best],
        score=race.mean(best),
        candidates=sorted(candidates, key=lambda c: (-int(c["items"]), -float(c["score"]))),
        rungs=[rung.to_json() for rung in race.rungs],
    )
    return ChosenPrompt(prompters[best], choice)


def _race(
    prompters: Sequence[Prompter], items: int, budget: int, scores: Scores, *, halved: bool
) -> Race:
    if halved and len(prompters) > 1:
        racing = budget - items if budget >= 2 * items else budget // 2
        return halving(
            len(prompters), items, racing, lambda number, at: scores(prompters[number], at)
        )
    race = Race()
    for number, prompter in enumerate(prompters):
        race.scores[number] = dict(enumerate(scores(prompter, range(items))))
        race.spent += items
    return race


def _candidate(prompter: Prompter, race: Race, number: int) -> JsonObject:
    return {
        "label": prompter.form.label,
        "prompt_hash": prompter.hash,
        "instruction": prompter.form.instruction,
        "score": race.mean(number),
        "items": len(race.scores[number]),
    }


def length(prompter: Prompter) -> int:
    """Characters of what a prompt has beside its item: what every request pays for."""
    form = prompter.form
    texts = [prompter.instruction, *(message["content"] for message in form.template)]
    examples = prompter.choice.fixed
    return sum(map(len, texts)) + sum(len(p) + len(a) for p, a in examples) + 200 * form.documents
