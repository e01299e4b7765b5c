"""The whole model predicted from slices of it, against the whole model measured: step time and peak
memory, on the CPU.

usage: python benchmarks/slices.py [--methods lora full] [--repeats 3] [--steps 30]

One child process measures 2, 4 and 6 layers and then all 12, as `advisor calibrate throughput`
would. Prints predicted ÷ measured of both; step time is CPU time, so that a busy machine slows no
depth more than another. Needs the extra `calibrate`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

CONFIG = {
    "model_type": "llama",
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 2000,
    "pad_token_id": 0,
}
LENGTHS = (24, 32, 48, 64, 64, 96, 128)


def ratios(method: str, steps: int) -> tuple[float, float | None, bool]:
    """(step time predicted ÷ measured, memory predicted ÷ measured, whether every trial was
    steady).
    """
    from advisor.calibrate import client, depths, throughput
    from advisor.core.events import CancelToken
    from advisor.core.experiment import Status

    setup = throughput.Setup(
        "deep",
        {"config": CONFIG},
        method=method,
        rank=8,
        micro_batch=4,
        seq_len=128,
        steps=steps,
        seconds=1e9,
    )
    sliced = throughput.plan([setup], LENGTHS, slices=depths.SLICES, device="cpu")
    whole = throughput.plan([setup], LENGTHS, device="cpu")
    both = replace(sliced, trials=(*sliced.trials, *whole.trials))
    with tempfile.TemporaryDirectory() as folder:
        ending = asyncio.run(
            client.follow(
                both, Path(folder), events=lambda e: None, keep=lambda o: None, cancel=CancelToken()
            )
        )
    assert ending.status is Status.DONE, ending.reason
    prediction = throughput.from_slices(list(zip(sliced.trials, ending.outcomes[:-1], strict=True)))
    measured = ending.outcomes[-1].result
    assert prediction is not None
    memory = (
        prediction.memory.at_full_depth / measured["memory"]["process_gib"]
        if prediction.memory is not None
        else None
    )
    steady = all(o.result["steady"] for o in ending.outcomes)
    return prediction.step.at_full_depth / measured["mean_step_seconds"], memory, steady


def main() -> None:
    """A line for every method and repeat."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", default=["lora", "full"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    for method in arguments.methods:
        for _ in range(arguments.repeats):
            step, memory, steady = ratios(method, arguments.steps)
            ratio = "not measured" if memory is None else f"{memory:.3f}"
            print(
                f"{method}: step predicted ÷ measured {step:.3f}, memory {ratio}"
                + ("" if steady else ", not steady"),
                flush=True,
            )


if __name__ == "__main__":
    main()
