"""The fitted coefficients of the training estimator, read once from profiles/training.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

from advisor.shipped import folder


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Every fitted or documented number of the formulas in docs/reference/formulas-training.md.

    Fields that are mappings hold one number per case: an architecture of GPUs, a kind of loss, a
    format of weights, or memory and speed.
    """

    active: float
    attention: Mapping[str, float]
    attention_most_tflops: float
    attention_vendor: Mapping[str, float]
    compile_seconds: float
    constant_gib: float
    context_gib: float
    context_parallel: float
    dequantize: Mapping[str, float]
    eff_fp8: float
    eff_grouped: float
    eff_moe: float
    eff_moe_width: float
    eff_nodes: float
    eff_nodes_moe: float
    eff_other_method: float
    eff_padding: float
    eff_tuned_stack: float
    efficiency: Mapping[str, float]
    experts_unstated: float
    gathered: float
    gathered_head: float
    head: float
    launch_operation: float
    launch_sharded: float
    link_nodes: float
    link_nvlink: float
    link_offload: float
    link_pcie: float
    logits: Mapping[str, float]
    matrix_share: float
    offload_kept: float
    optimizer_bytes: float
    optimizer_bytes_loops: float
    optimizer_temporary: float
    overlap: float
    pipeline_bubble: float
    reserved: float
    reserved_varying: float
    selective: float
    start_seconds: float
    stored: float
    tensor_exposed: float
    tflops_per_gb: float
    traffic: float
    unhidden: float
    unsloth_kept: float
    unstated: float
    usable_memory: float
    work: float
    work_fsdp_adapter: float
    zero_buckets_gib: float
    repeat: Mapping[str, float]
    hidden: Mapping[str, float]
    spread_memory: Mapping[str, float]
    spread_speed: Mapping[str, float]
    frameworks: frozenset[str] = frozenset()
    """Stacks that were fitted on; empty: not asked."""
    gpus: frozenset[str] = frozenset()
    """GPUs that were fitted on; empty: not asked."""

    @classmethod
    def from_flat(
        cls, numbers: Mapping[str, float], frameworks: str = "", gpus: str = ""
    ) -> Coefficients:
        """From names such as `stored` and `efficiency.Ampere`; those that are absent count as 0.

        Stacks and GPUs are listed with semicolons between them.
        """
        nested: dict[str, float | dict[str, float]] = {}
        for name, number in numbers.items():
            field, _, case = name.partition(".")
            if not case:
                nested[field] = number
                continue
            cases = nested.setdefault(field, {})
            assert isinstance(cases, dict)
            cases[case] = number
        names = [f.name for f in fields(cls) if f.name not in ("frameworks", "gpus")]
        return cls(
            **{name: nested.get(name, 0.0) for name in names},  # type: ignore[arg-type]
            frameworks=frozenset(filter(None, frameworks.split(";"))),
            gpus=frozenset(filter(None, gpus.split(";"))),
        )

    def spread(self, what: str) -> Mapping[str, float]:
        """Log standard deviations by cause, of `what` = memory or speed."""
        return self.spread_memory if what == "memory" else self.spread_speed


Entry = float | str | dict[str, float]
"""A number, a text, or numbers by case."""


@cache
def _profile() -> Mapping[str, Mapping[str, Entry]]:
    path = folder("profiles") / "training.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _flat(table: Mapping[str, Entry]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, entry in table.items():
        if isinstance(entry, dict):
            numbers |= {f"{name}.{case}": float(number) for case, number in entry.items()}
        elif isinstance(entry, int | float):
            numbers[name] = float(entry)
    return numbers


@cache
def fitted(without: str = "") -> Coefficients:
    """The coefficients fitted on all published runs, or on all but those of the source `without`.

    The second form serves the back-test alone: a study that is scored is never fitted on. A source
    that was not fitted on leaves nothing out.
    """
    profile = _profile()
    apart = profile.get(f"without {without}", {})
    listed = {**profile["about"], **apart}
    numbers = _flat(profile["all"]) | _flat(apart)
    return Coefficients.from_flat(
        numbers, str(listed.get("frameworks", "")), str(listed.get("gpus", ""))
    )


@cache
def as_of() -> str:
    """The date of the newest run that was fitted on, and what kind of data it was."""
    return str(_profile()["about"]["as_of"])


@cache
def source() -> str:
    """What the coefficients were fitted on, in words."""
    return str(_profile()["about"]["source"])
