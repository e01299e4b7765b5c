"""Memory against hand formulas that published runs confirm to the byte, and against its own
laws.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.estimate.training import activations, coefficients, estimate, memory, shape_of
from tests.estimate.training.catalogue import a_run

GIB = 1024.0**3
K = coefficients.fitted()


def allocated(run) -> float:
    shape = shape_of(run)
    assert shape is not None
    return sum(memory.terms(run, shape, K).values()) / GIB


def test_full_tuning_peaks_at_the_step_of_the_optimiser_with_ten_bytes_a_parameter() -> None:
    # 16-bit weights, gradients and two moments, and one copy in the step: published 67.49 GiB for
    # Mistral 7B
    run = a_run(
        "Mistral-7B-v0.1", "A100-80GB-SXM", method="full", micro_batch=4, seq_len=4096, packed=True
    )
    run = replace(run, checkpointing="full", attention="flash", framework="trl")
    by_hand = 7_241_732_096 * 10 / GIB
    assert allocated(run) - K.constant_gib == pytest.approx(by_hand, rel=0.01)


def test_sharding_in_autocast_keeps_states_in_fp32() -> None:
    # 20 bytes a parameter over 4 GPUs: published 37.4 GiB for Llama 3 8B
    run = a_run(
        "Llama-3.1-8B", "A100-80GB-SXM", method="full", micro_batch=1, seq_len=512, packed=True
    )
    run = replace(
        run,
        checkpointing="full",
        sharding="fsdp",
        gpus=4,
        framework="trl",
        compute_dtype="mixed-bf16",
    )
    states = sum(
        memory.terms(run, shape_of(run), K)[name] for name in ("weights", "gradients", "optimizer")
    )
    assert states / GIB == pytest.approx(8_030_261_248 * 16 / 4 / GIB, rel=1e-6)


def test_four_bit_weights_leave_the_embeddings_in_sixteen() -> None:
    run = a_run("Llama-3.1-8B", method="qlora", quantization="nf4", framework="litgpt")
    embeddings = 2 * 128_256 * 4096
    by_hand = (8_030_261_248 - embeddings) * 0.5625 + embeddings * 2
    assert memory.terms(run, shape_of(run), K)["weights"] == pytest.approx(by_hand, rel=1e-3)


def test_adapters_cost_sixteen_bytes_a_parameter() -> None:
    terms = memory.terms(a_run(rank=32, targets="q_proj,v_proj"), shape_of(a_run()), K)
    assert terms["adapter"] + terms["gradients"] + terms["optimizer"] == pytest.approx(
        16 * 9_175_040
    )


@pytest.mark.parametrize("sharding", ["zero1", "zero3"])
def test_mixed_precision_with_sharded_states_takes_sixteen_bytes_a_parameter(sharding: str) -> None:
    """2 of weights, 2 of gradients, and K = 12 of the optimiser: a copy and two moments in fp32
    (Rajbhandari et al. 2020, ZeRO, §3.1).
    """
    run = a_run("Llama-3.1-8B", method="full", sharding=sharding, grad_accum=2)
    terms = memory._static(run, shape_of(run), memory.layout(run), 1e9, K)
    assert (terms["optimizer"], terms["gradients"]) == (12e9, 2e9)


def test_an_encoder_has_no_logits() -> None:
    run = a_run("roberta-base", method="full", seq_len=128, micro_batch=16)
    assert memory.terms(run, shape_of(run), K)["logits"] == 0.0


@given(
    st.sampled_from(["full", "lora", "qlora"]),
    st.sampled_from(["none", "full", "selective"]),
    st.integers(1, 32),
    st.integers(64, 8192),
)
def test_more_tokens_never_need_less(
    method: str, checkpointing: str, micro_batch: int, seq_len: int
) -> None:
    quantization = "nf4" if method == "qlora" else "none"
    run = a_run(
        method=method, quantization=quantization, checkpointing=checkpointing, seq_len=seq_len
    )
    run = replace(run, micro_batch=micro_batch)
    least = allocated(run)
    assert allocated(replace(run, micro_batch=micro_batch + 1)) >= least
    assert allocated(replace(run, seq_len=seq_len + 64)) >= least


@given(st.sampled_from(["zero1", "zero2", "zero3", "fsdp"]), st.integers(1, 6))
def test_sharding_over_more_gpus_never_needs_more(sharding: str, doublings: int) -> None:
    def states(gpus: int) -> float:
        run = a_run("Llama-3.1-8B", method="full", sharding=sharding, gpus=gpus)
        terms = memory.terms(run, shape_of(run), K)
        return terms["weights"] + terms["gradients"] + terms["optimizer"]

    assert states(2**doublings) <= states(2 ** (doublings - 1))


def test_a_model_that_stays_on_every_gpu_beside_its_shards() -> None:
    # LitGPT, LoRA on two GPUs: published 20.66 GiB for Llama 2 7B, 33.1 on four for 13B; weights
    # are 12.6 and 24.2
    for model, gpus, published in (("Llama-2-7b", 2, 20.66), ("Llama-2-13b", 4, 33.13)):
        run = a_run(
            model,
            "A100-40GB-SXM",
            gpus=gpus,
            sharding="fsdp",
            framework="litgpt",
            checkpointing="full",
        )
        run = replace(run, rank=8, targets="qv", fused_loss="yes", seq_len=1304, mean_tokens=250)
        assert allocated(run) == pytest.approx(published, rel=0.12)


@given(
    st.sampled_from(["allocated", "reserved", "process", "unstated"]),
    st.sampled_from(["full", "lora"]),
)
def test_terms_add_up_to_the_median(basis: str, method: str) -> None:
    found = estimate(a_run(method=method, memory_basis=basis))
    assert sum(found.terms.values()) == pytest.approx(found.memory_gib.likely)
    assert all(value >= 0.0 for value in found.terms.values())


def test_preparation_for_k_bit_training_casts_embeddings_to_fp32() -> None:
    run = a_run("Llama-3.1-8B", method="qlora", quantization="nf4", framework="hf")
    embeddings = 2 * 128_256 * 4096
    inner = (8_030_261_248 - embeddings) * 0.5625
    weights = memory.terms(run, shape_of(run), K)["weights"]
    assert weights == pytest.approx(inner + 4 * embeddings, rel=1e-3)


def test_paged_optimisers_live_in_the_memory_of_the_host() -> None:
    run = a_run("Llama-3.1-8B", method="full", optimizer="adamw8bit")
    paged = replace(run, optimizer="paged-adamw8bit")
    terms = [memory.terms(r, shape_of(r), K)["optimizer"] for r in (run, paged)]
    assert terms == [pytest.approx(2 * 8_030_261_248), 0.0]


def test_an_optimiser_in_the_backward_pass_holds_no_gradients() -> None:
    # torchtune's recipe for one GPU: published 18.9 GiB for Llama 3.1 8B, 15.0 of them weights
    run = a_run("Llama-3.1-8B", "RTX 4090", method="full", optimizer="paged-adamw8bit")
    run = replace(run, framework="torchtune", checkpointing="full", micro_batch=2, seq_len=2048)
    run = replace(run, packed=True, fused_loss="projection")
    assert memory.terms(run, shape_of(run), K)["gradients"] == 0.0
    assert allocated(run) == pytest.approx(18.9, rel=0.12)


def test_parts_of_the_model_that_are_trained_are_not_copied() -> None:
    part = a_run("Qwen2.5-7B", method="other", trainable_params=4e9)
    assert memory.terms(part, shape_of(part), K)["adapter"] == 0.0
    added = replace(part, trainable_params=4e8)
    assert memory.terms(added, shape_of(added), K)["adapter"] == pytest.approx(4 * 4e8)


def test_a_model_of_embeddings_has_no_vocabulary_head() -> None:
    run = replace(a_run(), model=None, params=4e9, model_name="Qwen3-Embedding-4B")
    assert memory.terms(run, shape_of(run), K)["logits"] == 0.0
    named = replace(run, model_name="mine-4B")
    assert memory.terms(named, shape_of(named), K)["logits"] > 0.0


def test_fp32_without_autocast_keeps_almost_twice_as_much() -> None:
    # counted with saved-tensor hooks: 1.85 for Llama, 1.5 for encoders with dropout on a CPU, whose
    # masks are not the bytes of a GPU
    for model in ("roberta-large", "Llama-3.2-1B"):
        half = a_run(model, method="full", packed=True)
        kept = [
            activations.layer_bytes_per_token(r, shape_of(r))
            for r in (half, replace(half, dtype="fp32"))
        ]
        assert 1.45 < kept[1] / kept[0] < 1.95


def test_a_measured_gpu_confirms_the_count_of_kept_tensors() -> None:
    # Llama 3.1 8B, LoRA of rank 16 on all matrices under autocast on an H200, slices of 2, 4 and 6
    # layers at 2,048 tokens: 0.83811 GiB per layer, of which 436.2 MB weights and 16 bytes for each
    # of 1,310,720 parameters of the adapter
    run = a_run("Llama-3.1-8B", "H200-SXM", packed=True, seq_len=2048, compute_dtype="mixed-bf16")
    measured = (0.83811 * GIB - 2 * 218_112_000 - 16 * 1_310_720) / 2048
    assert activations.layer_bytes_per_token(run, shape_of(run)) == pytest.approx(
        measured, rel=0.01
    )


@pytest.mark.parametrize(("framework", "bits"), [("litgpt", 4.5), ("torchtune", 4.127)])
def test_scales_of_nf4_are_quantised_where_the_stack_does_so(framework: str, bits: float) -> None:
    # Dettmers et al. 2023, section 3: 0.5 bits per parameter for the scales, 0.127 quantised twice
    run = a_run("Llama-3.1-8B", method="qlora", quantization="nf4", framework=framework)
    embeddings = 2 * 128_256 * 4096
    by_hand = (8_030_261_248 - embeddings) * bits / 8 + embeddings * 2
    assert memory.terms(run, shape_of(run), K)["weights"] == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize(("kind", "bits"), [("mxfp4", 4 + 8 / 32), ("nvfp4", 4 + 8 / 16)])
def test_weights_in_fp4_count_their_scales(kind: str, bits: float) -> None:
    run = a_run("Llama-3.1-8B", method="lora", quantization=kind, framework="litgpt")
    embeddings = 2 * 128_256 * 4096
    by_hand = (8_030_261_248 - embeddings) * bits / 8 + embeddings * 2
    assert memory.terms(run, shape_of(run), K)["weights"] == pytest.approx(by_hand, rel=1e-3)


@pytest.mark.parametrize(
    ("optimizer", "each"), [("adamw", 4.0), ("adamw8bit", 2.0), ("sgd", 0.0), ("adafactor", 0.1)]
)
def test_an_optimiser_keeps_its_bytes_per_parameter(optimizer: str, each: float) -> None:
    """Two moments in the width of bf16 weights, or in a byte each, none, or a row and a column."""
    run = a_run("Llama-3.1-8B", method="full", optimizer=optimizer)
    found = memory.terms(run, shape_of(run), K)["optimizer"]
    assert found == pytest.approx(each * 8_030_261_248, rel=1e-6)


SPLIT = {"zero1": {"optimizer"}, "zero3": {"weights", "adapter", "optimizer", "gradients"}}


@pytest.mark.parametrize("sharding", list(SPLIT))
def test_what_is_sharded_is_divided_and_the_rest_is_on_every_gpu(sharding: str) -> None:
    one = a_run("Llama-3.1-8B", grad_accum=4, checkpointing="full")
    alone = memory.terms(one, shape_of(one), K)
    four = replace(one, gpus=4, sharding=sharding)
    found = memory.terms(four, shape_of(four), K)
    for term in ("weights", "adapter", "optimizer", "gradients"):
        parts = 4 if term in SPLIT[sharding] else 1
        assert found[term] == pytest.approx(alone[term] / parts), term


@pytest.mark.parametrize(
    ("method", "sharding", "factor"),
    [("lora", "fsdp", 2.0), ("full", "fsdp", 1.0), ("lora", "zero1", 1.0), ("full", "none", 1.0)],
)
def test_only_adapters_on_gathered_weights_take_another_working_set(
    method: str, sharding: str, factor: float
) -> None:
    run = a_run(method=method, sharding=sharding, gpus=2)
    where = memory.layout(run, 512.0)

    def working_set(k: coefficients.Coefficients) -> float:
        return memory._activations(run, shape_of(run), where, k)[1]

    twice = replace(K, work_fsdp_adapter=2 * K.work_fsdp_adapter)
    assert working_set(twice) == pytest.approx(factor * working_set(K))


@pytest.mark.parametrize(("tensor", "pipeline"), [(2, 1), (1, 4), (2, 2)])
def test_an_adapter_is_divided_as_its_layers_are(tensor: int, pipeline: int) -> None:
    one = a_run("Llama-3.1-8B")
    split = replace(
        one,
        gpus=tensor * pipeline,
        sharding="mp",
        tensor_parallel=tensor,
        pipeline_parallel=pipeline,
    )

    def adapter(run) -> float:
        return memory._static(run, shape_of(run), memory.layout(run), 1e6, K)["adapter"]

    assert adapter(split) == pytest.approx(adapter(one) / tensor / pipeline)


def test_one_gpu_gathers_nothing_and_an_adapter_is_updated_without_copies() -> None:
    run = a_run("Llama-3.1-8B")
    assert memory._buffers(run, shape_of(run), memory.layout(run), K) == 0.0
    assert memory._optimizer_temporary(run, memory.layout(run), 1e6, K) == 0.0
