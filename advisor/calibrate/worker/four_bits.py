"""Linear layers of four bits, as QLoRA trains beside them."""

from __future__ import annotations

import importlib
from typing import Any

from advisor.calibrate.worker import random_weights
from advisor.calibrate.worker.module_names import in_layer


def in_four_bits(model: Any, device: str = "") -> Any:
    """Every linear module of the layers as NF4 with double quantisation (bitsandbytes), one after
    the other on the device where its weights lie; heads stay as they are, and all is frozen.

    Of a model on `meta` each matrix is drawn on `device` and quantised before the next one, so that
    the model never takes the memory of its 16-bit weights. Raises ValueError without bitsandbytes.
    """
    try:
        bnb = importlib.import_module("bitsandbytes")
    except ImportError:
        raise ValueError(
            "qlora needs bitsandbytes, which is not installed: pip install bitsandbytes"
        ) from None
    import torch

    place = device or next(model.parameters()).device
    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear) and in_layer(name) != name:
            owner, _, own = name.rpartition(".")
            setattr(model.get_submodule(owner), own, _quantised(bnb, module, place))
    model.tie_weights()  # what is built on `meta` is in two parts
    random_weights.make(model, place)
    model.is_loaded_in_4bit = True
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def _quantised(bnb: Any, module: Any, device: Any) -> Any:
    """The linear module with its weights in NF4 on the device; a bias keeps its form."""
    small = bnb.nn.Linear4bit(
        module.in_features,
        module.out_features,
        bias=module.bias is not None,
        compute_dtype=module.weight.dtype,
        quant_type="nf4",
        compress_statistics=True,
        device="meta",  # else it draws weights of its own first, on the CPU
    )
    weight = random_weights.drawn(module.weight, device)
    small.weight = bnb.nn.Params4bit(weight, requires_grad=False, quant_type="nf4").to(device)
    if module.bias is not None:
        small.bias = module.bias
    return small
