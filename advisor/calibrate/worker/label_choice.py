"""Which of several answers a model finds likeliest: labels of a task, options of a question."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.calibrate.worker.batches import TokenisedExample
from advisor.calibrate.worker.likelihood import log_likelihoods, of_answers, shares_prompt
from advisor.calibrate.worker.prefix import (
    are_short,
    branches_of,
    common_beginning,
    differs,
    is_worth_sharing,
    of_branches,
    read_beginning,
)
from advisor.calibrate.worker.prompt_format import PromptFormat
from advisor.calibrate.worker.stop import Stop

AT_ONCE = 16
AT_ONCE_SHARED = 64
"""Questions between two looks at whether to stop; more where a beginning is shared."""

SAMPLED = 16
"""Questions by which a common beginning is looked for."""

Question = tuple[PromptFormat, str, Sequence[str]]
"""The form of the prompt, what is asked, the answers to choose from."""


@dataclass(frozen=True, slots=True)
class ChosenAnswer:
    """The likeliest answer, and its share of the probability of all that are offered."""

    text: str
    share: float


def choose(
    model: Any,
    questions: Sequence[Question],
    stop: Stop,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """The answer with the highest probability, its end included, to each question.

    Raises Stopped between batches.
    """
    return [answer.text for answer in chosen_answers(model, questions, stop, on_progress)]


def chosen_answers(
    model: Any,
    questions: Sequence[Question],
    stop: Stop,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[ChosenAnswer]:
    """As `choose`, with how sure the model is. Raises Stopped between batches."""
    beginning = _Beginning.of(model, questions, stop)
    chosen: list[ChosenAnswer] = []
    step = AT_ONCE if beginning is None else AT_ONCE_SHARED
    for start in range(0, len(questions), step):
        stop.check()
        part = questions[start : start + step]
        whole = [form.examples(text, options) for form, text, options in part]
        if beginning is not None and beginning.starts(whole):
            values = beginning.chances(whole, stop)
        else:
            values = _chances(model, whole, part[0][0].pad, stop)
        offered = (options for _, _, options in part)
        chosen += [_likeliest(o, chances) for o, chances in zip(offered, values, strict=True)]
        on_progress(len(chosen))
    return chosen


def _likeliest(options: Sequence[str], chances: Sequence[float]) -> ChosenAnswer:
    best = max(range(len(options)), key=chances.__getitem__)
    total = sum(math.exp(chance - chances[best]) for chance in chances)
    return ChosenAnswer(options[best], 1.0 / total)


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The common beginning of prompts, cache in the model's form."""

    model: Any
    cache: Any | None
    tokens: Sequence[int]

    @classmethod
    def of(cls, model: Any, questions: Sequence[Question], stop: Stop) -> _Beginning | None:
        """By a sample of the questions; of short ones that share too little an empty beginning.

        None where they are long, or where the model computes another result this way.
        """
        if not questions:
            return None
        sample = questions[:: max(len(questions) // SAMPLED, 1)]
        whole = [form.examples(text, options) for form, text, options in sample]
        prompts = [examples[0].tokens[: examples[0].prompt_tokens] for examples in whole]
        length = common_beginning(prompts)
        if is_worth_sharing(prompts, length):
            cache = read_beginning(model, prompts[0][:length])
            if cache is None:
                return None
            beginning = cls(model, cache, prompts[0][:length])
        elif are_short(prompts, model):
            beginning = cls(model, None, [])
        else:
            return None
        longest = max(whole, key=lambda examples: len(examples[0].tokens))
        return beginning if beginning._is_exact(longest, questions[0][0].pad, stop) else None

    def starts(self, whole: Sequence[Sequence[TokenisedExample]]) -> bool:
        """Whether all prompts begin with it and go on; of an empty one whether they are short."""
        length = len(self.tokens)
        if not length and not are_short([e.tokens for es in whole for e in es], self.model):
            return False
        return all(
            example.prompt_tokens == examples[0].prompt_tokens > length
            and example.tokens[:length] == self.tokens
            for examples in whole
            for example in examples
        )

    def _is_exact(self, examples: Sequence[TokenisedExample], pad: int, stop: Stop) -> bool:
        try:
            (ours,) = self.chances([examples], stop)
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
            return False
        plain = log_likelihoods(self.model, examples, pad, stop)
        return not differs(ours, plain, (len(e.tokens) - e.prompt_tokens for e in examples))

    def chances(self, whole: Sequence[Sequence[TokenisedExample]], stop: Stop) -> list[list[float]]:
        items = [branches_of(examples, len(self.tokens)) for examples in whole]
        return of_branches(self.model, self.cache, items, stop)


def _chances(
    model: Any, whole: Sequence[Sequence[TokenisedExample]], pad: int, stop: Stop
) -> list[list[float]]:
    """ln p of every option of every question."""
    if all(shares_prompt(examples) for examples in whole):
        return [of_answers(model, examples, pad, stop) for examples in whole]
    values = iter(
        log_likelihoods(model, [example for examples in whole for example in examples], pad, stop)
    )
    return [[next(values) for _ in examples] for examples in whole]
