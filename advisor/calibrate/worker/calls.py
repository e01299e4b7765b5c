"""Requests to an endpoint: several at once, under a limit of money, each answer kept at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from advisor.calibrate.quality_records import PromptsSpec
from advisor.calibrate.worker.budget import SpendingLimit, billed_usd, most_usd
from advisor.calibrate.worker.ledger import AnswerLedger, KeptAnswer, now, request_digest
from advisor.calibrate.worker.stop import RunOver, Stop
from advisor.core.experiment import NOTHING, JsonObject
from advisor.endpoint.address import address_of
from advisor.endpoint.answers import ChatAnswer
from advisor.endpoint.client import PLAIN_ANSWER, AnswerOptions, ChatForm, EndpointServer, ask
from advisor.endpoint.errors import FINAL, ServerError, Trouble

TIMEOUT_SECONDS = 120.0

ITEM_TROUBLES = frozenset({Trouble.FILTERED, Trouble.BROKEN})
"""What loses one item and not the option."""

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One call: what is asked, how, and its name in the ledger."""

    messages: Messages
    name: str
    options: AnswerOptions = PLAIN_ANSWER

    @classmethod
    def of(
        cls,
        spec: PromptsSpec,
        messages: Messages,
        options: AnswerOptions = PLAIN_ANSWER,
        variant: JsonObject = NOTHING,
    ) -> Request:
        """The request of these messages; `variant` tells repeats of it apart."""
        tokens = options.max_tokens or spec.max_tokens
        variants = dict(variant)
        if options.temperature:
            variants["temperature"] = options.temperature
        if options.schema is not None:
            variants["schema"] = dict(options.schema)
        name = request_digest(spec.url, spec.model, tokens, messages, variants)
        return cls(messages, name, options)


@dataclass(slots=True)
class Session:
    """What the trials of a run share: the server, its form of request, answers and money."""

    server: EndpointServer
    form: ChatForm
    ledger: AnswerLedger
    budget: SpendingLimit
    answered: int = 0


def session_for(spec: PromptsSpec, folder: Path, max_usd: float | None, stop: Stop) -> Session:
    """A session with the endpoint of a specification. Raises UsageError for its address."""
    return Session(
        _server(spec),
        ChatForm(spec.model, spec.max_tokens),
        AnswerLedger.of(folder, spec.url, spec.model),
        SpendingLimit(max_usd, stop),
    )


def beside(session: Session, spec: PromptsSpec, folder: Path) -> Session:
    """A session with another endpoint, such as a judge's, under the same limit of money."""
    return Session(
        _server(spec),
        ChatForm(spec.model, spec.max_tokens),
        AnswerLedger.of(folder, spec.url, spec.model),
        session.budget,
    )


def _server(spec: PromptsSpec) -> EndpointServer:
    key = os.environ.get(spec.key_env, "").strip()
    return EndpointServer(address_of(spec.url, key, spec.key_env), TIMEOUT_SECONDS)


@dataclass(slots=True)
class Calls:
    """The calls of one part of a trial: requested, under way, and answered, by place."""

    spec: PromptsSpec
    session: Session
    stop: Stop
    requests: Sequence[Request]
    answers: dict[int, KeptAnswer] = field(default_factory=dict)
    under_way: dict[Future[KeptAnswer], int] = field(default_factory=dict)

    def run(self, on_progress: Callable[[int], None]) -> dict[int, KeptAnswer]:
        """The answers by place: of all requests, of fewer where the run was asked to stop.

        Answers that the ledger has are not asked again. Raises RunOver where no further call can
        work, ServerError where the endpoint keeps failing.
        """
        self._take_kept()
        waiting = [place for place in range(len(self.requests)) if place not in self.answers]
        with ThreadPoolExecutor(self.spec.at_once) as pool:
            while (waiting or self.under_way) and not (self.stop.asked and not self.under_way):
                self._start(pool, waiting)
                self._take()
                on_progress(len(self.answers))
        return self.answers

    def _take_kept(self) -> None:
        for place, request in enumerate(self.requests):
            answer = self.session.ledger.get(request.name)
            if answer is not None:
                self.answers[place] = answer
                self.session.ledger.use(answer)
                self.session.budget.count(answer)

    def _start(self, pool: ThreadPoolExecutor, waiting: list[int]) -> None:
        """Start what may run at once; the first call of a session goes alone, so that it finds the
        form of request before several are under way.
        """
        most = self.spec.at_once if self.session.answered else 1
        while waiting and len(self.under_way) < most and not self.stop.asked:
            place = waiting[0]
            request = self.requests[place]
            dearest = most_usd(self.spec, request.messages, request.options.max_tokens)
            if not self.session.budget.reserve(place, dearest):
                return
            waiting.pop(0)
            future = pool.submit(_ask, self.spec, self.session, request, self.stop)
            self.under_way[future] = place

    def _take(self) -> None:
        """Keep the answers that came; every one under way is kept before a failure ends the
        trial.
        """
        if not self.under_way:
            return
        failure: ServerError | None = None
        for future in wait(self.under_way, return_when=FIRST_COMPLETED)[0]:
            place = self.under_way.pop(future)
            self.session.budget.release(place)
            self.session.answered += 1
            try:
                self._note(place, future.result())
            except ServerError as error:
                failure = error
        if failure is None:
            return
        self._keep_the_rest()
        if failure.trouble in FINAL:
            raise RunOver(str(failure))
        raise failure

    def _note(self, place: int, answer: KeptAnswer) -> None:
        self.answers[place] = answer
        self.session.budget.count(answer)

    def _keep_the_rest(self) -> None:
        """Calls that are under way are paid for: their answers are waited for and kept."""
        for future, place in list(self.under_way.items()):
            try:
                self._note(place, future.result())
            except ServerError:
                continue
            finally:
                self.session.budget.release(place)
        self.under_way.clear()


def _ask(spec: PromptsSpec, session: Session, request: Request, stop: Stop) -> KeptAnswer:
    """One call, kept in the ledger as soon as it is answered. Raises ServerError."""
    begun = time.perf_counter()
    try:
        answer = ask(
            session.server,
            session.form,
            request.messages,
            lambda s: pause(s, stop),
            request.options,
        )
    except ServerError as error:
        if error.trouble not in ITEM_TROUBLES:
            raise
        lost = ChatAnswer("", time.perf_counter() - begun, finish_reason=error.trouble.value)
        record = _kept(spec, request, lost, str(error))
    else:
        record = _kept(spec, request, answer)
    session.ledger.keep(record)
    return record


def pause(seconds: float, stop: Stop) -> bool:
    """Wait, but not longer than the run has; False where it was asked to stop."""
    end = time.monotonic() + min(seconds, stop.remaining_seconds())
    while time.monotonic() < end:
        if stop.asked:
            return False
        time.sleep(min(0.05, max(end - time.monotonic(), 0.0)))
    return not stop.asked


def _kept(spec: PromptsSpec, request: Request, answer: ChatAnswer, lost: str = "") -> KeptAnswer:
    usd, estimated = billed_usd(
        spec, request.messages, answer.prompt_tokens, answer.completion_tokens, answer.text
    )
    return KeptAnswer(
        request=request.name,
        at=now(),
        messages=[dict(message) for message in request.messages],
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
