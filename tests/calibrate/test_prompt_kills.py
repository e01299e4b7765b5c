"""No item is paid for twice: after kill -9 of parent and child, and under injected faults."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from advisor import experiments
from advisor.core.experiment import Status
from advisor.store.folders import folders
from tests.calibrate.model_server import ModelServer, Reply, said
from tests.calibrate.prompt_run import run

SCRIPT = Path(__file__).with_name("prompt_run.py")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key-1")
    return tmp_path / "home"


def rows_of(count: int) -> list[list[str]]:
    return [[f"ticket {i}: {'parcel' if i % 2 else 'invoice'}", "AB"[i % 2]] for i in range(count)]


def right(body: dict) -> str:
    return "B" if "parcel" in body["messages"][-1]["content"] else "A"


def children_of(parent: int) -> list[int]:
    """The processes that `parent` has started, by /proc."""
    numbers = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                numbers.append(int(entry.name))
    return numbers


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs /proc")
def test_kill_minus_nine_of_parent_and_child_pays_for_no_item_twice(
    tmp_path: Path, home: Path
) -> None:
    paid: Counter[str] = Counter()

    def behave(body: dict) -> Reply:
        paid[body["messages"][-1]["content"]] += 1
        return 200, said(right(body)), {}

    server = ModelServer(behave)
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps(rows_of(120)))
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}
    command = [sys.executable, str(SCRIPT), server.url, str(rows), "60"]
    lost = 0
    for wanted in (10, 30):
        process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 60
        while sum(paid.values()) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        for number in [*children_of(process.pid), process.pid]:
            os.kill(number, signal.SIGKILL)
        process.wait()
        time.sleep(0.1)
        ledger = (home / "state" / "answers").glob("*.jsonl")
        kept = {
            json.loads(line)["messages"][-1]["content"]
            for file in ledger
            for line in file.read_text().splitlines()
            if line.endswith("}") and "messages" in line
        }
        lost += len(paid.keys() - kept)  # answered by the server, but killed before it was written
    record = run(server.url, json.loads(rows.read_text()), 60)
    server.close()
    assert record.summary.status is Status.DONE
    assert len(paid) == 60
    again = sum(paid.values()) - 60
    assert again <= lost <= 2 * 4  # only what was under way when it was killed


def test_a_thousand_items_under_faults_are_all_answered_and_paid_for_once() -> None:
    """Busy, broken, cut-off and late replies: what is not billed is asked again, what is billed is
    kept.
    """
    tries: Counter[str] = Counter()
    billed: Counter[str] = Counter()
    faults: Counter[int] = Counter()
    one_at_a_time = threading.Lock()

    def behave(body: dict) -> Reply:
        with one_at_a_time:
            return reply(body)

    def reply(body: dict) -> Reply:
        """By item and try, whatever comes first: no item is turned away more than twice."""
        item = body["messages"][-1]["content"]
        tries[item] += 1
        draw = random.Random(f"{item} {tries[item]}").random()
        if tries[item] > 2:
            draw = max(draw, 0.11)
        if draw < 0.05:
            faults[429] += 1
            return 429, {"error": {"message": "slow down"}}, {"Retry-After": "0"}
        if draw < 0.09:
            faults[503] += 1
            return 503, b"<html>bad gateway</html>", {"Retry-After": "0"}
        if draw < 0.11:
            faults[500] += 1
            return 500, {"error": {"message": "internal"}}, {"Retry-After": "0.01"}
        billed[item] += 1
        if draw < 0.115:
            faults[200] += 1
            return 200, b'{"choices": [{"message": {"content": "A', {}
        return 200, said(f"The answer is **{right(body)}**."), {}

    server = ModelServer(behave)
    record = run(server.url, rows_of(1300), 1000, at_once=16)
    server.close()
    assert record.summary.status is Status.DONE
    assert min(faults.values()) > 0
    assert len(faults) == 4
    assert len(billed) == 1000
    assert set(billed.values()) == {1}
    (line,) = record.result["trials"]
    assert line["items"] == 1000
    assert line["artefacts"] == {"lost": faults[200]}  # lost answers cost their item alone
    assert line["score"] == pytest.approx(1.0 - faults[200] / 1000)


def test_forgetting_a_run_leaves_no_raw_answer_behind(home: Path) -> None:
    server = ModelServer(lambda body: (200, said(right(body)), {}))
    first = run(server.url, rows_of(40), 12)
    second = run(server.url, rows_of(41)[6:], 12)
    answers = folders().state / "answers"
    paid = len(server.calls)
    assert sum(len(f.read_text().splitlines()) for f in answers.iterdir()) >= paid
    experiments.forget(first.summary.id)
    left = "".join(f.read_text() for f in answers.iterdir())
    tested = [body["messages"][-1]["content"] for body in server.calls]
    for item in set(tested[:12]) - set(_items(second)):
        assert item not in left
    experiments.forget(second.summary.id)
    assert not answers.exists() or not any(f.stat().st_size for f in answers.iterdir())
    assert b"ticket" not in b"".join(
        f.read_bytes() for f in (folders().state).rglob("*.jsonl") if f.is_file()
    )
    assert not (folders().state / "runs" / str(first.summary.id)).exists()
    server.close()


def _items(record) -> list[str]:
    return [row[0] for row in record.plan["shared"]["items"]]
