"""Our training loop against Hugging Face Trainer + peft: same model, same rows, same settings, in
turns.

usage: python benchmarks/training_loop.py [--steps 30] [--turns 3] [--device cpu|cuda]

Prints seconds per step of both and the ratio: below 1 ours is faster. On a CPU process time of one
thread in fp32, on a GPU wall time with everything finished in bf16. Needs the extra `calibrate`.
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


def clock(device: str) -> float:
    """Seconds: of this process on a CPU, of the wall on a GPU with its work done."""
    import torch

    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def model(device: str) -> object:
    """A fresh adapted model with the same random weights every time."""
    import torch

    from advisor.calibrate.worker.adapters import adapt
    from advisor.calibrate.worker.architecture import blueprint

    torch.manual_seed(0)
    return adapt(
        blueprint({"config": CONFIG}, 0, "sdpa").build(
            "fp32" if device == "cpu" else "bf16", device
        ),
        ADAPTER,
    )


def rows(steps: int) -> list[list[int]]:
    """Full-length rows, the same every time."""
    rng = random.Random(0)
    return [
        [rng.randrange(CONFIG["vocab_size"]) for _ in range(LENGTH)] for _ in range(ROWS * steps)
    ]


def ours(steps: int, device: str) -> float:
    """Seconds a step of our loop."""
    from advisor.calibrate.worker.batches import Batch, TokenisedExample, collate
    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.loop import Trainer

    data = rows(steps)

    def batches() -> Iterator[Batch]:
        for start in range(0, len(data), ROWS):
            yield collate([TokenisedExample(row) for row in data[start : start + ROWS]], device)

    dtype = "fp32" if device == "cpu" else "bf16"
    trainer = Trainer(
        model(device), Device(device), dtype=dtype, optimizer="adamw", learning_rate=1e-4
    )
    batch_list = batches()
    begun = clock(device)
    for _ in range(steps):
        trainer.step(batch_list)
    return (clock(device) - begun) / steps


def theirs(steps: int, device: str) -> float:
    """Seconds a step of the Trainer, without logging, evaluation and saving."""
    import torch
    from transformers import Trainer, TrainingArguments

    data = [
        {
            "input_ids": torch.tensor(r),
            "labels": torch.tensor(r),
            "attention_mask": torch.ones(LENGTH),
        }
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
            use_cpu=device == "cpu",
            bf16=device == "cuda",
            dataloader_pin_memory=False,
        )
        trainer = Trainer(model=model(device), args=settings, train_dataset=data)
        begun = clock(device)
        trainer.train()
        return (clock(device) - begun) / steps


def main() -> None:
    """Both in turns, so that a busy machine slows both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    device = arguments.device or ("cuda" if torch.cuda.is_available() else "cpu")
    ours(2, device), theirs(2, device)
    pairs = [
        (ours(arguments.steps, device), theirs(arguments.steps, device))
        for _ in range(arguments.turns)
    ]
    a, b = median(p[0] for p in pairs), median(p[1] for p in pairs)
    print(
        f"{device}: ours {a * 1e3:.1f} ms per step, Trainer {b * 1e3:.1f} ms, "
        f"ratio {median(x / y for x, y in pairs):.3f}"
    )


if __name__ == "__main__":
    main()
