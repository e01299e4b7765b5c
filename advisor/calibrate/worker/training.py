"""Trains a model on rows of the user, and proves that something was learned."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from advisor.calibrate.quality_records import QualitySpec, Training
from advisor.calibrate.worker.adapters import trainable
from advisor.calibrate.worker.batches import Batch, TokenisedExample, collate
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.loop import StepReport, Trainer
from advisor.calibrate.worker.prompt_format import Pair, PromptFormat
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop

WARM_UP_SHARE = 0.1


def train(
    model: Any,
    form: PromptFormat,
    rows: Sequence[Pair],
    spec: QualitySpec,
    reporter: Reporter,
    stop: Stop,
    device: Device,
    label: str,
) -> Training:
    """Epochs over the rows; returns what the training showed.

    Raises Stopped, and ValueError where nothing is to learn.
    """
    examples = [form.example(p, a) for p, a in rows]
    if not any(e.prompt_tokens < len(e.tokens) for e in examples):
        raise ValueError("no token of any answer is learned: the answers are empty")
    rate = spec.learning_rate or 0.0
    size = min(spec.batch, len(examples))
    total = max(len(examples) // size, 1) * (spec.epochs or 1)
    dtype = "fp32" if device.kind == "cpu" else "bf16"
    trainer = Trainer(model, device, dtype=dtype, optimizer="adamw", learning_rate=rate)
    before = [p.detach().float().cpu().clone() for p in trainable(model)]
    batches = _epochs(examples, size, spec.seed, device.kind, form.pad)
    steps: list[StepReport] = []
    for number in range(total):
        stop.check()
        trainer.schedule(rate * share_of_rate(number, total))
        steps.append(trainer.step(batches))
        reporter.step(
            label=label,
            step=number + 1,
            steps=total,
            loss=steps[-1].loss,
            tokens_per_second=steps[-1].tokens / max(steps[-1].seconds, 1e-9),
            memory_gib=trainer.device.peak_gib()["process_gib"],
        )
    moved = sum(
        float((a.detach().float().cpu() - b).norm())
        for a, b in zip(trainable(model), before, strict=True)
    )
    return summed(steps, moved, sum(p.numel() for p in trainable(model)))


def summed(steps: Sequence[StepReport], moved: float, params: int) -> Training:
    """What steps showed together; losses are means of their first and last tenth, in nats a
    token.
    """
    tenth = max(len(steps) // 10, 1)
    first = fmean(s.loss for s in steps[:tenth])
    last = fmean(s.loss for s in steps[-tenth:])
    return Training(
        first_loss=first,
        last_loss=last,
        loss_fell=last < first,
        weights_moved=moved,
        supervised_tokens=sum(s.supervised for s in steps),
        trained_tokens=sum(s.tokens for s in steps),
        train_tokens_per_second=sum(s.tokens for s in steps) / sum(s.seconds for s in steps),
        trainable_params=params,
    )


def warnings(training: Training | None) -> list[str]:
    """What is wrong with a training, in plain words; empty where it learned as it should."""
    if training is None:
        return []
    lines = []
    if not training.loss_fell:
        lines.append(
            f"the loss did not fall ({training.first_loss:.3f} to {training.last_loss:.3f}): its "
            "score says nothing about tuning"
        )
    if not training.weights_moved > 0.0:
        lines.append("no weight moved: nothing was trained")
    if not training.supervised_tokens:
        lines.append("no token of any answer was learned")
    return lines


def share_of_rate(step: int, total: int) -> float:
    """Linear warm-up over the first tenth, then linear to nothing."""
    warm = max(round(total * WARM_UP_SHARE), 1)
    return (step + 1) / warm if step < warm else (total - step) / max(total - warm, 1)


def _epochs(
    examples: Sequence[TokenisedExample], size: int, seed: int, device: str, pad: int
) -> Iterator[Batch]:
    rng = random.Random(seed)
    while True:
        order = list(examples)
        rng.shuffle(order)
        for start in range(0, len(order) - size + 1, size):
            yield collate(order[start : start + size], device, pad)
