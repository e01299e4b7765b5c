"""TRL: the YAML of `trl sft --config FILE` and `trl dpo`.

Keys: trl.ModelConfig, trl.SFTConfig, trl.DPOConfig and trl.DatasetMixtureConfig (1.16).
"""

from __future__ import annotations

from advisor.trainers import hugging_face
from advisor.trainers.recipe import (
    Config,
    Flags,
    Recipe,
    Settings,
    check_plain,
    present,
    require_one_of,
    whole,
)

NAME = "trl"
DPO_BETA = 0.1
"""TRL's own default; it also tells a file of DPO from one of supervised tuning."""

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
ATTENTION = {"eager": "eager", "sdpa": "sdpa", "flash": "flash_attention_2"}
QUANTIZATIONS = {"none": {}, "nf4": {"load_in_4bit": True}, "int8": {"load_in_8bit": True}}


def write(recipe: Recipe) -> Settings:
    """The configuration. Raises UsageError for what TRL cannot state."""
    run = recipe.training
    check_plain(NAME, run)
    is_dpo = run.objective == "dpo"
    config: Settings = {
        "model_name_or_path": recipe.weights,
        "dtype": require_one_of(NAME, "dtype", run.dtype, DTYPES),
        "attn_implementation": require_one_of(NAME, "attention", run.attention, ATTENTION),
        "use_peft": run.method != "full",
    }
    if run.method != "full":
        config |= {
            "lora_r": run.rank,
            "lora_alpha": recipe.alpha,
            "lora_target_modules": recipe.modules,
            "use_dora": run.method == "dora",
        }
    quantization = require_one_of(NAME, "quantisation", run.quantization, QUANTIZATIONS)
    assert isinstance(quantization, dict)
    config |= quantization
    config |= {"max_length": run.seq_len}
    if is_dpo:
        config |= {"beta": DPO_BETA}
    else:
        config |= {"packing": run.packed, "padding_free": bool(run.padding_free)}
    return {
        **config,
        **hugging_face.arguments(NAME, recipe),
        "datasets": [{"path": "json", "data_files": recipe.rows.path}],
        "output_dir": "output",
    }


def read(config: Config) -> Flags:
    """The flags in a configuration."""
    adapted = bool(config.get("use_peft"))
    method = "lora" if adapted else "full"
    if adapted and config.get("use_dora"):
        method = "dora"
    if adapted and config.get("load_in_4bit"):
        method = "qlora"
    weights = next((k for k, v in DTYPES.items() if v == config.get("dtype")), None)
    modules = config.get("lora_target_modules")
    return {
        **present(
            {
                "model": str(config["model_name_or_path"]),
                "method": method,
                "rank": whole(config.get("lora_r")) if adapted else None,
                "targets": modules_text(modules) if adapted else None,
                "quantization": "int8" if config.get("load_in_8bit") else None,
                "attention": next(
                    (k for k, v in ATTENTION.items() if v == config.get("attn_implementation")),
                    None,
                ),
                "seq_len": whole(config.get("max_length")),
                "packed": bool(config["packing"]) if "packing" in config else None,
                "batches": "padding-free" if config.get("padding_free") else None,
                "objective": "dpo" if "beta" in config else None,
            }
        ),
        **hugging_face.precision(config, weights),
        **hugging_face.read_arguments(config),
    }


def modules_text(value: object) -> str | None:
    """Names of modules as --targets takes them; None where none are stated."""
    if isinstance(value, str):
        return value.replace("all_linear", "all-linear") if value != "all" else "all-linear"
    return ",".join(map(str, value)) if isinstance(value, list) and value else None
