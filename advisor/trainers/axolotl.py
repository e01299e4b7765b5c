"""axolotl: the YAML of `axolotl train FILE`.

Keys: axolotl.utils.schemas.config.AxolotlInputConfig (0.19).
"""

from __future__ import annotations

from advisor.core.run_words import canonical
from advisor.trainers.hugging_face import CHECKPOINTING, OPTIMIZERS
from advisor.trainers.recipe import (
    CHAT,
    Config,
    Flags,
    Recipe,
    Settings,
    TrainingRows,
    check_plain,
    checkpointing_of,
    named,
    number,
    objective_of,
    present,
    require_one_of,
    whole,
)
from advisor.trainers.trl import ATTENTION, modules_text

NAME = "axolotl"
QUANTIZATIONS = {"none": {}, "nf4": {"load_in_4bit": True}, "int8": {"load_in_8bit": True}}
LIGER = "axolotl.integrations.liger.LigerPlugin"
LOSSES: dict[str, Settings] = {
    "no": {},
    "kernel": {"plugins": [LIGER], "liger_cross_entropy": True},
    "projection": {"plugins": [LIGER], "liger_fused_linear_cross_entropy": True},
    "yes": {"plugins": [LIGER], "liger_fused_linear_cross_entropy": True},
}
SHARDINGS: dict[str, Settings] = {
    "none": {},
    "ddp": {},
    **{f"zero{n}": {"deepspeed": f"deepspeed_configs/zero{n}.json"} for n in (1, 2, 3)},
    "fsdp": {"fsdp_version": 2, "fsdp_config": {"reshard_after_forward": True}},
}


def write(recipe: Recipe) -> Settings:
    """The configuration. Raises UsageError for what axolotl cannot state."""
    run = recipe.training
    check_plain(NAME, run)
    adapter = {"lora": "lora", "dora": "lora", "qlora": "qlora"}.get(run.method)
    config: Settings = {"base_model": recipe.weights}
    if adapter:
        config |= {"adapter": adapter, "lora_r": run.rank, "lora_alpha": recipe.alpha}
        config |= (
            {"lora_target_linear": True}
            if recipe.modules == ["all-linear"]
            else {"lora_target_modules": recipe.modules}
        )
        config |= {"peft_use_dora": True} if run.method == "dora" else {}
    for what, value, table in (
        ("quantisation", run.quantization, QUANTIZATIONS),
        ("fused loss", run.fused_loss, LOSSES),
        ("sharding", run.sharding, SHARDINGS),
    ):
        chosen = require_one_of(NAME, what, value, table)
        assert isinstance(chosen, dict)
        config |= chosen
    cast = run.compute_dtype.removeprefix("mixed-") or run.dtype
    return {
        **config,
        "datasets": [_dataset(recipe.rows)],
        **({"rl": "dpo"} if run.objective == "dpo" else {}),
        "sequence_len": run.seq_len,
        "sample_packing": run.packed,
        "pad_to_sequence_len": run.packed,
        "micro_batch_size": run.micro_batch,
        "gradient_accumulation_steps": run.grad_accum,
        "num_epochs": run.epochs,
        "optimizer": require_one_of(NAME, "optimiser", run.optimizer, OPTIMIZERS),
        "learning_rate": recipe.learning_rate,
        "bf16": cast == "bf16",
        "fp16": cast == "fp16",
        "float32": run.dtype == "fp32" and not run.compute_dtype,
        "gradient_checkpointing": require_one_of(
            NAME, "checkpointing", run.checkpointing, CHECKPOINTING
        ),
        "attn_implementation": require_one_of(NAME, "attention", run.attention, ATTENTION),
        "torch_compile": run.compile,
        "seed": recipe.seed,
        "output_dir": "output",
    }


def _dataset(rows: TrainingRows) -> Settings:
    entry: Settings = {"path": rows.path, "ds_type": "json"}
    if rows.form == CHAT:
        return {**entry, "type": "chat_template", "field_messages": rows.prompt}
    if rows.form == "preferences":
        return {
            **{k: v for k, v in entry.items() if k != "ds_type"},
            "data_files": [rows.path],
            "path": "json",
            "split": "train",
            "type": {
                "field_prompt": rows.prompt,
                "field_chosen": rows.answer,
                "field_rejected": rows.rejected,
            },
        }
    names = {"field_instruction": rows.prompt, "field_output": rows.answer}
    form = {"format": "{instruction}", "no_input_format": "{instruction}"}
    return {**entry, "type": {**names, **form}}


def read(config: Config) -> Flags:
    """The flags in a configuration."""
    adapter = config.get("adapter")
    method = {"lora": "lora", "qlora": "qlora"}.get(str(adapter), "full")
    if method == "lora" and config.get("peft_use_dora"):
        method = "dora"
    targets = modules_text(config.get("lora_target_modules"))
    if config.get("lora_target_linear"):
        targets = "all-linear"
    return {
        **present(
            {
                "model": str(config["base_model"]),
                "method": method,
                "rank": whole(config.get("lora_r")) if adapter else None,
                "targets": targets if adapter else None,
                "quantization": "int8" if config.get("load_in_8bit") else None,
                "optimizer": canonical("optimizer", str(config.get("optimizer") or "")) or None,
                "micro_batch": whole(config.get("micro_batch_size")),
                "grad_accum": whole(config.get("gradient_accumulation_steps")),
                "seq_len": whole(config.get("sequence_len")),
                "packed": bool(config["sample_packing"]) if "sample_packing" in config else None,
                "checkpointing": checkpointing_of(config.get("gradient_checkpointing")),
                "attention": _attention(config),
                "fused_loss": _fused_loss(config),
                "epochs": number(config.get("num_epochs")),
                "compiled": True if config.get("torch_compile") else None,
                "sharding": _sharding(config),
                "objective": objective_of(config.get("rl")),
            }
        ),
        **_precision(config),
    }


def _precision(config: Config) -> Flags:
    if config.get("float32"):
        return {"dtype": "fp32"}
    return present({"dtype": next((k for k in ("bf16", "fp16") if config.get(k)), None)})


def _attention(config: Config) -> str | None:
    """By `attn_implementation`, or the switches it replaced."""
    former = {"flash_attention": "flash", "sdp_attention": "sdpa", "eager_attention": "eager"}
    by_name = named(config.get("attn_implementation"), ATTENTION)
    return by_name or next((ours for key, ours in former.items() if config.get(key)), None)


def _fused_loss(config: Config) -> str | None:
    if config.get("liger_fused_linear_cross_entropy") or config.get("cut_cross_entropy"):
        return "projection"
    return "kernel" if config.get("liger_cross_entropy") else None


def _sharding(config: Config) -> str | None:
    if config.get("fsdp_config") or config.get("fsdp"):
        return "fsdp"
    deepspeed = str(config.get("deepspeed") or "")
    return next((f"zero{n}" for n in (1, 2, 3) if f"zero{n}" in deepspeed), None)
