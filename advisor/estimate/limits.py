"""What no GPU can do: bounds from its data sheet that a stated speed must keep to.

A rate above the arithmetic of the GPU is a slip of the pen or the rate of several GPUs, and is
refused by its key. Formulas: docs/reference/formulas.md#limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.core.brief import Brief
from advisor.core.constants import TERA
from advisor.core.errors import UsageError
from advisor.core.facts import Gpu, Model
from advisor.core.setting import Setting

NARROWEST = {"train": 2.0, "prefill": 4.0, "decode": 4.0}
"""How much faster than in 16 bits a tensor core is at the narrowest numbers: 8 bits to train, 4
bits to serve.
"""

OPERATIONS = {"train": 4.0, "prefill": 2.0, "decode": 2.0}
"""Fewest operations per parameter and token: forward and backward past frozen weights, or forward
alone.
"""


@dataclass(frozen=True, slots=True)
class Bound:
    """The most tokens a second of one GPU for one model, in 16-bit arithmetic."""

    key: str
    task: str
    stated: float
    model: str
    tokens_per_second: float


def bounds(brief: Brief, setting: Setting) -> Iterator[Bound]:
    """A bound per stated speed and open decoder that is tuned or served on the GPU; none where a
    datum is unknown.
    """
    if setting.gpu is None:
        return
    for task in OPERATIONS:
        key = f"hardware.{task}_tokens_per_second"
        stated = brief.get(key)
        for name, model in _decoders(brief, setting, task) if stated is not None else ():
            most = _most(setting.gpu, model, task, brief)
            if most is not None:
                yield Bound(key, task, stated.likely, name, most)


def _decoders(brief: Brief, setting: Setting, task: str) -> list[tuple[str, Model]]:
    names = [*(brief.models.tune or ()), *((brief.models.prompt or ()) if task != "train" else ())]
    named = [(name, setting.model(name)) for name in dict.fromkeys(names)]
    return [(name, model) for name, model in named if model is not None and model.kind == "decoder"]


def _most(gpu: Gpu, model: Model, task: str, brief: Brief) -> float | None:
    """Rated 16-bit operations over the fewest a token needs; a prompt's cached part needs none."""
    rate = gpu.bf16_tflops or gpu.fp16_tflops
    size = model.active_params - model.embedding_params
    if rate is None or size <= 0:
        return None
    most = rate * TERA / (OPERATIONS[task] * size)
    fresh = max(brief.traffic.input_tokens.likely, 1.0)
    longest = max(brief.traffic.static_tokens.likely, brief.tuning.static_tokens.likely)
    return most * (longest + fresh) / fresh if task == "prefill" else most


def refuse_impossible(brief: Brief, setting: Setting) -> None:
    """Raises UsageError for a stated speed that one GPU cannot reach for any model of the brief,
    at any precision.
    """
    easiest: dict[str, Bound] = {}
    for bound in bounds(brief, setting):
        best = easiest.get(bound.key)
        easiest[bound.key] = (
            bound if best is None or bound.tokens_per_second > best.tokens_per_second else best
        )
    for key, bound in easiest.items():
        most = bound.tokens_per_second * NARROWEST[bound.task]
        if bound.stated > most:
            raise UsageError(
                f"{_place(brief, key)}: {bound.stated:,.0f} tokens/s is more than one "
                f"{brief.hardware.gpu} can do for "
                f"{bound.model}: at most {most:,.0f} by its rated arithmetic; state the measured "
                "rate of one GPU"
            )


def _place(brief: Brief, key: str) -> str:
    """File and key of an answer, as its origin tells them."""
    return brief.origins[key].source.removeprefix("brief ") if key in brief.origins else key


def doubtful(brief: Brief, setting: Setting) -> Iterator[str]:
    """A caution for each stated speed that needs narrower numbers than 16 bits, or is impossible
    for one model.
    """
    for bound in bounds(brief, setting):
        if bound.stated > bound.tokens_per_second:
            yield (
                f"{bound.key} = {bound.stated:,.0f} is above the {bound.tokens_per_second:,.0f} "
                "tokens/s that one "
                f"{brief.hardware.gpu} can do for {bound.model} in 16 bits: check it"
            )
