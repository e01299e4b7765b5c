"""Questions as practice asks them, each answered by one command, with limits of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from advisor.cli.estimate import FRAMEWORKS, command
from advisor.core.errors import UsageError
from advisor.core.training import TrainingRun
from advisor.estimate.training import advice, estimate, frameworks, memory, shape_of, throughput
from advisor.estimate.training.coefficients import fitted
from advisor.estimate.training.hosted import tokens_of
from advisor.estimate.training.request import RunRequest, to_run
from tests.estimate.training.catalogue import a_run, book

GIB = 1024.0**3


def answer(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(
        command, [*words, "--no-own-runs", "--json"], catch_exceptions=False, standalone_mode=False
    )
    return dict(json.loads(done.stdout))


def test_the_largest_micro_batch_on_24_gigabytes() -> None:
    words = ("--model", "Qwen3-8B", "--method", "qlora", "--seq-len", "4096", "--gpu", "RTX 4090")
    assert answer(*words)["fits"] == "no"
    with_checkpointing = answer(*words, "--checkpointing", "full")
    assert with_checkpointing["fits"] in ("fits", "tight")
    assert answer(*words, "--framework", "unsloth")["largest_micro_batch"] >= 4


def test_a_gpu_for_seventy_billion_is_one_that_practice_uses() -> None:
    choice = answer("--model", "Llama-3.1-70B", "--method", "qlora")
    assert choice["inputs"]["checkpointing"] == "full"
    assert choice["free_memory_gib"] < 150  # not a B300: checkpointing is on
    assert choice["memory_gib"]["p50"] < 80


def test_two_consumer_gpus_share_a_model() -> None:
    words = ("--model", "Llama-3.1-70B", "--method", "qlora", "--gpu", "RTX 4090", "--rank", "8")
    shared = answer(*words, "--gpus", "2", "--sharding", "fsdp", "--framework", "fsdp_qlora")
    # published with 2,048 tokens and a batch of 1 to 2: 23 GiB and less with offload
    assert shared["memory_gib"]["p10"] < 24.5
    assert answer(*words, "--checkpointing", "full")["fits"] == "no"


def test_what_packing_buys() -> None:
    words = ("--model", "Llama-3.1-8B", "--gpu", "H100-SXM", "--checkpointing", "full")
    padded = answer(*words, "--mean-tokens", "300", "--examples", "10000", "--micro-batch", "8")
    assert padded["packed"]["train_hours"]["p50"] < 0.9 * padded["train_hours"]["p50"]
    assert answer(*words, "--packed", "--examples", "10")["packed"] is None


def test_a_mixture_of_twenty_billion_in_four_bits() -> None:
    words = ("--model", "gpt-oss-20b", "--method", "qlora", "--gpu", "RTX 4090")
    small = answer(*words, "--framework", "unsloth", "--seq-len", "1024")
    # the notebook of Unsloth runs it on a T4 of 15 GiB
    assert small["fits"] in ("fits", "tight")
    assert small["memory_gib"]["p10"] < 15


def test_preferences_need_pairs_and_a_reference() -> None:
    run = a_run("Llama-3.1-8B", "H100-SXM", method="full", seq_len=1024, packed=True)
    pairs = replace(run, objective="dpo")
    shape = shape_of(run)
    sft, dpo = (memory.terms(r, shape, fitted()) for r in (run, pairs))
    assert dpo["weights"] - sft["weights"] == pytest.approx(2 * 8_030_261_248)
    assert dpo["logits"] == pytest.approx(2 * sft["logits"])
    adapters = replace(run, method="lora")
    with_pairs = memory.terms(replace(adapters, objective="dpo"), shape, fitted())
    assert with_pairs["weights"] == memory.terms(adapters, shape, fitted())["weights"]
    operations = [throughput.matmul_flops_per_token(r, shape) for r in (run, pairs)]
    assert operations[1] / operations[0] == pytest.approx(8 / 6)


@pytest.mark.parametrize(
    ("objective", "operations", "copies", "pairs"),
    [("orpo", 6, 0, 2), ("kto", 6 + 3 * 2, 1, 1), ("rm", 6, 0, 2)],
)
def test_what_other_objectives_pass_through_the_model(
    objective: str, operations: float, copies: int, pairs: int
) -> None:
    """Operations per token over 2 N, copies of the model and answers per example, by hand."""
    run = a_run("Llama-3.1-8B", "H100-SXM", method="full", seq_len=1024, packed=True)
    other = replace(run, objective=objective)
    shape = shape_of(run)
    sft, those = (memory.terms(r, shape, fitted()) for r in (run, other))
    assert those["weights"] - sft["weights"] == pytest.approx(copies * 2 * 8_030_261_248)
    flops = [throughput.matmul_flops_per_token(r, shape) for r in (run, other)]
    assert flops[1] / flops[0] == pytest.approx(operations / 6)
    assert memory.sequences(other) == pairs
    assert those["logits"] == pytest.approx(0 if objective == "rm" else pairs * sft["logits"])


def test_an_objective_that_writes_answers_gets_no_answer_and_a_reason() -> None:
    words = ("--model", "Llama-3.1-8B", "--gpu", "H100-SXM", "--objective", "GRPO")
    found = answer(*words)
    assert found["memory_gib"]["p50"] is None
    assert "writes answers" in found["tokens_per_second"]["reason"]
    assert found["fits"] == "unknown"


def test_a_request_takes_the_words_of_libraries() -> None:
    model = book().model("Llama-3.1-8B")

    def run(**words: object) -> TrainingRun:
        return to_run(RunRequest("Llama-3.1-8B", **words), model, None, book().gpu("L40S"))  # type: ignore[arg-type]

    theirs = {"method": "QDoRA", "optimizer": "adamw_torch", "attention": "flash_attention_2"}
    ours = {"method": "dora", "quantization": "nf4", "optimizer": "adamw", "attention": "flash"}
    assert run(**theirs) == run(**ours)
    two = {"gpus": 2, "sharding": "ZeRO-3 offload"}
    assert run(**two) == run(gpus=2, sharding="zero3", offload="full")
    assert run(gpus=2, sharding="ulysses") == run(gpus=2, cp=2)
    with pytest.raises(UsageError, match="--fused-loss ligar: not known; did you mean 'liger'"):
        run(fused_loss="ligar")


def test_a_mean_above_the_usual_limit_raises_it() -> None:
    words = ("--model", "Llama-3.1-8B", "--gpu", "RTX A6000", "--method", "qlora")
    assert answer(*words, "--mean-tokens", "2500")["inputs"]["seq_len"] == 8192
    assert answer(*words, "--mean-tokens", "700")["inputs"]["seq_len"] == 2048


def test_a_project_of_fifty_thousand_examples_with_its_evaluations() -> None:
    words = ("--model", "Llama-3.1-8B", "--gpu", "H100-SXM", "--examples", "50000")
    words += ("--mean-tokens", "700", "--epochs", "3", "--micro-batch", "4")
    words += ("--batches", "sorted", "--checkpointing", "full")
    plain = answer(*words)
    tokens = 50_000 * 700 * 3
    by_hand = tokens * 6 * 7.5e9 / (0.35 * 989e12) / 3600  # LoRA with checkpointing, 35 % of peak
    assert plain["train_hours"]["p10"] < 1.3 * by_hand
    assert plain["train_hours"]["p90"] > 0.9 * by_hand
    evaluated = answer(*words, "--eval-examples", "5000", "--evaluations", "2")
    more = evaluated["train_hours"]["p50"] / plain["train_hours"]["p50"]
    assert more == pytest.approx(1.0 + 0.5 * 2 * 5_000 / 50_000, rel=0.02)


def test_an_owned_gpu_beside_a_rented_one() -> None:
    words = (
        "--model",
        "Qwen2.5-7B",
        "--method",
        "qlora",
        "--gpu",
        "RTX 3090",
        "--examples",
        "1000",
    )
    words += ("--mean-tokens", "500", "--checkpointing", "full")
    owned = answer(*words, "--electricity-usd-per-kwh", "0.3")
    assert owned["cost_usd"]["p50"] < owned["rented"]["cost_usd"]["p50"]
    assert owned["rented"]["gpu"]
    assert answer(*words)["rented"] is None


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_what_a_framework_does_by_default_is_listed_and_widens(name: str) -> None:
    words = ("--model", "Llama-3.1-8B", "--gpu", "A100-80GB-SXM", "--framework", name)
    words += ("--packed",)
    open_choices = answer(*words)
    inputs = open_choices["inputs"]
    stack = frameworks.by_name(name)
    assert inputs["checkpointing"] == stack.checkpointing
    assert inputs["fused_loss"] == stack.fused_loss
    if name == "hf":
        return
    assert {"checkpointing", "fused_loss", "optimizer"} <= set(inputs["assumed"])
    stated = answer(
        *words,
        *("--checkpointing", stack.checkpointing, "--fused-loss", stack.fused_loss),
        *("--optimizer", stack.optimizer),
    )

    def width(part: dict[str, Any]) -> float:
        return float(part["memory_gib"]["p90"] / part["memory_gib"]["p10"])

    assert stated["memory_gib"]["p50"] == open_choices["memory_gib"]["p50"]
    assert width(open_choices) > width(stated)


@pytest.mark.parametrize("gpu", ["T4", "V100-16GB-SXM2", "RTX 2080 Ti"])
def test_bf16_on_a_gpu_without_it_is_remarked_upon(gpu: str) -> None:
    words = ("--model", "Qwen2.5-0.5B", "--gpu", gpu, "--packed", "--seq-len", "512")
    chosen = answer(*words)
    assert chosen["inputs"]["dtype"] == "fp16"
    forced = answer(*words, "--dtype", "bf16")
    assert any("no matrix units for bf16" in note for note in forced["notes"])
    assert forced["tokens_per_second"]["p50"] < chosen["tokens_per_second"]["p50"]


def test_fp32_is_slow_and_large() -> None:
    for model in ("Llama-3.2-1B", "roberta-large"):
        half = a_run(model, "A100-80GB-SXM", method="full", micro_batch=8, packed=True)
        full = replace(half, dtype="fp32")
        a, b = estimate(half), estimate(full)
        assert 1.45 < b.terms["activations"] / a.terms["activations"] < 1.95
        assert b.tokens_per_second.likely < 0.3 * a.tokens_per_second.likely


def test_a_small_model_is_bound_by_launches() -> None:
    # SmolLM2 135M, LoRA on all matrices on an H200: 2.7 times slower than version 0.1 predicted
    run = a_run("SmolLM2-135M", "H200-SXM", packed=True, micro_batch=4, seq_len=512)
    shares = throughput.shares(run, run.gpu, shape_of(run), fitted())
    assert shares["launch"] > 0.8


def test_a_low_power_gpu_does_not_reach_its_printed_rate() -> None:
    # an L4 prints a third of the rate of an L40S at a fifth of the power
    slow, fast = (estimate(a_run(gpu=g, packed=True, micro_batch=8)) for g in ("L4", "L40S"))
    ratio = slow.tokens_per_second.likely / fast.tokens_per_second.likely
    assert 0.15 < ratio < 0.3


def test_tokens_of_a_hosted_job_are_those_of_its_rows_or_of_packed_sequences() -> None:
    rows = RunRequest("m", examples=1000, mean_tokens=300, seq_len=2048, epochs=3)
    assert tokens_of(rows) == 1000 * 300 * 3
    assert tokens_of(replace(rows, packed=True)) == 1000 * 2048 * 3
    assert tokens_of(replace(rows, objective="dpo")) == 2 * 1000 * 300 * 3


@pytest.mark.parametrize(("micro_batch", "accumulated"), [(1, None), (2, 6), (8, 24)])
def test_a_smaller_batch_saves_memory_with_the_same_examples_per_step(
    micro_batch: int, accumulated: int | None
) -> None:
    run = a_run(micro_batch=micro_batch, grad_accum=3)
    smaller = [c.of(run) for c in advice._changes(run) if c.kind == "batch"]
    found = [(run.micro_batch, run.grad_accum) for run in smaller]
    assert found == ([] if accumulated is None else [(1, accumulated)])
