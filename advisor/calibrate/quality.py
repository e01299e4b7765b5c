"""Plans quality runs: the same held-out items and metric for every option; sums up their scores."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.calibrate.general_knowledge import forgotten, general_sets
from advisor.calibrate.intervals import comparisons, score_interval
from advisor.calibrate.methods import ENCODER, check_classifier, check_method, usual_rate
from advisor.calibrate.metrics.scorer import Scorer, scorer_for
from advisor.calibrate.quality_records import (
    GeneralScore,
    ModelWeights,
    PromptsSpec,
    QualityResult,
    QualitySpec,
    Workload,
)
from advisor.core.constants import Z80
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, JsonObject, Status, Trial, TrialOutcome

Pair = tuple[str, str]
HELD_OUT = 0.2
FEWEST_ITEMS = 10
MOST_ITEMS = 500
DEVELOPMENT_ITEMS = 50
DEVELOPMENT_SHARE = 0.2
SHARES = (0.25, 0.5, 1.0)
CHARACTERS_PER_TOKEN = 4.0
ANSWER_TOKENS = 32


@dataclass(frozen=True, slots=True)
class EvaluationTask:
    """The user's data, split once for all options, and how its answers are scored."""

    train: tuple[Pair, ...]
    items: tuple[Pair, ...]
    scorer: Scorer
    instruction: str = ""
    development: tuple[int, ...] = ()
    """Places of the training rows on which prompts are chosen; prompts show other rows."""

    groups: tuple[int, ...] = ()
    """The number of each test item's group, where items belong together."""

    @property
    def metric(self) -> str:
        return self.scorer.metric

    @property
    def pool(self) -> list[Pair]:
        """The rows that prompts may show."""
        reserved = set(self.development)
        return [row for place, row in enumerate(self.train) if place not in reserved]

    def shared(self) -> JsonObject:
        """As plain data for the worker."""
        chosen_on = {"development": list(self.development)} if self.development else {}
        grouped = {"groups": list(self.groups)} if self.groups else {}
        return (
            chosen_on
            | grouped
            | {
                "train": [list(p) for p in self.train],
                "items": [list(p) for p in self.items],
                "metric": self.metric,
                "labels": list(self.scorer.labels),
                "schema": dict(self.scorer.schema) if self.scorer.schema is not None else None,
                "one_line": self.scorer.one_line,
                "instruction": self.instruction,
            }
        )


def task(
    rows: Sequence[Pair],
    held_out: Sequence[Pair] = (),
    *,
    metric: str = "",
    task_type: str = "",
    schema: JsonObject | None = None,
    instruction: str = "",
    most_items: int = MOST_ITEMS,
    seed: int = 0,
    development: int = 0,
    group_of: Mapping[Pair, str] | None = None,
) -> EvaluationTask:
    """Rows split into train and held-out items, or with a test set of their own.

    At most `development` training rows, and a fifth of them, are those on which prompts are chosen.

    A training row whose prompt is also a test item is left out: it would be scored on what it
    learned. The metric is the one named, else the one that suits the answers and the task's type.
    `group_of` names the group of a row: rows held out are whole groups, so that nothing of a tested
    group is trained on or shown. Raises UsageError where too little is left.
    """
    rng = random.Random(seed)
    train = list(dict.fromkeys(r for r in rows if r[1].strip()))
    items = list(dict.fromkeys(held_out))
    rng.shuffle(train)
    if not items:
        count = max(round(len(train) * HELD_OUT), FEWEST_ITEMS)
        items, train = _held_out(train, count, group_of, rng)
    rng.shuffle(items)
    items = items[:most_items]
    tested = {prompt.strip().lower() for prompt, _ in items}
    train = [row for row in train if row[0].strip().lower() not in tested]
    if len(items) < FEWEST_ITEMS or len(train) < FEWEST_ITEMS:
        raise UsageError(
            f"--data: {len(train)} rows to train on and {len(items)} to test on; give at least "
            f"{FEWEST_ITEMS} of each"
        )
    marked = scorer_for(
        [a for _, a in (*train, *items)], metric=metric, task_type=task_type, schema=schema
    )
    chosen_on = range(min(development, round(len(train) * DEVELOPMENT_SHARE)))
    return EvaluationTask(
        tuple(train),
        tuple(items),
        marked,
        instruction,
        tuple(chosen_on),
        _numbered([group_of[item] for item in items]) if group_of is not None else (),
    )


def _held_out(
    rows: list[Pair], count: int, group_of: Mapping[Pair, str] | None, rng: random.Random
) -> tuple[list[Pair], list[Pair]]:
    """(test items, training rows): the first `count`, or about as many as whole groups."""
    if group_of is None:
        return rows[:count], rows[count:]
    names = sorted({group_of[row] for row in rows})
    rng.shuffle(names)
    chosen: set[str] = set()
    items: list[Pair] = []
    for name in names:
        if len(items) >= count:
            break
        chosen.add(name)
        items += [row for row in rows if group_of[row] == name]
    return items, [row for row in rows if group_of[row] not in chosen]


def _numbered(names: Sequence[str]) -> tuple[int, ...]:
    """Numbers in place of names, which may be those of customers. Raises UsageError where there is
    one group alone.
    """
    if len(set(names)) < 2:
        raise UsageError(
            "--group-field: all test items are of one group; name another field, or leave it out"
        )
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return tuple(number[name] for name in names)


def plan(
    task: EvaluationTask,
    weights: ModelWeights,
    *,
    methods: Sequence[str] = ("lora",),
    shares: Sequence[float] = SHARES,
    shots: int = 3,
    epochs: int = 3,
    rank: int = 16,
    learning_rate: float = 0.0,
    batch: int = 8,
    seq_len: int = 1024,
    seed: int = 0,
    device: str = "auto",
    machine: str = "",
    demonstration: bool = False,
    language: bool = False,
) -> ExperimentPlan:
    """Zero-shot, few-shot, and each method on growing shares; on the largest share also with
    examples in the prompt.

    `learning_rate` 0 means by method and size; `demonstration` marks a run whose scores say nothing
    about other models; `language` asks the zero-shot trial how likely the model finds the rows.
    Raises UsageError.
    """
    if weights.reads_only:
        check_classifier(task, weights, methods)
        methods = (ENCODER,)
        shots = 0
    for method in () if weights.reads_only else methods:
        check_method(method)
    prompt = QualitySpec(
        model=weights,
        seq_len=seq_len,
        seed=seed,
        batch=batch,
        demonstration=True if demonstration else None,
    )
    specs = [] if weights.reads_only else [replace(prompt, language=language or None)]
    if shots:
        specs.append(replace(prompt, technique="few-shot", shots=shots))
    counts = sorted({max(round(len(task.train) * share), FEWEST_ITEMS) for share in shares})
    for method in methods:
        tuned = replace(
            prompt,
            approach="tune",
            technique=method,
            method=method,
            epochs=epochs,
            rank=rank if method != ENCODER else None,
            targets="all-linear" if method != ENCODER else None,
            learning_rate=learning_rate or usual_rate(method, weights.bytes),
        )
        specs += [replace(tuned, train_examples=count) for count in counts]
        if shots:
            specs.append(replace(tuned, approach="hybrid", shots=shots, train_examples=counts[-1]))
    name = f"{_called(weights)}: {task.metric} on {len(task.items)} items"
    shared = {**task.shared(), "machine": machine, "general": general_sets()}
    trials = tuple(_trial(task, spec) for spec in specs)
    return ExperimentPlan("quality", name, trials, shared, device, seed)


def _called(weights: ModelWeights) -> str:
    """The model's name: that of the hub, else of its folder."""
    return (weights.hub or Path(weights.folder).name).partition("@")[0]


def _trial(task: EvaluationTask, spec: QualitySpec) -> Trial:
    work = expected_work(
        task, spec.shots, spec.train_examples, epochs=spec.epochs or 0, by_likelihood=True
    )
    return Trial("quality", trial_label(spec), replace(spec, expected=work).to_json())


def trial_label(spec: QualitySpec | PromptsSpec) -> str:
    """What a trial is called: its option, examples shown and trained on."""
    label = f"{spec.approach}/{spec.technique}"
    if spec.shots:
        label += f", {spec.shots} shown"
    if spec.train_examples:
        label += f", {spec.train_examples} examples"
    return label


def approximate_tokens(text: str) -> float:
    """Tokens by characters: for prices before a run, where no tokenizer is at hand."""
    return len(text) / CHARACTERS_PER_TOKEN


def expected_work(
    task: EvaluationTask,
    shots: int,
    train_examples: int = 0,
    *,
    epochs: int = 0,
    by_likelihood: bool = False,
) -> Workload:
    """Tokens that a trial will read, write and train on, by characters: for its price.

    `by_likelihood`: every label of an item is read, as local models are scored.
    """
    tokens = approximate_tokens
    items = len(task.items)
    question = sum(tokens(p) + 4.0 for p, _ in task.items) / items
    prompt = tokens(task.instruction) + shots * row_tokens(task) + question
    answer = sum(tokens(a) for _, a in task.items) / items + 2.0
    readings = len(task.scorer.labels) if task.scorer.labels and by_likelihood else 1
    return Workload(
        read_tokens=round(items * (prompt + answer) * readings, 1),
        written_tokens=round(items * answer, 1),
        learned_tokens=round(train_examples * epochs * (prompt + answer), 1),
        calls=float(items),
    )


def row_tokens(task: EvaluationTask) -> float:
    """Tokens of a training row, by characters."""
    tokens = approximate_tokens
    return sum(tokens(p) + tokens(a) + 4.0 for p, a in task.train) / len(task.train)


def summary(plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]) -> JsonObject:
    """Scores with their intervals, and every option compared with the best prompt on the same
    items.
    """
    scored = {
        o.digest: QualityResult.from_json(o.result)
        for o in outcomes
        if o.status is Status.DONE and "item_scores" in o.result
    }
    digests = {trial.label: plan.trial_digest(trial) for trial in plan.trials}
    results = {label: scored[name] for label, name in digests.items() if name in scored}
    base = next((r.general for r in results.values() if r.general and not r.train_examples), None)
    groups = plan.shared.get("groups") or ()
    demonstration = any(trial.spec.get("demonstration") for trial in plan.trials)
    return {
        "trials": [_line(label, result, base, groups) for label, result in results.items()],
        "comparisons": [comparison.to_json() for comparison in comparisons(results, groups)],
        "carries_over": DEMONSTRATION if demonstration else CARRIES_OVER[plan.kind],
        "demonstration": demonstration,
    }


SEED_SD = 0.05
"""Between trainings that differ in their seed alone, as a standard deviation of the score: an
assumption for options of which one seed ran; `advisor calibrate matrix` with `seeds` measures it.
"""


def _with_seeds(result: QualityResult, groups: Sequence[int]) -> list[float]:
    """80 % interval of a score by its items; of a trained option also by the luck of its seed."""
    low, high = score_interval(result.item_scores or (), result.item_labels, groups)
    if not result.train_examples or result.score is None:
        return [low, high]
    seeds = Z80 * SEED_SD
    return [
        max(result.score - math.hypot(result.score - low, seeds), 0.0),
        min(result.score + math.hypot(high - result.score, seeds), 1.0),
    ]


def _line(
    label: str, result: QualityResult, base: GeneralScore | None, groups: Sequence[int]
) -> JsonObject:
    """A trial's result without its items, with its interval and what its training made the model
    forget.
    """
    lost = forgotten(base, result.general) if result.train_examples else None
    line = replace(
        result,
        label=label,
        interval=_with_seeds(result, groups),
        groups=len(set(groups)) or None,
        forgetting=lost,
        item_scores=None,
        item_labels=None,
        general=None,
        confidences=None,
    )
    return line.to_json()


DEMONSTRATION = (
    "a demonstration on the pocket model: it shows the procedure and never enters a verdict"
)


CARRIES_OVER = {
    "quality": (
        "this model on these items; another model, size or kind of data needs a run of its own"
    ),
    "prompts": "this endpoint's model on these items and on this day",
}
