"""torchtune: the YAML of `tune run RECIPE --config FILE`.

Keys: the recipes and configurations that come with torchtune 0.6.1. A model is a builder of its
own, so only families that it has can be written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from advisor.core.errors import UsageError
from advisor.core.training import TrainingRun
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
    present,
    require_one_of,
    whole,
    whole_epochs,
)

NAME = "torchtune"
BUILDERS = {
    "llama-3.1-8b": ("llama3_1", "8b", "llama3", "LLAMA3"),
    "llama-3.1-70b": ("llama3_1", "70b", "llama3", "LLAMA3"),
    "llama-3.3-70b": ("llama3_3", "70b", "llama3", "LLAMA3"),
    "llama-3.2-1b": ("llama3_2", "1b", "llama3", "LLAMA3_2"),
    "llama-3.2-3b": ("llama3_2", "3b", "llama3", "LLAMA3_2"),
    "qwen2.5-0.5b": ("qwen2_5", "0_5b", "qwen2_5", "QWEN2"),
    "qwen2.5-1.5b": ("qwen2_5", "1_5b_base", "qwen2_5", "QWEN2"),
    "qwen2.5-3b": ("qwen2_5", "3b", "qwen2_5", "QWEN2"),
    "qwen2.5-7b": ("qwen2_5", "7b_base", "qwen2_5", "QWEN2"),
    "qwen2.5-14b": ("qwen2_5", "14b_base", "qwen2_5", "QWEN2"),
    "qwen2.5-32b": ("qwen2_5", "32b_base", "qwen2_5", "QWEN2"),
    "qwen2.5-72b": ("qwen2_5", "72b_base", "qwen2_5", "QWEN2"),
    "mistral-7b-v0.1": ("mistral", "7b", "mistral", "MISTRAL"),
}
"""Our names: module of the builders, size, module of the tokenizer, type of the checkpoint."""

OPTIMIZERS = {
    "adamw": "torch.optim.AdamW",
    "adamw8bit": "bitsandbytes.optim.AdamW8bit",
    "paged-adamw8bit": "bitsandbytes.optim.PagedAdamW8bit",
    "paged-adamw": "bitsandbytes.optim.PagedAdamW",
    "sgd": "torch.optim.SGD",
}
DTYPES = {"bf16": "bf16", "fp32": "fp32"}
CHECKPOINTING = {"none": False, "full": True}
QUANTIZATIONS = {"none": None, "nf4": None}
OBJECTIVES = {"sft": None}
SHARDINGS = {"none": "single_device", "ddp": "distributed", "fsdp": "distributed"}
ATTENTION_MODULES = {"q_proj", "k_proj", "v_proj", "o_proj"}
MLP_MODULES = {"gate_proj", "up_proj", "down_proj"}
_BUILDER = re.compile(r"(?:q?lora_)?(?P<family>[a-z0-9_]+?)_(?P<size>\d+(?:_\d+)?b)(?:_base)?$")


def recipe_name(run: TrainingRun) -> str:
    """The recipe that runs it: lora_finetune_single_device and so on."""
    kind = "full" if run.method == "full" else "lora"
    return f"{kind}_finetune_{SHARDINGS.get(run.sharding, 'distributed')}"


def write(recipe: Recipe) -> Settings:
    """The configuration. Raises UsageError for what torchtune cannot state."""
    run = recipe.training
    _check(run)
    family, size, tokenizer, kind = _builder(run)
    folder = f"/tmp/{recipe.weights.rpartition('/')[2]}"
    config: Settings = {
        "output_dir": "output",
        "model": _model(recipe, family, size),
        "tokenizer": {
            "_component_": f"torchtune.models.{tokenizer}.{tokenizer}_tokenizer",
            "path": _tokenizer_path(folder, tokenizer),
            "max_seq_len": run.seq_len,
            **({"merges_file": f"{folder}/merges.txt"} if kind == "QWEN2" else {}),
        },
        "checkpointer": _checkpointer(folder, kind),
        "resume_from_checkpoint": False,
        "dataset": _dataset(recipe.rows, run.packed),
        "seed": recipe.seed,
        "shuffle": True,
        "batch_size": run.micro_batch,
        "optimizer": {
            "_component_": require_one_of(NAME, "optimiser", run.optimizer, OPTIMIZERS),
            "lr": recipe.learning_rate,
        },
        "loss": {"_component_": "torchtune.modules.loss.CEWithChunkedOutputLoss"},
        "epochs": whole_epochs(NAME, run.epochs),
        "max_steps_per_epoch": None,
        "gradient_accumulation_steps": run.grad_accum,
        "compile": run.compile,
        "device": "cuda",
        "dtype": run.dtype,
        "enable_activation_checkpointing": require_one_of(
            NAME, "checkpointing", run.checkpointing, CHECKPOINTING
        ),
        "enable_activation_offloading": False,
        "metric_logger": {
            "_component_": "torchtune.training.metric_logging.DiskLogger",
            "log_dir": "${output_dir}/logs",
        },
        "log_every_n_steps": 1,
        "log_peak_memory_stats": True,
    }
    if run.method == "full":
        return {**config, "optimizer_in_bwd": False}
    schedule = "torchtune.training.lr_schedulers.get_cosine_schedule_with_warmup"
    return {
        **config,
        "save_adapter_weights_only": False,
        "lr_scheduler": {"_component_": schedule, "num_warmup_steps": 10},
    }


def _check(run: TrainingRun) -> None:
    """Raises UsageError for a run that torchtune cannot state."""
    check_plain(NAME, run)
    for what, value, table in (
        ("dtype", run.dtype, DTYPES),
        ("quantisation", run.quantization, QUANTIZATIONS),
        ("objective", run.objective, OBJECTIVES),
        ("sharding", run.sharding, SHARDINGS),
    ):
        require_one_of(NAME, what, value, table)


def _checkpointer(folder: str, kind: str) -> Settings:
    return {
        "_component_": "torchtune.training.FullModelHFCheckpointer",
        "checkpoint_dir": folder,
        "checkpoint_files": ["model.safetensors"],
        "output_dir": "${output_dir}",
        "model_type": kind,
    }


def _builder(run: TrainingRun) -> tuple[str, str, str, str]:
    name = (run.model.name if run.model is not None else run.model_name).lower()
    if name not in BUILDERS:
        raise UsageError(
            f"--to torchtune: has no builder for {run.model_name} that we know; use --to trl, or "
            f"one of {', '.join(BUILDERS)}"
        )
    return BUILDERS[name]


def _tokenizer_path(folder: str, tokenizer: str) -> str:
    files = {"llama3": "original/tokenizer.model", "qwen2_5": "vocab.json"}
    return f"{folder}/{files.get(tokenizer, 'tokenizer.model')}"


def _model(recipe: Recipe, family: str, size: str) -> Settings:
    run = recipe.training
    prefix = {"full": "", "qlora": "qlora_"}.get(run.method, "lora_")
    builder = f"torchtune.models.{family}.{prefix}{family}_{size}"
    if run.method == "full":
        return {"_component_": builder}
    modules = set(recipe.modules)
    everything = modules == {"all-linear"}
    mlp = modules & MLP_MODULES
    if not everything and (
        modules - ATTENTION_MODULES - MLP_MODULES or (mlp and mlp != MLP_MODULES)
    ):
        raise UsageError(
            f"--to torchtune: adapts modules of attention and the whole MLP, not {run.targets}; "
            "estimate it with --targets all-linear or attention"
        )
    chosen = ATTENTION_MODULES if everything else modules & ATTENTION_MODULES
    theirs = [name.replace("o_proj", "output_proj") for name in sorted(chosen)]
    return {
        "_component_": builder,
        "lora_attn_modules": theirs,
        "apply_lora_to_mlp": everything or bool(mlp),
        "apply_lora_to_output": False,
        "lora_rank": run.rank,
        "lora_alpha": recipe.alpha,
        "lora_dropout": 0.0,
        **({"use_dora": True} if run.method == "dora" else {}),
    }


def _dataset(rows: TrainingRows, packed: bool) -> Settings:
    source = {"source": "json", "data_files": rows.path, "split": "train", "packed": packed}
    if rows.form == CHAT:
        return {
            "_component_": "torchtune.datasets.chat_dataset",
            **source,
            "conversation_column": rows.prompt,
            "conversation_style": "openai",
        }
    return {
        "_component_": "torchtune.datasets.instruct_dataset",
        **source,
        "column_map": {"input": rows.prompt, "output": rows.answer},
    }


def read(config: Config) -> Flags:
    """The flags in a configuration."""
    model = _part(config, "model")
    component = str(model.get("_component_", ""))
    builder = component.rpartition(".")[2]
    method = "full"
    if builder.startswith("qlora_"):
        method = "qlora"
    elif builder.startswith("lora_"):
        method = "dora" if model.get("use_dora") else "lora"
    dataset = _part(config, "dataset")
    optimizer = _part(config, "optimizer")
    return present(
        {
            "model": _model_name(component, builder),
            "method": method,
            "rank": whole(model.get("lora_rank")),
            "targets": _targets(model) if method != "full" else None,
            "optimizer": named(str(optimizer.get("_component_")), OPTIMIZERS),
            "micro_batch": whole(config.get("batch_size")),
            "grad_accum": whole(config.get("gradient_accumulation_steps")),
            "seq_len": whole(_part(config, "tokenizer").get("max_seq_len")),
            "packed": bool(dataset["packed"]) if "packed" in dataset else None,
            "dtype": named(config.get("dtype"), DTYPES),
            "checkpointing": checkpointing_of(config.get("enable_activation_checkpointing")),
            "compiled": True if config.get("compile") else None,
            "epochs": number(config.get("epochs")),
        }
    )


def _model_name(component: str, builder: str) -> str:
    """Our name for a builder. Raises UsageError for one that we do not know."""
    bare = builder.removeprefix("qlora_").removeprefix("lora_")
    names = (n for n, (family, size, *_) in BUILDERS.items() if bare == f"{family}_{size}")
    name = next(names, None)
    if name is None:
        raise UsageError(f"model._component_ {component}: not a model that we know; add --model")
    return name


def _targets(model: Config) -> str:
    stated = model.get("lora_attn_modules")
    attention = [str(name).replace("output_proj", "o_proj") for name in _items(stated)]
    mlp = bool(model.get("apply_lora_to_mlp"))
    if mlp and set(attention) == ATTENTION_MODULES:
        return "all-linear"
    return ",".join([*attention, *(sorted(MLP_MODULES) if mlp else [])])


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _part(config: Config, name: str) -> Config:
    part = config.get(name)
    return part if isinstance(part, Mapping) else {}
