"""One quality trial: loads local weights, trains where the option says so, and scores the held-out
items.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from advisor.calibrate.embeddings import embedding_source
from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompting.examples import Embed
from advisor.calibrate.prompting.forms import PromptForm, forms_of
from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.quality_records import (
    QualityResult,
    QualitySpec,
    TextFigures,
    Training,
    TrialData,
)
from advisor.calibrate.worker.adapters import adapt
from advisor.calibrate.worker.answering import LocalAnswers, answered
from advisor.calibrate.worker.choosing import ChosenPrompt, choose_prompt
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.encoder_embedding import LocalEmbedder
from advisor.calibrate.worker.language import of_general, of_rows
from advisor.calibrate.worker.prompt_format import PromptFormat
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.calibrate.worker.training import train, warnings
from advisor.calibrate.worker.weights import end_tokens, load
from advisor.core.experiment import JsonObject, Trial

TEXT_KEYS = ("name", "bits_per_byte", "perplexity_per_token", "tokens", "bytes")


@dataclass(slots=True)
class LocalBench:
    """The model of a trial, asked with any prompt."""

    trial: Trial
    spec: QualitySpec
    data: TrialData
    scorer: Scorer
    reporter: Reporter
    stop: Stop
    embed: Embed | None = None
    model: Any = None
    tokenizer: Any = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Adds the seconds of a part."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - begun

    def form(self, prompter: Prompter) -> PromptFormat:
        """The prompt in the model's own format."""
        return PromptFormat(
            self.tokenizer,
            seq_len=longest_row(self.model, self.spec),
            ends=end_tokens(self.model, self.tokenizer),
            prompter=prompter,
        )

    def answers(self, prompter: Prompter, items: Sequence[tuple[str, str]]) -> LocalAnswers:
        """The answers to items. Raises Stopped."""
        if prompter.form.embeddings and self.embed is not None:
            self.embed([question for question, _ in items])

        def on_progress(done: int) -> None:
            self.reporter.step(label=self.trial.label, phase="score", item=done, items=len(items))

        return answered(
            self.model,
            self.form(prompter),
            [question for question, _ in items],
            self.scorer,
            [answer for _, answer in self.data.train_pairs],
            self.stop,
            on_progress,
            thinks=prompter.form.thinks,
        )

    def development_scores(self, prompter: Prompter, places: Sequence[int]) -> Sequence[float]:
        """Scores on development items. Raises Stopped."""
        pairs = self.data.development_pairs
        items = [pairs[place] for place in places]
        texts = self.answers(prompter, items).texts
        return self.scorer.score_all(texts, [answer for _, answer in items]).item_scores


def measure(
    trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop, device: Device
) -> JsonObject:
    """Score of one option (`QualityResult`), with what its training showed.

    A prompt is chosen on development items where there are several, or items to choose on. The
    zero-shot trial and every trained one add the score on the general set (`general`), by which
    `calibrate.quality.summary` says what was forgotten; the former also how likely the model finds
    the rows, where it is asked (`language`). Raises Stopped between steps and between batches of
    items.
    """
    spec = QualitySpec.from_json(trial.spec)
    bench = LocalBench(trial, spec, TrialData.from_json(shared), Scorer.of(shared), reporter, stop)
    assert spec.model is not None
    source = embedding_source(shared)
    device.settle()
    with bench.timed("load"):
        bench.model, bench.tokenizer = load(spec.model.folder, device)
        if source is not None and source.weights is not None and compared(spec):
            bench.embed = LocalEmbedder.load(source.weights.folder, device, stop)
    training = _trained(bench, device) if spec.train_examples else None
    bench.model.eval()
    try:
        return _scored(bench, training).to_json()
    except Stopped as stopped:
        raise Stopped(str(stopped), training.to_json() if training is not None else {}) from None


def _trained(bench: LocalBench, device: Device) -> Training:
    """Tunes the model of the bench on its share of the rows. Raises Stopped."""
    spec = bench.spec
    prompter = _prompters(bench)[0]
    form = bench.form(prompter)
    reserved = prompter.choice.fixed
    rows = [row for row in bench.data.train_pairs if row not in reserved][: spec.train_examples]
    with bench.timed("train"):
        bench.model = adapt(
            bench.model, spec.method or "", rank=spec.rank or 0, targets=spec.targets or ""
        )
        return train(
            bench.model, form, rows, spec, bench.reporter, bench.stop, device, bench.trial.label
        )


def _prompters(bench: LocalBench) -> list[Prompter]:
    """The prompts of the trial."""
    spec = bench.spec
    plain = PromptForm(spec.technique, bench.data.instruction, spec.shots)
    forms = forms_of(spec.forms) if spec.forms else (plain,)
    return [Prompter(form, bench.data.pool, bench.data.passages, bench.embed) for form in forms]


def _chosen(bench: LocalBench) -> ChosenPrompt:
    """The prompt of the option: of a tuned model the one it was tuned with."""
    prompters = _prompters(bench)
    items = 0 if bench.spec.train_examples else len(bench.data.development)
    with bench.timed("choose"):
        return choose_prompt(prompters, items, bench.spec.search, bench.development_scores)


def _scored(bench: LocalBench, training: Training | None) -> QualityResult:
    """Every test item once, with the prompt that was chosen. Raises Stopped."""
    spec = bench.spec
    chosen = _chosen(bench)
    items = bench.data.item_pairs
    form = bench.form(chosen.prompter)
    with bench.timed("score"):
        answers = bench.answers(chosen.prompter, items)
    with bench.timed("language"):
        result = _with_language(QualityResult(), bench, form)
    return replace(
        result,
        approach=spec.approach,
        technique=spec.technique,
        **asdict(bench.scorer.score_all(answers.texts, [answer for _, answer in items])),
        **(asdict(training) if training is not None else {}),
        shots=chosen.prompter.form.shots or None,
        prompt_hash=chosen.prompter.hash,
        instruction=chosen.prompter.form.instruction,
        prompt=chosen.prompter.shown(),
        choice=chosen.choice,
        train_examples=spec.train_examples,
        static_tokens=form.static_tokens,
        form=form.name,
        cut_prompts=answers.cut,
        confidences=answers.confidences,
        warnings=[*warnings(training), *_cut_warning(answers.cut, len(items), form.seq_len)],
        seconds={name: round(seconds, 4) for name, seconds in bench.seconds.items()},
    )


def compared(spec: QualitySpec) -> bool:
    """Whether the trial compares texts by embeddings."""
    return any(form.embeddings for form in forms_of(spec.forms or ()))


def longest_row(model: Any, spec: QualitySpec) -> int:
    """Positions of a prompt with its answer: as asked for, and never more than the model has."""
    most = getattr(model.config, "max_position_embeddings", None) or spec.seq_len
    return min(spec.seq_len, int(most))


def _with_language(result: QualityResult, bench: LocalBench, form: PromptFormat) -> QualityResult:
    """With the score on general knowledge; of the untouched model also how likely texts are, where
    that was asked.
    """
    spec = bench.spec
    untouched = spec.technique == "zero-shot" and not spec.forms
    if not untouched and not spec.train_examples:
        return result
    general, why = of_general(bench.model, form, bench.data.general or (), bench.stop)
    result = replace(result, general=general, general_why=why)
    if not spec.language:
        return result
    rows = of_rows(bench.model, form, bench.data.item_pairs, bench.stop)
    language = replace(rows, general_why=why)
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
