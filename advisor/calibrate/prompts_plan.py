"""Plans prompt runs: prompt forms against an OpenAI-compatible endpoint, with their price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.calibrate.quality import (
    EvaluationTask,
    approximate_tokens,
    expected_work,
    trial_label,
)
from advisor.calibrate.quality_records import PromptsSpec
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, Trial
from advisor.endpoint.client import checked_url

ANSWER_TOKENS = 32


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
) -> ExperimentPlan:
    """One trial per number of examples shown; prices in USD per million tokens.

    `max_tokens` 0: an answer may be twice as long as the longest reference. Raises UsageError.
    """
    address = checked_url(url)
    if max_usd is not None and (input_usd is None or output_usd is None):
        raise UsageError(
            "--max-usd: the price of tokens is not known; give --input-usd and --output-usd per "
            "million tokens"
        )
    spec = PromptsSpec(
        url=address,
        model=model,
        key_env=key_env,
        input_usd=input_usd,
        output_usd=output_usd,
        at_once=at_once,
        seed=seed,
        max_tokens=max_tokens or _longest_answer(task),
    )
    trials = tuple(_trial(task, spec, count) for count in shots)
    name = f"{model}: {task.metric} on {len(task.items)} items"
    return ExperimentPlan("prompts", name, trials, task.shared(), "endpoint", seed, max_usd=max_usd)


def _longest_answer(task: EvaluationTask) -> int:
    """Twice the longest reference answer, in tokens."""
    longest = max(approximate_tokens(answer) for _, answer in (*task.train, *task.items))
    return max(ANSWER_TOKENS, round(2 * longest))


def _trial(task: EvaluationTask, spec: PromptsSpec, shots: int) -> Trial:
    whole = replace(
        spec,
        technique="few-shot" if shots else "zero-shot",
        shots=shots,
        expected=expected_work(task, shots),
    )
    return Trial("prompts", trial_label(whole), whole.to_json())
