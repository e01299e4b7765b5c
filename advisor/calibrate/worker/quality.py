"""One quality trial: loads local weights, trains where the option says so, and scores the held-out
items.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompts import shown_examples
from advisor.calibrate.quality_records import (
    QualityResult,
    QualitySpec,
    TextFigures,
    Training,
    TrialData,
)
from advisor.calibrate.statistics import quantile
from advisor.calibrate.worker.adapters import adapt
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.generation import write
from advisor.calibrate.worker.label_choice import choose
from advisor.calibrate.worker.language import of_general, of_rows
from advisor.calibrate.worker.prompt_format import PromptFormat
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.calibrate.worker.training import train, warnings
from advisor.calibrate.worker.weights import end_tokens, load
from advisor.core.experiment import JsonObject, Trial

TEXT_KEYS = ("name", "bits_per_byte", "perplexity_per_token", "tokens", "bytes")

LONGEST_SHARE = 0.99
ROOM = 1.5
LEAST_TOKENS = 8
"""An answer may take half more tokens than all but the longest hundredth of the training answers,
and eight.
"""


def measure(
    trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop, device: Device
) -> JsonObject:
    """Score of one option (`QualityResult`), with what its training showed.

    The zero-shot trial adds how likely the model finds the rows and the general set (`language`).
    It and every trained trial add the score on the general set (`general`), by which
    `calibrate.quality.summary` tells what was forgotten. Raises Stopped between steps and between
    batches of items.
    """
    spec = QualitySpec.from_json(trial.spec)
    data = TrialData.from_json(shared)
    assert spec.model is not None
    device.settle()
    begun = time.perf_counter()
    model, tokenizer = load(spec.model.folder, device)
    loaded = time.perf_counter()
    items = data.item_pairs
    examples = shown_examples(data.train_pairs, spec.shots)
    seq_len = _longest_row(model, spec)
    form = PromptFormat(
        tokenizer, data.instruction, examples, seq_len, end_tokens(model, tokenizer)
    )
    training: Training | None = None
    if spec.train_examples:
        model = adapt(model, spec.method or "", rank=spec.rank or 0, targets=spec.targets or "")
        chosen = [row for row in data.train_pairs if row not in examples][: spec.train_examples]
        training = train(model, form, chosen, spec, reporter, stop, device, trial.label)
    trained = time.perf_counter()
    scorer = Scorer.of(shared)
    model.eval()

    def on_progress(done: int) -> None:
        reporter.step(label=trial.label, phase="score", item=done, items=len(items))

    try:
        predictions, cut = answers(
            model,
            form,
            [p for p, _ in items],
            scorer,
            [a for _, a in data.train_pairs],
            stop,
            on_progress,
        )
        scored = time.perf_counter()
        result = _with_language(QualityResult(), model, form, spec, data, stop)
    except Stopped as stopped:
        raise Stopped(str(stopped), training.to_json() if training is not None else {}) from None
    result = replace(
        result,
        approach=spec.approach,
        technique=spec.technique,
        **asdict(scorer.score_all(predictions, [a for _, a in items])),
        **(asdict(training) if training is not None else {}),
        train_examples=spec.train_examples,
        static_tokens=form.static_tokens,
        form=form.name,
        cut_prompts=cut,
        warnings=[*warnings(training), *_cut_warning(cut, len(items), seq_len)],
        seconds={
            "load": loaded - begun,
            "train": trained - loaded,
            "score": scored - trained,
            "language": time.perf_counter() - scored,
        },
    )
    return result.to_json()


def _longest_row(model: Any, spec: QualitySpec) -> int:
    """Positions of a prompt with its answer: as asked for, and never more than the model has."""
    most = getattr(model.config, "max_position_embeddings", None) or spec.seq_len
    return min(spec.seq_len, int(most))


def answers(
    model: Any,
    form: PromptFormat,
    questions: Sequence[str],
    scorer: Scorer,
    references: Sequence[str],
    stop: Stop,
    on_progress: Callable[[int], None],
) -> tuple[list[str], int]:
    """(the answer to every item, how many prompts were too long): the likeliest label, or what the
    model writes.

    `known` are answers of the training rows, which say how long an answer may be. Raises Stopped.
    """
    if scorer.labels:
        reserve = max(
            len(form.example("", label).tokens) - len(form.asked("")) for label in scorer.labels
        )
        predictions = choose(
            model, [(form, text, scorer.labels) for text in questions], stop, on_progress
        )
    else:
        reserve = min(answer_tokens(form, references), form.seq_len // 2)
        predictions = write(
            model, form, questions, reserve, stop, one_line=scorer.one_line, on_progress=on_progress
        )
    return predictions, sum(len(form.asked(text)) + reserve > form.seq_len for text in questions)


def answer_tokens(form: PromptFormat, references: Sequence[str]) -> int:
    """How many tokens an answer may take, by those of the training rows."""
    lengths = [float(len(form.answered(answer))) for answer in references]
    return LEAST_TOKENS + round(ROOM * quantile(lengths, LONGEST_SHARE))


def _with_language(
    result: QualityResult,
    model: Any,
    form: PromptFormat,
    spec: QualitySpec,
    data: TrialData,
    stop: Stop,
) -> QualityResult:
    """With the score on general knowledge; of the untouched model also how likely texts are."""
    untouched = spec.approach == "prompt" and not spec.shots
    if not untouched and not spec.train_examples:
        return result
    general, why = of_general(model, form, data.general or (), stop)
    result = replace(result, general=general, general_why=why)
    if not untouched:
        return result
    language = replace(of_rows(model, form, data.item_pairs, stop), general_why=why)
    if general is not None:
        figures = {key: getattr(general, key) for key in TEXT_KEYS}
        language = replace(language, general=TextFigures(**figures))
    return replace(result, language=language)


def _cut_warning(cut: int, items: int, seq_len: int) -> list[str]:
    return (
        [f"{cut} of {items} prompts are longer than {seq_len} tokens and lost their beginning"]
        if cut
        else []
    )
