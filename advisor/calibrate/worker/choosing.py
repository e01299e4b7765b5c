"""Which of several answers a model finds likeliest: labels of a task, options of a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from advisor.calibrate.worker.form import Form
from advisor.calibrate.worker.likelihood import log_likelihoods, of_answers, shares_prompt
from advisor.calibrate.worker.stop import Stop

AT_ONCE = 16
"""Questions between two looks at whether to stop."""

Question = tuple[Form, str, Sequence[str]]
"""The form of the prompt, what is asked, the answers to choose from."""


def choose(
    model: Any,
    questions: Sequence[Question],
    stop: Stop,
    told: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """The answer with the highest probability, its end included, to each question.

    Raises Stopped between batches.
    """
    found: list[str] = []
    for start in range(0, len(questions), AT_ONCE):
        stop.check()
        part = questions[start : start + AT_ONCE]
        chances = iter(_chances(model, part, stop))
        for _, _, options in part:
            held = [next(chances) for _ in options]
            found.append(options[max(range(len(options)), key=held.__getitem__)])
        told(len(found))
    return found


def _chances(model: Any, questions: Sequence[Question], stop: Stop) -> list[float]:
    """ln p of every option of every question, in order."""
    whole = [
        [form.example(asked, option) for option in options] for form, asked, options in questions
    ]
    pad = questions[0][0].pad
    if not all(shares_prompt(examples) for examples in whole):
        return log_likelihoods(
            model, [example for examples in whole for example in examples], pad, stop
        )
    return [chance for examples in whole for chance in of_answers(model, examples, pad, stop)]
