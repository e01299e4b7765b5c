"""Work in portions that fit: smaller ones where the device runs out of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from advisor.calibrate.worker.session import is_out_of_memory
from advisor.calibrate.worker.stop import Stop

Part = TypeVar("Part")


def in_chunks(
    parts: Sequence[Part],
    rows_of: Callable[[Part], int],
    work: Callable[[Sequence[Part]], None],
    stop: Stop,
) -> None:
    """`work` on runs of parts, each of at most as many as `rows_of` its first says; halved where
    memory runs out.

    Parts should come largest first. Raises Stopped between portions, and what `work` raises for one
    part alone.
    """
    start = 0
    most = len(parts)
    while start < len(parts):
        stop.check()
        size = max(min(rows_of(parts[start]), most), 1)
        try:
            work(parts[start : start + size])
        except Exception as error:
            if not is_out_of_memory(error) or size == 1:
                raise
            most = size // 2
        else:
            start += size
            continue
        free_memory()


def free_memory() -> None:
    """Give cached memory back to the device, after the error that held it is gone."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
