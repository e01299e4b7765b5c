"""Makes a model trainable by a method: full, LoRA, DoRA, QLoRA or a soft prompt."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

ATTENTION_WORDS = ("attn", "attention")


def adapt(model: Any, spec: Mapping[str, Any]) -> Any:
    """The model with its trainable part; the rest is frozen. Raises ValueError for what cannot be done here."""
    method = spec["method"]
    if method == "full":
        for parameter in model.parameters():
            parameter.requires_grad_(True)
    elif method in ("lora", "dora", "qlora"):
        model = _with_lora(_in_four_bits(model) if method == "qlora" else model, spec)
    elif method == "soft-prompt":
        from peft import PromptTuningConfig, TaskType, get_peft_model

        settings = PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=int(spec["rank"]))
        model = get_peft_model(model, settings)
    else:
        raise ValueError(f"method {method!r} is not measured here; use full, lora, dora, qlora or soft-prompt")
    if spec.get("checkpointing", "none") == "full":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if method != "full":
            model.enable_input_require_grads()
    return model


def trainable(model: Any) -> list[Any]:
    """The parameters that learn."""
    return [p for p in model.parameters() if p.requires_grad]


def _with_lora(model: Any, spec: Mapping[str, Any]) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    rank = int(spec["rank"])
    settings = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules=_targets(model, str(spec["targets"])),
        use_dora=spec["method"] == "dora",
    )
    return get_peft_model(model, settings)


def _targets(model: Any, asked: str) -> Any:
    """Module names for peft: `all-linear` is its own word, `attention` and `qv` are looked up, a list stays."""
    if asked == "all-linear":
        return asked
    if asked not in ("attention", "qv"):
        return asked.split(",")
    import torch

    kinds = (torch.nn.Linear,)
    names = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if (isinstance(module, kinds) or "4bit" in type(module).__name__)
        and any(w in name.lower() for w in ATTENTION_WORDS)
    }
    chosen = names & {"q_proj", "v_proj"} if asked == "qv" else names
    if not chosen:
        raise ValueError(f"targets {asked!r}: this architecture has no such modules; name them, such as q_proj,v_proj")
    return sorted(chosen)


def _in_four_bits(model: Any) -> Any:
    """Every linear layer but the head as NF4 with double quantisation (bitsandbytes)."""
    try:
        bnb = importlib.import_module("bitsandbytes")
    except ImportError:
        raise ValueError("qlora needs bitsandbytes, which is not installed: pip install bitsandbytes") from None
    import torch

    head = model.get_output_embeddings()
    device = next(model.parameters()).device
    for name, module in list(model.named_modules()):
        if not isinstance(module, torch.nn.Linear) or module is head:
            continue
        small = bnb.nn.Linear4bit(
            module.in_features,
            module.out_features,
            bias=module.bias is not None,
            compute_dtype=module.weight.dtype,
            quant_type="nf4",
            compress_statistics=True,
        )
        small.weight = bnb.nn.Params4bit(module.weight.data.cpu(), requires_grad=False, quant_type="nf4")
        if module.bias is not None:
            small.bias = module.bias
        owner, _, own = name.rpartition(".")
        setattr(model.get_submodule(owner), own, small.to(device))
    model.is_loaded_in_4bit = True
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model
