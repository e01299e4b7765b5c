"""Plans prompt runs of a model with weights: the same prompts as against an endpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.calibrate.embeddings import SHARED
from advisor.calibrate.prompts_plan import (
    PromptGroup,
    PromptOptions,
    form_documents,
    prompt_groups,
    shown,
)
from advisor.calibrate.quality import EvaluationTask, expected_work
from advisor.calibrate.quality_records import ModelWeights, QualitySpec
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, Trial


def local_prompts_plan(
    task: EvaluationTask,
    weights: ModelWeights,
    options: PromptOptions,
    *,
    seq_len: int = 4096,
    batch: int = 8,
    seed: int = 0,
    device: str = "auto",
    machine: str = "",
    demonstration: bool = False,
) -> ExperimentPlan:
    """One trial per technique, which chooses among its candidates on development items.

    Raises UsageError for what only an endpoint can do.
    """
    _check(options)
    if weights.reads_only:
        raise UsageError(
            f"--model {weights.hub or weights.folder}: reads text but writes none, so no prompt "
            "makes it answer; tune it as a classifier with `advisor calibrate quality`"
        )
    base = QualitySpec(
        model=weights,
        seq_len=seq_len,
        seed=seed,
        batch=batch,
        demonstration=True if demonstration else None,
    )
    groups = prompt_groups(task, options, seed)
    for group in groups:
        if any(form.samples > 1 for form in group.forms):
            raise UsageError("--techniques self-consistency: needs an endpoint; give its --url")
    trials = tuple(_trial(task, base, group) for group in groups)
    shared = {**task.shared(), "machine": machine}
    if options.passages:
        shared["passages"] = list(options.passages)
    if options.embedding is not None:
        shared[SHARED] = options.embedding.to_json()
    called = (weights.hub or Path(weights.folder).name).partition("@")[0]
    name = f"{called}: {task.metric} on {len(task.items)} items"
    return ExperimentPlan("quality", name, trials, shared, device, seed)


def _trial(task: EvaluationTask, base: QualitySpec, group: PromptGroup) -> Trial:
    work = expected_work(task, shown(group), by_likelihood=True)
    candidates = len(group.forms) * len(task.development) / len(task.items)
    whole = replace(
        base,
        technique=group.technique,
        shots=shown(group),
        expected=replace(work, read_tokens=round(work.read_tokens * (1.0 + candidates), 1)),
        forms=form_documents(task, group) or [form.to_json() for form in group.forms],
        search=group.search,
    )
    return Trial("quality", group.label, whole.to_json())


def _check(options: PromptOptions) -> None:
    endpoint_only = {
        "--structured": options.structured,
        "--judge-model": options.judge is not None,
        "--repeats": bool(options.repeats),
        "--paraphrases": bool(options.paraphrases),
        "--proposals": options.search is not None and bool(options.search.proposals),
    }
    for name, wanted in endpoint_only.items():
        if wanted:
            raise UsageError(f"{name}: needs an endpoint; give its --url")
