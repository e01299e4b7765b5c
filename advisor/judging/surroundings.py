"""What a look around brought to light, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.brief import Score
from advisor.core.probes import DataReport, HardwareReport, ResultsReport, TrafficReport
from advisor.core.training import TrainingMeasurement

if TYPE_CHECKING:
    from advisor.facts import Facts


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a look around found: facts, data, machine and request log; None where there was nothing
    to look at.
    """

    facts: Facts
    data: DataReport | None
    hardware: HardwareReport | None
    traffic: TrafficReport | None
    results: ResultsReport | None = None
    warnings: tuple[str, ...] = ()
    measured: tuple[TrainingMeasurement, ...] = ()  # own training runs, on any GPU
    scores: tuple[Score, ...] = ()  # of own quality and prompts runs on the brief's data
    actual_hours: tuple[float, ...] = ()  # log of recorded over predicted hours of training
    run_remarks: tuple[str, ...] = ()  # what a verdict says about own scores
