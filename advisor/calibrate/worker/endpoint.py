"""One prompt trial against an OpenAI-compatible endpoint: answers, tokens, latency and money, all
counted.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path

from advisor.calibrate.metrics.extraction import MOST_ARTEFACTS, AnswerReading, Extracted
from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompts import chat, shown_examples
from advisor.calibrate.quality_records import PromptsSpec, QualityResult, TrialData
from advisor.calibrate.statistics import quantile
from advisor.calibrate.worker.budget import SpendingLimit, billed_usd, most_usd
from advisor.calibrate.worker.ledger import AnswerLedger, KeptAnswer, now, request_digest
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import RunOver, Stop, Stopped
from advisor.core.experiment import JsonObject, Trial, digest
from advisor.endpoint.address import address_of
from advisor.endpoint.answers import ChatAnswer
from advisor.endpoint.client import ChatForm, EndpointServer, ask
from advisor.endpoint.errors import FINAL, ServerError, Trouble

TIMEOUT_SECONDS = 120.0
MOST_FAILURES = 5
"""Calls that fail one after another until the trial is given up."""

ITEM_TROUBLES = frozenset({Trouble.FILTERED, Trouble.BROKEN})
"""What loses one item and not the option."""

Messages = Sequence[Mapping[str, str]]


@dataclass(slots=True)
class Session:
    """What the trials of a run share: the server, its form of request, answers and money."""

    server: EndpointServer
    form: ChatForm
    ledger: AnswerLedger
    budget: SpendingLimit


@dataclass(slots=True)
class _Calls:
    """The calls of a trial: what is asked, under way, and answered, by item."""

    messages: Sequence[Messages]
    requests: Sequence[str]
    answers: dict[int, KeptAnswer] = field(default_factory=dict)
    under_way: dict[Future[KeptAnswer], int] = field(default_factory=dict)
    failures: int = 0
    ended: int = 0


def session_for(spec: PromptsSpec, folder: Path, max_usd: float | None, stop: Stop) -> Session:
    """A session with the endpoint of a specification. Raises UsageError for its address."""
    key = os.environ.get(spec.key_env, "").strip()
    server = EndpointServer(address_of(spec.url, key, spec.key_env), TIMEOUT_SECONDS)
    return Session(
        server,
        ChatForm(spec.model, spec.max_tokens),
        AnswerLedger.of(folder, spec.url, spec.model),
        SpendingLimit(max_usd, stop),
    )


def measure(
    trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop, session: Session
) -> JsonObject:
    """Every item once; answers that the ledger has are not asked again.

    Raises Stopped with the partial counts, RunOver where no further call can work, ServerError
    where the endpoint keeps failing.
    """
    spec = PromptsSpec.from_json(trial.spec)
    data = TrialData.from_json(shared)
    examples = shown_examples(data.train_pairs, spec.shots)
    messages = [chat(data.instruction, examples, prompt) for prompt, _ in data.item_pairs]
    requests = [request_digest(spec.url, spec.model, spec.max_tokens, m) for m in messages]
    calls = _Calls(messages, requests)
    _answers_at_hand(calls, session)
    waiting = [number for number in range(len(messages)) if number not in calls.answers]
    with ThreadPoolExecutor(spec.at_once) as pool:
        while (waiting or calls.under_way) and not (stop.asked and not calls.under_way):
            _start(pool, calls, waiting, spec, session, stop)
            _take(calls, session)
            reporter.step(
                label=trial.label,
                step=len(calls.answers),
                steps=len(messages),
                usd=session.budget.spent_usd,
            )
    result = _result(spec, shared, data, calls.answers, len(examples))
    if len(calls.answers) < len(messages):
        raise Stopped(stop.reason, result.to_json() if calls.answers else {})
    return result.to_json()


def _answers_at_hand(calls: _Calls, session: Session) -> None:
    for number, request in enumerate(calls.requests):
        answer = session.ledger.get(request)
        if answer is not None:
            calls.answers[number] = answer
            session.budget.count(answer)


def _start(
    pool: ThreadPoolExecutor,
    calls: _Calls,
    waiting: list[int],
    spec: PromptsSpec,
    session: Session,
    stop: Stop,
) -> None:
    """Start what may run at once; the first call of a session goes alone, so that it finds the form
    of request before several are under way.
    """
    most = spec.at_once if calls.ended else 1
    while waiting and len(calls.under_way) < most and not stop.asked:
        number = waiting[0]
        if not session.budget.reserve(number, most_usd(spec, calls.messages[number])):
            return
        waiting.pop(0)
        future = pool.submit(
            _ask, spec, session, calls.requests[number], calls.messages[number], stop
        )
        calls.under_way[future] = number


def _take(calls: _Calls, session: Session) -> None:
    """Keep the answers that came; every one under way is kept before a failure ends the trial."""
    if not calls.under_way:
        return
    failure: ServerError | None = None
    for future in wait(calls.under_way, return_when=FIRST_COMPLETED)[0]:
        number = calls.under_way.pop(future)
        session.budget.release(number)
        calls.ended += 1
        try:
            answer = future.result()
        except ServerError as error:
            failure = error
            continue
        calls.failures = 0
        calls.answers[number] = answer
        session.budget.count(answer)
    if failure is None:
        return
    _keep_the_rest(calls, session)
    if failure.trouble in FINAL:
        raise RunOver(str(failure))
    raise failure


def _keep_the_rest(calls: _Calls, session: Session) -> None:
    """Calls that are under way are paid for: their answers are waited for and kept."""
    for future, number in list(calls.under_way.items()):
        try:
            calls.answers[number] = future.result()
        except ServerError:
            continue
        finally:
            session.budget.release(number)
    calls.under_way.clear()


def _ask(
    spec: PromptsSpec, session: Session, request: str, messages: Messages, stop: Stop
) -> KeptAnswer:
    """One call, kept in the ledger as soon as it is answered. Raises ServerError."""
    begun = time.perf_counter()
    try:
        answer = ask(session.server, session.form, messages, lambda s: _pause(s, stop))
    except ServerError as error:
        if error.trouble not in ITEM_TROUBLES:
            raise
        lost = ChatAnswer("", time.perf_counter() - begun, finish_reason=error.trouble.value)
        record = _kept(spec, request, messages, lost, str(error))
    else:
        record = _kept(spec, request, messages, answer)
    session.ledger.keep(record)
    return record


def _pause(seconds: float, stop: Stop) -> bool:
    """Wait, but not longer than the run has; False where it was asked to stop."""
    end = time.monotonic() + min(seconds, stop.remaining_seconds())
    while time.monotonic() < end:
        if stop.asked:
            return False
        time.sleep(min(0.05, max(end - time.monotonic(), 0.0)))
    return not stop.asked


def _kept(
    spec: PromptsSpec, request: str, messages: Messages, answer: ChatAnswer, lost: str = ""
) -> KeptAnswer:
    usd, estimated = billed_usd(
        spec, messages, answer.prompt_tokens, answer.completion_tokens, answer.text
    )
    return KeptAnswer(
        request=request,
        at=now(),
        messages=[dict(message) for message in messages],
        text=answer.text,
        seconds=answer.seconds,
        finish_reason=answer.finish_reason,
        refusal=answer.refusal,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        cached_tokens=answer.cached_tokens,
        usd=usd,
        estimated=estimated,
        lost=lost or None,
    )


def _result(
    spec: PromptsSpec,
    shared: JsonObject,
    data: TrialData,
    answers: Mapping[int, KeptAnswer],
    shots: int,
) -> QualityResult:
    """Scores, tokens, latency and money of what was answered."""
    if not answers:
        return QualityResult()
    order = sorted(answers)
    ordered = [answers[number] for number in order]
    scorer = Scorer.of(shared)
    readings = [_extracted(scorer, answer) for answer in ordered]
    scored = scorer.score_all(
        [reading.text for reading in readings], [data.item_pairs[n][1] for n in order]
    )
    prompt_tokens = [answer.prompt_tokens for answer in ordered]
    completion_tokens = [answer.completion_tokens for answer in ordered]
    counted = None not in prompt_tokens and None not in completion_tokens
    artefacts = Counter(r.reading.value for r in readings if r.reading is not AnswerReading.READ)
    latency = [answer.seconds for answer in ordered]
    return QualityResult(
        approach=spec.approach,
        technique=spec.technique,
        model=spec.model,
        **asdict(scored),
        shots=shots,
        prompt_hash=prompt_hash(data.instruction, data.train_pairs, spec),
        instruction=data.instruction,
        artefacts=dict(artefacts),
        prompt_tokens=sum(n or 0 for n in prompt_tokens) if counted else None,
        completion_tokens=sum(n or 0 for n in completion_tokens) if counted else None,
        cached_tokens=sum(answer.cached_tokens for answer in ordered),
        latency_seconds={
            name: quantile(latency, share)
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
        },
        usd=sum(a.usd or 0.0 for a in ordered) if spec.is_priced and counted else None,
        usd_why=_usd_why(spec, counted),
        warnings=_warnings(artefacts, len(ordered), spec),
    )


def _extracted(scorer: Scorer, answer: KeptAnswer) -> Extracted:
    if answer.lost:
        return Extracted("", AnswerReading.LOST)
    return scorer.extract(answer.text, was_cut=answer.was_cut, refusal=answer.refusal)


def prompt_hash(instruction: str, train: Sequence[tuple[str, str]], spec: PromptsSpec) -> str:
    """The name of a prompt: its instruction and the examples in it."""
    examples = [list(pair) for pair in shown_examples(train, spec.shots)]
    return digest([instruction, examples])


def _usd_why(spec: PromptsSpec, counted: bool) -> str:
    if spec.is_priced and counted:
        return ""
    if not spec.is_priced:
        return "no price per million tokens was given"
    return "the endpoint counts no tokens; limits are kept by tokens estimated here"


def _warnings(artefacts: Mapping[str, int], items: int, spec: PromptsSpec) -> list[str]:
    """What kept answers from being read, and whether the score is a measurement at all."""
    lines = []
    if artefacts.get(AnswerReading.CUT):
        lines.append(
            f"{artefacts[AnswerReading.CUT]} of {items} answers were cut off at {spec.max_tokens} "
            "tokens; use --max-tokens to allow more"
        )
    names = {
        AnswerReading.REFUSED: "were refused",
        AnswerReading.EMPTY: "were empty",
        AnswerReading.UNREADABLE: "hold no answer that can be read",
        AnswerReading.LOST: "were lost to a filter or a broken reply",
    }
    lines += [
        f"{artefacts[reading]} of {items} answers {text}"
        for reading, text in names.items()
        if artefacts.get(reading)
    ]
    if sum(artefacts.values()) > MOST_ARTEFACTS * items:
        lines.append(
            f"not a measurement: more than {MOST_ARTEFACTS:.0%} of the answers could not be read, "
            "so its score enters no verdict"
        )
    return lines
