"""Whatever leaves this machine is announced first, with its bytes: each way out, seen from both
ends.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli.group import cli
from advisor.experiments import Limits, cluster, machine
from advisor.experiments.entries import entries
from advisor.facts import load
from advisor.store.folders import folders
from tests.travel.test_bundle import CONFIG, speed_plan

ROWS = [(f"Überweisung {i}: {'Paket' if i % 2 else 'Rechnung'}", "AB"[i % 2]) for i in range(60)]


class Counting(ThreadingHTTPServer):
    """A model server that counts the bytes and the kinds of requests that reach it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posted: list[int] = []
        self.got: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Counting

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.got.append(self.path)
        assert "Content-Length" not in self.headers
        self._answer({"data": [{"id": "m"}]})

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.rfile.read(size)
        self.server.posted.append(size)
        message = {"message": {"content": "A"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 20, "completion_tokens": 3}
        self._answer({"choices": [message], "usage": usage})

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Counting]:
    counting = Counting()
    threading.Thread(target=counting.serve_forever, args=(0.01,), daemon=True).start()
    yield counting
    counting.shutdown()
    counting.server_close()


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def announced(said: str) -> tuple[int, int]:
    """Bytes and requests, as the line on what leaves has them."""
    found = re.search(r"leaves .*?([\d,]+) bytes in (?:about )?([\d,]+) requests", said)
    assert found is not None, said
    size, requests = (int(text.replace(",", "")) for text in found.groups())
    return size, requests


def test_the_requests_of_prompts(server: Counting, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = (json.dumps({"prompt": p, "completion": a}) + "\n" for p, a in ROWS)
    rows.write_text("".join(lines), encoding="utf-8")
    words = ("--shots", "0,2", "--items", "20", "--development", "10", "--all")
    url = f"{server.url}/v1"
    done = invoke("calibrate", "prompts", "--data", rows, "--url", url, "--model", "m", *words)
    assert done.exit_code == 0, done.output
    size, requests = announced(done.stderr)
    assert requests == pytest.approx(len(server.posted), rel=0.25)
    assert size == pytest.approx(sum(server.posted), rel=0.25)


def test_the_requests_of_a_probe_to_the_byte(server: Counting) -> None:
    done = invoke("probe", "endpoint", server.url, "--yes", "--requests", "3")
    assert done.exit_code == 0, done.output
    assert announced(done.stderr) == (sum(server.posted), len(server.posted))
    assert f"asking {server.url}/v1 for its models, by a request without a body" in done.stderr
    assert server.got


def test_the_bundle_and_the_command_line_over_ssh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pretended ssh notes what it was given."""
    ssh = tmp_path / "ssh.py"
    ssh.write_text(
        "import sys, pathlib\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "(folder / 'sent').write_bytes(sys.stdin.buffer.readline())\n"
        "(folder / 'called').write_text(sys.argv[-1])\n"
        "sys.exit(255)\n"
    )
    monkeypatch.setenv("ADVISOR_SSH", shlex.join([sys.executable, str(ssh)]))
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    where = ("--gpu", "L40S", "--on", "ssh://gpu-box")
    done = invoke("calibrate", "throughput", "--config", config, "--seq-len", "32", *where)
    assert "no connection" in str(done.exception)
    sent = len((tmp_path / "sent").read_bytes())
    called = len((tmp_path / "called").read_bytes())
    assert f"leaves    by OpenSSH to gpu-box: {sent:,} bytes" in done.stderr
    assert f"the command line, {called} bytes" in done.stderr


def test_the_plans_that_go_to_a_cluster() -> None:
    facts = load(folders().config)
    queued = entries([speed_plan()], [machine(facts, "none", 1)], Limits(None, None, None, False))
    sent = sum(len(json.dumps(cluster._left(entry)).encode()) for entry in queued)
    assert cluster.announcement(queued).startswith(f"about {sent:,} bytes: the plans of 1 run")


def test_newer_facts_are_fetched_without_a_body(server: Counting) -> None:
    pytest.importorskip("minisign", reason="the extra update is not installed")
    key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
    done = invoke("facts", "update", f"{server.url}/facts.json", "--public-key", key)
    assert f"fetching {server.url}/facts.json, by a request without a body" in done.stderr
    assert set(server.got) == {"/facts.json", "/facts.json.minisig"}


def test_the_name_of_a_model_goes_to_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("huggingface_hub", reason="the extra calibrate is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    rows = tmp_path / "rows.jsonl"
    lines = (json.dumps({"prompt": p, "completion": a}) + "\n" for p, a in ROWS)
    rows.write_text("".join(lines), encoding="utf-8")
    done = invoke("calibrate", "quality", "--model", "nobody/none-1b@main", "--data", rows)
    assert "to the Hugging Face hub: the name nobody/none-1b, by requests without" in done.stderr
