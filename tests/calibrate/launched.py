"""What one of several processes does in a test: learns two steps of rows that every process could
draw, and keeps them.

usage: torchrun … launched.py OUT.json; a test alone calls `learn("none")`, which learns all rows.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from advisor.calibrate.worker.adapters import adapt
from advisor.calibrate.worker.architecture import blueprint
from advisor.calibrate.worker.batches import TokenisedExample, collate
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.loop import Trainer
from advisor.calibrate.worker.process_group import ProcessGroup
from advisor.calibrate.worker.throughput import _whole

CONFIG = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 96,
}
ROWS, STEPS = 4, 3


def learn(sharding: str) -> dict:
    """Losses and parameters after `STEPS` steps, as the whole team has them."""
    team = ProcessGroup()
    torch.manual_seed(1)
    model = adapt(blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"), "full")
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    model = team.spread(model, sharding, Device("cpu", alone=False))
    if sharding == "fsdp":  # parts are made anew: give them what the model had
        for name, parameter in model.named_parameters():
            parameter.data.copy_(
                torch.distributed.tensor.distribute_tensor(start[name], parameter.device_mesh)
            )
    trainer = Trainer(
        model, Device("cpu", alone=False), dtype="fp32", optimizer="sgd", learning_rate=0.1
    )
    share = ROWS // team.size
    steps = []
    for step in range(STEPS):
        rows = [
            TokenisedExample([random.Random(100 * step + i).randrange(96) for _ in range(10)])
            for i in range(ROWS)
        ]
        own = rows[team.rank * share : (team.rank + 1) * share]
        half = max(share // 2, 1)
        micro = [collate(own[i : i + half], "cpu") for i in range(0, share, half)]
        steps.append(trainer.step(iter(micro), len(micro)))
    merged = team.merged(steps)
    parameters = {
        n.removeprefix("module."): _whole(p).flatten().tolist() for n, p in model.named_parameters()
    }
    return {
        "losses": [s.loss for s in merged],
        "tokens": [s.tokens for s in merged],
        "slowest": all(m.seconds >= s.seconds for m, s in zip(merged, steps, strict=True)),
        "params": parameters,
    }


def main() -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    learned = {sharding: learn(sharding) for sharding in ("ddp", "fsdp")}
    if dist.get_rank() == 0:
        Path(sys.argv[1]).write_text(json.dumps(learned), encoding="utf-8")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
