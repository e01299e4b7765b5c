"""How likely a model finds given tokens: of whole examples, or of several answers to one prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.calibrate.worker.batches import IGNORED, TokenisedExample, collate
from advisor.calibrate.worker.chunks import in_chunks
from advisor.calibrate.worker.stop import Stop

MOST_ROWS = 64
MOST_LOGITS = 2**27
"""Of one pass, rows × length × vocabulary: a quarter of a GiB in 16 bits."""

MOST_POSITIONS = 2**14
"""Kept keys and values of one pass, rows × positions: two GiB of an 8B model."""

REPEATED = frozenset({"DynamicLayer", "DynamicSlidingWindowLayer"})
"""Kinds of kept layers that can be had once for every answer; recurrent states cannot."""

SHARED_FROM = 2
"""A prompt is read once for all its answers where the positions saved are this many times those
left.
"""


def log_likelihoods(
    model: Any, examples: Sequence[TokenisedExample], pad: int, stop: Stop
) -> list[float]:
    """Sum of ln p over the learned tokens of each example. Raises Stopped between batches."""
    import torch

    sums = [0.0] * len(examples)
    vocabulary = int(model.config.vocab_size)

    def work(numbers: Sequence[int]) -> None:
        with torch.no_grad():
            for number, value in zip(
                numbers, _of_batch(model, [examples[n] for n in numbers], pad), strict=True
            ):
                sums[number] = value

    def rows(number: int) -> int:
        return min(MOST_ROWS, MOST_LOGITS // (len(examples[number].tokens) * vocabulary))

    order = sorted(range(len(examples)), key=lambda n: -len(examples[n].tokens))
    in_chunks(order, rows, work, stop)
    return sums


def shares_prompt(examples: Sequence[TokenisedExample]) -> bool:
    """Whether the examples are answers to one prompt, and one pass over it for all of them is worth
    a second one.
    """
    length = examples[0].prompt_tokens
    if any(
        e.prompt_tokens != length or e.tokens[:length] != examples[0].tokens[:length]
        for e in examples
    ):
        return False
    most = max(len(e.tokens) for e in examples) - length
    return (len(examples) - 1) * length >= SHARED_FROM * (length + len(examples) * most)


def of_answers(
    model: Any, examples: Sequence[TokenisedExample], pad: int, stop: Stop
) -> list[float]:
    """As `log_likelihoods`, for answers to one prompt, which is read once. Raises Stopped."""
    length = examples[0].prompt_tokens
    shared = _shared(
        model, examples[0].tokens[:length], [e.tokens[length:] for e in examples], pad, stop
    )
    return log_likelihoods(model, examples, pad, stop) if shared is None else shared


def _of_batch(model: Any, examples: Sequence[TokenisedExample], pad: int) -> list[float]:
    device = next(model.parameters()).device
    batch = collate(examples, str(device), pad)
    logits = model(
        input_ids=batch.inputs["input_ids"], attention_mask=batch.inputs["attention_mask"]
    ).logits
    length = batch.inputs["input_ids"].shape[1]
    return _sums(
        logits[:, -length:][:, :-1], batch.inputs["labels"][:, 1:]
    )  # a soft prompt stands in front


def _sums(logits: Any, wanted: Any) -> list[float]:
    """ln p of the wanted tokens, summed by row; in fp32, and only where something is wanted."""
    import torch

    scored = wanted != IGNORED
    chances = logits[scored].float().log_softmax(-1).gather(-1, wanted[scored][:, None])[:, 0]
    rows = scored.nonzero()[:, 0]
    sums = torch.zeros(wanted.shape[0], device=chances.device).index_add(0, rows, chances)
    return [float(value) for value in sums]


def _shared(
    model: Any, before: Sequence[int], answers: Sequence[Sequence[int]], pad: int, stop: Stop
) -> list[float] | None:
    """One pass over the prompt, kept keys and values for all answers; None where the model keeps
    them another way.
    """
    import torch

    device = next(model.parameters()).device
    with torch.no_grad():
        output = model(input_ids=torch.tensor([before], device=device), use_cache=True)
    prefix = getattr(output, "past_key_values", None)
    layers = getattr(prefix, "layers", [None])
    if prefix is None or not {type(layer).__name__ for layer in layers} <= REPEATED:
        return None
    inner = model.get_base_model() if hasattr(model, "peft_type") else model
    sums = [0.0] * len(answers)

    def work(numbers: Sequence[int]) -> None:
        part = [answers[n] for n in numbers]
        with torch.no_grad():
            values = _after(inner, output.logits[:, -1:], prefix, part, pad)
        for number, value in zip(numbers, values, strict=True):
            sums[number] = value

    in_chunks(
        range(len(answers)),
        lambda _: min(MOST_ROWS, MOST_POSITIONS // prefix.get_seq_length()),
        work,
        stop,
    )
    return sums


def _after(
    inner: Any, first: Any, prefix: Any, answers: Sequence[Sequence[int]], pad: int
) -> list[float]:
    """ln p of answers behind the kept positions; `first` are the logits of the prompt's last
    position.
    """
    import copy

    import torch

    batch = collate([TokenisedExample(list(a)) for a in answers], str(first.device), pad)
    ids = batch.inputs["input_ids"]
    mask = batch.inputs["attention_mask"]
    cache = copy.deepcopy(prefix)
    cache.batch_repeat_interleave(len(answers))
    prefix_mask = torch.ones(
        (len(answers), prefix.get_seq_length()), dtype=mask.dtype, device=mask.device
    )
    whole = torch.cat([prefix_mask, mask], dim=1)
    logits = inner(
        input_ids=ids, attention_mask=whole, past_key_values=cache, use_cache=True
    ).logits
    return _sums(
        torch.cat([first.expand(len(answers), 1, -1), logits[:, :-1]], dim=1),
        batch.inputs["labels"],
    )
