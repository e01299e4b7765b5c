"""A run's length projected from its first steps, against the run itself: 12 layers on the CPU, rows
of many lengths.

usage: python benchmarks/projection.py [--steps 400] [--share 0.05] [--methods lora full] [--seeds 0
1 2]

A calibration of SHARE of the steps projects the whole run (start, steps, one save); then the run is
done with other rows of the same lengths. Prints real ÷ projected by CPU time and by wall time: the
second is worse on a busy machine, whose waiting no calibration foresees. Needs the extra
`calibrate`.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

CONFIG = {
    "model_type": "llama",
    "hidden_size": 96,
    "intermediate_size": 256,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
    "pad_token_id": 0,
}
ROWS = 4


def lengths() -> list[int]:
    """Tokens of 500 rows, log-normal as texts are: median 40, the longest cut at 256."""
    rng = random.Random(1)
    return sorted(min(max(round(40 * 2.718 ** rng.gauss(0.0, 0.7)), 4), 256) for _ in range(500))


def projected(method: str, steps: int, share: float) -> tuple[float, float, float]:
    """Hours of a run of `steps` by a calibration of `share` of them: P10, P50, P90."""
    from advisor.calibrate import throughput
    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.reporter import Reporter
    from advisor.calibrate.worker.stop import Stop
    from advisor.calibrate.worker.throughput import measure
    from advisor.core.experiment import Status, TrialOutcome

    short = round(steps * share)
    setup = throughput.Setup(
        "deep",
        {"config": CONFIG},
        method=method,
        rank=8,
        micro_batch=ROWS,
        seq_len=256,
        steps=short,
        seconds=1e9,
    )
    plan = throughput.plan([setup], lengths(), device="cpu")
    result = measure(plan.trials[0], plan.shared, Reporter(io.StringIO()), Stop(), Device("cpu"))
    result["steady"] = (
        True  # a busy machine scatters single steps; the mean is what is put to the test
    )
    outcome = TrialOutcome(plan.trial_digest(plan.trials[0]), "deep", Status.DONE, None, result)
    (projection,) = throughput.project(plan, [outcome], examples=ROWS * steps, epochs=1.0)
    return projection.hours.p10 or 0.0, projection.hours.likely, projection.hours.p90 or 0.0


def real(method: str, steps: int, seed: int) -> tuple[float, float]:
    """Hours of the run itself, start and one save in it: CPU time, wall time."""
    from safetensors.torch import save_file

    from advisor.calibrate.worker.adapters import adapt
    from advisor.calibrate.worker.architecture import blueprint
    from advisor.calibrate.worker.batches import Rows
    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.loop import Trainer

    begun, wall = time.process_time(), time.perf_counter()
    model = adapt(
        blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"),
        {"method": method, "rank": 8, "targets": "all-linear"},
    )
    trainer = Trainer(model, Device("cpu"), dtype="fp32", optimizer="adamw", learning_rate=1e-4)
    batches = Rows(lengths(), 256, CONFIG["vocab_size"]).batches(ROWS, seed, "cpu")
    for _ in range(steps):
        trainer.step(batches)
    trained = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    with tempfile.TemporaryDirectory() as folder:
        save_file(trained, Path(folder) / "trained.safetensors")
    return (time.process_time() - begun) / 3600.0, (time.perf_counter() - wall) / 3600.0


def main() -> None:
    """A line for every method and seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--methods", nargs="+", default=["lora", "full"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    projected(
        arguments.methods[0], 200, arguments.share
    )  # what loads on first use does so before the clock runs
    for method in arguments.methods:
        for seed in arguments.seeds:
            low, likely, high = projected(method, arguments.steps, arguments.share)
            cpu, wall = real(method, arguments.steps, 1000 + seed)
            inside = "inside" if low <= cpu <= high else "outside"
            measured_steps = round(arguments.steps * arguments.share)
            print(
                f"{method}, {arguments.steps} steps from {measured_steps}: "
                f"projected {likely * 3600:.1f} s ({low * 3600:.1f} – {high * 3600:.1f}), "
                f"CPU time ÷ projected {cpu / likely:.3f} ({inside}), "
                f"wall ÷ projected {wall / likely:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
