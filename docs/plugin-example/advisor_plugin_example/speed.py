"""An estimator for one kind of run: LoRA with rank 16 on one L40S.

The constant stands for a benchmark of one's own; the error is that of its predictions on runs that
were left out when it was fitted.
"""

from __future__ import annotations

from advisor.core.plugins import Estimator, Prediction
from advisor.core.training import TrainingRun

TOKENS_PER_SECOND_PER_BILLION = 20_000.0
"""Real tokens per second × billions of parameters, in the benchmark."""


def predict(run: TrainingRun) -> Prediction | None:
    """Speed alone; None for every run that the benchmark does not cover."""
    covered = run.gpu_name == "L40S" and run.gpus == 1 and run.method == "lora" and run.rank == 16
    if not covered or run.model is None:
        return None
    billions = run.model.params / 1e9
    return Prediction(tokens_per_second=TOKENS_PER_SECOND_PER_BILLION / billions)


L40S_BENCH = Estimator(
    "l40s-bench", "our benchmark of 40 runs (fictitious)", "2026-10-15", 0.12, predict
)
