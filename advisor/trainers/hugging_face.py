"""What tools on Hugging Face's Trainer have in common: TRL and LLaMA-Factory.

Keys of transformers.TrainingArguments (5.23).
"""

from __future__ import annotations

from advisor.core.run_words import canonical
from advisor.core.training import TrainingRun
from advisor.trainers.recipe import (
    Config,
    Flags,
    Recipe,
    Settings,
    checkpointing_of,
    number,
    present,
    require_one_of,
    whole,
)

OPTIMIZERS = {
    "adamw": "adamw_torch",
    "adamw8bit": "adamw_8bit",
    "paged-adamw": "paged_adamw_32bit",
    "paged-adamw8bit": "paged_adamw_8bit",
    "sgd": "sgd",
    "adafactor": "adafactor",
}
CHECKPOINTING = {"none": False, "full": True}
LOSSES = {"no": False, "yes": True, "projection": True}


def arguments(tool: str, recipe: Recipe) -> Settings:
    """The training arguments of a run. Raises UsageError for what they cannot state."""
    run = recipe.training
    precision = run.compute_dtype.removeprefix("mixed-") or run.dtype
    return {
        "num_train_epochs": run.epochs,
        "per_device_train_batch_size": run.micro_batch,
        "gradient_accumulation_steps": run.grad_accum,
        "learning_rate": recipe.learning_rate,
        "optim": require_one_of(tool, "optimiser", run.optimizer, OPTIMIZERS),
        "bf16": precision == "bf16",
        "fp16": precision == "fp16",
        "gradient_checkpointing": require_one_of(
            tool, "checkpointing", run.checkpointing, CHECKPOINTING
        ),
        "use_liger_kernel": require_one_of(tool, "fused loss", run.fused_loss, LOSSES),
        "torch_compile": run.compile,
        "seed": recipe.seed,
    }


def read_arguments(config: Config) -> Flags:
    """The flags in training arguments."""
    liger = config.get("use_liger_kernel")
    return present(
        {
            "epochs": number(config.get("num_train_epochs")),
            "micro_batch": whole(config.get("per_device_train_batch_size")),
            "grad_accum": whole(config.get("gradient_accumulation_steps")),
            "optimizer": canonical("optimizer", str(config.get("optim") or "")) or None,
            "checkpointing": checkpointing_of(config.get("gradient_checkpointing")),
            "fused_loss": None if liger is None else ("no", "projection")[bool(liger)],
            "compiled": True if config.get("torch_compile") else None,
        }
    )


def precision(config: Config, weights: str | None) -> Flags:
    """dtype and compute of a run whose weights are in this dtype; autocast of fp32 is mixed."""
    cast = next((name for name in ("bf16", "fp16") if config.get(name)), None)
    if weights == "fp32" and cast:
        return {"dtype": "fp32", "compute": f"mixed-{cast}"}
    return present({"dtype": weights or cast})


def launched(run: TrainingRun, command: str) -> str:
    """How the run is started on its GPUs."""
    return command if run.gpus == 1 else f"{command}  # on {run.gpus} GPUs by {run.sharding}"
