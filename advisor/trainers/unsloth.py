"""Unsloth: the YAML of `unsloth train --config FILE`.

Keys: unsloth_cli.config.Config (2026.10), which forbids others. Its optimiser is always 8-bit AdamW
and its precision that of the GPU.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.trainers.recipe import (
    CHAT,
    Config,
    Flags,
    Recipe,
    Settings,
    check_plain,
    named,
    number,
    present,
    require_one_of,
    whole,
    whole_epochs,
)
from advisor.trainers.trl import modules_text

NAME = "unsloth"
CHECKPOINTING = {"none": "none", "full": "unsloth"}
OPTIMIZERS = {"adamw8bit": None}
DTYPES = {"bf16": None}
QUANTIZATIONS = {"none": False, "nf4": True}
OBJECTIVES = {"sft": None}
SHARDINGS = {"none": None, "ddp": None}


def write(recipe: Recipe) -> Settings:
    """The configuration. Raises UsageError for what Unsloth cannot state."""
    run = recipe.training
    check_plain(NAME, run)
    for what, value, table in (
        ("optimiser", run.optimizer, OPTIMIZERS),
        ("dtype", run.dtype, DTYPES),
        ("objective", run.objective, OBJECTIVES),
        ("sharding", run.sharding, SHARDINGS),
    ):
        require_one_of(NAME, what, value, table)
    training = {
        "training_type": "full" if run.method == "full" else "lora",
        "max_seq_length": run.seq_len,
        "load_in_4bit": require_one_of(NAME, "quantisation", run.quantization, QUANTIZATIONS),
        "num_epochs": whole_epochs(NAME, run.epochs),
        "learning_rate": recipe.learning_rate,
        "batch_size": run.micro_batch,
        "gradient_accumulation_steps": run.grad_accum,
        "random_seed": recipe.seed,
        "packing": run.packed,
        "gradient_checkpointing": require_one_of(
            NAME, "checkpointing", run.checkpointing, CHECKPOINTING
        ),
        "output_dir": "output",
    }
    form = "chatml" if recipe.rows.form == CHAT else "auto"
    config: Settings = {
        "model": recipe.weights,
        "data": {"local_dataset": [recipe.rows.path], "format_type": form},
        "training": training,
    }
    if run.method != "full":
        config["lora"] = {
            "lora_r": run.rank,
            "lora_alpha": recipe.alpha,
            "use_dora": run.method == "dora",
            **_modules(recipe.modules),
        }
    return config


def _modules(modules: list[str]) -> Settings:
    return {} if modules == ["all-linear"] else {"target_modules": ",".join(modules)}


def read(config: Config) -> Flags:
    """The flags in a configuration."""
    training = _section(config, "training")
    adapter = _section(config, "lora")
    adapted = training.get("training_type", "lora") == "lora"
    method = "lora" if adapted else "full"
    if adapted and adapter.get("use_dora"):
        method = "dora"
    if adapted and training.get("load_in_4bit", True):
        method = "qlora"
    checkpointing = training.get("gradient_checkpointing")
    targets = modules_text(adapter.get("target_modules")) or "all-linear"
    return present(
        {
            "model": str(config["model"]),
            "method": method,
            "rank": whole(adapter.get("lora_r", 64)) if adapted else None,
            "targets": targets if adapted else None,
            "seq_len": whole(training.get("max_seq_length", 2048)),
            "packed": bool(training.get("packing", False)),
            "micro_batch": whole(training.get("batch_size", 2)),
            "grad_accum": whole(training.get("gradient_accumulation_steps", 4)),
            "checkpointing": named(checkpointing, CHECKPOINTING)
            or ("full" if checkpointing in (True, "true") else None),
            "optimizer": "adamw8bit",
            "epochs": number(training.get("num_epochs", 3)),
        }
    )


def _section(config: Config, name: str) -> Config:
    section = config.get(name)
    return section if isinstance(section, Mapping) else {}
