"""The caching allocator of PyTorch as its source describes it (c10/cuda/CUDACachingAllocator.cpp):
best fit among free blocks, split where more than 1 MiB is left, neighbours merged when freed,
segments of 20 MiB or the size asked for. Large blocks only.
"""

from __future__ import annotations

import bisect
import math
import random
from dataclasses import dataclass

MIB = 1 << 20
GRANULARITY = 512
SMALL_SEGMENT = 20 * MIB
SPLIT_ABOVE = MIB


@dataclass
class Block:
    size: int
    before: int | None = None
    after: int | None = None
    used: bool = False


class CachingAllocator:
    """Counts what is allocated and what is reserved for it, in bytes."""

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self.free: list[tuple[int, int]] = []
        self.made = 0
        self.allocated = self.peak_allocated = self.reserved = 0

    def _new(self, block: Block) -> int:
        self.made += 1
        self.blocks[self.made] = block
        return self.made

    def allocate(self, wanted: float) -> int:
        size = math.ceil(wanted / GRANULARITY) * GRANULARITY
        at = bisect.bisect_left(self.free, (size, -1))
        name = self.free.pop(at)[1] if at < len(self.free) else self._segment(size)
        block = self.blocks[name]
        if block.size - size > SPLIT_ABOVE:
            rest = self._new(Block(block.size - size, name, block.after))
            if block.after is not None:
                self.blocks[block.after].before = rest
            block.after = rest
            block.size = size
            bisect.insort(self.free, (self.blocks[rest].size, rest))
        block.used = True
        self.allocated += block.size
        self.peak_allocated = max(self.peak_allocated, self.allocated)
        return name

    def _segment(self, size: int) -> int:
        segment = SMALL_SEGMENT if size < 10 * MIB else math.ceil(size / (2 * MIB)) * 2 * MIB
        self.reserved += segment
        return self._new(Block(segment))

    def release(self, name: int) -> None:
        block = self.blocks[name]
        block.used = False
        self.allocated -= block.size
        if block.after is not None and not self.blocks[block.after].used:
            self._merge(name, block.after)
        if block.before is not None and not self.blocks[block.before].used:
            left = block.before
            self._merge(left, name, listed=False)
            name = left
        bisect.insort(self.free, (self.blocks[name].size, name))

    def _merge(self, left: int, right: int, listed: bool = True) -> None:
        """The free block `right` becomes a part of `left`; the free one of both leaves the list."""
        gone = right if listed else left
        self.free.pop(bisect.bisect_left(self.free, (self.blocks[gone].size, gone)))
        taken = self.blocks.pop(right)
        self.blocks[left].size += taken.size
        self.blocks[left].after = taken.after
        if taken.after is not None:
            self.blocks[taken.after].before = left


@dataclass(frozen=True)
class Network:
    hidden: int
    mlp: int
    vocabulary: int
    layers: int
    checkpointing: bool
    logits: bool = True


def step(memory: CachingAllocator, tokens: int, net: Network) -> None:
    """Tensors of a forward and backward pass in the order in which autograd makes them."""

    def layer() -> list[int]:
        narrow = [2, 2, 2, 4]
        return [memory.allocate(tokens * net.hidden * width) for width in narrow] + [
            memory.allocate(tokens * net.mlp * 2) for _ in range(3)
        ]

    def drop(names: list[int]) -> None:
        for name in names:
            memory.release(name)

    kept = []
    for _ in range(net.layers):
        tensors = layer()
        if net.checkpointing:
            drop(tensors)
            tensors = [memory.allocate(tokens * net.hidden * 2)]
        kept.append(tensors)
    gradient = _head(memory, tokens, net)
    while kept:
        tensors = kept.pop() + (layer() if net.checkpointing else [])
        work = [memory.allocate(tokens * net.mlp * 2) for _ in range(2)]
        after = memory.allocate(tokens * net.hidden * 2)
        drop([*work, *tensors, gradient])
        gradient = after
    memory.release(gradient)


def _head(memory: CachingAllocator, tokens: int, net: Network) -> int:
    """Logits in 16 bits and fp32, the softmax, the fp32 copy that accelerate returns under autocast
    (convert_outputs_to_fp32) and gradients; the gradient of the last layer.
    """
    if not net.logits:
        return memory.allocate(tokens * net.hidden * 2)
    entry = tokens * net.vocabulary
    logits, shifted, wide, softmax = (memory.allocate(entry * width) for width in (2, 2, 4, 4))
    memory.release(wide)
    memory.release(shifted)
    returned = memory.allocate(entry * 4)
    memory.release(logits)
    compared = memory.allocate(entry * 4)
    memory.release(compared)
    memory.release(returned)
    return _backward_of_head(memory, softmax, tokens, net)


def _backward_of_head(memory: CachingAllocator, softmax: int, tokens: int, net: Network) -> int:
    entry = tokens * net.vocabulary
    first, second = memory.allocate(entry * 4), memory.allocate(entry * 4)
    memory.release(first)
    memory.release(softmax)
    third = memory.allocate(entry * 2)
    memory.release(second)
    last = memory.allocate(entry * 2)
    memory.release(third)
    gradient = memory.allocate(tokens * net.hidden * 2)
    memory.release(last)
    return gradient


def reserved_over_allocated(
    net: Network, mean: float, longest: int, spread: float, batch: int, steps: int, seed: int = 0
) -> float:
    """Of a run over padded batches of lognormal lengths; `spread` 0 means one length, `longest`."""
    draw = random.Random(seed)
    memory = CachingAllocator()
    for _ in range(steps):
        lengths = (
            mean * math.exp(draw.gauss(-0.5 * spread**2, spread)) if spread else longest
            for _ in range(batch)
        )
        step(memory, batch * max(min(round(n), longest) for n in lengths), net)
    return memory.reserved / memory.peak_allocated
