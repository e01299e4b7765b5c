"""What the app and its judging process send each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.events import StageEvent

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.probes import DataReport, HardwareReport
    from advisor.core.verdict import Verdict

UNEXPECTED = "unexpected"
"""The kind of an error that is not one of ours."""


@dataclass(frozen=True, slots=True)
class LookRequest:
    """Look at data, machine and prices; the observations stay in the process under `number`."""

    number: int
    brief: Brief


@dataclass(frozen=True, slots=True)
class CancelLook:
    """Stop the look `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """Judge a brief on the observations of the look `look`."""

    number: int
    brief: Brief
    look: int
    deep: bool


@dataclass(frozen=True, slots=True)
class ObservationsRecord:
    """What the parent gets to see of a look."""

    look: int
    data: DataReport | None
    hardware: HardwareReport | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgeReply:
    """The answer to request `number`: an event, a value, or an error that ends it."""

    number: int
    event: StageEvent | None = None
    observations: ObservationsRecord | None = None
    verdict: Verdict | None = None
    error: str = ""
    error_kind: str = ""
