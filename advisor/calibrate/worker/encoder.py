"""One encoder trial: an encoder gets a classification head, is fine-tuned on labelled rows, and is
scored on the same test items as every other option.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.quality_records import QualityResult, QualitySpec, Training, TrialData
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.loop import StepReport
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.calibrate.worker.training import share_of_rate, summed, warnings
from advisor.calibrate.worker.weights import most_tokens
from advisor.core.experiment import JsonObject, Trial

FORM = "the item alone, read by an encoder"
WEIGHT_DECAY = 0.01
MOST_NORM = 1.0
"""Of AdamW and of clipped gradients, as BERT is fine-tuned (Devlin et al. 2019, appendix A.2)."""

AT_ONCE = 32


@dataclass(slots=True)
class Classifier:
    """An encoder with a head for `labels`, and its tokenizer."""

    model: Any
    tokenizer: Any
    labels: Sequence[str]
    most_tokens: int
    device: str

    def encoded(self, texts: Sequence[str]) -> Any:
        """A batch of texts as tensors, padded to the longest, cut at what the model reads."""
        batch = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.most_tokens,
            return_tensors="pt",
        )
        return batch.to(self.device)

    def places(self, answers: Sequence[str]) -> Any:
        """The numbers of labels as a tensor."""
        import torch

        place = {label: number for number, label in enumerate(self.labels)}
        return torch.tensor([place[answer] for answer in answers], device=self.device)


def measure(
    trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop, device: Device
) -> JsonObject:
    """Score of the tuned encoder (`QualityResult`) with the share of its likeliest label.

    Raises Stopped between steps and between batches of items.
    """
    spec = QualitySpec.from_json(trial.spec)
    data = TrialData.from_json(shared)
    scorer = Scorer.of(shared)
    device.settle()
    begun = time.perf_counter()
    classifier = _load(spec, scorer.labels, device)
    loaded = time.perf_counter()
    rows = _labelled(data.train_pairs, scorer)[: spec.train_examples]
    training = _train(classifier, rows, spec, trial.label, reporter, stop)
    trained = time.perf_counter()
    try:
        result = _scored(classifier, data, scorer, trial.label, reporter, stop)
    except Stopped as stopped:
        raise Stopped(str(stopped), training.to_json()) from None
    parts = {"load": loaded - begun, "train": trained - loaded}
    parts["score"] = time.perf_counter() - trained
    return replace(
        result,
        approach=spec.approach,
        technique=spec.technique,
        **asdict(training),
        train_examples=len(rows),
        static_tokens=0,
        form=FORM,
        warnings=warnings(training),
        seconds={name: round(seconds, 4) for name, seconds in parts.items()},
    ).to_json()


def _load(spec: QualitySpec, labels: Sequence[str], device: Device) -> Classifier:
    """The weights with a new head; the head of a published classifier is replaced."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    assert spec.model is not None
    torch.manual_seed(spec.seed)
    local = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(spec.model.folder, **local)
    model = AutoModelForSequenceClassification.from_pretrained(
        spec.model.folder,
        num_labels=len(labels),
        problem_type="single_label_classification",
        ignore_mismatched_sizes=True,
        use_safetensors=True,
        dtype=torch.float32,
        **local,
    )
    most = most_tokens(model, tokenizer, spec.seq_len)
    return Classifier(model.to(device.kind), tokenizer, labels, most, device.kind)


def _labelled(rows: Sequence[tuple[str, str]], scorer: Scorer) -> list[tuple[str, str]]:
    """(text, label) of the rows whose answer is one of the labels."""
    labels = set(scorer.labels)
    return [(text, answer.strip()) for text, answer in rows if answer.strip() in labels]


def _train(
    classifier: Classifier,
    rows: Sequence[tuple[str, str]],
    spec: QualitySpec,
    label: str,
    reporter: Reporter,
    stop: Stop,
) -> Training:
    """Epochs over the rows; returns what the training showed. Raises Stopped."""
    import torch

    rate = spec.learning_rate or 0.0
    model = classifier.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    before = [p.detach().cpu().clone() for p in model.parameters()]
    batches = list(_batches(rows, spec))
    steps: list[StepReport] = []
    for number, batch in enumerate(batches):
        stop.check()
        for group in optimizer.param_groups:
            group["lr"] = rate * share_of_rate(number, len(batches))
        steps.append(_step(classifier, batch, optimizer))
        reporter.step(label=label, step=number + 1, steps=len(batches), loss=steps[-1].loss)
    parameters = list(model.parameters())
    moved = sum(
        float((a.detach().cpu() - b).norm()) for a, b in zip(parameters, before, strict=True)
    )
    return summed(steps, moved, sum(p.numel() for p in parameters))


def _batches(
    rows: Sequence[tuple[str, str]], spec: QualitySpec
) -> Iterator[Sequence[tuple[str, str]]]:
    """The rows of all epochs, shuffled in each by the seed."""
    rng = random.Random(spec.seed)
    for _ in range(spec.epochs or 1):
        order = rng.sample(list(rows), len(rows))
        yield from (order[start : start + spec.batch] for start in range(0, len(order), spec.batch))


def _step(classifier: Classifier, batch: Sequence[tuple[str, str]], optimizer: Any) -> StepReport:
    import torch

    begun = time.perf_counter()
    tokens = classifier.encoded([text for text, _ in batch])
    targets = classifier.places([answer for _, answer in batch])
    loss = classifier.model(**tokens, labels=targets).loss
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(classifier.model.parameters(), MOST_NORM)
    optimizer.step()
    count = int(tokens["attention_mask"].sum())
    value = float(loss.detach())
    return StepReport(
        loss=value,
        tokens=count,
        positions=int(tokens["attention_mask"].numel()),
        supervised=len(batch),
        seconds=time.perf_counter() - begun,
    )


def _scored(
    classifier: Classifier,
    data: TrialData,
    scorer: Scorer,
    label: str,
    reporter: Reporter,
    stop: Stop,
) -> QualityResult:
    """Every test item once, those of like length together. Raises Stopped."""
    import torch

    items = data.item_pairs
    order = sorted(range(len(items)), key=lambda place: len(items[place][0]))
    answers = [""] * len(items)
    confidences = [0.0] * len(items)
    classifier.model.eval()
    for start in range(0, len(order), AT_ONCE):
        stop.check()
        part = order[start : start + AT_ONCE]
        with torch.no_grad():
            logits = classifier.model(**classifier.encoded([items[p][0] for p in part])).logits
        for place, row in zip(part, logits.softmax(-1).cpu(), strict=True):
            answers[place] = classifier.labels[int(row.argmax())]
            confidences[place] = float(row.max())
        reporter.step(label=label, phase="score", item=start + len(part), items=len(items))
    marks = scorer.score_all(answers, [answer for _, answer in items])
    return QualityResult(**asdict(marks), confidences=confidences)
