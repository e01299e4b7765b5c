"""What an objective passes through the model beside the sequences it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.training import TrainingRun


@dataclass(frozen=True, slots=True)
class Objective:
    """Passes per example: `sequences` forward and backward, `only_forward` per sequence of these.

    `reference`: a frozen copy of the model beside one that is trained whole. `writes`: the model
    writes answers between steps, whose time and cache no formula here knows.
    """

    sequences: int = 1
    only_forward: float = 0.0
    reference: bool = False
    has_logits: bool = True
    writes: bool = False


OBJECTIVES: Mapping[str, Objective] = {
    "sft": Objective(),
    "dpo": Objective(sequences=2, only_forward=1.0, reference=True),
    "orpo": Objective(sequences=2),
    "kto": Objective(only_forward=3.0, reference=True),
    "rm": Objective(sequences=2, has_logits=False),
    "grpo": Objective(writes=True),
    "ppo": Objective(writes=True),
}
"""dpo: both answers, by the reference as well (Rafailov et al. 2023). orpo: both answers and no
reference (Hong et al. 2024). kto: one answer; a mismatched one by the model, and both by the
reference, forward alone (Ethayarajh et al. 2024, section 4.1; TRL's KTOTrainer). rm: both answers
to a score instead of a vocabulary (Ouyang et al. 2022).
"""


def of(run: TrainingRun) -> Objective:
    """The objective of a run."""
    return OBJECTIVES[run.objective]
