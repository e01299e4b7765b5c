"""Plans prompt runs: prompt forms against an OpenAI-compatible endpoint, with their price."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.calibrate.embeddings import SHARED, EmbeddingSource
from advisor.calibrate.judge import JUDGE_METRICS, JudgeSpec
from advisor.calibrate.prompt_choices import techniques_by_shots
from advisor.calibrate.prompting.forms import (
    NEAREST,
    RANDOM,
    THINKING_ROOM,
    PromptForm,
    compared_ways,
    option_label,
    technique_forms,
)
from advisor.calibrate.prompting.instructions import variants
from advisor.calibrate.quality import (
    EvaluationTask,
    approximate_tokens,
    expected_work,
    row_tokens,
)
from advisor.calibrate.quality_records import PromptsSpec, SearchSpec, Workload
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, JsonObject, Trial
from advisor.endpoint.client import checked_address, checked_url

ANSWER_TOKENS = 32
CONTEXT_TOKENS = 32_768
"""Positions of a model whose context is not known: most that are served now have more."""

MANY_SHOTS = 500
FEWEST_OPTIMISER_CALLS = 40
"""Answers that an optimiser needs to write one instruction and compare it."""

SETS = 4
"""Example sets of each size that a search tries, beside the most similar examples."""


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """Which prompts are measured.

    Empty `techniques`: zero-shot, one-shot and few-shot by `shots`. `instructions` are candidates
    beside the task's own; `templates` prompts of files, each an option's candidate; `structured`:
    answers in JSON by a schema; `embedding`: similar rows and passages also by embeddings.
    """

    techniques: Sequence[str] = ()
    shots: Sequence[int] = (0, 3)
    instructions: Sequence[str] = ()
    templates: Sequence[PromptForm] = ()
    structured: bool = False
    search: SearchSpec | None = None
    repeats: int = 0
    paraphrases: int = 0
    passages: Sequence[str] = ()
    judge: JudgeSpec | None = None
    embedding: EmbeddingSource | None = None
    context_tokens: int = CONTEXT_TOKENS

    @property
    def embeddings(self) -> str:
        """The model of the embeddings; empty where texts are compared by their words alone."""
        return self.embedding.name if self.embedding is not None else ""


def prompts_plan(
    task: EvaluationTask,
    url: str,
    model: str,
    *,
    shots: Sequence[int] = (0, 3),
    key_env: str = "OPENAI_API_KEY",
    input_usd: float | None = None,
    output_usd: float | None = None,
    at_once: int = 4,
    max_tokens: int = 0,
    max_usd: float | None = None,
    seed: int = 0,
    options: PromptOptions | None = None,
) -> ExperimentPlan:
    """One trial per technique, which chooses among its candidates on development items; prices in
    USD per million tokens.

    `max_tokens` 0: an answer may be twice as long as the longest reference. Raises UsageError.
    """
    address = checked_url(url)
    chosen = options or PromptOptions(shots=shots)
    if max_usd is not None:
        _check_priced(input_usd, output_usd, chosen)
    spec = PromptsSpec(
        url=address,
        model=model,
        key_env=key_env,
        input_usd=input_usd,
        output_usd=output_usd,
        at_once=at_once,
        seed=seed,
        max_tokens=max_tokens or _longest_answer(task),
        repeats=chosen.repeats or None,
        paraphrases=chosen.paraphrases or None,
    )
    groups = prompt_groups(task, chosen, seed)
    trials = tuple(_trial(task, spec, group) for group in groups)
    metric = _metric(task, chosen)
    name = f"{model}: {metric} on {len(task.items)} items"
    shared = _shared(task, chosen, metric)
    return ExperimentPlan("prompts", name, trials, shared, "endpoint", seed, max_usd=max_usd)


def _check_priced(
    input_usd: float | None, output_usd: float | None, options: PromptOptions
) -> None:
    """A limit of money needs every price that is charged. Raises UsageError."""
    if input_usd is None or output_usd is None:
        raise UsageError(
            "--max-usd: the price of tokens is not known; give --input-usd and --output-usd per "
            "million tokens"
        )
    judge = options.judge.spec if options.judge is not None else None
    embeds = options.embedding.endpoint if options.embedding is not None else None
    for spec, names in (
        (judge, "--judge-input-usd and --judge-output-usd"),
        (embeds, "--embedding-usd"),
    ):
        if spec is not None and not spec.is_priced and not checked_address(spec.url).is_local:
            raise UsageError(
                f"--max-usd: the price of {spec.model} is not known; give {names} per million "
                "tokens"
            )


def _metric(task: EvaluationTask, options: PromptOptions) -> str:
    if options.judge is None:
        return task.metric
    return JUDGE_METRICS[1] if options.judge.pairwise else JUDGE_METRICS[0]


def _shared(task: EvaluationTask, options: PromptOptions, metric: str) -> JsonObject:
    """The task's data, with the passages that prompts may read, who embeds texts and the judge,
    where there are any.
    """
    shared = dict(task.shared())
    if options.passages:
        shared["passages"] = list(options.passages)
    if options.embedding is not None:
        shared[SHARED] = options.embedding.to_json()
    if options.judge is not None:
        shared |= {"metric": metric, "labels": [], "judge": options.judge.to_json()}
    return shared


def _longest_answer(task: EvaluationTask) -> int:
    """Twice the longest reference answer, in tokens."""
    longest = max(approximate_tokens(answer) for _, answer in (*task.train, *task.items))
    return max(ANSWER_TOKENS, round(2 * longest))


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """The candidates of one option, and the search among them where there is one."""

    forms: tuple[PromptForm, ...]
    search: SearchSpec | None = None

    @property
    def technique(self) -> str:
        """As options are called."""
        name = self.forms[0].technique
        return "few-shot" if name == "random few-shot" else name

    @property
    def label(self) -> str:
        return "prompt/searched" if self.search else f"prompt/{option_label(self.forms)}"


def prompt_groups(task: EvaluationTask, options: PromptOptions, seed: int) -> list[PromptGroup]:
    """An option per technique, then one of the template files, then the search.

    Without development items every number of examples is an option of its own. Raises UsageError.
    """
    counts = [min(n, len(task.pool)) for n in options.shots]
    groups = []
    for name in options.techniques or techniques_by_shots(options.shots):
        forms = _forms(task, name, counts, options)
        if name == "retrieval" and not options.passages:
            raise UsageError("--techniques retrieval: name the documents with --documents FOLDER")
        parts = [forms] if task.development else [(form,) for form in forms]
        groups += [PromptGroup(part) for part in parts]
    if options.templates:
        groups.append(PromptGroup(tuple(options.templates)))
    if options.search is not None:
        groups.append(PromptGroup(searched_forms(task, options, seed), options.search))
    if options.embedding and not any(form.embeddings for group in groups for form in group.forms):
        raise UsageError(
            "--embedding-model: no prompt compares texts; add retrieved-examples or retrieval to "
            "--techniques, or --search"
        )
    return groups


def _forms(
    task: EvaluationTask, name: str, counts: Sequence[int], options: PromptOptions
) -> tuple[PromptForm, ...]:
    texts = list(dict.fromkeys([task.instruction, *options.instructions]))
    if name == "many-shot":
        counts = [many_shots(task, options.context_tokens)]
    forms = technique_forms(name, texts, counts)
    if not forms:
        raise UsageError(f"--techniques {name}: --shots names no number of examples above 1")
    if len(texts) > 1 and not task.development:
        raise UsageError(
            f"{name}: {len(forms)} prompts to choose from and no development items; use "
            "--development with more than 0"
        )
    forms = compared_ways(forms, options.embeddings)
    return tuple(replace(form, structured=options.structured) for form in forms)


def many_shots(task: EvaluationTask, context_tokens: int) -> int:
    """As many rows as fit into the context with the longest item and its answer."""
    longest = max(approximate_tokens(p) + approximate_tokens(a) for p, a in task.items)
    room = 0.9 * context_tokens - 2 * longest - approximate_tokens(task.instruction)
    return max(min(int(room / row_tokens(task)), len(task.pool), MANY_SHOTS), 1)


def searched_forms(
    task: EvaluationTask, options: PromptOptions, seed: int
) -> tuple[PromptForm, ...]:
    """Instructions × example sets: none, balanced, random ones, and the most similar.

    Raises UsageError where there are no development items.
    """
    if not task.development:
        raise UsageError("--search: needs development items; use --development with more than 0")
    if options.search is not None:
        _check_budget(options.search, len(task.development))
    if options.search is not None and options.search.optimiser:
        return (PromptForm("searched", task.instruction, structured=options.structured),)
    texts = list(
        dict.fromkeys([*variants(task.instruction, task.scorer.labels), *options.instructions])
    )
    sets: list[PromptForm] = [PromptForm("searched")]
    rng = random.Random(seed)
    for count in sorted({min(n, len(task.pool)) for n in options.shots if n > 0}):
        sets.append(PromptForm("searched", shots=count))
        sets += [
            PromptForm("searched", shots=count, choice=RANDOM, seed=rng.randrange(2**31))
            for _ in range(SETS - 1)
        ]
        nearest = (PromptForm("searched", shots=count, choice=NEAREST),)
        sets += compared_ways(nearest, options.embeddings)
    forms = [
        replace(form, instruction=text, structured=options.structured)
        for text in texts
        for form in sets
    ]
    rng.shuffle(forms)  # a budget too small for all leaves out no instruction on purpose
    return tuple(forms)


def _check_budget(search: SearchSpec, development: int) -> None:
    """Raises UsageError where what writes instructions leaves too few answers to compare them."""
    if search.budget < search.proposals + 2:
        raise UsageError(
            f"--search-calls {search.budget}: --proposals {search.proposals} leaves too few to "
            "compare them; allow more"
        )
    fewest = 2 * development + FEWEST_OPTIMISER_CALLS
    if search.optimiser and search.budget < fewest:
        raise UsageError(
            f"--search-calls {search.budget}: an optimiser needs {fewest} with {development} "
            "development items; allow more, or use a smaller --development"
        )


def _trial(task: EvaluationTask, spec: PromptsSpec, group: PromptGroup) -> Trial:
    searching = replace(spec, search=group.search)
    whole = replace(
        searching,
        technique=group.technique,
        shots=shown(group),
        expected=_work(task, searching, group.forms),
        forms=form_documents(task, group),
    )
    return Trial("prompts", group.label, whole.to_json())


def shown(group: PromptGroup) -> int:
    """The most examples that a candidate shows; 0 for a search, which may end at any."""
    return 0 if group.search else max(form.shots for form in group.forms)


def form_documents(task: EvaluationTask, group: PromptGroup) -> list[JsonObject] | None:
    """The candidates as plain data; None for the plain prompt of the technique."""
    first = group.forms[0]
    plain = (PromptForm(first.technique, task.instruction, first.shots),)
    return None if group.forms == plain else [form.to_json() for form in group.forms]


def _work(task: EvaluationTask, spec: PromptsSpec, forms: Sequence[PromptForm]) -> Workload:
    """Tokens and calls of a trial: the choice on development items, the test, its repeats."""
    test = _form_work(task, max(forms, key=lambda form: form.shots), len(task.items))
    share = (spec.repeats or 0) + (spec.paraphrases or 0)
    chosen = len(task.development)
    per_form = float(chosen)
    if spec.search is not None and spec.search.optimiser:
        per_form = float(spec.search.budget)
    elif spec.search is not None:
        per_form = min(spec.search.budget, chosen * len(forms)) / len(forms)
    parts = [_form_work(task, form, per_form) for form in forms]
    parts += [test, *([_scaled(test, 0.3 * share)] if share else [])]
    return Workload(
        read_tokens=round(sum(part.read_tokens for part in parts), 1),
        written_tokens=round(sum(part.written_tokens for part in parts), 1),
        calls=round(sum(part.calls for part in parts), 1),
    )


def _form_work(task: EvaluationTask, form: PromptForm, items: float) -> Workload:
    """Of one form on so many items, every sample counted."""
    work = expected_work(task, form.shots)
    thinking = 0.3 * THINKING_ROOM if form.thinks else 0.0
    written = replace(work, written_tokens=work.written_tokens + thinking * work.calls)
    return _scaled(written, form.samples * items / len(task.items))


def _scaled(work: Workload, factor: float) -> Workload:
    return replace(
        work,
        read_tokens=work.read_tokens * factor,
        written_tokens=work.written_tokens * factor,
        calls=work.calls * factor,
    )
