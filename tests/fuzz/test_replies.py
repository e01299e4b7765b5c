"""No reply of a server breaks the client: it is an answer, or one line without the key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.endpoint.answers import ChatAnswer
from advisor.endpoint.client import ChatForm, server_at
from tests.fuzz.data_files import texts, values
from tests.fuzz.invariants import answer_or_refusal, runs

KEY = "sk-a-secret-of-the-fuzzer"


class Reply:
    """What the server below says next."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""


@pytest.fixture(scope="module")
def reply() -> Reply:
    return Reply()


@pytest.fixture(scope="module")
def url(reply: Reply) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: thousands of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def choices() -> st.SearchStrategy[Any]:
    message = st.fixed_dictionaries(
        {"content": texts() | values()}, optional={"refusal": values(), "reasoning": values()}
    )
    choice = st.fixed_dictionaries(
        {"message": message | values()}, optional={"finish_reason": values(), "delta": values()}
    )
    return st.lists(choice | values(), max_size=2) | values()


def documents() -> st.SearchStrategy[Any]:
    """A chat completion with wrong parts, an error as servers word it, or anything."""
    usage = st.dictionaries(
        st.sampled_from(["prompt_tokens", "completion_tokens", "prompt_tokens_details"]), values()
    )
    answer = st.fixed_dictionaries({"choices": choices()}, optional={"usage": usage | values()})
    error = st.fixed_dictionaries({"error": values() | texts()})
    return answer | error | values()


def bodies() -> st.SearchStrategy[bytes]:
    whole = documents().map(lambda document: json.dumps(document).encode())
    events = st.lists(whole, max_size=3).map(
        lambda parts: b"".join(b"data: " + part + b"\n\n" for part in parts)
    )
    return st.one_of(whole, events, st.binary(max_size=60), whole.map(lambda body: body[:-2]))


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    reply = Reply()
    reply.status = draw(st.sampled_from([200, 200, 200, 302, 400, 401, 404, 429, 500, 503]))
    kinds = ["application/json", "text/event-stream", "text/html", ""]
    waits = ["", "0", "nan", "inf", "-1", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "1e400"]
    encodings = ["", "", "", "gzip", "br"]
    reply.headers = {
        "Content-Type": draw(st.sampled_from(kinds)),
        "Retry-After": draw(st.sampled_from(waits)),
        "Content-Encoding": draw(st.sampled_from(encodings)),
    }
    reply.body = draw(bodies())
    return reply


@runs(60, share=0.05)
@given(said=replies(), stream=st.booleans())
def test_a_reply_is_an_answer_or_an_error_in_one_line(
    url: str, reply: Reply, said: Reply, stream: bool
) -> None:
    reply.status, reply.headers, reply.body = said.status, said.headers, said.body
    server = server_at(url, KEY, timeout_seconds=5.0)
    form = ChatForm("m", 5, stream=stream)
    body = form.body([{"role": "user", "content": "?"}])
    outcome = answer_or_refusal("replies", lambda: server.answer(body))
    if isinstance(outcome, ChatAnswer):
        assert isinstance(outcome.text, str)
        for tokens in (outcome.prompt_tokens, outcome.completion_tokens):
            assert tokens is None or tokens >= 0
    else:
        assert KEY not in str(outcome)
        wait = getattr(outcome, "retry_after", None)
        assert wait is None or 0.0 <= wait < float("inf")
