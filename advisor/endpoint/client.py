"""Asks an OpenAI-compatible server: its models, a timed stream, a chat answer with its retries."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.endpoint.address import Address, address_of
from advisor.endpoint.answers import ChatAnswer, answer_of, has_text, merged
from advisor.endpoint.errors import AGAIN, ServerError, Trouble
from advisor.endpoint.exchange import Exchange

TRIES = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0

Answer = TypeVar("Answer")
Wait = Callable[[float], bool]
"""Waits so many seconds; False where the caller was asked to stop meanwhile."""


@dataclass(frozen=True, slots=True)
class TimedReply:
    """One streamed answer.

    Times in seconds from sending; `usage` is empty where the server counts nothing.
    """

    first_token_seconds: float | None
    total_seconds: float
    usage: JsonObject


@dataclass(frozen=True, slots=True)
class EndpointServer:
    """A server to ask. `timeout_seconds` bounds one whole answer."""

    where: Address
    timeout_seconds: float = 60.0

    @property
    def address(self) -> str:
        """As the user wrote it, without anything secret."""
        return str(self.where)

    @property
    def path(self) -> str:
        return self.where.path

    @property
    def host(self) -> str:
        return self.where.host

    @property
    def key(self) -> str:
        return self.where.key

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return self.where.is_local

    @property
    def key_is_sent(self) -> bool:
        """A key goes over TLS, or stays on this machine."""
        return self.where.key_is_sent

    def below(self, path: str) -> EndpointServer:
        """The same server under another path."""
        return replace(self, where=replace(self.where, path=path))

    def models(self) -> tuple[str, ...]:
        """The ids that the server lists. Raises ServerError."""
        with self._exchange("GET", "/models", None) as exchange:
            try:
                listed = json.loads(exchange.whole())["data"]
                return tuple(str(model["id"])[:200] for model in listed)
            except (ValueError, KeyError, TypeError, RecursionError):
                raise ServerError(
                    f"{self.address}/models: the answer is not a list of models"
                ) from None

    def timed_stream(self, body: JsonObject) -> TimedReply:
        """Ask once, as a stream, and take the times. Raises ServerError."""
        began = time.perf_counter()
        first = None
        usage: JsonObject = {}
        with self._exchange("POST", "/chat/completions", body) as exchange:
            for event in exchange.events():
                if first is None and has_text(event):
                    first = time.perf_counter() - began
                counts = event.get("usage")
                usage = counts if isinstance(counts, dict) else usage
        return TimedReply(first, time.perf_counter() - began, usage)

    def answer(self, body: JsonObject) -> ChatAnswer:
        """Ask once for a whole answer; one that comes as a stream is put together.

        Raises ServerError.
        """
        began = time.perf_counter()
        with self._exchange("POST", "/chat/completions", body) as exchange:
            document = merged(exchange.events())
        return answer_of(document, time.perf_counter() - began, self.address)

    def document(self, path: str, body: JsonObject) -> JsonObject:
        """Ask once for a JSON object under a path such as /embeddings. Raises ServerError."""
        with self._exchange("POST", path, body) as exchange:
            return exchange.document()

    def _exchange(self, method: str, path: str, body: JsonObject | None) -> Exchange:
        return Exchange(self.where, method, path, body, self.timeout_seconds)


def server_at(url: str, key: str = "", timeout_seconds: float = 60.0) -> EndpointServer:
    """The server behind a base address such as https://api.openai.com/v1. Raises UsageError."""
    return EndpointServer(address_of(url, key), timeout_seconds)


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What one request asks of its answer: how varied, and by which JSON Schema.

    `max_tokens` 0: as the form has it.
    """

    temperature: float = 0.0
    schema: JsonObject | None = None
    max_tokens: int = 0


PLAIN_ANSWER = AnswerOptions()
STRUCTURES = ("json_schema", "json_object", "")
"""How a server can be asked for JSON, the strictest first."""


@dataclass(slots=True)
class ChatForm:
    """The parameters that a server takes for one model, found by its refusals.

    Newer models want `max_completion_tokens` instead of `max_tokens`, or take no temperature; some
    servers only stream, or take no JSON Schema.
    """

    model: str
    max_tokens: int
    limit_name: str = "max_tokens"
    temperature: bool = True
    stream: bool = False
    structure: str = STRUCTURES[0]

    def body(
        self, messages: Sequence[Mapping[str, str]], options: AnswerOptions = PLAIN_ANSWER
    ) -> JsonObject:
        """The request."""
        warmth = {"temperature": options.temperature} if self.temperature else {}
        streamed = {"stream": True, "stream_options": {"include_usage": True}}
        return {
            "model": self.model,
            "messages": [dict(message) for message in messages],
            self.limit_name: options.max_tokens or self.max_tokens,
            **warmth,
            **self._response_format(options.schema),
            **(streamed if self.stream else {}),
        }

    def _response_format(self, schema: JsonObject | None) -> JsonObject:
        if schema is None or not self.structure:
            return {}
        if self.structure == "json_object":
            return {"response_format": {"type": "json_object"}}
        named = {"name": "answer", "strict": True, "schema": dict(schema)}
        return {"response_format": {"type": "json_schema", "json_schema": named}}

    def adapt(
        self, refusal: ServerError, sent: JsonObject, options: AnswerOptions = PLAIN_ANSWER
    ) -> bool:
        """Whether the request can be put another way after this refusal of the one `sent`.

        Several calls under way may be refused for one reason: the first changes the form.
        """
        text = str(refusal).lower()
        now = self.body((), options)
        if sent.keys() != now.keys() or sent.get("response_format") != now.get("response_format"):
            return True
        if "response_format" in sent and ("response_format" in text or "json_schema" in text):
            self.structure = STRUCTURES[STRUCTURES.index(self.structure) + 1]
        elif "temperature" in text and self.temperature:
            self.temperature = False
        elif self.limit_name in text and self.limit_name == "max_tokens":
            self.limit_name = "max_completion_tokens"
        elif "stream" in text and not self.stream:
            self.stream = True
        elif self.limit_name == "max_completion_tokens" and "max_completion_tokens" in text:
            self.limit_name = "max_tokens"
            return self.temperature
        else:
            return False
        return True


MOST_FORMS = 6
"""How often a request is put another way before its refusal is believed."""


def ask(
    server: EndpointServer,
    form: ChatForm,
    messages: Sequence[Mapping[str, str]],
    wait: Wait,
    options: AnswerOptions = PLAIN_ANSWER,
) -> ChatAnswer:
    """One chat answer; a request that the server refuses is put another way.

    Raises ServerError.
    """
    return again(lambda: _accepted(server, form, messages, options), wait)


def _accepted(
    server: EndpointServer,
    form: ChatForm,
    messages: Sequence[Mapping[str, str]],
    options: AnswerOptions,
) -> ChatAnswer:
    forms = 0
    while True:
        body = form.body(messages, options)
        try:
            return server.answer(body)
        except ServerError as error:
            refused = error.trouble is Trouble.REQUEST and forms < MOST_FORMS
            if not (refused and form.adapt(error, body, options)):
                raise
            forms += 1


def again(call: Callable[[], Answer], wait: Wait) -> Answer:
    """What `call` gives: the only place where requests are tried again.

    A busy server is asked again when its Retry-After says so, else after a growing pause. Raises
    ServerError.
    """
    tries = 0
    while True:
        try:
            return call()
        except ServerError as error:
            tries += 1
            if error.trouble not in AGAIN or tries >= TRIES or not wait(_pause(error, tries)):
                raise


def _pause(error: ServerError, tries: int) -> float:
    """Seconds before the next try: as the server asks, else doubling, with a random part."""
    if error.retry_after is not None:
        return min(error.retry_after, LONGEST_WAIT_SECONDS)
    return min(FIRST_WAIT_SECONDS * 2.0 ** (tries - 1), LONGEST_WAIT_SECONDS) * random.uniform(
        0.75, 1.25
    )


def checked_url(url: str, option: str = "--url") -> str:
    """The base address without its closing slash. Raises UsageError that names the option."""
    checked_address(url, option)
    return url.rstrip("/")


def checked_address(url: str, option: str = "--url") -> Address:
    """The address behind a base URL. Raises UsageError that names the option."""
    try:
        return address_of(url)
    except UsageError as error:
        raise UsageError(f"{option} {error}") from None
