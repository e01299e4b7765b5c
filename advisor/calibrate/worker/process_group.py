"""The processes that train one model together, one a GPU: what they exchange, and how the model is
spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import fmean
from typing import Any

from advisor.calibrate.worker import random_weights
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.loop import StepReport

PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others before it gives up."""

SHARDINGS = ("none", "ddp", "fsdp")
"""Alone; the whole model on every GPU; the model in parts, one a GPU."""


class ProcessGroup:
    """All processes of a run, this one being `rank` of `size`; a process alone is a team of one."""

    def __init__(self) -> None:
        import torch.distributed as dist

        together = dist.is_available() and dist.is_initialized()
        self._dist = dist
        self.rank: int = dist.get_rank() if together else 0
        self.size: int = dist.get_world_size() if together else 1
        self._words = dist.new_group(backend="gloo", timeout=PATIENCE) if together else None

    def gather(self, value: Any) -> list[Any]:
        """The plain value of every process, in order of rank."""
        if self._words is None:
            return [value]
        values = [None] * self.size
        self._dist.all_gather_object(values, value, group=self._words)
        return list(values)

    def any(self, flag: bool) -> bool:
        """Whether one of them says yes: what they do together, they also stop together."""
        return flag if self.size == 1 else any(self.gather(flag))

    def spread(self, model: Any, sharding: str, device: Device) -> Any:
        """The model as this process holds it.

        Raises ValueError on another word than ddp and fsdp.
        """
        if sharding == "fsdp":
            return _sharded(model, device)
        if self.size == 1:
            return model
        if sharding != "ddp":
            raise ValueError(
                f"sharding {sharding!r}: {self.size} processes spread a model by ddp or fsdp"
            )
        from torch.nn.parallel import DistributedDataParallel

        return DistributedDataParallel(
            model, device_ids=[device.index] if device.kind == "cuda" else None
        )

    def merged(self, own: Sequence[StepReport]) -> list[StepReport]:
        """The steps of all as one: they last as long as the slowest takes."""
        return [_merge(step) for step in zip(*self.gather(list(own)), strict=True)]


def _merge(steps: Sequence[StepReport]) -> StepReport:
    if len(steps) == 1:
        return steps[0]
    return StepReport(
        seconds=max(s.seconds for s in steps),
        tokens=sum(s.tokens for s in steps),
        positions=sum(s.positions for s in steps),
        supervised=sum(s.supervised for s in steps),
        loss=fmean(s.loss for s in steps),
        heaviest=max(s.positions for s in steps),
    )


def _sharded(model: Any, device: Device) -> Any:
    """Every layer's parameters in parts over the GPUs, put together while the layer computes
    (FSDP, `fully_shard`).
    """
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.kind, (torch.distributed.get_world_size(),))
    for layer in _layers(model):
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    model._apply(
        lambda t: torch.empty_like(t, device=device.kind) if t.is_meta else t.to(device.kind)
    )
    for name, parameter in model.named_parameters():
        random_weights.fill(name, parameter)
    return model


def _layers(model: Any) -> list[Any]:
    """The members of the outermost lists of modules: the model's stacks of layers."""
    import torch

    layers: list[Any] = []
    inside: set[int] = set()
    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList) and id(module) not in inside:
            layers += list(module)
            inside |= {id(child) for child in module.modules()}
    return layers
