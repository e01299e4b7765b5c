"""Batches of token numbers: of given lengths without texts, or of encoded examples.

Counts tokens and positions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

IGNORED = -100
"""The label that the loss leaves out."""

MASKED_SHARE = 0.15
"""Of the tokens that a masked model learns to fill in (Devlin et al. 2018, section 3.1)."""

RANK_STRIDE = 1_000_003
"""Between the seeds of the processes of one run, so that each has batches of its own."""

Length = int | Sequence[int]
"""Tokens of a row, or those of its prompt and its answer."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one micro-batch, with its real tokens, its positions (padding included) and its
    learned tokens.
    """

    inputs: dict[str, Any]
    tokens: int
    positions: int
    supervised: int


@dataclass(frozen=True, slots=True)
class TokenisedExample:
    """One encoded example: its tokens, and how many of the first belong to the prompt and are not
    learned.
    """

    tokens: Sequence[int]
    prompt_tokens: int = 0


def collate(examples: Sequence[TokenisedExample], device: str, pad: int = 0) -> Batch:
    """Padded on the right to the longest; padding and prompts are not learned."""
    ids, mask = _padded([e.tokens for e in examples], pad)
    labels = ids.masked_fill(mask == 0, IGNORED)
    for row, example in enumerate(examples):
        labels[row, : example.prompt_tokens] = IGNORED
    supervised = int((labels[:, 1:] != IGNORED).sum())
    return _batch(ids, mask, labels, device, supervised)


@dataclass(frozen=True, slots=True)
class Rows:
    """Random rows of the user's lengths for a model of this head: what they say changes neither
    time nor memory.

    Lengths are cut at `seq_len`; packed rows are all of it.
    """

    lengths: Sequence[Length]
    seq_len: int
    vocabulary: int
    head: str = "causal"
    labels: int = 2
    packed: bool = False

    def batches(self, micro_batch: int, seed: int, device: str, rank: int = 0) -> Iterator[Batch]:
        """Endless batches; the same arguments give the same ones."""
        rng = random.Random(seed + RANK_STRIDE * rank)
        while True:
            yield self._batch(
                [self._cut(rng.choice(self.lengths)) for _ in range(micro_batch)], rng, device
            )

    def heaviest(self, rows: int, device: str) -> Batch:
        """The heaviest batch of that many rows that the data can make."""
        longest = tuple(max(side) for side in zip(*map(self._cut, self.lengths), strict=True))
        return self._batch([longest] * rows, random.Random(0), device)

    def _cut(self, length: Length) -> tuple[int, ...]:
        """Tokens of each side of a row: prompt and answer for an encoder with a decoder, else all
        of it as one.
        """
        sides = (length,) if isinstance(length, int) else tuple(length)
        if self.head != "seq2seq":
            sides = (sum(sides),)
        return tuple(self.seq_len if self.packed else max(min(n, self.seq_len), 2) for n in sides)

    def _batch(self, sizes: Sequence[tuple[int, ...]], rng: random.Random, device: str) -> Batch:
        tokens = np.random.default_rng(rng.getrandbits(64))
        drawn: list[list[Any]] = [
            [tokens.integers(self.vocabulary, size=n) for n in sides] for sides in sizes
        ]
        if self.head == "causal":
            return collate([TokenisedExample(row[0]) for row in drawn], device)
        ids, mask = _padded([row[0] for row in drawn], 0)
        if self.head == "seq2seq":
            return _pairs(ids, mask, [row[-1] for row in drawn], device)
        if self.head == "masked":
            return _masked(ids, mask, tokens, self.vocabulary - 1, device)
        return _labelled(
            ids, mask, [rng.randrange(max(self.labels, 1)) for _ in drawn], self.labels, device
        )


def _labelled(ids: Any, mask: Any, labels: Sequence[int], kinds: int, device: str) -> Batch:
    """A label a row; a number a row where the model has one output only."""
    import torch

    targets = torch.tensor(labels, dtype=torch.long if kinds > 1 else torch.float32)
    return _batch(ids, mask, targets, device, len(labels))


def _masked(ids: Any, mask: Any, rng: np.random.Generator, hidden: int, device: str) -> Batch:
    """A share of every row is hidden and learned."""
    labels = ids.new_full(ids.shape, IGNORED)
    for row, size in enumerate(mask.sum(1).tolist()):
        places = rng.choice(size, max(round(MASKED_SHARE * size), 1), replace=False)
        labels[row, places] = ids[row, places]
        ids[row, places] = hidden
    return _batch(ids, mask, labels, device, int((labels != IGNORED).sum()))


def _pairs(ids: Any, mask: Any, answers: Sequence[Sequence[int]], device: str) -> Batch:
    """The decoder's inputs are the labels moved on by one: the model does that itself."""
    ids_out, answer_mask = _padded(answers, 0)
    labels = ids_out.masked_fill(answer_mask == 0, IGNORED)
    batch = _batch(ids, mask, labels, device, int(answer_mask.sum()))
    return Batch(
        batch.inputs,
        batch.tokens + batch.supervised,
        batch.positions + ids_out.numel(),
        batch.supervised,
    )


def _padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Any, Any]:
    """Token numbers and attention mask, padded on the right."""
    import torch

    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.as_tensor(row, dtype=torch.long)
        mask[number, : len(row)] = 1
    return ids, mask


def _batch(ids: Any, mask: Any, labels: Any, device: str, supervised: int) -> Batch:
    inputs = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    moved = {name: tensor.to(device) for name, tensor in inputs.items()}
    return Batch(moved, int(mask.sum()), ids.numel(), supervised)
