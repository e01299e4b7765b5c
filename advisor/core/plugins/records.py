"""What a plug-in gives: one record per kind; every record says where its content comes from.

`source` is a citation or an address, `as_of` an ISO date. An estimator also states its error, from
which its range is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from advisor.core.experiment import JsonObject
    from advisor.core.techniques import Technique
    from advisor.core.training import TrainingRun
    from advisor.core.verdict import Verdict

PriceRow: TypeAlias = "JsonObject"
"""A row with the columns of a user's price file; provider, model, source and as_of are required."""

ROW_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class PriceProvider:
    """Prices per token, of training and of hosting. `rows` must not use the network: it is called
    whenever facts are loaded. The user's own prices stand before them, ours after.
    """

    name: str
    source: str
    as_of: str
    rows: Callable[[], Iterable[PriceRow]]

    def fault(self) -> str:
        """What is wrong with the record; empty where nothing is."""
        return _cited(self.name, self.source, self.as_of)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an estimator says of a training run; None: nothing.

    Real tokens per second of all GPUs together, and memory per GPU in GiB.
    """

    tokens_per_second: float | None = None
    memory_gib: float | None = None


@dataclass(frozen=True, slots=True)
class Estimator:
    """Speed and memory of training runs that it knows better than we do.

    `error` is the median absolute relative error of its predictions on runs that it has not seen
    (0.1: ten per cent); the 80 % range is made from it. Own measurements stand before it.
    """

    name: str
    source: str
    as_of: str
    error: float
    predict: Callable[[TrainingRun], Prediction | None]

    def fault(self) -> str:
        """What is wrong with the record; empty where nothing is."""
        if not isinstance(self.error, int | float) or not 0 < self.error < 10:
            return "error: state the median relative error of its predictions, such as 0.15"
        return _cited(self.name, self.source, self.as_of)


@dataclass(frozen=True, slots=True)
class PluggedTechnique:
    """A way to prompt or to tune. It becomes an option where a brief has a score for it."""

    row: Technique
    source: str
    as_of: str

    @property
    def name(self) -> str:
        return self.row.name

    def fault(self) -> str:
        """What is wrong with the record; empty where nothing is."""
        if self.row.approach == "hybrid":
            return "approach: hybrids cannot be added by plug-ins; add a prompt or a way to tune"
        return _cited(self.name, self.source, self.as_of)


@dataclass(frozen=True, slots=True)
class PluggedReport:
    """A format of a report: `render` draws the record of a verdict. `source` says where the format
    is defined.
    """

    name: str
    endings: tuple[str, ...]
    source: str
    as_of: str
    render: Callable[[Verdict], str | bytes]

    def fault(self) -> str:
        """What is wrong with the record; empty where nothing is."""
        return _endings(self.endings) or _cited(self.name, self.source, self.as_of)


@dataclass(frozen=True, slots=True)
class DataFormat:
    """A format of data files: `rows` yields a mapping per row. `source` says where the format is
    defined.
    """

    name: str
    endings: tuple[str, ...]
    source: str
    as_of: str
    rows: Callable[[Path], Iterable[JsonObject]]

    def fault(self) -> str:
        """What is wrong with the record; empty where nothing is."""
        return _endings(self.endings) or _cited(self.name, self.source, self.as_of)


FUNCTIONS: dict[type[Any], str] = {
    PriceProvider: "rows",
    Estimator: "predict",
    PluggedTechnique: "",
    PluggedReport: "render",
    DataFormat: "rows",
}
"""The field of each kind that holds a function."""

STREAMED = (PriceProvider, DataFormat)
"""Kinds whose function yields rows."""


@dataclass(frozen=True, slots=True)
class PluginRequest:
    """What the program asks the process of plug-ins, of the entry point with this group, name and
    value: to `load` its record; to `call` its function; or to get its `rows`, which gives a number
    to ask for `more` of them or to `close` them.
    """

    point: tuple[str, str, str]
    do: str
    args: tuple[object, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class PluginReply:
    """The answer, rows as JSON; or in `error` what went wrong. `in_base64`: the answer is bytes."""

    answer: object = None
    in_base64: bool = False
    error: str = ""


class PluginFailure(Exception):
    """What went wrong in the code of a plug-in, in one line."""


def _cited(name: str, source: str, as_of: str) -> str:
    if not isinstance(name, str) or not ROW_NAME.fullmatch(name):
        return "name: write it in small letters, digits and hyphens"
    if not isinstance(source, str) or not source.strip():
        return "source: is empty; say where its content comes from"
    try:
        date.fromisoformat(as_of)
    except (TypeError, ValueError):
        return f"as_of: {as_of!r} is not a date; write YYYY-MM-DD"
    return ""


def _endings(endings: tuple[str, ...]) -> str:
    sound = isinstance(endings, tuple) and all(
        isinstance(ending, str) and re.fullmatch(r"\.[a-z0-9]+", ending) for ending in endings
    )
    return "" if sound and endings else 'endings: write a tuple such as (".org",)'
