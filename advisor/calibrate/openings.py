"""How often test items were opened before: each further prompt that is chosen after their results
were seen makes the best score look better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from advisor.calibrate.metrics.extraction import MOST_ARTEFACTS
from advisor.calibrate.quality_records import QualityResult
from advisor.core.constants import Z80
from advisor.core.experiment import KeptTrial
from advisor.core.format import count, plural, share
from advisor.core.records import JsonRecord, known_fields

Option = tuple[str, str, str, int]
"""Approach, model, prompt, and examples trained on: what was scored on test items."""


@dataclass(frozen=True, slots=True)
class Openings(JsonRecord):
    """The test items of a run in earlier runs: `items` of them, in `runs`, by `options` others.

    `new` options of this run were not among them; `by_chance` is by how much the best of all would
    look better than they are, were they equally good.
    """

    items: int
    runs: Sequence[int]
    options: int
    new: int
    by_chance: float = 0.0

    @property
    def is_a_new_look(self) -> bool:
        """Whether something was scored that may have been chosen after seeing earlier results."""
        return bool(self.runs) and self.new > 0


def openings_of(document: object) -> Openings | None:
    """The openings in a run's result; None where it has none."""
    return Openings(**known_fields(Openings, document)) if isinstance(document, dict) else None


def option_of(result: QualityResult, model: str) -> Option:
    """What was scored on test items."""
    prompt = result.prompt_hash or result.technique
    return (result.approach, model.lower(), prompt, result.train_examples or 0)


def best_by_chance(options: int, error: float) -> float:
    """By how much the best of equally good options exceeds their mean, at this standard error of a
    score: the expected largest of so many normal draws (Blom 1958).
    """
    if options < 2:
        return 0.0
    return error * NormalDist().inv_cdf((options - 0.375) / (options + 0.25))


def error_of(result: QualityResult) -> float:
    """The standard error of a score by its 80 % interval; 0 where it has none."""
    low, high = result.interval or (0.0, 0.0)
    return (high - low) / 2 / Z80


def opening_line(opened: Openings) -> str:
    """One line about items that were opened before."""
    where = plural(len(opened.runs), "run")
    numbers = ", ".join(map(str, opened.runs))
    line = (
        f"{count(opened.items)} of the test items were opened by {where} before ({numbers}), for "
        f"{plural(opened.options, 'other option')}"
    )
    if not opened.is_a_new_look:
        return f"{line}; nothing new was scored on them"
    return (
        f"{line}: the best of so many equal ones would score {opened.by_chance:.3f} too high by "
        "chance; confirm a choice made after seeing results on fresh items"
    )


def remarks(trials: Sequence[KeptTrial]) -> tuple[str, ...]:
    """What a verdict says about own scores on its data: items opened by several runs, and options
    whose answers could not be read.
    """
    usable = [t for t in trials if "item_scores" in t.outcome.result]
    usable = [t for t in usable if not t.spec.get("demonstration")]
    return (*_repeated(usable), *dict.fromkeys(_unreadable(usable)))


def _repeated(trials: Sequence[KeptTrial]) -> Iterator[str]:
    """Of prompts alone: tunings are planned before their results are seen."""
    by_model: dict[str, list[KeptTrial]] = {}
    for trial in trials:
        if trial.outcome.result.get("approach") == "prompt":
            by_model.setdefault(trial.about.get("model", ""), []).append(trial)
    for model, own in by_model.items():
        results = [QualityResult.from_json(trial.outcome.result) for trial in own]
        first: dict[Option, int] = {}
        for trial, result in zip(own, results, strict=True):
            first.setdefault(option_of(result, model), trial.run_id)
        runs = set(first.values())
        if len(runs) < 2:
            continue
        error = max(((r.score or 0.0) * (1 - (r.score or 0.0)) / max(r.items, 1)) for r in results)
        chance = best_by_chance(len(first), math.sqrt(max(error, 0.0)))
        yield (
            f"Own scores: {plural(len(runs), 'run')} scored {plural(len(first), 'prompt')} of "
            f"{model} on the same test items, the later ones after results were seen; the best of "
            f"so many equal ones would score {chance:.3f} too high by chance: confirm it on fresh "
            "items"
        )


def _unreadable(trials: Sequence[KeptTrial]) -> Iterator[str]:
    for trial in trials:
        result = QualityResult.from_json(trial.outcome.result)
        if result.artefact_share > MOST_ARTEFACTS:
            yield (
                f"Own scores: {trial.outcome.label} of run {trial.run_id} does not count: "
                f"{share(result.artefact_share)} of its answers could not be read"
            )
