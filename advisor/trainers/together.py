"""Together: the arguments of `client.fine_tuning.create(**arguments)`.

Keys: together.resources.fine_tuning (3.1). Precision and hardware are Together's.
"""

from __future__ import annotations

from advisor.trainers.recipe import (
    Config,
    Flags,
    Recipe,
    Settings,
    number,
    present,
    require_one_of,
    whole,
    whole_epochs,
)
from advisor.trainers.trl import modules_text

NAME = "together"
METHODS = {"sft": "sft", "dpo": "dpo"}


def write(recipe: Recipe) -> Settings:
    """The arguments; `training_file` is to be the id that the upload of the rows gives."""
    request = recipe.request
    adapter: Settings = {"lora": False}
    if request.method != "full":
        adapter = {
            "lora": True,
            "lora_r": request.rank,
            "lora_alpha": recipe.alpha,
            "lora_trainable_modules": request.targets,
        }
    return {
        "model": recipe.weights,
        "training_file": recipe.rows.path,
        "training_method": require_one_of(NAME, "objective", request.objective, METHODS),
        "n_epochs": whole_epochs(NAME, request.epochs),
        "batch_size": request.micro_batch * request.grad_accum,
        "learning_rate": recipe.learning_rate,
        "packing": request.packed is not False,
        "max_seq_length": request.seq_len,
        **adapter,
        "random_seed": recipe.seed,
    }


def read(config: Config) -> Flags:
    """The flags in the arguments."""
    adapted = bool(config.get("lora", True))
    return present(
        {
            "model": str(config["model"]),
            "provider": NAME,
            "method": "lora" if adapted else "full",
            "rank": whole(config.get("lora_r")) if adapted else None,
            "targets": modules_text(config.get("lora_trainable_modules")) if adapted else None,
            "epochs": number(config.get("n_epochs", 1)),
            "micro_batch": whole(config.get("batch_size")),
            "seq_len": whole(config.get("max_seq_length")),
            "objective": "dpo" if config.get("training_method") == "dpo" else None,
        }
    )
