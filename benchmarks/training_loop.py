"""Our training loop against Hugging Face Trainer + peft: same model, same rows, same settings, in turns.

usage: python benchmarks/training_loop.py [--steps 30] [--turns 3]

Prints seconds per step of both (process time, one thread) and the ratio: below 1 ours is faster. Needs the extra
`calibrate`.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from statistics import median

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

CONFIG = {
    "model_type": "llama",
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 4000,
    "pad_token_id": 0,
}
ADAPTER = {"method": "lora", "rank": 8, "targets": "all-linear"}
ROWS, LENGTH = 4, 128


def model() -> object:
    """A fresh adapted model with the same random weights every time."""
    import torch

    from advisor.calibrate.child.adapt import adapt
    from advisor.calibrate.child.architecture import blueprint

    torch.manual_seed(0)
    return adapt(blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"), ADAPTER)


def rows(steps: int) -> list[list[int]]:
    """Full-length rows, the same every time."""
    rng = random.Random(0)
    return [[rng.randrange(CONFIG["vocab_size"]) for _ in range(LENGTH)] for _ in range(ROWS * steps)]


def ours(steps: int) -> float:
    """Process seconds a step of our loop."""
    from advisor.calibrate.child.batches import Batch, Example, collate
    from advisor.calibrate.child.device import Device
    from advisor.calibrate.child.loop import Trainer

    data = rows(steps)

    def batches() -> Iterator[Batch]:
        for start in range(0, len(data), ROWS):
            yield collate([Example(row) for row in data[start : start + ROWS]], "cpu")

    trainer = Trainer(model(), Device("cpu"), dtype="fp32", optimizer="adamw", learning_rate=1e-4)
    held = batches()
    begun = time.process_time()
    for _ in range(steps):
        trainer.step(held)
    return (time.process_time() - begun) / steps


def theirs(steps: int) -> float:
    """Process seconds a step of the Trainer, without logging, evaluation and saving."""
    import torch
    from transformers import Trainer, TrainingArguments

    data = [
        {"input_ids": torch.tensor(r), "labels": torch.tensor(r), "attention_mask": torch.ones(LENGTH)}
        for r in rows(steps)
    ]
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=ROWS,
            max_steps=steps,
            learning_rate=1e-4,
            weight_decay=0.0,
            max_grad_norm=1.0,
            optim="adamw_torch_fused",
            lr_scheduler_type="constant",
            logging_strategy="no",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            dataloader_pin_memory=False,
        )
        trainer = Trainer(model=model(), args=settings, train_dataset=data)
        begun = time.process_time()
        trainer.train()
        return (time.process_time() - begun) / steps


def main() -> None:
    """Both in turns, so that a busy machine slows both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    ours(2), theirs(2)
    pairs = [(ours(asked.steps), theirs(asked.steps)) for _ in range(asked.turns)]
    a, b = median(p[0] for p in pairs), median(p[1] for p in pairs)
    print(f"ours {a * 1e3:.1f} ms a step, Trainer {b * 1e3:.1f} ms, ratio {median(x / y for x, y in pairs):.3f}")


if __name__ == "__main__":
    main()
