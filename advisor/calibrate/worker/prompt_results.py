"""What a prompt trial measured: scores, tokens, latency and money of the answers to test items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from advisor.calibrate.metrics.extraction import MOST_ARTEFACTS, AnswerReading
from advisor.calibrate.quality_records import PromptsSpec, QualityResult, ScoredItems
from advisor.calibrate.statistics import quantile
from advisor.calibrate.worker.choosing import ChosenPrompt
from advisor.calibrate.worker.marking import ItemAnswer
from advisor.core import format as fmt

LATENCY_QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))


def result_of(
    spec: PromptsSpec, chosen: ChosenPrompt, answers: Sequence[ItemAnswer], scored: ScoredItems
) -> QualityResult:
    """The result of the items that were answered; the money is that of these answers alone."""
    calls = [call for answer in answers for call in answer.calls]
    read = [call.prompt_tokens for call in calls]
    written = [call.completion_tokens for call in calls]
    counted = None not in read and None not in written
    artefacts = Counter(a.reading.value for a in answers if a.reading is not AnswerReading.READ)
    latency = [sum(call.seconds for call in answer.calls) for answer in answers]
    prompter = chosen.prompter
    voted = prompter.form.samples > 1
    return QualityResult(
        approach=spec.approach,
        technique=spec.technique,
        model=spec.model,
        **asdict(scored),
        shots=prompter.form.shots,
        prompt_hash=prompter.hash,
        instruction=prompter.form.instruction,
        prompt=prompter.shown(),
        choice=chosen.choice,
        artefacts=dict(artefacts),
        calls=len(calls),
        static_tokens=_static_tokens(answers) if counted else None,
        prompt_tokens=sum(n or 0 for n in read) if counted else None,
        completion_tokens=sum(n or 0 for n in written) if counted else None,
        cached_tokens=sum(call.cached_tokens for call in calls),
        latency_seconds={name: quantile(latency, share) for name, share in LATENCY_QUANTILES},
        usd=sum(c.usd or 0.0 for c in calls) if spec.is_priced and counted else None,
        usd_why=_usd_why(spec, counted),
        confidences=[answer.share for answer in answers] if voted else None,
        warnings=_warnings(artefacts, len(answers), spec),
    )


def _static_tokens(answers: Sequence[ItemAnswer]) -> int:
    """Tokens of a prompt beside its item, by their share of its characters."""
    tokens = 0.0
    for answer in answers:
        call = answer.calls[0]
        whole = sum(len(message["content"]) for message in call.messages)
        share = 1.0 - min(answer.item_characters / whole, 1.0) if whole else 0.0
        tokens += (call.prompt_tokens or 0) * share
    return round(tokens / len(answers))


def _usd_why(spec: PromptsSpec, counted: bool) -> str:
    if spec.is_priced and counted:
        return ""
    if not spec.is_priced:
        return "no price per million tokens was given"
    return "the endpoint counts no tokens; limits are kept by tokens estimated here"


def _warnings(artefacts: Mapping[str, int], items: int, spec: PromptsSpec) -> list[str]:
    """What kept answers from being read, and whether the score is a measurement at all."""
    lines = []
    if artefacts.get(AnswerReading.CUT):
        lines.append(
            f"{artefacts[AnswerReading.CUT]} of {items} answers were cut off at {spec.max_tokens} "
            "tokens; use --max-tokens to allow more"
        )
    names = {
        AnswerReading.REFUSED: "were refused",
        AnswerReading.EMPTY: "were empty",
        AnswerReading.UNREADABLE: "hold no answer that can be read",
        AnswerReading.LOST: "were lost to a filter or a broken reply",
    }
    lines += [
        f"{artefacts[reading]} of {items} answers {text}"
        for reading, text in names.items()
        if artefacts.get(reading)
    ]
    if sum(artefacts.values()) > MOST_ARTEFACTS * items:
        lines.append(
            f"not a measurement: more than {fmt.share(MOST_ARTEFACTS)} of the answers could not "
            "be read, so its score enters no verdict"
        )
    return lines
