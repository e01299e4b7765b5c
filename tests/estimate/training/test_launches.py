"""Operations that a layer issues, against those that PyTorch's dispatcher counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import peft
import pytest
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode

from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks, shape_of
from advisor.estimate.training.coefficients import fitted
from advisor.estimate.training.frameworks import Kernels
from advisor.estimate.training.launches import adapter_modules, launch_seconds
from tests.estimate.training.by_hand import LAYER, SPEEDS, run_of
from tests.estimate.training.catalogue import a_run, book

pytestmark = pytest.mark.filterwarnings("ignore")

K = fitted()
SIZES = {
    "vocab_size": 32,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 32,
}
ENCODER = {name: size for name, size in SIZES.items() if name != "num_key_value_heads"}
NO_KERNEL = frozenset(
    {"view", "transpose", "t", "slice", "select", "expand", "unsqueeze", "squeeze", "permute"}
    | {"detach", "alias", "_unsafe_view", "as_strided", "split", "unbind", "reshape", "chunk"}
    | {"split_with_sizes", "empty", "empty_like", "empty_strided", "lift_fresh", "new_empty"}
    | {"new_empty_strided", "is_pinned", "_local_scalar_dense", "unfold"}
)
"""Operations of the dispatcher that touch no data."""


def operations(run: TrainingRun) -> float:
    """Of one layer, forward and backward, by the estimator."""
    shape = shape_of(run)
    deeper = replace(shape, layers=shape.layers + 1)
    each = launch_seconds(run, deeper, K) - launch_seconds(run, shape, K)
    return each / math.exp(K.launch_operation)


class Counting(TorchDispatchMode):
    """Counts operations that compute."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        name = func._schema.name.split("::")[1]
        self.count[name] += name not in NO_KERNEL
        return func(*args, **(kwargs or {}))


def counted(build: Callable[[int], Any], *, autocast: bool = False, first: bool = False) -> int:
    """Operations of the second layer of a model: those of two layers less those of one; or what is
    there beside the first.
    """
    torch.set_num_threads(1)
    totals = []
    for layers in (1, 2):
        model = build(layers).train()
        inputs = {"input_ids": torch.ones((1, 8), dtype=torch.long)}
        if "Sequence" in type(model).__name__:
            inputs["labels"] = torch.tensor([0])
        else:
            inputs |= {"labels": inputs["input_ids"], "use_cache": False}
        with Counting() as counting:
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                loss = model(**inputs).loss
            loss.backward()
        totals.append(sum(counting.count.values()))
    one, two = totals
    return 2 * one - two if first else two - one


def plain(kind: str, **more: object) -> Callable[[int], Any]:
    """A small causal model of a family."""
    config = getattr(transformers, f"{kind}Config")
    model = getattr(transformers, f"{kind}ForCausalLM")
    return lambda layers: model(config(num_hidden_layers=layers, **SIZES, **more)).to(
        torch.bfloat16
    )


def adapted(**settings: object) -> Callable[[int], Any]:
    """A small Llama with adapters of all its matrices."""

    def build(layers: int) -> Any:
        lora = peft.LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM", **settings)
        return peft.get_peft_model(plain("Llama")(layers), lora)

    return build


@pytest.mark.parametrize(
    ("model", "kind", "more"),
    [
        ("Llama-3.1-8B", "Llama", {}),
        ("Qwen3-8B", "Qwen3", {"head_dim": 8}),  # norms per head
        ("Qwen3-30B-A3B", "Qwen3Moe", {"head_dim": 8, "moe_intermediate_size": 8}),
        ("Mixtral-8x7B-v0.1", "Mixtral", {}),
    ],
)
def test_a_trained_layer_issues_what_the_dispatcher_counts(
    model: str, kind: str, more: dict[str, object]
) -> None:
    run = a_run(model, method="full")
    assert operations(run) == pytest.approx(counted(plain(kind, **more)), rel=0.12)


def test_embedding_head_and_loss_issue_theirs_once() -> None:
    """By hand: what one layer of Llama leaves of a whole model of one layer."""
    run = a_run("Llama-3.1-8B", method="full")
    shape = replace(shape_of(run), layers=0)
    outside = launch_seconds(run, shape, K) / math.exp(K.launch_operation)
    assert outside == pytest.approx(counted(plain("Llama"), first=True), rel=0.12)


def test_an_encoder_issues_fewer() -> None:
    def bert(layers: int) -> Any:
        config = transformers.BertConfig(num_hidden_layers=layers, **ENCODER)
        return transformers.BertForSequenceClassification(config).to(torch.bfloat16)

    run = a_run("bert-base-uncased", method="full")
    assert operations(run) == pytest.approx(counted(bert), rel=0.12)


@pytest.mark.parametrize(("method", "settings"), [("lora", {}), ("dora", {"use_dora": True})])
def test_adapters_issue_what_the_dispatcher_counts(
    method: str, settings: dict[str, object]
) -> None:
    run = a_run("Llama-3.1-8B", method=method, targets="all-linear")
    assert adapter_modules(run, shape_of(run)) == 7
    measured = counted(adapted(**settings), autocast=True)
    assert operations(run) == pytest.approx(measured, rel=0.05)


def stack(kernels: Kernels, in_fp32: bool) -> str:
    """A framework of this kind."""
    return next(
        name
        for name, versions in frameworks.table().items()
        if (versions[-1].kernels, versions[-1].adapters_in_fp32) == (kernels, in_fp32)
    )


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"compile": True}, 0.5),
        ({"checkpointing": "full"}, 4 / 3),  # forward is a third of a step
        ({"sharding": "fsdp", "gpus": 4}, math.exp(K.launch_sharded)),
        ({"sharding": "ddp", "gpus": 4}, 1.0),
        ({"attention": "eager"}, 144 / 109),
        ({"method": "prefix"}, 0.9),  # positions, not operations, and frozen weights
    ],
)
def test_settings_change_the_operations_of_a_layer(
    changes: dict[str, object], share: float
) -> None:
    run = a_run("Llama-2-7b", method="full")
    assert operations(replace(run, **changes)) / operations(run) == pytest.approx(share)


@pytest.mark.parametrize(
    ("kernels", "in_fp32", "each"),
    [(Kernels.PLAIN, True, 18.0), (Kernels.TUNED, False, 10.8), (Kernels.FUSED, True, 5.4)],
)
def test_adapters_add_theirs_for_each_module(kernels: Kernels, in_fp32: bool, each: float) -> None:
    run = a_run(
        "Llama-2-7b", method="lora", targets="all-linear", framework=stack(kernels, in_fp32)
    )
    assert operations(run) == pytest.approx(0.9 * 109 + 7 * each)
    quantized = replace(run, method="qlora", quantization="nf4")
    assert operations(quantized) - operations(run) == pytest.approx(7 * 6)
    again = replace(run, checkpointing="full")
    assert operations(again) / operations(run) == pytest.approx(1.4)


def test_a_mixture_whose_experts_nobody_states_is_taken_to_have_usual_ones() -> None:
    run = replace(
        a_run("Mixtral-8x7B-v0.1", method="full", software_date="2025"),
        model=None,
        params=30e9,
        model_name="own-30B-A3B",
    )
    dense = replace(run, model_name="own-30B")
    assert operations(run) - operations(dense) == pytest.approx(37 * 64)


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"method": "full"}, {}, 109),
        ({"method": "full"}, {"norms": 4, "head_norms": True}, 109 + 4 * 24),
        ({"method": "full"}, {"gated": False}, 72),
        ({"method": "full", "checkpointing": "selective"}, {}, 109 * (1 + 0.2 / 3)),
        ({"method": "full"}, {"moe": True}, 109 + 40),
        ({"method": "full", "software_date": "2025"}, {"moe": True}, 109 + 37 * 9),
        ({"method": "full", "framework": "nemo"}, {"moe": True}, 109 + 40),
        ({"method": "full", "gpus": 2, "sharding": "fsdp"}, {"moe": True}, 1.5 * 109 + 40),
        ({"targets": "qv"}, {}, 98.1 + 18 * 2),
        ({"targets": ""}, {}, 98.1 + 18 * 2),
        ({"quantization": "nf4", "targets": "qv"}, {}, 98.1 + 24 * 2),
        ({"method": "soft-prompt"}, {}, 98.1),
        ({"method": "dora", "framework": "torchtune"}, {}, 98.1 + 46 * 0.6 * 7),
        ({"framework": "unsloth"}, {}, 98.1 + 0.3 * 18 * 7),
        ({"gpus": 2, "sharding": "zero3"}, {}, 1.5 * 98.1 + 18 * 7),
        ({"checkpointing": "full", "targets": "qv"}, {}, (98.1 + 36) * 1.4),
    ],
)
def test_launches_by_hand(changes: dict[str, Any], shape: dict[str, Any], expected: float) -> None:
    found = launch_seconds(run_of(**changes), replace(LAYER, **shape), SPEEDS)
    fused = 0.5 if changes.get("framework") == "nemo" else 1.0
    assert found == pytest.approx(0.002 * fused * (50 + expected * LAYER.layers))


@pytest.mark.parametrize("more", [{"framework": "nemo"}, {"compile": True}])
def test_fused_kernels_halve_the_operations(more: dict[str, Any]) -> None:
    plain, fused = (run_of(method="full", **changes) for changes in ({}, more))
    seconds = launch_seconds(plain, LAYER, SPEEDS)
    assert launch_seconds(fused, LAYER, SPEEDS) == pytest.approx(seconds / 2)


def test_experts_of_a_known_mixture_are_launched_one_by_one() -> None:
    mixtral = book().model("Mixtral-8x7B-v0.1")
    run = replace(run_of(method="full", software_date="2025"), model=mixtral)
    found = launch_seconds(run, replace(LAYER, moe=True), SPEEDS)
    assert found == pytest.approx(0.002 * (50 + (109 + 8 * 37) * LAYER.layers))
