"""Time of one estimate once everything is loaded, in milliseconds: `python
benchmarks/estimate.py`.
"""

from __future__ import annotations

import timeit

from advisor import facts
from advisor.core.training import TrainingRun
from advisor.estimate.training import estimate

TIMES = 1000


def main() -> None:
    """Estimate the same run many times and print the mean time of one."""
    tables = facts.load()
    run = TrainingRun(
        model_name="Llama-3.1-8B",
        model=tables.model("Llama-3.1-8B"),
        params=None,
        gpu_name="L40S",
        gpu=tables.gpu("L40S"),
        examples=20_000,
        mean_tokens=300.0,
    )
    estimate(run)
    seconds = timeit.timeit(lambda: estimate(run), number=TIMES)
    print(f"{seconds / TIMES * 1000:.3f} ms an estimate")


if __name__ == "__main__":
    main()
