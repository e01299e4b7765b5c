"""Training runs of every kind that a tool may be asked for."""

from __future__ import annotations

from advisor import facts
from advisor.estimate.training.request import RunRequest
from advisor.trainers.recipe import CHAT, PREFERENCES, Recipe, TrainingRows
from advisor.trainers.source import of_request

BASE = {"model": "Llama-3.2-1B", "gpu": "L40S", "examples": 900.0, "mean_tokens": 300.0}
CASES = {
    "lora": {"micro_batch": 4, "grad_accum": 2, "seq_len": 1024, "epochs": 2.0},
    "qlora": {"method": "qlora", "optimizer": "paged-adamw8bit", "checkpointing": "full"},
    "dora": {"method": "dora", "targets": "attention", "rank": 8, "packed": True},
    "full": {"method": "full", "optimizer": "adamw8bit", "attention": "flash", "micro_batch": 2},
    "two-gpus": {"gpus": 2, "sharding": "fsdp", "method": "full"},
    "zero3": {"gpus": 4, "sharding": "zero3"},
    "chat": {"packed": True, "seq_len": 4096, "fused_loss": "projection", "compiled": True},
    "int8": {"quantization": "int8", "targets": "q_proj,v_proj"},
    "fp32": {"dtype": "fp32", "compute": "mixed-bf16", "method": "full"},
    "half-epoch": {"epochs": 1.5},
    "dpo": {"objective": "dpo", "micro_batch": 2},
}
ROWS = {
    "chat": TrainingRows(form=CHAT, prompt="messages", answer=""),
    "dpo": TrainingRows(form=PREFERENCES, answer="chosen"),
}


def recipe_of(name: str) -> Recipe:
    return of_request(
        RunRequest(**{**BASE, **CASES[name]}), ROWS.get(name, TrainingRows()), facts.load()
    )


RECIPES = {name: recipe_of(name) for name in CASES}
