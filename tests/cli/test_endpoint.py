"""`advisor probe endpoint` and the ways of `advisor probe`, as a user meets them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from advisor.cli import endpoint, probe
from advisor.core.facts import Cited, TokenPrice
from advisor.core.probes import EndpointReport, HardwareReport
from advisor.endpoint.client import server_at
from advisor.probe.endpoint import ProbePlan
from tests.cli.test_data_and_probe import run


class _Handler(BaseHTTPRequestHandler):
    models, posted = ["only-one"], 0

    def log_message(self, *args):
        pass

    def do_GET(self):
        known = self.path == "/v1/models"
        self._send(200 if known else 404, {"data": [{"id": m} for m in self.models]})

    def do_POST(self):
        type(self).posted += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        self._send(200, {"choices": [{"message": {"content": "hello"}}], "usage": usage})

    def _send(self, status, held):
        body = json.dumps(held).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    handler = type("Handler", (_Handler,), {"posted": 0})
    held = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=held.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{held.server_address[1]}", handler
    held.shutdown()
    held.server_close()


def test_the_price_comes_first_and_nothing_is_sent_without_a_yes(server, monkeypatch, capsys):
    url, handler = server
    code, out, err = run(monkeypatch, capsys, "probe", "endpoint", url)
    assert (code, out, handler.posted) == (2, "", 0)
    assert "price unknown" in err
    assert "add --yes" in err


def test_text_and_json(server, monkeypatch, capsys):
    url, handler = server
    code, out, err = run(monkeypatch, capsys, "probe", "endpoint", url, "--yes", "--requests", "2")
    assert code == 0
    assert "\n4 requests to only-one" in err
    assert max(map(len, out.splitlines())) <= 80
    assert "only-one" in out
    assert handler.posted == 4
    code, out, _ = run(
        monkeypatch, capsys, "probe", "endpoint", f"{url}/v1/", "--yes", "--requests", "1", "--json"
    )
    held = json.loads(out)
    assert set(held) == set(EndpointReport.__dataclass_fields__)
    assert held["model"] == "only-one"
    assert (held["input_tokens"], held["output_tokens"], held["spent_usd"]) == (30, 15, None)


@pytest.mark.parametrize(
    ("models", "args", "said"),
    [
        (["a-model", "b-model"], [], "which model?"),
        (["a-model", "b-model"], ["--model", "a-modle"], "did you mean 'a-model'"),
        ([], [], "which model?"),
        (["x"], ["--requests", "0"], "--requests"),
    ],
)
def test_mistakes_are_one_line(server, monkeypatch, capsys, models, args, said):
    url, handler = server
    handler.models = models
    code, out, err = run(monkeypatch, capsys, "probe", "endpoint", url, "--yes", *args)
    assert (code, out, handler.posted) == (2, "", 0)
    assert said in err
    assert len([line for line in err.splitlines() if not line.startswith("asking ")]) == 1


def test_an_address_below_which_nothing_answers(monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, "probe", "endpoint", "http://127.0.0.1:9/v1", "--yes")
    assert code == 1
    assert "cannot be reached" in err
    assert len(err.splitlines()) == 2


def test_agreement_follows_the_price():
    priced, unknown = ProbePlan(3, 100, 10, 0.02, 900), ProbePlan(3, 100, 10, None, 900)
    endpoint._agree(priced, "m", 0.05, False)  # within the limit: no question
    endpoint._agree(unknown, "m", None, True)
    for plan, most, yes, said in (
        (priced, 0.01, True, "--max-usd 0.01"),
        (priced, None, False, "--yes or --max-usd"),
        (unknown, 5.0, False, "--yes"),
    ):
        with pytest.raises(endpoint.UsageError, match=said):
            endpoint._agree(plan, "m", most, yes)


def test_the_price_is_that_of_the_host(monkeypatch):
    rows = [
        TokenPrice(p, "m", usd, usd, cited=Cited("list", "2026-11"))
        for p, usd in (("openai", 1.0), ("azure", 3.0))
    ]
    rows += [TokenPrice("openai", "m", 2.0, 2.0), TokenPrice("openai", "m", None, None)]
    book = type("Book", (), {"token_prices": lambda self, model, day: tuple(rows)})()
    monkeypatch.setattr("advisor.facts.load", lambda folder: book)
    assert endpoint._price(server_at("https://api.openai.com/v1"), "m") == rows[2]
    assert endpoint._price(server_at("https://models.example.com/v1"), "m") is None
    assert endpoint._price(server_at("http://localhost:8000"), "m") is None


def test_watch_prints_a_line_for_each_look(monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "probe", "--watch", "--count", "2", "--interval", "0.2")
    assert code == 0
    assert len(out.splitlines()) == 2
    assert all("memory" in text and "\x1b" not in text for text in out.splitlines())


def test_watch_as_json_is_one_object_a_line(monkeypatch, capsys):
    code, out, _ = run(
        monkeypatch, capsys, "probe", "--watch", "--count", "2", "--interval", "0.2", "--json"
    )
    assert code == 0
    assert [set(json.loads(text)) for text in out.splitlines()] == [
        set(HardwareReport.__dataclass_fields__)
    ] * 2


def test_watch_ends_with_130_and_leaves_the_terminal_as_it_was(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(probe.time, "sleep", interrupted)
    code, out, err = run(monkeypatch, capsys, "probe", "--watch")
    assert (code, err.strip()) == (130, "cancelled")
    assert out.startswith(probe.ASIDE)
    assert out.endswith(probe.BACK)
    assert "reading 1" in out


def test_measure_and_watch_do_not_go_together(monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, "probe", "--watch", "--measure")
    assert code == 2
    assert "--measure" in err


def test_measure_shows_its_basis(monkeypatch, capsys):
    monkeypatch.setattr("advisor.probe.machine.measure._rates", lambda *asked: [10.0, 20.0])
    code, out, _ = run(monkeypatch, capsys, "probe", "--measure")
    assert code == 0
    assert "15.0 GB/s (measured:" in out
    assert "15.0 GFLOP/s (measured:" in out
    assert "not measured" in run(monkeypatch, capsys, "probe")[1]
