"""The training loop, one optimiser step at a time: what is measured is what a real run does."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.calibrate.worker.adapters import trainable
from advisor.calibrate.worker.architecture import DTYPES
from advisor.calibrate.worker.batches import Batch
from advisor.calibrate.worker.device import Device


@dataclass(frozen=True, slots=True)
class StepReport:
    """One optimiser step: seconds on the device's clock, tokens, positions, learned tokens, mean
    loss.

    Of several processes: the seconds of the slowest, the sums of all, and `heaviest`, the most
    positions of one; 0 where there is one only.
    """

    seconds: float
    tokens: int
    positions: int
    supervised: int
    loss: float
    heaviest: int = 0


class Trainer:
    """A model, its optimiser and its device.

    AdamW without weight decay; adapters compute under autocast.
    """

    def __init__(
        self, model: Any, device: Device, *, dtype: str, optimizer: str, learning_rate: float
    ) -> None:
        import torch

        self.model = model
        self.device = device
        self._torch = torch
        self._params = trainable(model)
        self._optimizer = _optimizer(optimizer, self._params, learning_rate)
        adapters = any(p.dtype is torch.float32 for p in self._params)
        self._autocast = getattr(torch, DTYPES[dtype]) if dtype != "fp32" and adapters else None
        model.train()

    def step(self, batches: Iterator[Batch], accumulate: int = 1) -> StepReport:
        """`accumulate` micro-batches and one update."""
        begun = self.device.now()
        tokens = positions = supervised = 0
        losses = []
        for number in range(accumulate):
            batch = next(batches)
            with self._exchange(number == accumulate - 1):
                with self.precision():
                    loss = self.model(**batch.inputs).loss
                (loss / accumulate).backward()
            losses.append(loss.detach())
            tokens, positions = tokens + batch.tokens, positions + batch.positions
            supervised += batch.supervised
        self._torch.nn.utils.clip_grad_norm_(self._params, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        mean_loss = float(sum(losses) / len(losses))
        return StepReport(self.device.now() - begun, tokens, positions, supervised, mean_loss)

    def _exchange(self, last: bool) -> Any:
        """Several processes exchange gradients after the last micro-batch alone, as long runs
        do.
        """
        if hasattr(self.model, "set_requires_gradient_sync"):
            self.model.set_requires_gradient_sync(last)
        return (
            self.model.no_sync()
            if not last and hasattr(self.model, "no_sync")
            else contextlib.nullcontext()
        )

    def precision(self) -> Any:
        """Autocast where the weights are of 16 bits and what is learned is not."""
        if self._autocast is None:
            return contextlib.nullcontext()
        return self._torch.autocast(self.device.kind, dtype=self._autocast)

    def paged_bytes(self) -> int:
        """Size of the states of a paged optimiser, which bitsandbytes keeps as long as the process
        lives.
        """
        states = (value for state in self._optimizer.state.values() for value in state.values())
        return sum(value.nbytes for value in states if getattr(value, "is_paged", False))

    def schedule(self, learning_rate: float) -> None:
        """Learn at this rate from now on."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate


def _optimizer(name: str, params: list[Any], learning_rate: float) -> Any:
    import torch

    if name == "adamw":
        return torch.optim.AdamW(params, lr=learning_rate, weight_decay=0.0, fused=True)
    if name == "sgd":
        return torch.optim.SGD(params, lr=learning_rate)
    if name in ("adamw8bit", "paged-adamw8bit"):
        try:
            bnb = importlib.import_module("bitsandbytes")
        except ImportError:
            raise ValueError(
                f"{name} needs bitsandbytes, which is not installed: pip install bitsandbytes"
            ) from None
        kind = bnb.optim.AdamW8bit if name == "adamw8bit" else bnb.optim.PagedAdamW8bit
        return kind(params, lr=learning_rate, weight_decay=0.0)
    raise ValueError(
        f"optimizer {name!r} is not measured here; use adamw, sgd, adamw8bit or paged-adamw8bit"
    )
