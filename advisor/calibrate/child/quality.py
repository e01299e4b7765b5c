"""One quality trial: loads local weights, trains where the arm says so, and scores the held-out items."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from advisor.calibrate.child.adapt import adapt, trainable
from advisor.calibrate.child.batches import Batch, Example, collate
from advisor.calibrate.child.device import Device
from advisor.calibrate.child.loop import Trainer
from advisor.calibrate.child.reporter import Reporter
from advisor.calibrate.child.stop import Stop, Stopped
from advisor.calibrate.metrics.marking import Marking
from advisor.calibrate.prompting import prompt, shown_examples
from advisor.core.calibration import Trial

Pair = tuple[str, str]
WARM_UP_SHARE = 0.1
SCORED_AT_ONCE = 32


def measure(trial: Trial, shared: Mapping[str, Any], reporter: Reporter, stop: Stop, device: Device) -> dict[str, Any]:
    """Score of one arm, with what its training showed. Raises Stopped between steps and between items."""
    spec = trial.spec
    device.settle()
    begun = time.perf_counter()
    model, tokenizer = load(str(spec["model"]["folder"]), device)
    loaded = time.perf_counter()
    train = [(str(p), str(a)) for p, a in shared["train"]]
    shown = shown_examples(train, int(spec["shown"]))
    form = Form(tokenizer, str(shared["instruction"]), shown, int(spec["seq_len"]))
    showed: dict[str, Any] = {}
    if spec["train_examples"]:
        model = adapt(model, spec)
        chosen = [row for row in train if row not in shown][: int(spec["train_examples"])]
        showed = _train(model, form, chosen, spec, reporter, stop, device, trial.label)
    trained = time.perf_counter()
    items = [(str(p), str(a)) for p, a in shared["items"]]
    marking = Marking.of(shared)
    said = _said(model, form, items, marking, reporter, stop, trial.label)
    return {
        "approach": spec["approach"],
        "technique": spec["technique"],
        **marking.mark(said, [a for _, a in items]),
        "train_examples": int(spec["train_examples"]),
        "static_tokens": form.static_tokens,
        "seconds": {"load": loaded - begun, "train": trained - loaded, "score": time.perf_counter() - trained},
        **showed,
    }


def load(folder: str, device: Device) -> tuple[Any, Any]:
    """Model and tokenizer of a local folder: safetensors only, no code of the model's own, no network."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    dtype = torch.float32 if device.kind == "cpu" else torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=dtype
    )
    model.config.use_cache = False
    return model.to(device.kind), tokenizer


class Form:
    """How texts become tokens: the same prompt for training and scoring of one arm."""

    def __init__(self, tokenizer: Any, instruction: str, shown: Sequence[Pair], seq_len: int) -> None:
        self.tokenizer, self._instruction, self._shown, self._seq_len = tokenizer, instruction, shown, seq_len
        self.pad = int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0)
        self.end = tokenizer.eos_token_id
        self.static_tokens = len(self.asked("")) - len(self._encode(prompt("", (), "")))

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def asked(self, text: str) -> list[int]:
        """The prompt of an item."""
        return self._encode(prompt(self._instruction, self._shown, text))

    def answered(self, text: str) -> list[int]:
        """An answer as it follows the prompt, with the end of text where the tokenizer has one."""
        return self._encode(f" {text}") + ([int(self.end)] if self.end is not None else [])

    def example(self, asked: str, answer: str) -> Example:
        """Prompt and answer; a prompt that is too long loses its beginning, never its answer."""
        reply = self.answered(answer)[: self._seq_len - 1]
        before = self.asked(asked)[-(self._seq_len - len(reply)) :]
        return Example([*before, *reply], len(before))

    def text(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))


def _train(
    model: Any,
    form: Form,
    rows: Sequence[Pair],
    spec: Mapping[str, Any],
    reporter: Reporter,
    stop: Stop,
    device: Device,
    label: str,
) -> dict[str, Any]:
    """Epochs over the rows, with the checks that something was learned. Raises ValueError where nothing can be."""
    import torch

    examples = [form.example(p, a) for p, a in rows]
    rate, size = float(spec["learning_rate"]), min(int(spec["batch"]), len(examples))
    total = max(len(examples) // size, 1) * int(spec["epochs"])
    dtype = "fp32" if device.kind == "cpu" else "bf16"
    trainer = Trainer(model, device, dtype=dtype, optimizer="adamw", learning_rate=rate)
    before = [p.detach().float().cpu().clone() for p in trainable(model)]
    batches = _epochs(examples, size, int(spec["seed"]), device.kind, form.pad)
    steps = []
    for number in range(total):
        stop.check()
        trainer.schedule(rate * _share_of_rate(number, total))
        steps.append(trainer.step(batches))
        reporter.step(
            label=label,
            step=number + 1,
            steps=total,
            loss=steps[-1].loss,
            tokens_per_second=steps[-1].tokens / max(steps[-1].seconds, 1e-9),
        )
    supervised = sum(s.supervised for s in steps)
    if not supervised:
        raise ValueError("no token of any answer is learned: every prompt fills the whole length")
    moved = sum(float((a.detach().float().cpu() - b).norm()) for a, b in zip(trainable(model), before, strict=True))
    tenth = max(total // 10, 1)
    first, last = fmean(s.loss for s in steps[:tenth]), fmean(s.loss for s in steps[-tenth:])
    if device.kind == "cuda":
        torch.cuda.synchronize()
    return {
        "first_loss": first,
        "last_loss": last,
        "loss_fell": last < first,
        "weights_moved": moved,
        "supervised_tokens": supervised,
        "trained_tokens": sum(s.tokens for s in steps),
        "train_tokens_per_second": sum(s.tokens for s in steps) / sum(s.seconds for s in steps),
        "trainable_params": sum(p.numel() for p in trainable(model)),
    }


def _share_of_rate(step: int, total: int) -> float:
    """Linear warm-up over the first tenth, then linear to nothing."""
    warm = max(round(total * WARM_UP_SHARE), 1)
    return (step + 1) / warm if step < warm else (total - step) / max(total - warm, 1)


def _epochs(examples: Sequence[Example], size: int, seed: int, device: str, pad: int) -> Iterator[Batch]:
    rng = random.Random(seed)
    while True:
        order = list(examples)
        rng.shuffle(order)
        for start in range(0, len(order) - size + 1, size):
            yield collate(order[start : start + size], device, pad)


def _said(
    model: Any,
    form: Form,
    items: Sequence[Pair],
    marking: Marking,
    reporter: Reporter,
    stop: Stop,
    label: str,
) -> list[str]:
    """The answer to every item."""
    model.eval()
    said: list[str] = []
    for number, (asked, answer) in enumerate(items):
        if stop.asked:
            raise Stopped(stop.reason, marking.mark(said, [a for _, a in items[:number]]) if said else {})
        if marking.labels:
            said.append(_likeliest(model, form, asked, marking.labels))
        else:
            said.append(_written(model, form, asked, 8 + 2 * len(form.answered(answer))))
        reporter.step(label=label, phase="score", item=number + 1, items=len(items))
    return said


def _likeliest(model: Any, form: Form, asked: str, labels: Sequence[str]) -> str:
    """The label with the highest probability as the answer (sum over its tokens and the end of text)."""
    import torch

    examples = [form.example(asked, label) for label in labels]
    device = next(model.parameters()).device
    found: list[float] = []
    with torch.no_grad():
        for start in range(0, len(examples), SCORED_AT_ONCE):
            part = examples[start : start + SCORED_AT_ONCE]
            batch = collate(part, str(device), form.pad)
            logits = model(input_ids=batch.inputs["input_ids"], attention_mask=batch.inputs["attention_mask"]).logits
            length = batch.inputs["input_ids"].shape[1]
            logits = logits[:, -length:][:, :-1].float()  # a soft prompt stands in front of the tokens
            wanted = batch.inputs["labels"][:, 1:]
            known = wanted != -100
            chances = logits.log_softmax(-1).gather(-1, wanted.clamp(min=0)[..., None])[..., 0]
            found += (chances * known).sum(-1).tolist()
    return labels[max(range(len(labels)), key=found.__getitem__)]


def _written(model: Any, form: Form, asked: str, most_tokens: int) -> str:
    """The likeliest next token again and again, to the end of text or of the line."""
    import torch

    device = next(model.parameters()).device
    tokens = form.asked(asked)
    begun = len(tokens)
    with torch.no_grad():
        for _ in range(most_tokens):
            ids = torch.tensor([tokens], device=device)
            following = int(model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1].argmax())
            if following == form.end:
                break
            tokens.append(following)
            if "\n" in form.text(tokens[begun:]).lstrip():
                break
    return form.text(tokens[begun:])
