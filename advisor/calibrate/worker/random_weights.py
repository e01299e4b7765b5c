"""Weights of no meaning for a model that was built without any (on the device `meta`)."""

from __future__ import annotations

from typing import Any

STANDARD_DEVIATION = 0.02
"""Of matrices: transformers' `initializer_range` for most families."""


def fill(name: str, parameter: Any) -> None:
    """Draw a matrix, set biases to 0 and other vectors, the scales of norms, to 1."""
    import torch

    if parameter.dim() > 1:
        torch.nn.init.normal_(parameter, std=STANDARD_DEVIATION)
    else:
        torch.nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)


def make(model: Any, device: Any) -> None:
    """Give every parameter that has no memory yet some on the device, and move the rest of the
    model there. A parameter that two modules share stays one.
    """
    import torch

    replaced: dict[Any, Any] = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.is_meta:
                continue
            if parameter not in replaced:
                empty = torch.empty_like(parameter, device=device)
                learned = parameter.requires_grad
                replaced[parameter] = torch.nn.Parameter(empty, requires_grad=learned)
                fill(name, replaced[parameter])
            setattr(module, name, replaced[parameter])
    model.to(device)


def drawn(weight: Any, device: Any) -> Any:
    """The data of a matrix; of one without memory, drawn on the device."""
    import torch

    if not weight.is_meta:
        return weight.data
    empty = torch.empty_like(weight, device=device, requires_grad=False)
    fill("weight", empty)
    return empty
