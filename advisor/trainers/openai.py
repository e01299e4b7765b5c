"""OpenAI: the body of `POST /v1/fine_tuning/jobs`.

Keys: openai.types.fine_tuning.JobCreateParams (3.57). Precision, adapter and hardware are OpenAI's.
"""

from __future__ import annotations

from collections.abc import Mapping

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

NAME = "openai"
METHODS = {"sft": "supervised", "dpo": "dpo"}


def write(recipe: Recipe) -> Settings:
    """The body; `training_file` is to be the id that the upload of the rows gives."""
    request = recipe.request
    method = str(require_one_of(NAME, "objective", request.objective, METHODS))
    hyperparameters = {
        "n_epochs": whole_epochs(NAME, request.epochs),
        "batch_size": request.micro_batch * request.grad_accum,
    }
    return {
        "model": recipe.weights,
        "training_file": recipe.rows.path,
        "method": {"type": method, method: {"hyperparameters": hyperparameters}},
        "seed": recipe.seed,
    }


def read(config: Config) -> Flags:
    """The flags in a body."""
    method = config.get("method")
    name = str(method.get("type")) if isinstance(method, Mapping) else "supervised"
    settings = method.get(name) if isinstance(method, Mapping) else None
    stated = settings.get("hyperparameters") if isinstance(settings, Mapping) else None
    values = stated if isinstance(stated, Mapping) else config.get("hyperparameters")
    hyperparameters: Config = values if isinstance(values, Mapping) else {}
    return present(
        {
            "model": str(config["model"]),
            "provider": NAME,
            "epochs": number(hyperparameters.get("n_epochs")),
            "micro_batch": whole(hyperparameters.get("batch_size")),
            "objective": "dpo" if name == "dpo" else None,
        }
    )
