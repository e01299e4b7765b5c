"""What is left out means the same at the command line, in a request and in a run."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest

from advisor.cli.estimate import command
from advisor.core.errors import UsageError
from advisor.core.training import TrainingRun
from advisor.estimate.training.request import RunRequest, to_run
from tests.estimate.training.catalogue import book


def defaults(record: type) -> dict[str, object]:
    """Of the fields that stand for something where they are left out."""
    stated = {field.name: field.default for field in fields(record)}
    return {name: value for name, value in stated.items() if value not in (MISSING, None)}


FLAGS = {option.name: option.to_info_dict()["default"] for option in command.params}
REQUEST = defaults(RunRequest)
RUN = defaults(TrainingRun)


@pytest.mark.parametrize("name", sorted(REQUEST.keys() & FLAGS.keys() - {"seq_len"}))
def test_a_flag_that_is_left_out_is_left_out_of_a_request(name: str) -> None:
    assert REQUEST[name] == FLAGS[name]


@pytest.mark.parametrize("name", sorted(REQUEST.keys() & RUN.keys()))
def test_a_request_that_leaves_it_out_is_the_usual_run(name: str) -> None:
    assert REQUEST[name] == RUN[name]


def test_most_flags_are_compared() -> None:
    assert {"rank", "micro_batch", "gpus", "epochs"} <= REQUEST.keys() & RUN.keys() & FLAGS.keys()


STATED: dict[str, object] = {
    "method": "dora", "rank": 7, "targets": "qv", "quantization": "int8", "dtype": "fp32",
    "compute": "fp8", "optimizer": "lion", "micro_batch": 3, "grad_accum": 5, "seq_len": 900,
    "packed": True, "mean_tokens": 300.0, "longest_tokens": 800.0, "checkpointing": "selective",
    "attention": "eager", "fused_loss": "kernel", "offload": "optimizer", "gpus": 16,
    "free_memory_gib": 33.0, "sharding": "fsdp", "framework": "axolotl", "examples": 1234.0,
    "epochs": 2.5, "objective": "dpo", "eval_examples": 50.0, "evaluations": 4.0,
}  # fmt: skip
NAMED_OTHERWISE = {"compute": "compute_dtype"}


def run_of(**changes: Any) -> TrainingRun:
    model, gpu = book().model("Llama-3.2-3B"), book().gpu("L40S")
    return to_run(RunRequest("mine", **changes), model, None, gpu)


def test_what_is_stated_goes_into_the_run_as_it_is() -> None:
    run = run_of(**STATED, tp=2, pp=4, cp=2, compiled=True)
    expected = {NAMED_OTHERWISE.get(name, name): value for name, value in STATED.items()}
    assert {name: getattr(run, name) for name in expected} == expected
    assert (run.model_name, run.gpu_name, run.assumed) == ("mine", "L40S", ())
    degrees = (run.tensor_parallel, run.pipeline_parallel, run.context_parallel, run.compile)
    assert degrees == (2, 4, 2, True)


@pytest.mark.parametrize(
    "method", ["lora", "qlora", "dora", "ia3", "prefix", "soft-prompt", "full"]
)
def test_only_adapters_of_modules_have_targets(method: str) -> None:
    adapts = method in ("lora", "qlora", "dora", "ia3")
    assert run_of(method=method, targets="qv").targets == ("qv" if adapts else "")


@pytest.mark.parametrize(
    ("changes", "sharding"),
    [
        ({"gpus": 1}, "none"),
        ({"gpus": 2}, "ddp"),
        ({"gpus": 2, "sharding": "zero3"}, "zero3"),
        ({"gpus": 4, "tp": 2}, "none"),
        ({"gpus": 4, "pp": 4}, "none"),
    ],
)
def test_several_gpus_hold_copies_unless_they_share_the_model(
    changes: dict[str, Any], sharding: str
) -> None:
    assert run_of(**changes).sharding == sharding


@pytest.mark.parametrize(
    ("batches", "padding_free", "is_sorted"),
    [(None, None, None), ("sorted", True, True), ("padding-free", True, False)],
)
def test_batches_without_padding_are_sorted_or_joined(
    batches: str | None, padding_free: bool | None, is_sorted: bool | None
) -> None:
    run = run_of(batches=batches)
    assert (run.padding_free, run.sorted_by_length) == (padding_free, is_sorted)


@pytest.mark.parametrize(
    ("changes", "assumed"),
    [
        ({}, ("mean_tokens",)),
        ({"mean_tokens": 200.0}, ()),
        ({"packed": True}, ()),
        (
            {"framework": "unsloth", "packed": True},
            ("checkpointing", "fused_loss", "optimizer"),
        ),
        (
            {"framework": "unsloth", "packed": True, "optimizer": "adamw", "fused_loss": "no"},
            ("checkpointing",),
        ),
    ],
)
def test_what_is_left_open_is_assumed(changes: dict[str, Any], assumed: tuple[str, ...]) -> None:
    assert run_of(**changes).assumed == assumed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "full", "quantization": "nf4"}, "--quantization nf4"),
        ({"gpus": 4, "tp": 2, "pp": 2, "cp": 2}, "more than --gpus"),
        ({"mean_tokens": 900.0, "seq_len": 899}, "above --seq-len"),
        ({"targets": "nothing"}, "nothing"),
    ],
)
def test_flags_that_clash_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_of(**changes)


def test_flags_that_just_agree_are_taken() -> None:
    assert run_of(gpus=8, tp=2, pp=2, cp=2).gpus == 8
    assert run_of(mean_tokens=900.0, seq_len=900).mean_tokens == 900.0
    assert run_of(method="full", quantization="none").quantization == "none"


NAMES = (
    *("bloom-560m", "deberta-v3-base", "Gemma-2-9b", "gpt-oss-20b", "gpt-neo-1.3B", "MPT-125m"),
    *("mpnet-base", "Llama-3.1-8B", "Qwen3-8B", "Mixtral-8x7B-v0.1", "bert-base-uncased"),
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_attention_is_eager_where_the_class_has_no_kernel_of_pytorch(name: str) -> None:
    """As transformers says of its classes; stacks with attention of their own do as they do."""
    transformers = pytest.importorskip("transformers")
    model = book().model(name)

    def attention(**words: str) -> str:
        return to_run(RunRequest(name, **words), model, None, book().gpu("L40S")).attention  # type: ignore[arg-type]

    has_kernel = getattr(transformers, model.hf_class)._supports_sdpa
    assert attention() == ("sdpa" if has_kernel else "eager")
    assert attention(attention="flash") == "flash"
    assert attention(framework="axolotl") == "flash"
