"""What the app asks of the pipeline: a seam, so that tests can stand in for it and nothing heavy loads before paint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.events import CancelToken
    from advisor.core.probes import DataReport, HardwareReport
    from advisor.core.verdict import Verdict


class Sights(Protocol):
    """What a look around found; None where there was nothing to look at."""

    @property
    def data(self) -> DataReport | None: ...

    @property
    def hardware(self) -> HardwareReport | None: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...


class Engine(Protocol):
    """The stages as the app needs them. Each call may take long and runs in a thread; each may raise AdvisorError."""

    def look(self, brief: Brief, cancel: CancelToken) -> Sights: ...

    def judge(self, brief: Brief, sights: Sights, *, deep: bool) -> Verdict: ...


class PipelineEngine:
    """The real stages. Every import is inside, because numpy and the price list must not delay the first frame."""

    def look(self, brief: Brief, cancel: CancelToken) -> Sights:
        """Look at data, machine and prices; seconds where the data are large. Raises Cancelled."""
        from advisor import pipeline

        return pipeline.look(brief, cancel=cancel)

    def judge(self, brief: Brief, sights: Sights, *, deep: bool) -> Verdict:
        """The verdict; `deep` adds flip points, sensitivity and the next step. Raises UsageError, Infeasible."""
        from advisor import pipeline

        return pipeline.judge(brief, cast(pipeline.Surroundings, sights), deep=deep)
