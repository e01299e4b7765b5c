"""One prompt trial against an OpenAI-compatible endpoint: the prompt is chosen on development
items, then the test items are opened once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from advisor.calibrate.prompting.forms import THINKING_ROOM, PromptForm, forms_of
from advisor.calibrate.prompting.instructions import (
    PROPOSAL_EXAMPLES,
    PROPOSAL_TOKENS,
    proposal_in,
    proposal_prompt,
)
from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.quality_records import (
    PromptsSpec,
    ScoredItems,
    TrialData,
)
from advisor.calibrate.worker.calls import Calls, Request, Session
from advisor.calibrate.worker.choosing import ChosenPrompt, choose_prompt
from advisor.calibrate.worker.consistency import consistency
from advisor.calibrate.worker.judging import AnswerJudge
from advisor.calibrate.worker.ledger import KeptAnswer
from advisor.calibrate.worker.marking import ItemAnswer, Marker
from advisor.calibrate.worker.prompt_results import result_of
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.experiment import NOTHING, JsonObject, Trial
from advisor.endpoint.client import AnswerOptions

if TYPE_CHECKING:
    from advisor.calibrate.worker.embedding import EndpointEmbedder

VARIETY = 0.7
"""The temperature of answers that are voted on (Wang et al. 2022, section 3.2)."""


@dataclass(slots=True)
class Bench:
    """Asks and marks items of one trial, with any prompt."""

    trial: Trial
    spec: PromptsSpec
    data: TrialData
    marker: Marker
    session: Session
    reporter: Reporter
    stop: Stop
    judge: AnswerJudge | None = None
    embedder: EndpointEmbedder | None = None
    choosing: dict[str, KeptAnswer] = field(default_factory=dict)
    """Answers that the choice of the prompt took, by the name of the request."""

    def prompter(self, form: PromptForm) -> Prompter:
        """The prompts of a form."""
        return Prompter(form, self.data.pool, self.data.passages, self.embedder)

    def answers(
        self,
        prompter: Prompter,
        items: Sequence[tuple[str, str]],
        variant: JsonObject = NOTHING,
        phase: str = "",
    ) -> list[ItemAnswer]:
        """The answers to items, as many as came before the run was asked to stop."""
        samples = prompter.form.samples
        if prompter.form.embeddings and self.embedder is not None:
            self.embedder([text for text, _ in items])
        requests = [
            self._request(prompter, text, dict(variant) | ({"sample": n} if n else {}))
            for text, _ in items
            for n in range(samples)
        ]

        def on_progress(done: int) -> None:
            self.reporter.step(
                label=self.trial.label,
                phase=phase,
                step=done // samples,
                steps=len(items),
                usd=self.session.budget.spent_usd,
            )

        calls = Calls(self.spec, self.session, self.stop, requests).run(on_progress)
        if phase:
            self.choosing |= {answer.request: answer for answer in calls.values()}
        of_item = [
            [calls[place] for place in range(n * samples, (n + 1) * samples) if place in calls]
            for n in range(len(items))
        ]
        return [
            replace(
                self.marker.read(number, answers, prompter.form),
                item_characters=len(items[number][0]),
            )
            for number, answers in enumerate(of_item)
            if len(answers) == samples
        ]

    def _request(self, prompter: Prompter, text: str, variant: JsonObject) -> Request:
        form = prompter.form
        options = AnswerOptions(
            temperature=VARIETY if form.samples > 1 else 0.0,
            schema=prompter.answer_schema(self.marker.scorer.labels),
            max_tokens=self.spec.max_tokens + THINKING_ROOM if form.thinks else 0,
        )
        return Request.of(self.spec, prompter.messages(text), options, variant)

    def marked(
        self, answers: Sequence[ItemAnswer], items: Sequence[tuple[str, str]]
    ) -> ScoredItems:
        """The scores of the items that were answered."""
        answered = [items[answer.number] for answer in answers]
        if self.judge is not None:
            return self.judge.marked(self.marker.scorer, answers, answered)
        return self.marker.scorer.score_all(
            [answer.text for answer in answers], [reference for _, reference in answered]
        )

    def development_scores(self, prompter: Prompter, places: Sequence[int]) -> Sequence[float]:
        """Scores on development items. Raises Stopped."""
        pairs = self.data.development_pairs
        items = [pairs[place] for place in places]
        answers = self.answers(prompter, items, phase="choose")
        if len(answers) < len(items):
            raise Stopped(self.stop.reason, {"spent_usd": self.session.budget.spent_usd})
        return self.marked(answers, items).item_scores


def measure(
    trial: Trial,
    shared: JsonObject,
    reporter: Reporter,
    stop: Stop,
    session: Session,
    judge: AnswerJudge | None = None,
    embedder: EndpointEmbedder | None = None,
) -> JsonObject:
    """The prompt chosen on development items, then every test item once; answers that the ledger
    has are not asked again.

    Raises Stopped with the partial counts, RunOver where no further call can work, ServerError
    where the endpoint keeps failing.
    """
    spec = PromptsSpec.from_json(trial.spec)
    data = TrialData.from_json(shared)
    bench = Bench(trial, spec, data, Marker.of(shared), session, reporter, stop, judge, embedder)
    chosen = _chosen(bench)
    items = data.item_pairs
    answers = bench.answers(chosen.prompter, items)
    if not answers:
        raise Stopped(stop.reason, {"spent_usd": session.budget.spent_usd})
    scored = bench.marked(answers, items)
    result = result_of(spec, chosen, answers, scored)
    if judge is not None:
        result = replace(result, judge=judge.report())
    if embedder is not None and embedder.used:
        result = replace(result, embedding=embedder.report())
    if len(answers) < len(items):
        raise Stopped(stop.reason, result.to_json())
    if spec.repeats or spec.paraphrases:
        result = replace(result, consistency=consistency(bench, chosen.prompter, answers, scored))
    return result.to_json()


def _chosen(bench: Bench) -> ChosenPrompt:
    """The prompt of the option, with what choosing it took."""
    spec = bench.spec
    data = bench.data
    prompters = [bench.prompter(form) for form in _candidates(bench)]
    items = len(data.development_pairs)
    race = None
    if spec.search is not None and not spec.search.optimiser:
        race = replace(spec.search, budget=spec.search.budget - len(bench.choosing))
    chosen = choose_prompt(prompters, items, race, bench.development_scores)
    if chosen.choice is None:
        return chosen
    spent = [answer.usd for answer in bench.choosing.values()]
    usd = sum(value or 0.0 for value in spent) if spec.is_priced else None
    return replace(chosen, choice=replace(chosen.choice, calls=len(spent), usd=usd))


def _candidates(bench: Bench) -> list[PromptForm]:
    """The forms of the trial; in a search also with the instructions that the model proposes."""
    spec = bench.spec
    plain = PromptForm(spec.technique, bench.data.instruction, spec.shots)
    forms = list(forms_of(spec.forms)) if spec.forms else [plain]
    if spec.search is not None and spec.search.optimiser:
        from advisor.calibrate.worker.dspy_optimiser import optimised

        return [forms[0], *optimised(bench, forms[0])]
    if spec.search is None or not spec.search.proposals:
        return forms
    own = [form for form in forms if form.instruction == forms[0].instruction]
    return [
        *forms,
        *(replace(form, instruction=text) for text in _proposals(bench) for form in own),
    ]


def _proposals(bench: Bench) -> list[str]:
    """Instructions that the model writes from examples of the pool, each from others."""
    assert bench.spec.search is not None
    rng = random.Random(bench.spec.seed)
    pool = bench.data.pool
    options = AnswerOptions(temperature=VARIETY, max_tokens=PROPOSAL_TOKENS)
    requests = []
    for number in range(bench.spec.search.proposals):
        rows = rng.sample(pool, min(PROPOSAL_EXAMPLES, len(pool)))
        messages = [{"role": "user", "content": proposal_prompt(rows)}]
        requests.append(Request.of(bench.spec, messages, options, {"proposal": number}))
    calls = Calls(bench.spec, bench.session, bench.stop, requests).run(lambda done: None)
    bench.choosing |= {answer.request: answer for answer in calls.values()}
    texts = [proposal_in(calls[place].text) for place in sorted(calls)]
    return list(dict.fromkeys(text for text in texts if text))
