"""A layer with small sizes, all unlike, whose bytes and operations are added up by hand."""

from __future__ import annotations

import math
from dataclasses import replace

from advisor.core.constants import GIB
from advisor.core.training import TrainingRun
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.shape import Shape
from tests.estimate.training.catalogue import a_run

H, Q, KV, F, HEADS = 8, 10, 4, 30, 5

LAYER = Shape(
    params=1000.0,
    active_params=600.0,
    embedding_params=200.0,
    expert_params=0.0,
    hidden=H,
    layers=3,
    query=Q,
    key_value=KV,
    heads=HEADS,
    mlp=float(F),
    gated=True,
    vocabulary=11,
    encoder=False,
    moe=False,
)
"""`h`, `q`, `kv` and `f` of docs/reference/formulas-training.md, with 5 heads and 11 words."""


def run_of(**changes: object) -> TrainingRun:
    """A run of a model that is known by its sizes only, by transformers and peft."""
    usual = replace(a_run(gpu="L40S"), model=None, params=1000.0, seq_len=100)
    return replace(usual, **changes)  # type: ignore[arg-type]


COEFFICIENTS = Coefficients.from_flat(
    {
        "constant_gib": 0.0,
        "zero_buckets_gib": 7.0 / GIB,
        "stored": 1.5,
        "selective": 0.3,
        "work": 4.0,
        "work_fsdp_adapter": 1.7,
        "unsloth_kept": 0.1,
        "head": 13.0,
        "logits.no": 12.0,
        "logits.kernel": 6.0,
        "gathered": 2.0,
        "gathered_head": 3.0,
        "offload_kept": 0.15,
        "optimizer_temporary": 1.25,
        "usable_memory": 0.9,
    }
)
"""Numbers of which each shows where it was multiplied in."""

SPEEDS = Coefficients.from_flat(
    {
        "matrix_share": math.log(0.5),
        "efficiency.Ada": math.log(0.9),
        "eff_other_method": math.log(0.8),
        "eff_grouped": math.log(0.6),
        "eff_moe": math.log(0.7),
        "eff_moe_width": 1.0,
        "eff_tuned_stack": math.log(1.1),
        "eff_padding": math.log(0.95),
        "eff_nodes": math.log(0.97),
        "eff_nodes_moe": math.log(0.9),
        "attention.Ada": 0.4,
        "attention.default": 0.35,
        "attention.eager": 0.25,
        "attention_most_tflops": 181.0,
        "attention_vendor.Hopper": 0.5,
        "traffic": 1.3,
        "tflops_per_gb": 0.16,
        "dequantize.nf4": 6.0,
        "dequantize.int8": 20.0,
        "link_nvlink": math.log(120.0),
        "link_pcie": math.log(5.0),
        "link_nodes": math.log(50.0),
        "link_offload": math.log(8.0),
        "tensor_exposed": 0.6,
        "optimizer_bytes": 16.0,
        "optimizer_bytes_loops": 40.0,
        "launch_operation": math.log(0.002),
        "launch_sharded": math.log(1.5),
        "experts_unstated": 9.0,
        "context_parallel": math.log(1.1),
        "pipeline_bubble": math.log(1.05),
        "overlap": 2.0,
        "unhidden": 0.2,
    }
)
"""The same of the formulas of speed."""
