"""Every term of the memory of a small layer, added up by hand from the formulas page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.core.constants import GIB
from advisor.core.training import TrainingRun
from advisor.estimate.training import basis, memory
from advisor.estimate.training.activations import (
    boundary_bytes_per_token,
    eager_bytes_per_token,
    layer_bytes_per_token,
)
from tests.estimate.training.by_hand import COEFFICIENTS as K
from tests.estimate.training.by_hand import LAYER, F, H, run_of
from tests.estimate.training.catalogue import book

N, EMBEDDED, V, LAYERS = 1000, 200, 11, 3


@pytest.mark.parametrize(
    ("changes", "expected"),  # shard, tensor, pipeline
    [
        ({"gpus": 8}, (8, 1, 1)),
        ({"gpus": 8, "sharding": "tp"}, (1, 8, 1)),
        ({"gpus": 8, "sharding": "tp", "tensor_parallel": 2}, (4, 2, 1)),
        ({"gpus": 8, "sharding": "mp"}, (1, 1, 8)),
        ({"gpus": 8, "sharding": "pp"}, (1, 1, 8)),
        ({"gpus": 8, "sharding": "pp", "framework": "megatron"}, (8, 1, 1)),
        ({"gpus": 8, "sharding": "mp", "framework": "torchtune"}, (8, 1, 1)),
        ({"gpus": 8, "sharding": "pp", "pipeline_parallel": 4}, (2, 1, 4)),
        ({"gpus": 8, "sharding": "fsdp", "pipeline_parallel": 2, "tensor_parallel": 2}, (2, 2, 2)),
        ({"gpus": 2, "tensor_parallel": 4}, (1, 4, 1)),
    ],
)
def test_gpus_are_spread_over_degrees(
    changes: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    where = memory.layout(run_of(**changes))
    assert (where.shard, where.tensor, where.pipeline) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),  # weights, gradients, states
    [
        ({"sharding": "none"}, (False, False, False)),
        ({"sharding": "ddp"}, (False, False, False)),
        ({"sharding": "zero1"}, (False, False, True)),
        ({"sharding": "zero2"}, (False, True, True)),
        ({"sharding": "zero3"}, (True, True, True)),
        ({"sharding": "fsdp"}, (True, True, True)),
        ({"sharding": "fsdp", "grad_accum": 2}, (True, False, True)),
        ({"sharding": "fsdp", "grad_accum": 2, "framework": "trl"}, (True, False, True)),
        ({"sharding": "fsdp", "grad_accum": 2, "framework": "advisor"}, (True, False, True)),
        ({"sharding": "fsdp", "grad_accum": 2, "framework": "torchtune"}, (True, True, True)),
        ({"sharding": "none", "framework": "megatron"}, (False, False, True)),
    ],
)
def test_what_is_sharded(changes: dict[str, Any], expected: tuple[bool, bool, bool]) -> None:
    where = memory.layout(run_of(gpus=4, **changes))
    assert (where.sharded_weights, where.sharded_gradients, where.sharded_states) == expected


def test_positions_are_those_of_all_sequences_over_the_context_parallel_gpus() -> None:
    run = run_of(micro_batch=3, objective="dpo", context_parallel=4)
    assert memory.layout(run, 100.0).positions == 3 * 2 * 100 / 4


FULL = {"method": "full"}


@pytest.mark.parametrize(
    ("changes", "expected"),  # bytes per parameter: weight, gradient, moments, master
    [
        (FULL, (2, 2, 4, 0)),
        (FULL | {"dtype": "fp32"}, (4, 4, 8, 0)),
        (FULL | {"dtype": "odd"}, (2, 2, 4, 0)),
        (FULL | {"sharding": "fsdp"}, (2, 2, 4, 0)),
        (FULL | {"sharding": "fsdp", "compute_dtype": "mixed-bf16"}, (4, 4, 8, 0)),
        (FULL | {"sharding": "ddp", "compute_dtype": "mixed-bf16"}, (2, 2, 4, 0)),
        (FULL | {"sharding": "zero1"}, (2, 2, 8, 4)),
        (FULL | {"sharding": "zero2"}, (2, 2, 8, 4)),
        (FULL | {"sharding": "zero3"}, (2, 2, 8, 4)),
        (FULL | {"framework": "megatron"}, (2, 2, 8, 4)),
        (FULL | {"framework": "megatron", "dtype": "fp32"}, (4, 4, 8, 0)),
        ({"method": "lora"}, (4, 4, 8, 0)),
        ({"method": "lora", "sharding": "zero3"}, (4, 4, 8, 0)),
        ({"method": "lora", "framework": "torchtune"}, (2, 2, 4, 0)),
        ({"method": "other", "trainable_params": 500.0}, (2, 2, 4, 0)),
        ({"method": "other", "trainable_params": 300.0}, (4, 4, 8, 0)),
        ({"method": "other", "trainable_params": 500.0, "params": None}, (4, 4, 8, 0)),
        (FULL | {"optimizer": "lion"}, (2, 2, 2, 0)),
        (FULL | {"optimizer": "muon", "sharding": "zero1"}, (2, 2, 4, 4)),
        (FULL | {"optimizer": "adamw8bit"}, (2, 2, 2, 0)),
        (FULL | {"optimizer": "adamw4bit"}, (2, 2, 1, 0)),
        (FULL | {"optimizer": "paged-adamw"}, (2, 2, 0, 0)),
        (FULL | {"optimizer": "other", "framework": "torchtune"}, (2, 2, 0, 0)),
    ],
)
def test_bytes_per_trained_parameter(
    changes: dict[str, Any], expected: tuple[float, float, float, float]
) -> None:
    changes = dict(changes)
    run = replace(run_of(), **changes)
    width = memory._state_width(run)
    assert (width.weight, width.gradient, width.moments, width.master) == expected


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"optimizer": "paged-adamw8bit"}, True),
        ({"optimizer": "other"}, True),
        ({"optimizer": "adamw8bit"}, False),
        ({"optimizer": "other", "gpus": 2}, False),
        ({"optimizer": "other", "grad_accum": 2}, False),
        ({"optimizer": "other", "method": "lora"}, False),
        ({"optimizer": "other", "framework": "hf"}, False),
    ],
)
def test_only_torchtunes_recipe_for_one_gpu_steps_in_the_backward_pass(
    changes: dict[str, Any], steps: bool
) -> None:
    run = run_of(**{"method": "full", "framework": "torchtune", **changes})
    assert memory.steps_in_backward(run) is steps


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 2 * N),
        ({"dtype": "fp32"}, 4 * N),
        ({"dtype": "odd"}, 2 * N),
        (FULL, 2 * N),
        (FULL | {"sharding": "fsdp", "compute_dtype": "mixed-bf16"}, 4 * N),
        (FULL | {"quantization": "nf4"}, 2 * N),
        ({"quantization": "int8", "framework": "trl"}, 1.03 * (N - EMBEDDED) + 2 * EMBEDDED),
        ({"quantization": "int8"}, 1.03 * (N - EMBEDDED) + 4 * EMBEDDED),
        ({"quantization": "unheard"}, 2 * N),
    ],
)
def test_weights_as_stored(changes: dict[str, Any], expected: float) -> None:
    assert memory._weights(run_of(**changes), LAYER) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (FULL | {"objective": "dpo"}, 2 * N),
        (FULL | {"objective": "kto", "dtype": "fp32"}, 4 * N),
        (FULL | {"objective": "dpo", "dtype": "odd"}, 2 * N),
        (FULL | {"objective": "orpo"}, 0),
        (FULL, 0),
        ({"objective": "dpo"}, 0),
    ],
)
def test_a_frozen_reference_stands_beside_a_model_that_is_trained_whole(
    changes: dict[str, Any], expected: float
) -> None:
    assert memory._reference(run_of(**changes), LAYER) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (FULL | {"dtype": "fp32", "compute_dtype": "mixed-bf16"}, 2 * (N - EMBEDDED)),
        (FULL | {"dtype": "fp32"}, 0),
        (FULL | {"compute_dtype": "mixed-bf16"}, 0),
        (FULL | {"dtype": "fp32", "compute_dtype": "mixed-bf16", "sharding": "zero3"}, 0),
    ],
)
def test_autocast_copies_the_matrices_of_fp32_weights(
    changes: dict[str, Any], expected: float
) -> None:
    run = run_of(**changes)
    assert memory._cast_weights(run, LAYER, memory.layout(run)) == expected


@pytest.mark.parametrize(
    ("shape", "changes", "share"),
    [
        ({"moe": True, "expert_params": 800.0}, {"gpus": 4}, 1 - 0.8 * 3 / 4),
        ({"moe": True, "expert_params": 800.0}, {"gpus": 64}, 1 - 0.8 * 7 / 8),
        ({"moe": True, "expert_params": 800.0}, {"gpus": 1}, 1),
        ({"moe": True, "expert_params": 800.0}, {"gpus": 4, "framework": "hf"}, 1),
        ({"expert_params": 800.0}, {"gpus": 4}, 1),
    ],
)
def test_a_training_stack_spreads_experts_over_a_machine(
    shape: dict[str, Any], changes: dict[str, Any], share: float
) -> None:
    run = run_of(**{"framework": "megatron", **changes})
    found = memory._expert_parallel(run, replace(LAYER, **shape), memory.layout(run))
    assert found == pytest.approx(share)


def static(run: TrainingRun, trained: float = 100.0, **shape: Any) -> dict[str, float]:
    return memory._static(run, replace(LAYER, **shape), memory.layout(run), trained, K)


def test_what_stands_is_divided_by_what_it_is_split_over() -> None:
    """Full tuning under ZeRO-3 on 8 GPUs in 2 pipeline stages of 2 tensor-parallel GPUs."""
    run = run_of(method="full", sharding="zero3", gpus=8, tensor_parallel=2, pipeline_parallel=2)
    found = static(run, trained=N)
    assert found["weights"] == 2 * N / 4 / 2
    assert found["gradients"] == 2 * N / 4 / 2
    assert found["optimizer"] == 12 * N / 4 / 2
    assert found["adapter"] == 0.0
    inner = N - EMBEDDED
    gathered = (2 * 2 * inner / LAYERS + 3 * 2 * V * H) / 2
    assert found["buffers"] == pytest.approx(gathered + 7)


def test_what_stands_of_an_adapter_by_hand() -> None:
    found = static(run_of(targets="qv"))
    assert found == {
        "weights": 2 * N,
        "adapter": 4 * 100,
        "optimizer": 8 * 100,
        "gradients": 4 * 100,
        "buffers": 0.0,
    }


def test_embeddings_that_are_trained_whole_are_copied_in_fp32() -> None:
    """Weights in 16 bits, gradients of 4 bytes, and moments and their copy of 6."""
    one = V * H
    found = static(run_of(targets="q_proj,embed_tokens"))
    assert found["adapter"] == 4 * 100 + 2 * one
    assert found["gradients"] == 4 * 100 + 4 * one
    assert found["optimizer"] == 8 * 100 + 6 * one
    both = static(run_of(targets="q_proj,embed_tokens,lm_head"))
    assert both["adapter"] == 4 * 100 + 2 * 2 * one


@pytest.mark.parametrize(("trained", "adapter"), [(300.0, 4 * 300.0), (301.0, 0.0)])
def test_more_than_three_tenths_of_a_model_are_its_own_weights(
    trained: float, adapter: float
) -> None:
    assert static(run_of(), trained)["adapter"] == adapter


@pytest.mark.parametrize(
    ("offload", "kept"), [("none", (1, 1, 1)), ("optimizer", (1, 1, 0)), ("full", (0.15, 0.15, 0))]
)
def test_what_is_offloaded_leaves_a_share(offload: str, kept: tuple[float, ...]) -> None:
    whole = static(run_of(method="full"), trained=N)
    found = static(run_of(method="full", offload=offload), trained=N)
    for term, share in zip(("weights", "gradients", "optimizer"), kept, strict=True):
        assert found[term] == pytest.approx(share * whole[term])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"gpus": 4}, 0),
        ({"gpus": 1, "sharding": "fsdp"}, 0),
        ({"gpus": 4, "sharding": "zero2"}, 7),
        ({"gpus": 4, "sharding": "fsdp"}, 2 * 2 * 800 / LAYERS + 3 * 2 * V * H),
        (
            {"gpus": 4, "sharding": "fsdp", "quantization": "int8", "framework": "trl"},
            2 * 1.03 * 800 / LAYERS + 3 * 2 * V * H + 2 * H * F,
        ),
        (
            {"gpus": 4, "sharding": "fsdp", "framework": "litgpt"},
            2 * 2 * 800 / LAYERS + 3 * 2 * V * H + 2 * N,
        ),
        (
            {"gpus": 4, "sharding": "fsdp", "framework": "litgpt", "method": "full"},
            2 * 2 * 800 / LAYERS + 3 * 2 * V * H,
        ),
        ({"quantization": "nf4"}, 2 * H * F),
    ],
)
def test_buffers_by_hand(changes: dict[str, Any], expected: float) -> None:
    run = run_of(**changes)
    found = memory._buffers(run, LAYER, memory.layout(run), K)
    assert found == pytest.approx(expected)


def test_one_unpacked_matrix_is_the_largest_of_a_layer() -> None:
    run = run_of(quantization="nf4")
    narrow = replace(LAYER, mlp=3.0)
    assert memory._buffers(run, narrow, memory.layout(run), K) == 2 * H * H


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (FULL, 1.25 * 2 * N),
        (FULL | {"dtype": "fp32"}, 1.25 * 4 * N),
        (FULL | {"gpus": 8, "sharding": "zero1"}, 1.25 * 2 * N / 8),
        (FULL | {"gpus": 8, "sharding": "ddp"}, 1.25 * 2 * N),
        (
            FULL | {"gpus": 8, "tensor_parallel": 2, "pipeline_parallel": 2},
            1.25 * 2 * N / 2 / 2,
        ),
        (FULL | {"offload": "optimizer"}, 0),
        (FULL | {"optimizer": "adamw8bit"}, 0),
        (FULL | {"optimizer": "paged-adamw"}, 0),
        (FULL | {"optimizer": "other", "framework": "torchtune"}, 0),
        ({"method": "lora"}, 0),
    ],
)
def test_an_optimiser_with_loops_copies_what_it_updates(
    changes: dict[str, Any], expected: float
) -> None:
    run = run_of(**changes)
    found = memory._optimizer_temporary(run, memory.layout(run), float(N), K)
    assert found == pytest.approx(expected)


T = 100
"""Positions of a batch of one sequence of 100 tokens."""


@pytest.mark.parametrize(
    ("changes", "kept", "worked"),  # times what one layer keeps
    [
        ({}, 1.5 * LAYERS, 4),
        ({"checkpointing": "selective"}, 0.3 * 1.5 * LAYERS, 4),
        ({"micro_batch": 3}, 3 * 1.5 * LAYERS, 3 * 4),
        ({"gpus": 2, "tensor_parallel": 2}, 1.5 * LAYERS / 2, 4 / 2),
        ({"gpus": 3, "pipeline_parallel": 3}, 1.5 * LAYERS / 3, 4),
        ({"gpus": 2, "sharding": "fsdp"}, 1.5 * LAYERS, 4 * 1.7),
        ({"gpus": 2, "sharding": "zero1"}, 1.5 * LAYERS, 4),
        ({"gpus": 2, "sharding": "fsdp", "method": "full"}, 1.5 * LAYERS, 4),
    ],
)
def test_activations_are_kept_over_all_layers_and_worked_on_in_one(
    changes: dict[str, Any], kept: float, worked: float
) -> None:
    run = run_of(**changes)
    found = memory._activations(run, LAYER, memory.layout(run, float(T)), K)
    layer = T * layer_bytes_per_token(run, LAYER)
    assert found == pytest.approx((kept * layer, worked * layer))


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({}, LAYERS),
        ({"framework": "unsloth"}, 0.1 * LAYERS),
        ({"gpus": 2, "tensor_parallel": 2}, LAYERS / 2),
        ({"gpus": 3, "pipeline_parallel": 3}, LAYERS / 3),
    ],
)
def test_checkpoints_are_the_inputs_of_layers(changes: dict[str, Any], share: float) -> None:
    run = run_of(checkpointing="full", **changes)
    kept, _ = memory._activations(run, LAYER, memory.layout(run, float(T)), K)
    assert kept == pytest.approx(share * T * boundary_bytes_per_token(run, LAYER))


def test_eager_scores_count_half_in_the_layer_at_work() -> None:
    run = run_of(attention="eager", gpus=2, tensor_parallel=2)
    _, worked = memory._activations(run, LAYER, memory.layout(run, float(T)), K)
    layer, eager = layer_bytes_per_token(run, LAYER), eager_bytes_per_token(run, LAYER)
    assert worked == pytest.approx(T * (4 * layer + 0.5 * eager) / 2)


@pytest.mark.parametrize(
    ("changes", "shape", "each"),
    [
        ({}, {}, 12),
        ({"fused_loss": "kernel"}, {}, 6),
        ({"fused_loss": "kernel", "framework": "llm-foundry"}, {}, 4),
        ({"objective": "rm"}, {}, 0),
        ({}, {"has_logits": False}, 0),
        ({}, {"encoder": True}, 0),
    ],
)
def test_the_loss_holds_bytes_per_position_and_word(
    changes: dict[str, Any], shape: dict[str, Any], each: float
) -> None:
    run = run_of(gpus=2, tensor_parallel=2, **changes)
    where = memory.layout(run, float(T))
    found = memory._loss(run, replace(LAYER, **shape), where, K)
    assert found == (13 * where.positions * H / 2, each * where.positions * V / 2)


def peak(**changes: Any) -> dict[str, float]:
    return memory.terms(run_of(**changes), LAYER, K)


def test_the_peak_is_the_largest_of_three_moments() -> None:
    """Full tuning: many positions peak at the loss, few at the step of the optimiser, and a deep
    working set in a layer; gradients stand only between micro-batches.
    """
    run = run_of(method="full")
    where = memory.layout(run, float(T))
    kept, worked = memory._activations(run, LAYER, where, K)
    head, logits = memory._loss(run, LAYER, where, K)
    assert worked > head + logits
    in_layer = peak(method="full")
    held = min(logits, worked)
    assert in_layer["activations"] + in_layer["logits"] == pytest.approx(kept + worked)
    assert in_layer["logits"] == pytest.approx(held)
    assert in_layer["gradients"] == 0.0

    shallow = memory.terms(run, LAYER, replace(K, work=0.001))
    assert shallow["activations"] == pytest.approx(kept + head)
    assert shallow["logits"] == pytest.approx(logits)
    standing = memory.terms(replace(run, grad_accum=2), LAYER, replace(K, work=0.001))
    assert standing["gradients"] == 2 * N
    assert standing["activations"] == pytest.approx(kept + head)

    at_step = peak(method="full", seq_len=1)
    assert at_step["gradients"] == 2 * N
    assert (at_step["activations"], at_step["logits"]) == (0.0, 0.0)
    assert at_step["buffers"] == 1.25 * 2 * N


def test_logits_of_a_peak_in_a_layer_are_at_most_its_working_set() -> None:
    many_words = replace(LAYER, vocabulary=10_000)
    wide = memory.terms(run_of(method="full"), many_words, replace(K, head=0.0, work=4000.0))
    run = run_of(method="full")
    where = memory.layout(run, float(T))
    kept, _ = memory._activations(run, LAYER, where, K)
    _, logits = memory._loss(run, many_words, where, K)
    assert wide["logits"] == pytest.approx(logits)
    assert wide["activations"] > kept


def test_a_batch_that_nobody_stated_is_one_that_fits() -> None:
    """What comes and goes takes at most what 82 % of the GPU leaves: here half of it."""
    run = run_of(method="full")
    whole = memory.terms(run, LAYER, K)
    moving = whole["activations"] + whole["logits"]
    stands = sum(whole.values()) - moving
    one = replace(book().gpu("L40S"), memory_gb=1.0)
    each = basis.usable_gib(one, K)
    assert each is not None

    def filled(of_moving: float, *assumed: str) -> dict[str, float]:
        memory_gb = (stands + of_moving * moving) / (0.82 * each * GIB)
        on = replace(run, gpu=replace(one, memory_gb=memory_gb), assumed=assumed)
        return memory.terms(on, LAYER, K)

    for setting in ("micro_batch", "checkpointing", "seq_len"):
        half = filled(0.5, setting)
        assert half["logits"] == pytest.approx(0.5 * whole["logits"])
        assert half["activations"] == pytest.approx(0.5 * whole["activations"])
        assert sum(half.values()) == pytest.approx(stands + 0.5 * moving)
    assert filled(0.5, "optimizer") == whole
    assert filled(1.5, "micro_batch") == whole
    assert filled(-0.1, "micro_batch") == whole  # nothing would fit: as asked
    unknown = replace(run, gpu=None, assumed=("micro_batch",))
    assert memory.terms(unknown, LAYER, K) == whole


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"method": "full"}, N),
        ({"method": "full", "trainable_params": 7.0}, N),
        ({"trainable_params": 7.0}, 7),
        ({"targets": "attention", "rank": 2}, 2 * LAYERS * (3 * 8 + 10 + 10 + 2 * 4 + 8)),
        ({"method": "soft-prompt"}, 20 * H),
        ({"method": "prefix"}, 20 * H * LAYERS),
        ({"method": "ia3"}, 20 * H * LAYERS),
        ({"method": "adapter"}, 20 * H * LAYERS),
    ],
)
def test_trained_parameters_as_stated_else_by_formula(
    changes: dict[str, Any], expected: float
) -> None:
    assert memory.trained_params(run_of(**changes), LAYER) == expected


def test_a_known_model_is_counted_by_its_modules_and_else_typically() -> None:
    known = replace(run_of(targets="q_proj", rank=2), model=book().model("Llama-3.2-3B"))
    assert memory.trained_params(known, LAYER) == 2 * 28 * (3072 + 3072)
    odd = replace(known, targets="nowhere")
    assert memory.trained_params(odd, LAYER) == memory.typical_trained_params(
        LAYER, "lora", 2, "nowhere"
    )
