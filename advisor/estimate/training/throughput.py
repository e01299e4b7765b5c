"""Seconds of one micro step and tokens per second, by roofline with fitted efficiencies.

Formulas and sources: docs/reference/formulas-training.md, section Throughput.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from advisor.core.constants import TERA
from advisor.core.facts import Gpu
from advisor.core.training import TrainingRun
from advisor.estimate.training import experts, frameworks, objectives, rates, traffic
from advisor.estimate.training.activations import (
    Precision,
    attends_in_fp32,
    precision,
)
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.launches import launch_seconds
from advisor.estimate.training.lengths import computed_length, mean_length
from advisor.estimate.training.memory import layout, mostly_trained, sequences, stored_bytes
from advisor.estimate.training.shape import Shape
from advisor.estimate.training.traffic import again

RACK = 72
"""GPUs of one NVLink domain in racks of GB200 and GB300."""

MACHINE = 8
"""GPUs of one machine; beyond them states travel over the network."""

BANDWIDTH_SHARE = 0.8
"""Share of the printed bandwidth that streaming kernels reach."""

FP4 = frozenset({"mxfp4", "nvfp4"})
"""Frozen weights in FP4, which are unpacked to 16 bits as those in NF4 are."""

EIGHT_BIT_UPDATE_SECONDS = 40e-12
"""Of one parameter in an 8-bit optimiser of bitsandbytes, which is bound by arithmetic: 38 to 45 on
an H200 (calibration/reference/h200-grid).
"""

DORA_BYTES = 24.0
"""Bytes per weight that DoRA moves in a step to norm W + BA: product, sum and norm in fp32."""


def trains_weights(run: TrainingRun) -> bool:
    """Whether gradients of the model's own matrices are computed, a third of a full step."""
    return run.method == "full" or mostly_trained(run)


def matmul_flops_per_token(run: TrainingRun, shape: Shape) -> float:
    """Operations per token in matrix products: 6 N full, 4 N adapters, 2 N for each recomputation
    and for each pass forward alone, as of a reference model.

    N are the active parameters without the input embedding, which is looked up and not multiplied
    (Kaplan et al. 2020).
    """
    lookup = shape.embedding_params - shape.vocabulary * shape.hidden
    multiplied = shape.params if passes_every_expert(run) else shape.active_params
    n = multiplied - max(lookup, 0.0)
    inner = multiplied - shape.embedding_params
    only_forward = 2.0 * n * objectives.of(run).only_forward
    return only_forward + (6.0 if trains_weights(run) else 4.0) * n + 2.0 * again(run) * inner


EVERY_EXPERT = frozenset({"Llama4ForCausalLM"})
"""Classes of transformers that repeat the tokens for each expert and zero those it does not get
(modeling_llama4.py, Llama4TextMoe.forward).
"""


def passes_every_expert(run: TrainingRun) -> bool:
    """Whether all experts of a mixture compute on all tokens, as in plain modules of some
    classes.
    """
    of_class = run.model is not None and run.model.hf_class in EVERY_EXPERT
    return of_class and not frameworks.of(run).is_training_stack


def attention_flops_per_token(run: TrainingRun, shape: Shape, length: float) -> float:
    """Operations per token of the attention scores: 6 L q s, half the square where causal
    (Narayanan et al. 2021).
    """
    whole = 2.0 if shape.encoder else 1.0
    return (6.0 + 2.0 * again(run)) * whole * shape.attending * shape.layers * shape.query * length


SCAN_OVER_ATTENTION = 0.4
"""Rate of a scan over that of attention: Mamba-2 takes as long as FlashAttention-2 at 2,048
positions, with 0.4 of its operations (Dao and Gu 2024, figure 10).
"""


def scan_flops_per_token(run: TrainingRun, shape: Shape) -> float:
    """Operations per token of the scans of recurrent layers, at any length: the backward pass is
    twice the forward one.
    """
    return (3.0 + again(run)) * shape.recurrent * shape.layers * shape.scan_flops


def efficiency(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> float:
    """Share of the achievable matrix rate that the products of a training step reach.

    They are smaller than the best product of a benchmark, and run between other kernels.
    """
    log = k.matrix_share + k.efficiency.get(gpu.arch, 0.0)
    if run.method == "other":
        log += k.eff_other_method
    if shape.moe:
        width = shape.mlp / max(shape.routed, 1)
        if run.model is not None:
            width = float(run.model.moe_intermediate or run.model.intermediate)
        log += k.eff_moe + k.eff_moe_width * math.log(width / 2048.0)
        if experts.are_grouped_by_pytorch(run, shape):
            log += k.eff_grouped
    if frameworks.of(run).is_training_stack:
        log += k.eff_tuned_stack
    if not run.packed and run.tokens_basis == "real":
        log += k.eff_padding
    doublings = math.log2(max(run.gpus / machine(gpu), 1.0))
    return math.exp(log + doublings * (k.eff_nodes + (k.eff_nodes_moe if shape.moe else 0.0)))


def attention_share(run: TrainingRun, gpu: Gpu, peak: float, k: Coefficients) -> float:
    """Share of the peak that attention reaches, forward and backward together.

    FlashAttention-2, which PyTorch ships too, issues the matrix instructions of Ampere: newer GPUs
    run it at about the same absolute rate (Shah et al. 2024, figures 5 and 6). Vendors' stacks use
    kernels written for the GPU.
    """
    if run.attention == "eager":
        return k.attention["eager"]
    default = k.attention.get(gpu.arch, k.attention["default"])
    if frameworks.of(run).vendor_attention:
        return k.attention_vendor.get(gpu.arch, default)
    return min(default, k.attention_most_tflops / peak)


def _gpu_terms(
    run: TrainingRun, gpu: Gpu, shape: Shape, tflops: float, k: Coefficients
) -> dict[str, float]:
    """Busy seconds by term of one GPU for one micro step of one replica, were the replica a single
    GPU.
    """
    length = computed_length(run, shape)
    tokens = run.micro_batch * sequences(run) * length
    peak = rates.peak_tflops(gpu, k) or tflops
    bandwidth = (gpu.bandwidth_gb_per_second or peak / k.tflops_per_gb) * 1e9 * BANDWIDTH_SHARE
    share = attention_share(run, gpu, peak, k)
    if precision(run) is Precision.SINGLE:
        share = min(share, tflops / peak)
    if attends_in_fp32(run):
        of_units = share if run.attention == "eager" else k.attention["default"]
        share = min(share, of_units * (rates.fp32_tflops(gpu, k) or tflops) / peak)
    moved = shape.layers * traffic.layer_bytes(run, shape, length)
    return {
        "matrix": tokens
        * matmul_flops_per_token(run, shape)
        / (tflops * TERA * efficiency(run, gpu, shape, k)),
        "attention": tokens
        * (
            attention_flops_per_token(run, shape, length)
            + scan_flops_per_token(run, shape) / SCAN_OVER_ATTENTION
        )
        / (peak * TERA * share),
        "traffic": tokens * (k.traffic * moved + traffic.loss_bytes(run, shape)) / bandwidth,
        "dequantize": _dequantized_bytes(run, shape, k) / bandwidth,
    }


def _dequantized_bytes(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Bytes moved to unpack quantised weights, and to norm the merged weights of DoRA.

    The tokens of a batch pass all experts of a mixture, few of them each.
    """
    stored = "nf4" if run.quantization in FP4 else run.quantization
    moved = 4.0 * k.dequantize.get(stored, 0.0) * (shape.params - experts.in_16_bits(run, shape))
    if run.method == "dora":
        moved += DORA_BYTES * (shape.active_params - shape.embedding_params)
    return moved


def _link_speed(gpu: Gpu, k: Coefficients) -> float:
    """Bytes per second between two GPUs of a machine."""
    if not gpu.has_fast_link:
        return math.exp(k.link_pcie) * 1e9
    return math.exp(k.link_nvlink) * rates.fast_link(gpu) * 1e9


def _tensor_seconds(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> float:
    """Four reductions of the hidden states per layer over the tensor-parallel group (Shoeybi et al.

    2019, §3).
    """
    where = layout(run)
    if where.tensor == 1:
        return 0.0
    positions = run.micro_batch * computed_length(run, shape) / run.context_parallel
    moved = (
        4.0
        * 2.0
        * (where.tensor - 1)
        / where.tensor
        * 2.0
        * positions
        * shape.hidden
        * shape.layers
    )
    return k.tensor_exposed * moved / where.pipeline / _link_speed(gpu, k)


def machine(gpu: Gpu) -> int:
    """How many GPUs are joined by fast links before the network begins."""
    return RACK if gpu.name.startswith("GB") else MACHINE


def _link_seconds(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> float:
    """Time to gather sharded weights forward and backward and to reduce gradients; each moves
    (D−1)/D of the bytes.
    """
    where = layout(run)
    seconds = 0.0
    stored = stored_bytes(run)
    if where.sharded_weights and where.shard > 1:
        speed = _link_speed(gpu, k)
        if run.gpus > machine(gpu):
            speed = min(speed, math.exp(k.link_nodes) * 1e9)
        moved = 2.0 * stored + (2.0 if run.method == "full" else 0.0)
        gathered = shape.params
        if frameworks.of(run).parallel_experts:
            gathered -= shape.expert_params
        seconds += (
            moved
            * gathered
            * (where.shard - 1)
            / where.shard
            / speed
            / where.tensor
            / where.pipeline
        )
    if run.offload != "none":
        moved = 2.0 * stored + (2.0 if run.method == "full" else 0.0)
        seconds += moved * shape.params / (math.exp(k.link_offload) * 1e9) / max(where.shard, 1)
    return seconds


def micro_step_seconds(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> float | None:
    """Seconds of one forward and backward pass of one replica, its share of communication and
    optimiser included.

    None where neither peak nor bandwidth of the GPU is known.
    """
    terms = seconds_by_term(run, gpu, shape, k)
    return None if terms is None else together(terms, k)


def seconds_by_term(
    run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients
) -> dict[str, float] | None:
    """What each term of a micro step would take alone, in seconds; None where the GPU's speed is
    unknown.
    """
    tflops = rates.achievable_tflops(run, gpu, k)
    if tflops is None:
        return None
    where = layout(run)
    stages = 1 if naive_pipeline(run) else where.pipeline
    gpus = where.tensor * run.context_parallel * stages
    slower = math.exp(k.context_parallel * math.log2(run.context_parallel)) * _bubble(
        run, stages, k
    )
    terms = {
        term: value / gpus * slower
        for term, value in _gpu_terms(run, gpu, shape, tflops, k).items()
    }
    terms["launch"] = launch_seconds(run, shape, k) / stages
    terms["tensor"] = _tensor_seconds(run, gpu, shape, k)
    terms["link"] = _link_seconds(run, gpu, shape, k)
    terms["optimizer"] = _optimizer_seconds(run, gpu, shape, gpus, k)
    return terms


def _bubble(run: TrainingRun, stages: int, k: Coefficients) -> float:
    """Time of a pipeline over that of its busy part: 1 + (stages − 1) ÷ micro-batches (Narayanan et
    al. 2021, §2.2).

    Where the number of micro-batches is not stated, there are many.
    """
    batches = run.grad_accum * (run.micro_batch if frameworks.of(run).splits_batch else 1)
    if batches > 1:
        return 1.0 + (stages - 1) / batches
    return math.exp(k.pipeline_bubble * math.log2(stages))


COMPUTE = ("matrix", "attention", "traffic", "dequantize")
"""Terms that keep a GPU busy one after the other."""


def together(terms: Mapping[str, float], k: Coefficients) -> float:
    """Seconds of a micro step: kernels hide some launches, the busy GPU hides most of the traffic
    over the link.
    """
    busy = _longer(sum(terms[term] for term in COMPUTE), terms["launch"], k) + terms["tensor"]
    link = terms["link"]
    return max(busy, link) + k.unhidden * min(busy, link) + terms["optimizer"]


def _longer(compute: float, launch: float, k: Coefficients) -> float:
    """Kernels are issued while others run: between both after one another (order 1) and the longer
    alone (infinite).
    """
    order = k.overlap
    most = max(compute, launch)
    return (
        most * ((compute / most) ** order + (launch / most) ** order) ** (1.0 / order)
        if most
        else 0.0
    )


def shares(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> dict[str, float]:
    """By how many per cent a micro step grows where a term grows by one per cent; they add up to 1.

    Empty where the GPU's speed is unknown.
    """
    terms = seconds_by_term(run, gpu, shape, k)
    if terms is None:
        return {}
    compute = sum(terms[term] for term in COMPUTE)
    kernels = _longer(compute, terms["launch"], k)
    bound_by_link = terms["link"] > kernels + terms["tensor"]
    of_busy = k.unhidden if bound_by_link else 1.0
    of_link = 1.0 if bound_by_link else k.unhidden
    power = k.overlap - 1.0
    slope = dict.fromkeys(COMPUTE, of_busy * (compute / kernels) ** power)
    slope["launch"] = of_busy * (terms["launch"] / kernels) ** power
    slope |= {"tensor": of_busy, "link": of_link, "optimizer": 1.0}
    whole = together(terms, k)
    return {term: slope[term] * value / whole for term, value in terms.items()}


def _optimizer_seconds(
    run: TrainingRun, gpu: Gpu, shape: Shape, gpus: int, k: Coefficients
) -> float:
    """The optimiser's passes over the states of a GPU, as a share of one micro step."""
    if run.method != "full" or not gpu.bandwidth_gb_per_second:
        return 0.0
    where = layout(run)
    states = shape.params / gpus / (where.shard if where.sharded_states else 1)
    passes = k.optimizer_bytes if frameworks.of(run).is_training_stack else k.optimizer_bytes_loops
    seconds = passes * states / (gpu.bandwidth_gb_per_second * 1e9)
    if "8bit" in run.optimizer:
        seconds = max(seconds, EIGHT_BIT_UPDATE_SECONDS * states)
    return seconds / run.grad_accum


def naive_pipeline(run: TrainingRun) -> bool:
    """Layers spread over GPUs by a loader that has no schedule: one GPU works at a time."""
    return run.sharding in ("mp", "pp") and not frameworks.of(run).is_training_stack


def tokens_per_step(run: TrainingRun) -> float:
    """Real tokens of one micro step over all replicas."""
    where = layout(run)
    replicas = max(run.gpus // (where.tensor * where.pipeline * run.context_parallel), 1)
    return replicas * run.micro_batch * sequences(run) * mean_length(run)
