"""What an imported run may state: the columns of the published runs, and its record."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Fields = Mapping[str, object]
"""An entry of a foreign log, or values by column: anything may stand in it."""

Collected = dict[str, object]
"""Values by column that a reader gathers."""

NEEDED = ("model", "method", "gpu")
COLUMNS = (
    *("id", "source", "date", "framework", "model", "params_total", "method", "rank", "targets"),
    *("trainable_params", "quantization", "weights_dtype", "compute_dtype", "optimizer", "packed"),
    *("mean_tokens", "max_tokens", "micro_batch", "grad_accum", "checkpointing", "attention"),
    *("fused_loss", "compile", "offload", "gpu", "gpu_count", "sharding", "outcome"),
    *("memory_gib", "memory_basis", "tokens_per_second", "tokens_basis", "step_seconds"),
    *("samples_per_second", "total_seconds", "total_includes", "total_samples", "epochs"),
    "cost_usd",
)
"""What a run may state, see docs/guide/runs.md."""

MEASURED = (
    *("memory_gib", "tokens_per_second", "step_seconds", "samples_per_second", "total_seconds"),
    "cost_usd",
)
"""Columns that a run measured; the others describe it."""


_ELAPSED = re.compile(
    r"(?:(?P<days>\d+) days?, )?(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+(?:\.\d+)?)$"
)
_ELAPSED_WORDS = re.compile(
    r"(?=.)(?:(?P<days>\d+)d ?)?(?:(?P<hours>\d+)h ?)?(?:(?P<minutes>\d+)m ?)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)s)?$"
)
SECONDS_IN = {"days": 86_400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """One run: `cells` by column as text, the curve of its loss (step, loss), scores by name, and
    `notes` on what was not kept and why.
    """

    label: str
    cells: Mapping[str, str]
    curve: Sequence[tuple[float, float]] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """ok, oom or boundary; a run that does not say ended well."""
        return self.cells.get("outcome") or "ok"

    @property
    def says_something(self) -> bool:
        """Whether it holds more than a description and a curve of losses."""
        measured = any(self.cells.get(name) for name in MEASURED)
        return measured or bool(self.scores) or self.outcome != "ok"


MOST = 1e30
"""No count of a run is larger, operations included; what is multiplied by more overflows."""

LEAST = 1e-9
"""No clock, counter or speed of a run is smaller; what is divided by less overflows."""


def finite(value: object) -> float | None:
    """A finite number up to `MOST`, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= MOST else None


def positive(value: object) -> float | None:
    """A finite number of at least `LEAST`, None for anything else."""
    number = finite(value)
    return number if number is not None and number >= LEAST else None


def as_cells(values: Fields) -> dict[str, str]:
    """As text, without what is unknown; whole numbers without a point."""
    return {
        name: str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
        for name, value in values.items()
        if value not in (None, "") and not (isinstance(value, float) and not math.isfinite(value))
    }


def seconds_of(value: object) -> float | None:
    """Seconds of `0:12:34`, `1 day, 2:03:04`, `12:34` or `1h 2m 3s`; a number is seconds."""
    if not isinstance(value, str):
        return finite(value)
    text = value.strip()
    match = _ELAPSED.match(text) or _ELAPSED_WORDS.match(text)
    if match is None:
        return finite(value)
    parts = {name: float(part) for name, part in match.groupdict().items() if part}
    return sum(parts.get(name, 0.0) * size for name, size in SECONDS_IN.items())
