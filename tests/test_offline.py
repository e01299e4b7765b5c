"""No command opens a connection unless it is asked to: every socket of it is watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
"""The public key of minisign's own pages."""

WATCHED = """
import atexit, json, runpy, socket, sys
opened = []

def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        opened.append([event, repr(args[1:])])

sys.addaudithook(watch)
atexit.register(lambda: print(json.dumps(opened), file=sys.__stderr__))
sys.argv = ["advisor", *sys.argv[1:]]
runpy.run_module("advisor", run_name="__main__")
"""
"""Runs the program under an audit hook, which no library can avoid; prints what was opened last."""


def opened_by(folder: Path, *words: str) -> tuple[int, list[list[str]]]:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"ADVISOR_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, json.loads(done.stderr.splitlines()[-1])


@pytest.mark.parametrize(
    "command",
    [
        "recommend customs-invoices -o report.html",
        "estimate --model llama-3.1-8b --gpu L40S --examples 500 --json",
        "data rows.jsonl --json",
        "facts prices claude-sonnet-5",
        f"facts update missing.json --public-key {KEY}",
        "probe --json",
        "plugins",
    ],
    ids=lambda command: command.split()[0],
)
def test_nothing_is_opened(tmp_path: Path, command: str) -> None:
    rows = ({"prompt": f"question {i}", "completion": "yes"} for i in range(30))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, opened = opened_by(tmp_path, *command.split())
    assert code in (0, 2)
    assert opened == []


def test_the_watch_sees_a_connection(tmp_path: Path) -> None:
    """Port 9 of this machine discards: the request is refused, but it is seen."""
    words = ("facts", "update", "http://127.0.0.1:9/facts.json", "--public-key")
    code, opened = opened_by(tmp_path, *words, KEY)
    assert code != 0
    assert any("127.0.0.1" in arguments for _, arguments in opened)
