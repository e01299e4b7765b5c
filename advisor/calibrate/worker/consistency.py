"""How much a score moves where nothing that matters changes: the same prompt again, other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.quality_records import Consistency, ScoredItems
from advisor.calibrate.worker.marking import ItemAnswer
from advisor.calibrate.worker.stop import Stopped

if TYPE_CHECKING:
    from advisor.calibrate.worker.endpoint import Bench

SHARE = 0.3
FEWEST = 10
"""The share of the items that is asked again, and how many at least."""

PARAPHRASES = (
    "{instruction}\n",
    "Please do the following. {instruction}",
    "Your task: {instruction}",
    "{instruction} Thank you.",
    "### Instruction\n{instruction}",
)
"""The instruction in other forms that a person might write without meaning anything by it."""


def consistency(
    bench: Bench, prompter: Prompter, answers: Sequence[ItemAnswer], scored: ScoredItems
) -> Consistency:
    """Repeats and paraphrases on a share of the test items. Raises Stopped."""
    count = min(max(round(SHARE * len(answers)), FEWEST), len(answers))
    items = bench.data.item_pairs[:count]
    first = answers[:count]
    scores = [fmean(scored.item_scores[:count])]
    changed = []
    for number in range(1, (bench.spec.repeats or 0) + 1):
        again = _again(bench, prompter, items, number)
        scores.append(fmean(bench.marked(again, items).item_scores))
        changed += [_differs(bench, a, b) for a, b in zip(first, again, strict=True)]
    worded = [
        fmean(bench.marked(_again(bench, other, items, 0), items).item_scores)
        for other in _paraphrased(bench, prompter)
    ]
    return Consistency(
        items=count,
        repeats=bench.spec.repeats or 0,
        changed=fmean(changed) if changed else 0.0,
        sd=stdev(scores) if len(scores) > 1 else 0.0,
        paraphrases=len(worded),
        paraphrase_sd=stdev([scores[0], *worded]) if worded else None,
    )


def _again(
    bench: Bench, prompter: Prompter, items: Sequence[tuple[str, str]], number: int
) -> list[ItemAnswer]:
    answers = bench.answers(prompter, items, {"repeat": number} if number else {})
    if len(answers) < len(items):
        raise Stopped(bench.stop.reason, {"spent_usd": bench.session.budget.spent_usd})
    return answers


def _differs(bench: Bench, first: ItemAnswer, again: ItemAnswer) -> bool:
    key = bench.marker.key
    return (first.reading, key(first.text)) != (again.reading, key(again.text))


def _paraphrased(bench: Bench, prompter: Prompter) -> list[Prompter]:
    """The prompt with its instruction in other forms."""
    wanted = bench.spec.paraphrases or 0
    texts = [form.format(instruction=prompter.form.instruction) for form in PARAPHRASES]
    return [bench.prompter(replace(prompter.form, instruction=text)) for text in texts[:wanted]]
