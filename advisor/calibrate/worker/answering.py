"""The answers of a local model to items: the likeliest label, or what it writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompting.forms import THINKING_ROOM
from advisor.calibrate.statistics import quantile
from advisor.calibrate.worker.generation import write
from advisor.calibrate.worker.label_choice import chosen_answers
from advisor.calibrate.worker.prompt_format import PromptFormat
from advisor.calibrate.worker.stop import Stop

LONGEST_SHARE = 0.99
ROOM = 1.5
LEAST_TOKENS = 8
"""An answer may take half more tokens than all but the longest hundredth of the training answers,
and eight.
"""


@dataclass(frozen=True, slots=True)
class LocalAnswers:
    """Answers in the order of the items; `cut` prompts were too long.

    `confidences` are shares of the probability of all labels; None where an answer is written.
    """

    texts: list[str]
    cut: int
    confidences: list[float] | None = None


def answered(
    model: Any,
    form: PromptFormat,
    questions: Sequence[str],
    scorer: Scorer,
    references: Sequence[str],
    stop: Stop,
    on_progress: Callable[[int], None],
    *,
    thinks: bool = False,
) -> LocalAnswers:
    """The answer to every item; `references` are answers of the training rows, which say how long
    one may be. Raises Stopped.
    """
    if scorer.labels and not thinks:
        return _labelled(model, form, questions, scorer.labels, stop, on_progress)
    most = min(answer_tokens(form, references), form.seq_len // 2)
    most = min(most + (THINKING_ROOM if thinks else 0), form.seq_len // 2)
    one_line = scorer.one_line and not thinks
    texts = write(model, form, questions, most, stop, one_line=one_line, on_progress=on_progress)
    if thinks:
        texts = [scorer.extract(text, thinks=True).text for text in texts]
    return LocalAnswers(texts, len(form.cut_texts))


def _labelled(
    model: Any,
    form: PromptFormat,
    questions: Sequence[str],
    labels: Sequence[str],
    stop: Stop,
    on_progress: Callable[[int], None],
) -> LocalAnswers:
    chosen = chosen_answers(model, [(form, text, labels) for text in questions], stop, on_progress)
    return LocalAnswers(
        [answer.text for answer in chosen],
        len(form.cut_texts),
        [answer.share for answer in chosen],
    )


def answer_tokens(form: PromptFormat, references: Sequence[str]) -> int:
    """How many tokens an answer may take, by those of the training rows."""
    lengths = [float(len(form.answered(answer))) for answer in references]
    return LEAST_TOKENS + round(ROOM * quantile(lengths, LONGEST_SHARE))
