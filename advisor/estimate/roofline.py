"""What GPUs can serve, from their data sheet and the model's shape: no speed is measured here.

`fullest` is a bound: no set of GPUs does with less. `within_latency` is a model of continuous
batching with stated shares of the rated speeds. Formulas: docs/reference/formulas.md#serving,
#latency.
"""

from __future__ import annotations

from advisor.core.constants import GIGA, SECONDS_PER_HOUR, TERA
from advisor.core.facts import Gpu, Model
from advisor.core.figure import Figure
from advisor.core.precision import BANDWIDTH_SHARES, MEMORY_SHARE, WEIGHT_BYTES, served_bits
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger
from advisor.estimate.prompting import calls

FORWARD_OPERATIONS = 2.0
"""Operations per parameter and token of a forward pass (Kaplan et al. 2020)."""

ARITHMETIC_SHARE = (0.25, 0.45, 0.65)
"""Part of the rated arithmetic that reading prompts reaches: low, likely, high; planning range."""

BYTES_16_BIT = 2.0

UTILISATION = 0.65
"""Highest mean load of a replica that still answers in time: u_max 0.6 to 0.7, queueing
practice.
"""


def fullest(ledger: Ledger, gpu: Gpu | None, gpus: float, hours: Figure) -> Figure | None:
    """Sets of GPUs that a month's tokens keep busy all of `hours` at the rated 16-bit arithmetic;
    None: not known.
    """
    operations = rated_operations(ledger, gpu, gpus)
    if operations is None or not _has_layers(ledger.setting.model(ledger.option.model)):
        return None
    tokens = ledger["tokens.static"] + ledger["tokens.fresh"] + ledger["tokens.output"]
    return (
        calls(ledger)
        * tokens
        * _operations_per_token(ledger)
        / operations
        / SECONDS_PER_HOUR
        / hours
    )


def within_latency(ledger: Ledger) -> None:
    """`serve.at_once`, `serve.in_flight` and `serve.replicas_in_time`: sets of GPUs that keep to
    the latency goal.

    In the time S of an answer a set that works on B at once reads B prompts and takes O steps, each
    of which reads the weights and B caches: S = B · read + O · (weights + B · cache) ÷ bandwidth. B
    is the most that keeps S within the goal and fits into memory; requests in flight are arrivals
    at the peak × S (Little's law).
    """
    gpu = ledger.setting.gpu
    gpus = float(ledger.brief.hardware.count)
    model = ledger.setting.model(ledger.option.model)
    rated = rated_operations(ledger, gpu, gpus)
    if (
        gpu is None
        or model is None
        or not _has_layers(model)
        or rated is None
        or not gpu.bandwidth_gb_per_second
        or not gpu.memory_gb
    ):
        return
    goal = ledger.sheet["traffic.max_latency_seconds"]
    output = ledger["tokens.output"]
    prompt = ledger["tokens.static"] + ledger["tokens.fresh"]
    bandwidth = (
        _of_gpu(ledger, gpu, "bandwidth", gpu.bandwidth_gb_per_second, "GB/s")
        * (GIGA * gpus)
        * ledger.assumed(
            "serve.bandwidth_share",
            *BANDWIDTH_SHARES,
            "share",
            "decoding at 40 to 80 % of rated memory bandwidth; planning range",
        )
    )
    arithmetic = rated * arithmetic_share(ledger)
    weights = _weight_bytes(ledger, gpu, model) * _params(ledger, model)
    cache = (prompt + output / 2.0) * float(_cache_bytes(model))
    read = ledger.put(
        "serve.read_seconds", "s", prompt * _operations_per_token(ledger) / arithmetic, "latency"
    )
    alone = ledger.put("serve.write_seconds", "s", output * weights / bandwidth, "latency")
    more = ledger.put("serve.further_seconds", "s", read + output * cache / bandwidth, "latency")
    memory = _of_gpu(ledger, gpu, "memory", gpu.memory_gb, "GB") * (GIGA * gpus * MEMORY_SHARE)
    fits = algebra.quotient(memory - weights, cache, 1.0)
    in_time = algebra.quotient(goal - alone, more, 1.0)
    ledger.put(
        "serve.at_once", "requests", algebra.highest(algebra.lowest(in_time, fits), 0.0), "latency"
    )
    _replicas_in_time(ledger)


def arithmetic_share(ledger: Ledger) -> Figure:
    """Part of the rated arithmetic that a server of a decoder reaches."""
    source = "reading prompts at 25 to 65 % of rated arithmetic; planning range"
    return ledger.assumed("serve.arithmetic_share", *ARITHMETIC_SHARE, "share", source)


def _weight_bytes(ledger: Ledger, gpu: Gpu, model: Model) -> Figure:
    """`serve.weight_bytes`: of the widest weights that fit the GPUs and answer in time; in 16 bits
    where that is not known.
    """
    bits = served_bits(model, gpu, ledger.brief) or 16
    source = f"weights in {bits} bits, the widest that fit and answer in time"
    each = ledger.sheet.exact(
        "model.weight_bytes", WEIGHT_BYTES[bits], "bytes/parameter", Basis.MODELLED, source, ""
    )
    return ledger.put("serve.weight_bytes", "bytes/parameter", each, "latency")


def _replicas_in_time(ledger: Ledger) -> None:
    """Sets for the requests in flight at the peak; where not even one answer keeps to the goal, as
    if one did.
    """
    at_once = algebra.highest(ledger["serve.at_once"], 1.0)
    seconds = ledger.put(
        "serve.answer_seconds",
        "s",
        ledger["serve.write_seconds"] + at_once * ledger["serve.further_seconds"],
        "latency",
    )
    peak = ledger.assumed(
        "serve.peak_factor",
        1.5,
        2.5,
        4.0,
        "× the mean",
        "busiest over mean hour; planning range, no survey",
    )
    arrivals = (
        calls(ledger) / ledger.sheet["traffic.active_hours_per_month"] / SECONDS_PER_HOUR * peak
    )
    in_flight = ledger.put("serve.in_flight", "requests", arrivals * seconds, "latency")
    sets = algebra.highest(algebra.ceil(in_flight / at_once / UTILISATION), 1.0)
    ledger.put("serve.replicas_in_time", "sets of GPUs", sets, "latency")


def rated_operations(ledger: Ledger, gpu: Gpu | None, gpus: float) -> Figure | None:
    """Rated 16-bit operations per second of a set of GPUs; None where they are not known."""
    rate = (gpu.bf16_tflops or gpu.fp16_tflops) if gpu is not None else None
    if gpu is None or rate is None:
        return None
    return _of_gpu(ledger, gpu, "tflops", rate, "TFLOPS") * (TERA * gpus)


def _has_layers(model: Model | None) -> bool:
    """Whether the model is known with its parameters beside the embeddings."""
    return model is not None and model.active_params > model.embedding_params


def _operations_per_token(ledger: Ledger) -> Figure:
    model = ledger.setting.model(ledger.option.model)
    assert model is not None
    return FORWARD_OPERATIONS * _params(ledger, model)


def _params(ledger: Ledger, model: Model) -> Figure:
    """Parameters that every token passes: active ones, without embeddings."""
    size = model.active_params - model.embedding_params
    cited = model.cited
    return ledger.sheet.exact(
        "model.passed_params", size, "parameters", Basis.PUBLISHED, cited.source, cited.as_of
    )


def _of_gpu(ledger: Ledger, gpu: Gpu, name: str, value: float, unit: str) -> Figure:
    return ledger.sheet.exact(
        f"gpu.{name}", value, unit, Basis.PUBLISHED, gpu.cited.source, gpu.cited.as_of
    )


def _cache_bytes(model: Model) -> int:
    """Bytes of one token's keys and values over all layers, in 16 bits."""
    by_shape = 2 * model.layers * model.kv_heads * model.head_dim * int(BYTES_16_BIT)
    return model.kv_bytes_per_token or by_shape
