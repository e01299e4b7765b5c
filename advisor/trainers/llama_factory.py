"""LLaMA-Factory: the YAML of `llamafactory-cli train FILE`, and its dataset_info.json.

Keys: llamafactory.hparams (0.9.5).
"""

from __future__ import annotations

from advisor.trainers import hugging_face
from advisor.trainers.recipe import (
    CHAT,
    PREFERENCES,
    Config,
    Flags,
    Recipe,
    Settings,
    TrainingRows,
    check_plain,
    checkpointing_of,
    objective_of,
    present,
    require_one_of,
    whole,
)
from advisor.trainers.trl import modules_text

NAME = "llama-factory"
DATASET = "advisor_rows"
ATTENTION = {"eager": "disabled", "sdpa": "sdpa", "flash": "fa2"}
QUANTIZATIONS = {
    "none": {},
    "nf4": {"quantization_bit": 4, "quantization_method": "bnb"},
    "int8": {"quantization_bit": 8, "quantization_method": "bnb"},
}
DEEPSPEED = "examples/deepspeed/ds_z{}_config.json"


def write(recipe: Recipe) -> Settings:
    """The configuration. Raises UsageError for what LLaMA-Factory cannot state."""
    run = recipe.training
    check_plain(NAME, run)
    config: Settings = {
        "model_name_or_path": recipe.weights,
        "stage": run.objective,
        "do_train": True,
        "finetuning_type": "full" if run.method == "full" else "lora",
        "flash_attn": require_one_of(NAME, "attention", run.attention, ATTENTION),
        "template": "default",
    }
    if run.method != "full":
        names = "all" if recipe.modules == ["all-linear"] else ",".join(recipe.modules)
        config |= {"lora_rank": run.rank, "lora_alpha": recipe.alpha, "lora_target": names}
        config |= {"use_dora": True} if run.method == "dora" else {}
    quantization = require_one_of(NAME, "quantisation", run.quantization, QUANTIZATIONS)
    assert isinstance(quantization, dict)
    config |= quantization
    own = hugging_face.arguments(NAME, recipe)
    own["enable_liger_kernel"] = own.pop("use_liger_kernel")
    own["disable_gradient_checkpointing"] = not own.pop("gradient_checkpointing")
    if run.dtype == "fp32" and not run.compute_dtype:
        own["infer_dtype"] = "float32"
    if run.compute_dtype:
        own["pure_bf16"] = False
    if run.sharding.startswith("zero"):
        own["deepspeed"] = DEEPSPEED.format(run.sharding[-1])
    return {
        **config,
        "dataset": DATASET,
        "dataset_dir": ".",
        "cutoff_len": run.seq_len,
        "packing": run.packed,
        **own,
        "output_dir": "output",
    }


def dataset_info(rows: TrainingRows) -> Settings:
    """The entry that tells LLaMA-Factory how to read the rows; it lies beside the configuration."""
    entry: Settings = {"file_name": rows.path}
    if rows.form == CHAT:
        entry |= {
            "formatting": "sharegpt",
            "columns": {"messages": rows.prompt},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        }
    elif rows.form == PREFERENCES:
        columns = {"prompt": rows.prompt, "chosen": rows.answer, "rejected": rows.rejected}
        entry |= {"ranking": True, "columns": columns}
    else:
        entry |= {"columns": {"prompt": rows.prompt, "response": rows.answer}}
    return {DATASET: entry}


def read(config: Config) -> Flags:
    """The flags in a configuration."""
    adapted = config.get("finetuning_type", "lora") == "lora"
    bits = whole(config.get("quantization_bit"))
    method = "lora" if adapted else "full"
    if adapted and config.get("use_dora"):
        method = "dora"
    if adapted and bits == 4:
        method = "qlora"
    off = config.get("disable_gradient_checkpointing")
    stage = config.get("deepspeed")
    arguments = {k: v for k, v in config.items() if k != "gradient_checkpointing"}
    if "enable_liger_kernel" in config:
        arguments["use_liger_kernel"] = config["enable_liger_kernel"]
    weights = "fp32" if config.get("infer_dtype") == "float32" else None
    return {
        **present(
            {
                "model": str(config["model_name_or_path"]),
                "method": method,
                "rank": whole(config.get("lora_rank", 8)) if adapted else None,
                "targets": modules_text(config.get("lora_target", "all")) if adapted else None,
                "quantization": "int8" if bits == 8 else None,
                "attention": next(
                    (k for k, v in ATTENTION.items() if v == config.get("flash_attn")), None
                ),
                "seq_len": whole(config.get("cutoff_len")),
                "packed": bool(config["packing"]) if "packing" in config else None,
                "checkpointing": None if off is None else checkpointing_of(not off),
                "sharding": _stage(str(stage)) if stage else None,
                "objective": objective_of(config.get("stage")),
            }
        ),
        **hugging_face.precision(config, weights),
        **hugging_face.read_arguments(arguments),
    }


def _stage(path: str) -> str | None:
    """The ZeRO stage in the name of a deepspeed configuration: ds_z3_config.json."""
    return next((f"zero{n}" for n in "123" if f"z{n}" in path or f"zero{n}" in path), None)
