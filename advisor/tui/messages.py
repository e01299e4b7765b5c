"""What widgets and workers report to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from advisor.core.events import StageEvent
    from advisor.core.experiment import RunRecord
    from advisor.core.probes import HardwareReport
    from advisor.core.verdict import Verdict
    from advisor.experiments import Prepared
    from advisor.tui.model.proposed_answers import ProposedAnswer
    from advisor.tui.work.engine import Observations


class DeskReady(Message):
    """The first brief, or the start screen, is in front: keys are answered."""


@dataclass
class AnswerGiven(Message):
    """A field holds a valid answer; None: left out."""

    key: str
    value: Any


@dataclass
class HelpWanted(Message):
    """A line for the help below the desk, about what is under the cursor."""

    text: str


@dataclass
class AnswerRefused(Message):
    """A field holds text that is not an answer; `line` says why in one line."""

    key: str
    line: str


@dataclass
class WhatIfStepped(Message):
    """A what-if step on a field: direction 1 or −1."""

    key: str
    direction: int


@dataclass
class WhatIfSettled(Message):
    """The user keeps a what-if as the answer, or drops it."""

    key: str
    keep: bool


@dataclass
class FlipTried(Message):
    """The user wants to see the verdict beyond a flip: the input, its flip and its value now."""

    key: str
    value: float
    now: float | None


@dataclass
class PastWanted(Message):
    """The user wants to see a verdict of the past: its number in the store."""

    number: int


@dataclass
class ProposalsAccepted(Message):
    """The user accepts what the data propose."""

    proposals: tuple[ProposedAnswer, ...]


@dataclass
class MachineRead(Message):
    """The machine was read once more: its readings, or one line of why not."""

    report: HardwareReport | None
    failure: str = ""


@dataclass
class ObservationsReady(Message):
    """The look around for request `number` has ended, with what it found or with one line of why
    not.
    """

    number: int
    observations: Observations | None
    failure: str = ""


@dataclass
class LookProgressed(Message):
    """The look at data, machine and prices has moved on."""

    event: StageEvent

    def can_replace(self, message: Message) -> bool:
        """Only the newest state is of interest."""
        return isinstance(message, LookProgressed)


@dataclass
class VerdictReady(Message):
    """The judgement for request `number` has ended: a verdict, or one line of why there is none."""

    number: int
    verdict: Verdict | None
    failure: str = ""
    deep: bool = False

    def can_replace(self, message: Message) -> bool:
        """A newer judgement makes an older one that still waits useless."""
        return isinstance(message, VerdictReady) and message.number <= self.number


@dataclass
class PlanReady(Message):
    """The plan for request `number`, with its price, or one line of why there is none.

    `missing` is one line about what has to be installed before it can run.
    """

    number: int
    prepared: Prepared | None
    failure: str = ""
    missing: str = ""
    leaves: Sequence[str] = ()


@dataclass
class PlanWanted(Message):
    """The request for a run has changed and needs a plan."""


@dataclass
class RunProgressed(Message):
    """The run on the screen has moved on."""

    def can_replace(self, message: Message) -> bool:
        """One redraw shows all that happened meanwhile."""
        return isinstance(message, RunProgressed)


@dataclass
class RunEnded(Message):
    """The run on the screen has ended: its record (None for a replay), or one line of why there is
    none.

    `log` is the path of what its libraries said, where it failed.
    """

    record: RunRecord | None
    failure: str = ""
    log: str = ""
