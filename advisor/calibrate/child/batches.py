"""Batches of token numbers: of given lengths without texts, or of encoded examples. Counts tokens and positions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100
"""The label that the loss leaves out."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one micro-batch, with its real tokens, its positions (padding included) and its learned tokens."""

    inputs: dict[str, Any]
    tokens: int
    positions: int
    supervised: int


@dataclass(frozen=True, slots=True)
class Example:
    """One encoded example: its tokens, and how many of the first belong to the prompt and are not learned."""

    tokens: Sequence[int]
    prompt_tokens: int = 0


def collate(examples: Sequence[Example], device: str, pad: int = 0) -> Batch:
    """Padded on the right to the longest; padding and prompts are not learned."""
    import torch

    longest = max(len(e.tokens) for e in examples)
    ids = torch.full((len(examples), longest), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, IGNORED)
    for row, example in enumerate(examples):
        held = torch.tensor(example.tokens, dtype=torch.long)
        ids[row, : len(held)] = held
        mask[row, : len(held)] = 1
        labels[row, example.prompt_tokens : len(held)] = held[example.prompt_tokens :]
    tokens = sum(len(e.tokens) for e in examples)
    supervised = int((labels[:, 1:] != IGNORED).sum())
    inputs = {"input_ids": ids.to(device), "attention_mask": mask.to(device), "labels": labels.to(device)}
    return Batch(inputs, tokens, len(examples) * longest, supervised)


def random_examples(
    lengths: Sequence[int], count: int, seq_len: int, vocabulary: int, rng: random.Random, *, packed: bool
) -> list[Example]:
    """Examples with lengths drawn from `lengths` and cut at `seq_len` (2 at least); packed: all of `seq_len`."""
    sizes = [seq_len if packed else max(min(rng.choice(lengths), seq_len), 2) for _ in range(count)]
    return [Example([rng.randrange(vocabulary) for _ in range(size)]) for size in sizes]


def random_batches(
    lengths: Sequence[int],
    *,
    micro_batch: int,
    seq_len: int,
    vocabulary: int,
    seed: int,
    packed: bool,
    device: str,
) -> Iterator[Batch]:
    """Endless batches; the same arguments give the same batches."""
    rng = random.Random(seed)
    while True:
        examples = random_examples(lengths, micro_batch, seq_len, vocabulary, rng, packed=packed)
        yield collate(examples, device)
