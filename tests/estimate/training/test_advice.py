"""Changes of a run that save memory, and what they change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.training import TrainingRun
from advisor.estimate.training.advice import _changes
from tests.estimate.training.catalogue import a_run

LORA = a_run(method="lora", seq_len=2048, mean_tokens=700.0, micro_batch=4, grad_accum=2)
DONE = replace(
    LORA, method="qlora", checkpointing="full", micro_batch=1, seq_len=500, fused_loss="yes"
)


def changed(run: TrainingRun) -> dict[str, dict[str, object]]:
    """What each change sets, by its words."""
    return {
        change.words: {
            name: value
            for name in ("gpus", "sharding", "seq_len", "mean_tokens", "micro_batch", "grad_accum")
            if (value := getattr(change.of(run), name)) != getattr(run, name)
        }
        for change in _changes(run)
    }


def test_lengths_are_halved_and_gpus_doubled() -> None:
    """No mean is longer than the length that a run is cut to."""
    assert changed(LORA) == {
        "full checkpointing": {},
        "micro-batch 1 with accumulation": {"micro_batch": 1, "grad_accum": 8},
        "a fused loss": {},
        "QLoRA": {},
        "length 1024": {"seq_len": 1024},
        "length 512": {"seq_len": 512, "mean_tokens": 512},
        "2 GPUs with FSDP": {"gpus": 2, "sharding": "fsdp"},
        "4 GPUs with FSDP": {"gpus": 4, "sharding": "fsdp"},
        "8 GPUs with FSDP": {"gpus": 8, "sharding": "fsdp"},
    }


def test_what_is_done_already_is_no_change() -> None:
    assert list(changed(DONE)) == [f"{n} GPUs with FSDP" for n in (2, 4, 8)]
    assert "length 256" in changed(replace(DONE, seq_len=512))
    on_four = changed(replace(DONE, gpus=4, sharding="fsdp"))
    assert list(on_four) == [f"{n} GPUs with FSDP" for n in (8, 16, 32)] + [
        "offload to the host's memory"
    ]
    assert "mean_tokens" not in changed(replace(LORA, mean_tokens=None))["length 512"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (replace(LORA, method="full"), ["an 8-bit optimiser", "LoRA", "QLoRA"]),
        (replace(LORA, method="full", optimizer="adamw8bit"), ["LoRA", "QLoRA"]),
        (LORA, ["QLoRA"]),
        (DONE, []),
    ],
)
def test_a_run_of_all_weights_may_train_fewer(run: TrainingRun, words: list[str]) -> None:
    milder = [c for c in _changes(run) if c.kind in ("optimiser", "method")]
    assert [change.words for change in milder] == words
    assert [c.level for c in milder if c.words == "QLoRA"] == [1] * ("QLoRA" in words)
    for change in milder:
        assert change.of(run).trainable_params is None
        assert change.of(replace(run, targets="")).targets == (
            "" if change.kind == "optimiser" else "all-linear"
        )
