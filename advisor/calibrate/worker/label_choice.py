"""Which of several answers a model finds likeliest: labels of a task, options of a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from advisor.calibrate.worker.likelihood import log_likelihoods, of_answers, shares_prompt
from advisor.calibrate.worker.prompt_format import PromptFormat
from advisor.calibrate.worker.stop import Stop

AT_ONCE = 16
"""Questions between two looks at whether to stop."""

Question = tuple[PromptFormat, str, Sequence[str]]
"""The form of the prompt, what is asked, the answers to choose from."""


def choose(
    model: Any,
    questions: Sequence[Question],
    stop: Stop,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """The answer with the highest probability, its end included, to each question.

    Raises Stopped between batches.
    """
    chosen: list[str] = []
    for start in range(0, len(questions), AT_ONCE):
        stop.check()
        part = questions[start : start + AT_ONCE]
        values = iter(_chances(model, part, stop))
        for _, _, options in part:
            chances = [next(values) for _ in options]
            chosen.append(options[max(range(len(options)), key=chances.__getitem__)])
        on_progress(len(chosen))
    return chosen


def _chances(model: Any, questions: Sequence[Question], stop: Stop) -> list[float]:
    """ln p of every option of every question, in order."""
    whole = [
        [form.example(question, option) for option in options]
        for form, question, options in questions
    ]
    pad = questions[0][0].pad
    if not all(shares_prompt(examples) for examples in whole):
        return log_likelihoods(
            model, [example for examples in whole for example in examples], pad, stop
        )
    return [chance for examples in whole for chance in of_answers(model, examples, pad, stop)]
