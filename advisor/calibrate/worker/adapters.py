"""Makes a model trainable by a method: full, LoRA, DoRA, QLoRA or a soft prompt."""

from __future__ import annotations

from typing import Any

from advisor.calibrate.worker import families
from advisor.calibrate.worker.four_bits import in_four_bits
from advisor.calibrate.worker.module_names import in_layer

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
    device: str = "",
) -> Any:
    """The model with its trainable part; the rest is frozen, but for a new task's head.

    With qlora the model may be on `meta`: its weights are then drawn on `device`, where one matrix
    at a time has 16 bits. Raises ValueError for what cannot be done here.
    """
    if method == "full":
        for parameter in model.parameters():
            parameter.requires_grad_(True)
    elif method in ("lora", "dora", "qlora"):
        base = in_four_bits(model, device) if method == "qlora" else model
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
    outside = [n for n, m in model.named_modules() if _is_linear(m) and in_layer(n) == n]
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
    names = {in_layer(name) for name, module in model.named_modules() if _is_linear(module)}
    chosen = {n for n in names if any(w in n.lower() for w in ATTENTION_WORDS)}
    if targets == "qv":
        chosen = {n for n in chosen if n.rpartition(".")[2] in QUERY_AND_VALUE}
    if not chosen:
        raise ValueError(
            f"targets {targets!r}: this architecture has no such modules; name them, such as "
            "q_proj,v_proj"
        )
    return sorted(chosen)


def _is_linear(module: Any) -> bool:
    """Whether peft can adapt it: torch's linear layer, GPT-2's convolution of width one, or one of
    four bits.
    """
    import torch

    return isinstance(module, torch.nn.Linear) or type(module).__name__ in ("Conv1D", "Linear4bit")
