"""Asks an OpenAI-compatible server: its models, a timed stream, a chat answer with its retries."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.endpoint.address import Address, address_of
from advisor.endpoint.answers import ChatAnswer, answer_of, has_text, merged
from advisor.endpoint.errors import AGAIN, ServerError, Trouble
from advisor.endpoint.exchange import Exchange

TRIES = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0

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

    def _exchange(self, method: str, path: str, body: JsonObject | None) -> Exchange:
        return Exchange(self.where, method, path, body, self.timeout_seconds)


def server_at(url: str, key: str = "", timeout_seconds: float = 60.0) -> EndpointServer:
    """The server behind a base address such as https://api.openai.com/v1. Raises UsageError."""
    return EndpointServer(address_of(url, key), timeout_seconds)


@dataclass(slots=True)
class ChatForm:
    """The parameters that a server takes for one model, found by its refusals.

    Newer models want `max_completion_tokens` instead of `max_tokens`, or take no temperature; some
    servers only stream.
    """

    model: str
    max_tokens: int
    limit_name: str = "max_tokens"
    temperature: bool = True
    stream: bool = False

    def body(self, messages: Sequence[Mapping[str, str]]) -> JsonObject:
        """The request."""
        warmth = {"temperature": 0.0} if self.temperature else {}
        streamed = {"stream": True, "stream_options": {"include_usage": True}}
        return {
            "model": self.model,
            "messages": [dict(message) for message in messages],
            self.limit_name: self.max_tokens,
            **warmth,
            **(streamed if self.stream else {}),
        }

    def adapt(self, refusal: ServerError, sent: JsonObject) -> bool:
        """Whether the request can be put another way after this refusal of the one `sent`.

        Several calls under way may be refused for one reason: the first changes the form.
        """
        text = str(refusal).lower()
        if sent.keys() != self.body(()).keys():
            return True
        if "temperature" in text and self.temperature:
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


MOST_FORMS = 4
"""How often a request is put another way before its refusal is believed."""


def ask(
    server: EndpointServer,
    form: ChatForm,
    messages: Sequence[Mapping[str, str]],
    wait: Wait,
) -> ChatAnswer:
    """One chat answer: the only place where requests are tried again.

    A busy server is asked again when its Retry-After says so, else after a growing pause; a request
    that it refuses is put another way. Raises ServerError.
    """
    tries = 0
    forms = 0
    while True:
        body = form.body(messages)
        try:
            return server.answer(body)
        except ServerError as error:
            if error.trouble is Trouble.REQUEST and forms < MOST_FORMS and form.adapt(error, body):
                forms += 1
                continue
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
    try:
        address_of(url)
    except UsageError as error:
        raise UsageError(f"{option} {error}") from None
    return url.rstrip("/")
