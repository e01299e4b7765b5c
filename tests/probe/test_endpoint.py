"""The endpoint probe against a real server on this machine, which behaves in all the ways that
servers do.
"""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import AdvisorError, Cancelled, UsageError
from advisor.core.events import CancelToken
from advisor.core.facts import TokenPrice
from advisor.endpoint.client import server_at
from advisor.endpoint.errors import ServerError
from advisor.probe.endpoint import (
    PREFIX,
    PREFIX_TOKENS,
    _quantile,
    cached_tokens,
    cost_usd,
    plan,
    probe,
)
from advisor.probe.show_machine import endpoint_lines
from advisor.probe.tokens import default_counter

PRICE = TokenPrice("openai", "gpt-4.1-mini", 0.4, 1.6)


class Behaviour:
    """How the server answers; what it was sent is kept in `seen`."""

    def __init__(self, **ways):
        self.stream = self.usage = True
        self.status, self.said, self.raw, self.wait, self.drip = 200, "", None, 0.0, False
        self.cached = self.refuse = self.models = self.redirect = None
        self.seen = []
        self.__dict__.update(ways)


@pytest.fixture
def serve():
    running = []

    def start(**ways):
        behaviour = Behaviour(**ways)
        handler = type("Handler", (_Handler,), {"behaviour": behaviour})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.handle_error = lambda *_: None  # a client that hung up is no news
        server.daemon_threads = True
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/v1", behaviour

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour

    def log_message(self, *args):
        pass

    def do_GET(self):
        way = self.behaviour
        way.seen.append(("GET", self.path, dict(self.headers), None))
        models = (
            way.models if way.models is not None else {"data": [{"id": "small"}, {"id": "big"}]}
        )
        self._send(way.status, json.dumps(models).encode())

    def do_POST(self):
        way = self.behaviour
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        way.seen.append(("POST", self.path, dict(self.headers), body))
        if way.redirect:
            self.send_response(307)
            self.send_header("Location", way.redirect)
            self.end_headers()
            return
        if way.refuse in body:
            self._send(
                400, json.dumps({"error": {"message": f"unknown parameter {way.refuse}"}}).encode()
            )
        elif way.status != 200:
            self._send(way.status, json.dumps({"error": {"message": way.said}}).encode())
        elif way.raw is not None:
            self._send(200, way.raw, "text/event-stream")
        elif way.drip:
            self._drip()
        else:
            self._answer(body)

    def _drip(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for _ in range(400):
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            pass

    def _answer(self, body):
        way, usage = self.behaviour, {"prompt_tokens": 20, "completion_tokens": 3}
        if way.cached is not None:
            asked = sum(
                json.dumps(b["messages"][0]) == json.dumps(body["messages"][0])
                for *_, b in way.seen
                if b
            )
            long = len(body["messages"]) > 1
            usage |= {"prompt_tokens": 2800 if long else 20}
            usage |= way.cached(2688 if long and asked > 1 else 0)
        events = [{"choices": [{"delta": {"content": word}}]} for word in ("", "a", " red", " one")]
        if way.usage:
            events.append({"choices": [], "usage": usage})
        if not way.stream:
            whole = {"choices": [{"message": {"content": "a red one"}}]} | (
                {"usage": usage} if way.usage else {}
            )
            self._send(200, json.dumps(whole).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for event in events:
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()
            time.sleep(way.wait)
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_streaming_server_is_timed_and_counted(serve):
    url, way = serve(wait=0.02, cached=lambda n: {"prompt_tokens_details": {"cached_tokens": n}})
    server = server_at(url, "secret-key")
    report = probe(server, "small", server.models(), requests=3, price=PRICE)
    assert report.models == ("small", "big")
    assert report.requests == 5
    assert report.failed == ()
    first, whole = report.first_token_seconds.range, report.total_seconds.range
    assert 0.02 <= first.p10 <= first.p50 <= first.p90 < whole.p90  # the first event is empty
    assert whole.p10 >= 0.1
    assert 0 < report.tokens_per_second.likely <= 2 / 0.06
    assert (report.input_tokens, report.output_tokens) == (3 * 20 + 2 * 2800, 15)
    assert report.spent_usd == pytest.approx((5660 * 0.4 + 15 * 1.6) / 1e6)
    assert (report.prefix_tokens, report.cached_tokens) == (2800, 2688)
    posted = [body for method, _, _, body in way.seen if method == "POST"]
    assert posted[-1]["messages"][0] == posted[-2]["messages"][0]  # the same prefix twice
    assert posted[-1]["messages"][1] != posted[-2]["messages"][1]
    assert (
        len({json.dumps(b["messages"]) for b in posted}) == 5
    )  # nothing else may come from a cache
    assert all(headers["Authorization"] == "Bearer secret-key" for _, _, headers, _ in way.seen)
    assert "secret-key" not in repr(report) + repr(server)


@pytest.mark.parametrize(
    ("cached", "found", "said"),
    [
        (lambda n: {"prompt_tokens_details": {"cached_tokens": 0}}, 0, "read none"),
        (lambda n: {"prompt_cache_hit_tokens": n}, 2688, "read from the cache"),
        (lambda n: {"cache_read_input_tokens": n}, 2688, "read from the cache"),
        (lambda n: {"prompt_tokens_details": None}, None, "not report"),
        (lambda n: {"prompt_tokens_details": {"cached_tokens": "many"}}, None, "not report"),
    ],
)
def test_ways_to_tell_of_a_cache(serve, cached, found, said):
    report = probe(server_at(serve(cached=cached)[0]), "small", requests=1)
    assert report.cached_tokens == found
    assert said in report.cache_note


def test_no_counts_leave_figures_unknown(serve):
    report = probe(server_at(serve(usage=False)[0]), "small", requests=2, price=PRICE)
    assert report.first_token_seconds.range.is_known
    assert not report.tokens_per_second.range.is_known
    assert (report.input_tokens, report.output_tokens, report.spent_usd) == (None, None, None)
    assert any("unknown" in w for w in report.warnings)


def test_a_server_that_does_not_stream(serve):
    report = probe(server_at(serve(stream=False)[0]), "small", requests=2)
    assert report.output_tokens == 12
    assert report.tokens_per_second.range.is_known


@pytest.mark.parametrize(
    ("refused", "sent"), [("max_tokens", "max_completion_tokens"), ("stream_options", "max_tokens")]
)
def test_a_form_that_the_server_refuses_is_changed_once(serve, refused, sent):
    url, way = serve(refuse=refused)
    report = probe(server_at(url), "small", requests=3)
    assert report.failed == ()
    bodies = [body for *_, body in way.seen]
    assert sent in bodies[-1]
    assert refused not in bodies[-1]
    assert sum(refused in body for body in bodies) <= 2


def test_limits_are_sent(serve):
    url, way = serve()
    probe(server_at(url), "small", requests=2)
    assert [body["max_tokens"] for *_, body in way.seen] == [64, 64, 8, 8]


def test_a_missing_or_wrong_key(serve):
    url, _ = serve(status=401, said="bad")
    with pytest.raises(ServerError, match="set OPENAI_API_KEY"):
        probe(server_at(url), "small")
    with pytest.raises(ServerError, match="refuses the key") as caught:
        probe(server_at(url, "sk-very-secret"), "small")
    assert "sk-very-secret" not in str(caught.value)


def test_a_key_stays_at_home_without_tls():
    assert not server_at("http://models.example.com/v1", "k").key_is_sent
    for url in (
        "https://models.example.com/v1",
        "http://localhost:8000",
        "http://[::1]:8000/v1",
        "http://127.0.0.9",
    ):
        assert server_at(url, "k").key_is_sent


def test_redirects_are_not_followed(serve):
    other, elsewhere = serve()
    url, _ = serve(redirect=f"{other}/chat/completions")
    with pytest.raises(AdvisorError, match="elsewhere"):
        probe(server_at(url, "k"), "small", requests=1)
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {not json}\n\n", b"data: [1, 2]\n\n", b"\xff\xfe\x00garbage",
        b"data: " + b"[" * 100_000 + b"\n",
        b'data: {"error": {"message": "out of \x1b[31mmemory"}}\n\n',
        b'data: {"choices": [null]}\n\n',
        b'data: {"choices": 7, "usage": "much"}\n\n',
        b'data: {"usage": {"prompt_tokens": -1}}\n\n', b"",
    ],
    ids=range(9),
)  # fmt: skip
def test_garbage_is_a_reason_or_unknown(serve, raw):
    server = server_at(serve(raw=raw)[0])
    report = None
    with contextlib.suppress(AdvisorError):
        report = probe(server, "small", requests=1)
    if report is None:
        with pytest.raises(AdvisorError) as caught:
            probe(server, "small", requests=1)
        assert str(caught.value).isprintable()
    else:
        assert not report.first_token_seconds.range.is_known
        assert report.output_tokens is None


def test_an_answer_without_end_is_cut(serve):
    url, _ = serve(raw=b"data: " + b"x" * 2_000_000)
    with pytest.raises(AdvisorError, match="no end"):
        probe(server_at(url), "small", requests=1)


@pytest.mark.parametrize("way", [{"wait": 5.0}, {"drip": True}])
def test_a_slow_server_is_left_in_time(serve, way):
    url, _ = serve(**way)
    with pytest.raises(ServerError, match=r"in time|within 0\.2 s"):
        probe(server_at(url, timeout_seconds=0.2), "small", requests=1)


def test_nobody_there():
    with pytest.raises(ServerError, match="cannot be reached"):
        server_at("http://127.0.0.1:9/v1").models()


def test_single_failures_are_counted(serve):
    url, way = serve()
    server, kept = server_at(url), []

    def fail_after_one(event):
        kept.append(event)
        way.status, way.said = (503, "over\x1bloaded") if len(kept) == 2 else (200, "")

    report = probe(server, "small", requests=3, events=fail_after_one)
    assert len(report.failed) == 1
    assert "HTTP 503" in report.failed[0]
    assert report.first_token_seconds.range.is_known


def test_can_be_cancelled(serve):
    token = CancelToken()
    token.cancel()
    url, way = serve()
    with pytest.raises(Cancelled):
        probe(server_at(url), "small", cancel=token)
    assert way.seen == []


@pytest.mark.parametrize(
    ("models", "found"),
    [
        ({"data": []}, ()),
        ({"data": [{"id": "a"}], "more": 1}, ("a",)),
        ({"data": [{"name": "a"}]}, None),
        ([], None),
    ],
)
def test_lists_of_models(serve, models, found):
    server = server_at(serve(models=models)[0])
    if found is None:
        with pytest.raises(ServerError, match="not a list of models"):
            server.models()
    else:
        assert server.models() == found


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8000", "ftp://host/v1", "http://", "http://user:secret@host/v1", "http://host:port/v1",
     "https://host/v1?key=secret", "http://[bad/v1"],
)  # fmt: skip
def test_addresses_that_are_none(url):
    with pytest.raises(UsageError) as caught:
        server_at(url)
    assert "secret" not in str(caught.value)


def test_a_key_cannot_smuggle_headers():
    with pytest.raises(UsageError) as caught:
        server_at("https://host/v1", "key\r\nX: y")
    assert "key\r" not in str(caught.value)


@pytest.mark.parametrize("path", ["", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_usual_ways_to_write_an_address(path):
    assert server_at(f"http://host:8000{path}").address == "http://host:8000/v1"


def test_the_plan_is_priced_by_hand():
    asked = plan("m", 5, PRICE)
    assert (asked.requests, asked.output_tokens) == (7, 5 * 64 + 2 * 8)
    assert asked.usd == pytest.approx((asked.input_tokens * 0.4 + asked.output_tokens * 1.6) / 1e6)
    assert plan("m", 5, None).usd is None
    assert cost_usd(TokenPrice("x", "y", 1.0, None), 1, 1) is None
    assert 1100 < default_counter().count(PREFIX) <= PREFIX_TOKENS


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values, share):
    import numpy as np

    assert _quantile(sorted(values), share) == pytest.approx(
        float(np.quantile(values, share)), abs=1e-6
    )


@given(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=3)))
def test_any_usage_is_read(usage):
    assert cached_tokens(usage) is None
    assert cached_tokens({"prompt_tokens_details": usage}) is None


def test_shown_in_80_columns_and_harmless(serve):
    url, _ = serve(models={"data": [{"id": f"evil\x1b[31m{i}"} for i in range(30)]})
    server = server_at(url)
    lines = list(endpoint_lines(probe(server, "m\x1b]0;x\x07", server.models(), requests=1)))
    assert max(map(len, lines)) <= 80
    assert all(text.isprintable() for text in lines)
    assert any("and 22 more" in text for text in lines)
