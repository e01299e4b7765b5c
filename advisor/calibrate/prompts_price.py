"""What a prompt run against an endpoint may take, before it starts: seconds and dollars of its
answers, of its judge and of its embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from advisor.calibrate.embeddings import embedded_texts, embedding_source
from advisor.calibrate.judge import JUDGE_TOKENS, JudgeSpec
from advisor.calibrate.prompting.forms import THINKING_ROOM, forms_of
from advisor.calibrate.quality import approximate_tokens
from advisor.calibrate.quality_records import PromptsSpec, TrialData, Workload
from advisor.core.experiment import ExperimentPlan, RunPrediction
from advisor.core.quantity import Range

CALL_SECONDS = Range(0.3, 1.5, 6.0)
"""One call of a chat endpoint with a short answer."""

FEWER = 0.8
MORE = 1.2
"""Tokens are counted by characters before a run: a fifth less or more."""

JUDGE_PROMPT_TOKENS = 100.0
"""What a judge reads beside rubric, question, answer and reference."""

JUDGE_WRITES = 0.3
"""Of the tokens that a judge may write, the share that a short reason and a grade take."""


def endpoint_forecast(plan: ExperimentPlan) -> RunPrediction:
    """Calls ÷ how many at once; tokens (by characters, up to a fifth more) at the prices stated;
    cut at the limits.
    """
    specs = [PromptsSpec.from_json(trial.spec) for trial in plan.trials]
    waits = sum(work_of(spec).calls / spec.at_once for spec in specs)
    seconds = [
        waits * (each or 0.0) for each in (CALL_SECONDS.p10, CALL_SECONDS.p50, CALL_SECONDS.p90)
    ]
    if plan.minutes is not None:
        seconds = [min(s, plan.minutes * 60.0) for s in seconds]
    capped = "--max-usd" if plan.max_usd is not None else ""
    if not capped and plan.minutes is not None:
        capped = "--minutes"
    usd = _usd([*_answers_usd(specs), _judge_usd(plan, specs), _embedding_usd(plan)], plan.max_usd)
    return RunPrediction(Range(*seconds), usd, "assumed", "calls and characters", capped)


def work_of(spec: PromptsSpec) -> Workload:
    """Tokens and calls of a trial; none where it does not say."""
    return spec.expected or Workload()


Amounts = tuple[float | None, float | None]
"""USD (likely, at most); None where no price is known."""


def _usd(parts: Sequence[Amounts], max_usd: float | None) -> Range:
    """The sum of the parts from a fifth less than expected, cut at the limit."""
    likely = [part for part, _ in parts]
    most = [part for _, part in parts]
    if None in likely or None in most:
        return Range(None, None, None)
    cap = max_usd if max_usd is not None else float("inf")
    expected = sum(part or 0.0 for part in likely)
    highest = max(sum(part or 0.0 for part in most), expected)
    return Range(min(FEWER * expected, cap), min(expected, cap), min(highest, cap))


def _answers_usd(specs: Sequence[PromptsSpec]) -> list[Amounts]:
    """At most a fifth more is read, and every answer is as long as it may be."""
    return [
        (
            spec.usd(work_of(spec).read_tokens, work_of(spec).written_tokens),
            spec.usd(MORE * work_of(spec).read_tokens, work_of(spec).calls * _longest(spec)),
        )
        for spec in specs
    ]


def _longest(spec: PromptsSpec) -> float:
    """Tokens that an answer may take."""
    thinks = any(form.thinks for form in forms_of(spec.forms or ()))
    return spec.max_tokens + (THINKING_ROOM if thinks else 0.0)


def _judge_usd(plan: ExperimentPlan, specs: Sequence[PromptsSpec]) -> Amounts:
    """Every answer is marked once, or in both orders beside its reference."""
    if not plan.shared.get("judge"):
        return 0.0, 0.0
    judge = JudgeSpec.from_json(plan.shared["judge"])
    pairs = TrialData.from_json(plan.shared).item_pairs
    texts = fmean(approximate_tokens(p) + 2.0 * approximate_tokens(a) for p, a in pairs)
    read = JUDGE_PROMPT_TOKENS + approximate_tokens(judge.rubric) + texts
    calls = sum(work_of(spec).calls for spec in specs) * (2 if judge.pairwise else 1)
    calls += len(judge.labels)
    return (
        judge.spec.usd(calls * read, calls * JUDGE_WRITES * JUDGE_TOKENS),
        judge.spec.usd(MORE * calls * read, calls * float(JUDGE_TOKENS)),
    )


def _embedding_usd(plan: ExperimentPlan) -> Amounts:
    """Every text that is compared is embedded once."""
    source = embedding_source(plan.shared)
    if source is None or source.endpoint is None:
        return 0.0, 0.0
    tokens = sum(map(approximate_tokens, embedded_texts(plan)))
    return source.endpoint.usd(tokens, 0.0), source.endpoint.usd(MORE * tokens, 0.0)
