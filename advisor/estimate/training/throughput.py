"""Seconds of one micro step and tokens per second, by roofline with fitted efficiencies.

Formulas and sources: docs/reference/formulas-training.md, section Throughput.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from statistics import NormalDist

from advisor.core.facts import Gpu
from advisor.core.training import TrainingRun
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.memory import PARALLEL, QUANTIZED, TUNED, layout
from advisor.estimate.training.params import VIRTUAL_TOKENS
from advisor.estimate.training.shape import Shape

LINKED = ("SXM", "NVL", "MI3", "Gaudi")
"""Parts of the names of cards that have NVLink-class links between them; all others talk over
PCIe.
"""

MACHINE = 8
"""Cards of one machine; beyond them states travel over the network."""

FUSED_KERNELS = PARALLEL | {"llm-foundry"}
"""Stacks that launch few, large kernels; plain PyTorch, however well written, launches as many as
any other.
"""

SPLITS_BATCH = frozenset({"torchtitan"})
"""Stacks that count the batch of a whole pipeline and send it through sequence by sequence."""

PROMPTS = frozenset({"soft-prompt", "prefix"})
"""Methods that add positions to the input instead of operations to each layer."""

MOST_VIRTUAL = 512
"""Virtual tokens of a soft prompt that are believed; more trained parameters belong to the network
that makes them.
"""

AGAIN = {"full": 1.0, "selective": 0.2}
"""Share of the forward pass that checkpointing computes again."""

LOSS_TRAFFIC = {"no": 40.0, "kernel": 12.0, "projection": 6.0, "yes": 10.0}
"""Bytes per token and vocabulary entry that the loss moves: copies in fp32 forward and backward, or
one fused pass.
"""


SPREAD_OF_LENGTHS = 0.65
"""Log standard deviation of the lengths in a set of examples: four at random are padded to 1.7
times their mean.
"""


def peak_tflops(gpu: Gpu, run: TrainingRun, k: Coefficients) -> float | None:
    """Dense 16-bit peak of the card; where no source states one, from its bandwidth and the usual
    ratio.
    """
    half = gpu.fp16_tflops if run.dtype == "fp16" else gpu.bf16_tflops
    stated = half or gpu.bf16_tflops or gpu.fp16_tflops
    if stated:
        return stated
    if gpu.bandwidth_gb_per_second is None:
        return None
    ratio = k.tflops_per_gb
    return gpu.bandwidth_gb_per_second * ratio


def matmul_flops_per_token(run: TrainingRun, shape: Shape) -> float:
    """Operations per token in matrix products: 6 N full, 4 N adapters, 2 N for each recomputation.

    N are the active parameters without the input embedding, which is looked up and not multiplied
    (Kaplan et al. 2020).
    """
    lookup = shape.embedding_params - shape.vocabulary * shape.hidden
    n = shape.active_params - max(lookup, 0.0)
    inner = shape.active_params - shape.embedding_params
    return (6.0 if run.method == "full" else 4.0) * n + 2.0 * AGAIN.get(
        run.checkpointing, 0.0
    ) * inner


def attention_flops_per_token(run: TrainingRun, shape: Shape, length: float) -> float:
    """Operations per token of the attention scores: 6 L q s, half the square where causal
    (Narayanan et al. 2021).
    """
    whole = 2.0 if shape.encoder else 1.0
    return (
        (6.0 + 2.0 * AGAIN.get(run.checkpointing, 0.0))
        * whole
        * shape.layers
        * shape.query
        * length
    )


def traffic_bytes_per_token(
    run: TrainingRun, shape: Shape, length: float, k: Coefficients
) -> float:
    """Memory traffic of all that is not a matrix product: norms, activations, residuals, logits,
    unfused scores.
    """
    passes = 3.0 + AGAIN.get(run.checkpointing, 0.0)
    if run.method != "full" and run.method not in PROMPTS:
        passes += k.traffic_adapter
    layer = 12.0 * shape.hidden + 6.0 * shape.mlp
    if run.attention == "eager":
        layer += 10.0 * shape.heads * length
    fused = k.traffic_compiled if run.compile or run.framework in FUSED_KERNELS else 1.0
    logits = 0.0 if shape.encoder else LOSS_TRAFFIC.get(run.fused_loss, 30.0) * shape.vocabulary
    return k.traffic * fused * passes * layer * shape.layers + logits


def efficiency(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> float:
    """Share of the dense 16-bit peak that matrix products reach; above 1 is possible with FP8."""
    log = k.efficiency.get(gpu.arch, k.efficiency["default"])
    peak = peak_tflops(gpu, run, k)
    bandwidth = gpu.bandwidth_gb_per_second
    if peak and bandwidth:
        log += k.eff_balance * math.log(peak / bandwidth / k.tflops_per_gb)
    if run.compute_dtype == "fp8":
        log += k.eff_fp8
    if run.method == "other":
        log += k.eff_other_method
    if shape.moe and run.model is not None:
        width = run.model.moe_intermediate or run.model.intermediate
        log += k.eff_moe + k.eff_moe_width * math.log(width / 2048.0)
    if run.framework in TUNED:
        log += k.eff_tuned_stack
    elif run.framework == "unsloth":
        log += k.eff_unsloth
    if not run.packed and run.tokens_basis == "real":
        log += k.eff_padding
    if run.quantization in QUANTIZED:
        log += k.eff_quantized
    doublings = math.log2(max(run.gpus / MACHINE, 1.0))
    return math.exp(log + doublings * (k.eff_nodes + (k.eff_nodes_moe if shape.moe else 0.0)))


def _card_terms(
    run: TrainingRun, gpu: Gpu, shape: Shape, peak_tflops: float, k: Coefficients
) -> dict[str, float]:
    """Busy seconds by term of one card for one micro step of one replica, were the replica a single
    card.
    """
    length = computed_length(run, shape)
    tokens = run.micro_batch * length
    bandwidth = (gpu.bandwidth_gb_per_second or peak_tflops / k.tflops_per_gb) * 1e9
    share = (
        k.attention["eager"]
        if run.attention == "eager"
        else k.attention.get(gpu.arch, k.attention["default"])
    )
    peak = peak_tflops * 1e12
    passes = k.dequantize.get(run.quantization, 0.0)
    return {
        "matrix": tokens
        * matmul_flops_per_token(run, shape)
        / (peak * efficiency(run, gpu, shape, k)),
        "attention": tokens * attention_flops_per_token(run, shape, length) / (peak * share),
        "traffic": tokens * traffic_bytes_per_token(run, shape, length, k) / bandwidth,
        "dequantize": passes * 4.0 * shape.active_params / bandwidth,
    }


def mean_length(run: TrainingRun) -> float:
    """Mean real tokens of a sequence, or the length it is packed to."""
    return run.seq_len if run.packed else (run.mean_tokens or run.seq_len)


def computed_length(run: TrainingRun, shape: Shape) -> float:
    """Positions of a sequence that are computed: a batch of unlike examples is padded to its
    longest.

    Without padding where sequences are packed, batches are padding-free or sorted by length, or
    positions are counted; halfway (in logarithms) where nobody said. A soft prompt stands before
    every sequence.
    """
    mean = mean_length(run)
    padded = _padded_length(run)
    return _virtual_tokens(run, shape) + (
        math.sqrt(mean * padded) if run.padding_free is None else padded
    )


def padding_doubt(run: TrainingRun) -> float:
    """Log standard deviation of the time where nobody said whether batches are sorted: one way or
    the other.
    """
    return (
        0.5 * math.log(_padded_length(run) / mean_length(run)) if run.padding_free is None else 0.0
    )


def _padded_length(run: TrainingRun) -> float:
    """Mean length that batches are padded to, unless they are known to hold no padding."""
    mean = mean_length(run)
    if run.packed or run.padding_free or run.tokens_basis == "padded":
        return mean
    return max(mean, min(run.longest_tokens or run.seq_len, mean * longest_of(run.micro_batch)))


def _virtual_tokens(run: TrainingRun, shape: Shape) -> float:
    if run.method != "soft-prompt":
        return 0.0
    stated = (run.trainable_params or 0.0) / shape.hidden
    return stated if 1.0 <= stated <= MOST_VIRTUAL else VIRTUAL_TOKENS


@cache
def longest_of(count: int) -> float:
    """Expected longest of so many examples over their mean, for lognormal lengths: n E[Φ(z +
    σ)ⁿ⁻¹], z normal.
    """
    normal = NormalDist()
    steps = 400
    drawn = (normal.inv_cdf((i + 0.5) / steps) for i in range(steps))
    return (
        count * math.fsum(normal.cdf(z + SPREAD_OF_LENGTHS) ** (count - 1) for z in drawn) / steps
    )


def _link_speed(gpu: Gpu, k: Coefficients) -> float:
    """Bytes per second between two cards of a machine."""
    linked = any(part in gpu.name for part in LINKED)
    return math.exp(k.link_nvlink if linked else k.link_pcie) * 1e9


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


def _link_seconds(run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients) -> float:
    """Time to gather sharded weights forward and backward and to reduce gradients; each moves
    (D−1)/D of the bytes.
    """
    where = layout(run)
    seconds = 0.0
    stored = QUANTIZED.get(run.quantization, 2.0)
    if where.sharded_weights and where.shard > 1:
        speed = _link_speed(gpu, k)
        if run.gpus > MACHINE:
            speed = min(speed, math.exp(k.link_nodes) * 1e9)
        moved = 2.0 * stored + (2.0 if run.method == "full" else 0.0)
        seconds += (
            moved
            * shape.params
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

    None where neither peak nor bandwidth of the card is known.
    """
    terms = seconds_by_term(run, gpu, shape, k)
    return None if terms is None else together(terms, k)


def seconds_by_term(
    run: TrainingRun, gpu: Gpu, shape: Shape, k: Coefficients
) -> dict[str, float] | None:
    """What each term of a micro step would take alone, in seconds; None where the card's speed is
    unknown.
    """
    peak = peak_tflops(gpu, run, k)
    if peak is None:
        return None
    where = layout(run)
    stages = 1 if naive_pipeline(run) else where.pipeline
    cards = where.tensor * run.context_parallel * stages
    slower = math.exp(k.context_parallel * math.log2(run.context_parallel)) * _bubble(
        run, stages, k
    )
    terms = {
        term: value / cards * slower
        for term, value in _card_terms(run, gpu, shape, peak, k).items()
    }
    terms["launch"] = _launch_seconds(run, shape, k) / stages
    terms["tensor"] = _tensor_seconds(run, gpu, shape, k)
    terms["link"] = _link_seconds(run, gpu, shape, k)
    terms["optimizer"] = _optimizer_seconds(run, gpu, shape, cards, k)
    return terms


def _bubble(run: TrainingRun, stages: int, k: Coefficients) -> float:
    """Time of a pipeline over that of its busy part: 1 + (stages − 1) ÷ micro-batches (Narayanan et
    al. 2021, §2.2).

    Where the number of micro-batches is not stated, there are many.
    """
    batches = run.grad_accum * (run.micro_batch if run.framework in SPLITS_BATCH else 1)
    if batches > 1:
        return 1.0 + (stages - 1) / batches
    return math.exp(k.pipeline_bubble * math.log2(stages))


COMPUTE = ("matrix", "attention", "traffic", "dequantize")
"""Terms that keep a card busy one after the other."""


def together(terms: Mapping[str, float], k: Coefficients) -> float:
    """Seconds of a micro step: kernels hide some launches, the busy card hides most of the traffic
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

    Empty where the card's speed is unknown.
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


def _launch_seconds(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Time to issue the kernels of all layers forward and backward, which a small batch does not
    hide.
    """
    log = k.launch_adapter if run.method != "full" and run.method not in PROMPTS else 0.0
    log += k.launch_quantized if run.quantization in QUANTIZED else 0.0
    log += k.launch_sharded if layout(run).sharded_weights else 0.0
    mixed = 0.0
    if shape.moe:
        mixed = math.exp(k.launch_moe if loops_over_experts(run) else k.launch_moe_fused)
    each = math.exp(k.launch_per_layer) * (math.exp(log) + mixed)
    fused = 0.5 if run.compile or run.framework in FUSED_KERNELS else 1.0
    return fused * each * shape.layers * (3.0 + AGAIN.get(run.checkpointing, 0.0)) / 3.0


def loops_over_experts(run: TrainingRun) -> bool:
    """Whether a mixture may go through its experts one by one, as plain PyTorch does, and not in
    grouped products.
    """
    return run.model is not None and run.model.experts > 0 and run.framework not in FUSED_KERNELS


def _optimizer_seconds(
    run: TrainingRun, gpu: Gpu, shape: Shape, cards: int, k: Coefficients
) -> float:
    """The optimiser's passes over the states of a card, as a share of one micro step."""
    if run.method != "full" or not gpu.bandwidth_gb_per_second:
        return 0.0
    where = layout(run)
    states = shape.params / cards / (where.shard if where.sharded_states else 1)
    passes = k.optimizer_bytes if run.framework in TUNED else k.optimizer_bytes_loops
    return passes * states / (gpu.bandwidth_gb_per_second * 1e9) / run.grad_accum


def naive_pipeline(run: TrainingRun) -> bool:
    """Layers spread over cards by a loader that has no schedule: one card works at a time."""
    return run.sharding in ("mp", "pp") and run.framework not in TUNED


def tokens_per_step(run: TrainingRun) -> float:
    """Real tokens of one micro step over all replicas."""
    where = layout(run)
    replicas = max(run.gpus // (where.tensor * where.pipeline * run.context_parallel), 1)
    return replicas * run.micro_batch * mean_length(run)
