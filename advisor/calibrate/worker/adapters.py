"""Makes a model trainable by a method: full, LoRA, DoRA, QLoRA or a soft prompt."""

from __future__ import annotations

import importlib
from typing import Any

from advisor.calibrate.worker import families

ATTENTION_WORDS = ("attn", "attention")

QUERY_AND_VALUE = frozenset(
    {"q_proj", "v_proj", "q", "v", "query", "value", "query_proj", "value_proj", "q_lin", "v_lin"}
    | {"qkv_proj", "query_key_value", "c_attn", "Wqkv"}
    | {"q_b_proj", "kv_b_proj"}
)
"""Names of the modules that make queries and values: apart, in one, or out of a latent."""

TASKS = {
    "causal": "CAUSAL_LM",
    "classification": "SEQ_CLS",
    "seq2seq": "SEQ_2_SEQ_LM",
    "masked": None,
}
"""A head's name in peft, which has none for masked models."""


def adapt(
    model: Any,
    method: str,
    *,
    rank: int = 16,
    targets: str = "all-linear",
    checkpointing: str = "none",
    head: str = "causal",
) -> Any:
    """The model with its trainable part; the rest is frozen, but for a new task's head.

    Raises ValueError for what cannot be done here.
    """
    if method == "full":
        for parameter in model.parameters():
            parameter.requires_grad_(True)
    elif method in ("lora", "dora", "qlora"):
        base = _in_four_bits(model) if method == "qlora" else model
        model = _with_lora(base, rank, targets, head, use_dora=method == "dora")
    elif method == "soft-prompt":
        model = _with_soft_prompt(model, rank, head)
    else:
        raise ValueError(
            f"method {method!r} is not measured here; use full, lora, dora, qlora or soft-prompt"
        )
    if checkpointing == "full":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if method != "full":
            model.enable_input_require_grads()
    return model


def trainable(model: Any) -> list[Any]:
    """The parameters that learn."""
    return [p for p in model.parameters() if p.requires_grad]


def _with_soft_prompt(model: Any, tokens: int, head: str) -> Any:
    from peft import PromptTuningConfig, get_peft_model

    if TASKS[head] is None:
        raise ValueError(f"method soft-prompt: peft has none for a {head} model; use full or lora")
    sizes = model.config.get_text_config()
    settings = PromptTuningConfig(
        task_type=TASKS[head],
        num_virtual_tokens=tokens,
        token_dim=sizes.hidden_size,
        num_attention_heads=sizes.num_attention_heads,
        num_layers=sizes.num_hidden_layers,
    )
    return get_peft_model(model, settings)


def _with_lora(model: Any, rank: int, targets: str, head: str, *, use_dora: bool) -> Any:
    from peft import LoraConfig, get_peft_model

    new = [
        n
        for n in families.NEW_FOR_THE_TASK.get(type(model).__name__, ())
        if head == "classification"
    ]
    outside = [n for n, m in model.named_modules() if _is_linear(m) and _in_layer(n) == n]
    settings = LoraConfig(
        task_type=TASKS[head],
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules=_targets(model, targets),
        use_dora=use_dora,
        modules_to_save=new or None,
        exclude_modules=outside if head == "classification" else None,
    )
    try:
        return get_peft_model(model, settings)
    except ValueError as error:
        if settings.use_dora and "use_dora" in str(error):
            raise ValueError(
                "method dora: peft adapts experts by lora only; name --targets attention"
            ) from None
        raise


def _targets(model: Any, targets: str) -> Any:
    """Module names for peft: `all-linear` is its own word, `attention` and `qv` are looked up, a
    list stays.

    Names are told from the layer on, because `dense` and `Wo` stand in attention and in the MLP
    alike.
    """
    if targets == "all-linear":
        return targets
    if targets not in ("attention", "qv"):
        return targets.replace("+", ",").split(",")
    names = {_in_layer(name) for name, module in model.named_modules() if _is_linear(module)}
    chosen = {n for n in names if any(w in n.lower() for w in ATTENTION_WORDS)}
    if targets == "qv":
        chosen = {n for n in chosen if n.rpartition(".")[2] in QUERY_AND_VALUE}
    if not chosen:
        raise ValueError(
            f"targets {targets!r}: this architecture has no such modules; name them, such as "
            "q_proj,v_proj"
        )
    return sorted(chosen)


def _in_layer(name: str) -> str:
    """A module's name behind the number of its last list: `layers.3.self_attn.q_proj` gives
    `self_attn.q_proj`.
    """
    parts = name.split(".")
    numbered = [i for i, part in enumerate(parts) if part.isdigit()]
    return ".".join(parts[numbered[-1] + 1 :]) if numbered else name


def _is_linear(module: Any) -> bool:
    """Whether peft can adapt it: torch's linear layer, GPT-2's convolution of width one, or one of
    four bits.
    """
    import torch

    return isinstance(module, torch.nn.Linear) or type(module).__name__ in ("Conv1D", "Linear4bit")


def _in_four_bits(model: Any) -> Any:
    """Every linear module of the layers as NF4 with double quantisation (bitsandbytes), one after
    the other on the device where its weights lie; heads stay as they are.
    """
    try:
        bnb = importlib.import_module("bitsandbytes")
    except ImportError:
        raise ValueError(
            "qlora needs bitsandbytes, which is not installed: pip install bitsandbytes"
        ) from None
    import torch

    device = next(model.parameters()).device
    for name, module in list(model.named_modules()):
        if not isinstance(module, torch.nn.Linear) or _in_layer(name) == name:
            continue
        small = bnb.nn.Linear4bit(
            module.in_features,
            module.out_features,
            bias=module.bias is not None,
            compute_dtype=module.weight.dtype,
            quant_type="nf4",
            compress_statistics=True,
            device="meta",  # else it draws weights of its own first, on the CPU
        )
        small.weight = bnb.nn.Params4bit(module.weight.data, requires_grad=False, quant_type="nf4")
        if module.bias is not None:
            small.bias = module.bias
        owner, _, own = name.rpartition(".")
        setattr(model.get_submodule(owner), own, small.to(device))
    model.is_loaded_in_4bit = True
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model
