"""Seconds of one micro step and tokens per second, by roofline with fitted efficiencies.

Formulas and sources: docs/reference/formulas-training.md, section Throughput.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from advisor.core.facts import Gpu
from advisor.core.training import TrainingRun
from advisor.estimate.training.memory import layout
from advisor.estimate.training.shape import Shape

CONSUMER_PREFIXES = ("RTX", "Titan", "RX ", "T4", "L4", "A10", "A40", "V100-16GB-PCIe", "V100-32GB-PCIe", "MI2")
"""Cards linked by PCIe only; others have NVLink-class links."""


def peak_tflops(gpu: Gpu, run: TrainingRun, k: Mapping[str, float]) -> float | None:
    """Dense 16-bit peak of the card; where no source states one, from its bandwidth and its architecture's usual ratio."""
    half = gpu.fp16_tflops if run.dtype == "fp16" else gpu.bf16_tflops
    stated = half or gpu.bf16_tflops or gpu.fp16_tflops
    if stated:
        return stated
    if gpu.bandwidth_gb_per_second is None:
        return None
    ratio = k.get(f"tflops_per_gb_{gpu.arch}", k["tflops_per_gb"])
    return gpu.bandwidth_gb_per_second * ratio


def flops_per_token(run: TrainingRun, shape: Shape, length: float) -> float:
    """Operations per token, forward and backward: 6 N full, 4 N adapters, plus causal attention and recomputation.

    N leaves the input embedding out, which is looked up and not multiplied (Kaplan et al. 2020; Narayanan et al. 2021).
    """
    lookup = shape.embedding_params - shape.vocabulary * shape.hidden
    n = shape.active_params - max(lookup, 0.0)
    attention = shape.layers * shape.query * length * (2.0 if shape.encoder else 1.0)
    flops = (6.0 if run.method == "full" else 4.0) * n + 6.0 * attention
    again = {"full": 1.0, "selective": 0.2}.get(run.checkpointing, 0.0)
    return flops + again * (2.0 * n + 2.0 * attention)


def efficiency(run: TrainingRun, gpu: Gpu, shape: Shape, k: Mapping[str, float]) -> float:
    """Share of the dense 16-bit peak that the arithmetic reaches; above 1 is possible with FP8."""
    log = k.get(f"eff_{gpu.arch}", k["eff_default"])
    if run.compute_dtype == "fp8":
        log += k["eff_fp8"]
    if run.method != "full":
        log += k["eff_adapter"] if run.method in ("lora", "qlora", "dora") else k["eff_other_method"]
    if shape.moe:
        log += k["eff_moe"]
    if run.framework in ("megatron", "nemo", "torchtitan", "llm-foundry", "litgpt"):
        log += k["eff_tuned_stack"]
    elif run.framework == "unsloth" or run.fused_loss in ("kernel", "projection", "yes"):
        log += k["eff_fused"]
    if run.attention == "eager":
        log += k["eff_eager"]
    if run.compile:
        log += k["eff_compile"]
    nodes = max(run.gpus / 8.0, 1.0)
    return math.exp(log + k["eff_nodes"] * math.log2(nodes) + k["eff_size"] * math.log(shape.hidden / 4096.0))


def micro_step_seconds(run: TrainingRun, gpu: Gpu, shape: Shape, k: Mapping[str, float]) -> float | None:
    """Seconds of one forward and backward pass of one replica, its share of communication and optimiser included.

    None where neither peak nor bandwidth of the card is known.
    """
    peak = peak_tflops(gpu, run, k)
    if peak is None:
        return None
    where = layout(run)
    replica = where.tensor * where.pipeline * run.context_parallel
    length = run.seq_len if run.packed else (run.mean_tokens or run.seq_len)
    tokens = run.micro_batch * length
    compute = tokens * flops_per_token(run, shape, length)
    compute /= replica * peak * 1e12 * efficiency(run, gpu, shape, k)
    overhead = math.exp(k["overhead_per_layer"]) * shape.layers / where.pipeline
    if run.checkpointing == "full":
        overhead *= 4.0 / 3.0
    bandwidth = (gpu.bandwidth_gb_per_second or 0.0) * 1e9
    dequantize = optimizer = 0.0
    if bandwidth:
        passes = k.get(f"dequantize_{run.quantization}", 0.0)
        dequantize = passes * 4.0 * shape.active_params / bandwidth / replica
        if run.method == "full":
            optimizer = k["optimizer_bytes"] * shape.params / bandwidth / replica / run.grad_accum
    link = 0.0
    if where.sharded_weights and where.shard > 1:
        speed = k["link_pcie"] if gpu.name.startswith(CONSUMER_PREFIXES) or "PCIe" in gpu.name else k["link_nvlink"]
        link = 6.0 * shape.params / math.exp(speed) / where.tensor / 1e9
    if run.offload != "none":
        link += 6.0 * shape.params / math.exp(k["link_offload"]) / 1e9 / max(where.shard, 1)
    busy = compute + dequantize
    return max(busy, link) + k["unhidden"] * min(busy, link) + overhead + optimizer


def tokens_per_step(run: TrainingRun) -> float:
    """Real tokens of one micro step over all replicas."""
    where = layout(run)
    replicas = max(run.gpus // (where.tensor * where.pipeline * run.context_parallel), 1)
    length = run.seq_len if run.packed else (run.mean_tokens or run.seq_len)
    return replicas * run.micro_batch * length
