"""Our training loop against Hugging Face Trainer + peft: same model, same rows, same settings, in
turns.

usage: python benchmarks/training_loop.py [--model NAME] [--method lora] [--rows 4] [--length 128]
           [--varied] [--steps 30] [--turns 3] [--device cpu|cuda]

Prints seconds per step of both and the ratio: below 1 ours is faster; on a GPU also the highest
memory, allocated and reserved (GiB). On a CPU process time of one thread in fp32, on a GPU wall
time with everything finished in bf16. Without --model a small one is built; `--varied` draws the
lengths of rows. Needs the extra `calibrate`.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, NamedTuple

from advisor.calibrate.throughput import architecture_of
from advisor.core.constants import GIB
from advisor.facts import load

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
RANK = 8


class Setting(NamedTuple):
    """What both train: the model's sizes, the method, and the shape and number of the steps."""

    architecture: dict[str, object]
    method: str
    rows: int
    length: int
    varied: bool
    steps: int
    device: str

    @property
    def dtype(self) -> str:
        return "fp32" if self.device == "cpu" else "bf16"


class Cost(NamedTuple):
    """What one turn took: seconds per step, highest allocated and reserved memory (GiB)."""

    seconds: float
    allocated_gib: float
    reserved_gib: float


def clock(device: str) -> float:
    """Seconds: of this process on a CPU, of the wall on a GPU with its work done."""
    import torch

    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def model(setting: Setting) -> Any:
    """A fresh adapted model with the same random weights every time."""
    import torch

    from advisor.calibrate.worker.adapters import adapt
    from advisor.calibrate.worker.architecture import blueprint

    torch.manual_seed(0)
    built = blueprint(setting.architecture, 0, "sdpa").build(setting.dtype, setting.device)
    return adapt(built, setting.method, rank=RANK)


def rows(setting: Setting, vocabulary: int) -> list[list[int]]:
    """The same rows every time: all of the full length, or of any from an eighth of it on."""
    rng = random.Random(0)
    shortest = setting.length // 8 if setting.varied else setting.length
    lengths = [rng.randint(shortest, setting.length) for _ in range(setting.rows * setting.steps)]
    return [[rng.randrange(vocabulary) for _ in range(n)] for n in lengths]


def ours(setting: Setting) -> Cost:
    """A turn of our loop."""
    from advisor.calibrate.worker.batches import Batch, TokenisedExample, collate
    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.loop import Trainer

    subject = model(setting)
    data = rows(setting, subject.config.get_text_config().vocab_size)

    def batches() -> Iterator[Batch]:
        for start in range(0, len(data), setting.rows):
            examples = [TokenisedExample(row) for row in data[start : start + setting.rows]]
            yield collate(examples, setting.device)

    trainer = Trainer(
        subject,
        Device(setting.device),
        dtype=setting.dtype,
        optimizer="adamw",
        learning_rate=1e-4,
    )
    batch_list = batches()

    def work() -> None:
        for _ in range(setting.steps):
            trainer.step(batch_list)

    return cost(work, setting)


def theirs(setting: Setting) -> Cost:
    """A turn of the Trainer, without logging, evaluation and saving."""
    from transformers import Trainer, TrainingArguments

    subject = model(setting)
    data = [
        {"input_ids": row} for row in rows(setting, subject.config.get_text_config().vocab_size)
    ]
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=setting.rows,
            max_steps=setting.steps,
            learning_rate=1e-4,
            weight_decay=0.0,
            max_grad_norm=1.0,
            optim="adamw_torch_fused",
            lr_scheduler_type="constant",
            logging_strategy="no",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=setting.device == "cpu",
            bf16=setting.device == "cuda",
            dataloader_pin_memory=False,
        )
        trainer = Trainer(model=subject, args=settings, train_dataset=data, data_collator=padded)
        return cost(trainer.train, setting)


def padded(examples: list[dict[str, list[int]]]) -> dict[str, Any]:
    """Rows of a batch padded on the right; padding is not learned."""
    from advisor.calibrate.worker.batches import TokenisedExample, collate

    return collate([TokenisedExample(e["input_ids"]) for e in examples], "cpu").inputs


def cost(work: Callable[[], object], setting: Setting) -> Cost:
    """Seconds per step and peak memory of all steps."""
    import torch

    if setting.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    begun = clock(setting.device)
    work()
    seconds = (clock(setting.device) - begun) / setting.steps
    if setting.device == "cpu":
        return Cost(seconds, 0.0, 0.0)
    return Cost(
        seconds, torch.cuda.max_memory_allocated() / GIB, torch.cuda.max_memory_reserved() / GIB
    )


def described(name: str, costs: list[Cost]) -> Cost:
    """The medians, printed."""
    typical = Cost(*(median(column) for column in zip(*costs, strict=True)))
    memory = f", {typical.allocated_gib:.2f} GiB allocated, {typical.reserved_gib:.2f} reserved"
    print(f"{name:<8} {typical.seconds * 1e3:.1f} ms per step{memory if typical[1] else ''}")
    return typical


def main() -> None:
    """Both in turns, so that a busy machine slows both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="")
    parser.add_argument("--method", default="lora")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--varied", action="store_true")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    device = arguments.device or ("cuda" if torch.cuda.is_available() else "cpu")
    architecture: dict[str, object] = {"config": CONFIG}
    if arguments.model:
        architecture = dict(architecture_of(load().model(arguments.model)))
    setting = Setting(
        architecture,
        arguments.method,
        arguments.rows,
        arguments.length,
        arguments.varied,
        arguments.steps,
        device,
    )
    warm = setting._replace(steps=2)
    ours(warm), theirs(warm)
    pairs = [(ours(setting), theirs(setting)) for _ in range(arguments.turns)]
    print(f"{device}: {arguments.model or 'a small model'}, {arguments.method}")
    described("ours", [pair[0] for pair in pairs])
    described("Trainer", [pair[1] for pair in pairs])
    print(f"ratio {median(a.seconds / b.seconds for a, b in pairs):.3f}")


if __name__ == "__main__":
    main()
