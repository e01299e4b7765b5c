"""What GPUs can serve, from their data sheet and the model's shape: no speed is measured here.

A model of continuous batching with stated shares of the rated speeds. Formulas:
docs/reference/formulas.md#serving, #latency.
"""

from __future__ import annotations

from advisor.core.constants import GIGA, SECONDS_PER_HOUR, TERA
from advisor.core.facts import Gpu, Model
from advisor.core.figure import Figure
from advisor.core.precision import BANDWIDTH_SHARES, MEMORY_SHARE, WEIGHT_BYTES, served_bits
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger
from advisor.estimate.options import may_wait
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


MOST_AT_ONCE = 256.0
"""Requests that a server works on at once at most: the default of vLLM (max_num_seqs)."""

PEAK_FACTOR = (1.5, 2.5, 4.0)
"""Arrivals of the busiest hour over those of the mean hour: low, likely, high; planning range."""


def load(ledger: Ledger, gpu: Gpu | None, gpus: float, hours: Figure) -> Figure | None:
    """`serve.set_seconds`, and the sets of GPUs that a month's requests fill in `hours`; in their
    busiest hour where answers must come at once. None: not known.

    A full batch of B takes B · further + write seconds, so each of its requests keeps the set for
    further + write ÷ B.
    """
    if not _batch(ledger, gpu, gpus):
        return None
    batch = algebra.highest(algebra.lowest(ledger["serve.fit"], MOST_AT_ONCE), 1.0)
    ledger.put("serve.batch", "requests", batch, "serving")
    each = ledger["serve.further_seconds"] + ledger["serve.write_seconds"] / ledger["serve.batch"]
    ledger.put("serve.set_seconds", "s/request", each, "serving")
    mean = calls(ledger) * ledger["serve.set_seconds"] / SECONDS_PER_HOUR / hours
    return mean if may_wait(ledger.brief) else mean * _peak(ledger)


def within_latency(ledger: Ledger) -> None:
    """`serve.at_once`, `serve.in_flight` and `serve.replicas_in_time`: sets of GPUs that keep to
    the latency goal.

    In the time S of an answer a set that works on B at once reads B inputs and takes O steps, each
    of which reads the weights and B caches: S = B · further + write. B is the most that keeps S
    within the goal and fits into memory; requests in flight are arrivals at the peak × S (Little's
    law).
    """
    if not _batch(ledger, ledger.setting.gpu, float(ledger.brief.hardware.count)):
        return
    goal = ledger.sheet["traffic.max_latency_seconds"]
    in_time = algebra.quotient(
        goal - ledger["serve.write_seconds"], ledger["serve.further_seconds"], 1.0
    )
    most = algebra.lowest(in_time, ledger["serve.fit"])
    ledger.put("serve.at_once", "requests", algebra.highest(most, 0.0), "latency")
    _replicas_in_time(ledger)


def _batch(ledger: Ledger, gpu: Gpu | None, gpus: float) -> bool:
    """The seconds that a batch takes, `serve.write_seconds` once and `serve.further_seconds` for
    each request in it, and `serve.fit`, how many fit into memory; whether all of it is known.
    """
    if "serve.fit" in ledger:
        return True
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
        return False
    fit = _fit(ledger, gpu, gpus, model)
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
    token = _operations_per_token(ledger) / (rated * arithmetic_share(ledger))
    output = ledger["tokens.output"]
    ledger.put("serve.read_seconds", "s", ledger["serve.read_tokens"] * token, "latency")
    weights = ledger["serve.weight_bytes"] * _params(ledger, model)
    ledger.put("serve.write_seconds", "s", output * weights / bandwidth, "latency")
    cache = ledger["tokens.static"] + ledger["tokens.fresh"] + output / 2.0
    step = token + cache * float(_cache_bytes(model)) / bandwidth
    further = ledger["serve.read_seconds"] + output * step
    ledger.put("serve.further_seconds", "s", further, "latency")
    ledger.put("serve.fit", "requests", fit, "latency")
    return True


def _fit(ledger: Ledger, gpu: Gpu, gpus: float, model: Model) -> Figure:
    """Requests whose caches fit beside the weights, and `serve.read_tokens`, those that a request
    has the server read.

    A server keeps the caches of all static prompts, as vLLM does by default, where that leaves room
    for no fewer requests than keeping none.
    """
    static = ledger["tokens.static"]
    fresh = ledger["tokens.fresh"]
    weights = _weight_bytes(ledger, gpu, model) * float(model.params)
    memory = _of_gpu(ledger, gpu, "memory", gpu.memory_gb or 0.0, "GB") * (
        GIGA * gpus * MEMORY_SHARE
    )
    room = (memory - weights) / float(_cache_bytes(model))  # in tokens
    own = fresh + ledger["tokens.output"] / 2.0
    plain = algebra.quotient(room, static + own, 1.0)
    prefixes = ledger.sheet["traffic.distinct_prefixes"]
    shared = algebra.quotient(room - prefixes * static, own, 1.0)
    are_stored = algebra.reaches(shared - plain, 0.0)
    read = algebra.either(are_stored, lambda: fresh, lambda: static + fresh)
    ledger.put("serve.read_tokens", "tokens/request", read, "latency")
    return algebra.highest(algebra.highest(shared, plain), 0.0)


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
    mean = calls(ledger) / ledger.sheet["traffic.active_hours_per_month"] / SECONDS_PER_HOUR
    arrivals = mean * _peak(ledger)
    in_flight = ledger.put("serve.in_flight", "requests", arrivals * seconds, "latency")
    sets = algebra.highest(algebra.ceil(in_flight / at_once / UTILISATION), 1.0)
    ledger.put("serve.replicas_in_time", "sets of GPUs", sets, "latency")


def _peak(ledger: Ledger) -> Figure:
    """Arrivals of the busiest hour over those of the mean hour."""
    source = "busiest over mean hour; planning range, no survey"
    return ledger.assumed("serve.peak_factor", *PEAK_FACTOR, "× the mean", source)


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
