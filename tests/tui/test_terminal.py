"""The program in a real pseudo-terminal, from the first frame to quitting; and its manners where
there is none.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from advisor import brief as files
from advisor.cli.app import command
from advisor.core.errors import UsageError

EXAMPLE = Path(__file__).parents[2] / "profiles" / "briefs" / "customs-invoices.toml"
PATIENCE_SECONDS = 60


class Terminal:
    """The program on a pseudo-terminal of 120 × 40."""

    def __init__(self, *args: str, home: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "HOME": str(home),
            "ADVISOR_HOME": str(home),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "advisor", *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        self.seen = ""

    def wait_for(self, pattern: str) -> None:
        """Read until what was drawn matches."""
        self.wait_until(lambda: re.search(pattern, self.seen) is not None, pattern)

    def wait_until(self, done: Callable[[], bool], what: str = "") -> None:
        """Read until it is so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < end, f"never {what!r} in {self.seen[-2000:]!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    assert self.process.wait(5) is None, f"ended before {what!r}"

    def press(self, keys: str) -> None:
        """Send keys; what was drawn before is forgotten."""
        self.seen = ""
        os.write(self.master, keys.encode())

    def close(self) -> int:
        """The exit code, once everything is read."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    os.read(self.master, 65536)
                except OSError:
                    break
        code = self.process.wait(PATIENCE_SECONDS)
        os.close(self.master)
        return code


def test_open_change_save_quit(tmp_path: Path):
    brief = tmp_path / "mine.toml"
    shutil.copy(EXAMPLE, brief)
    terminal = Terminal(str(brief), home=tmp_path)
    try:
        terminal.wait_for(r"best in .* of 100")
        terminal.press("\t\t")  # the heading of the first group, then its first field
        terminal.wait_for("What is this about")
        terminal.press("Quite another name")
        terminal.wait_for("unsaved")
        terminal.press("\x13")
        terminal.wait_until(lambda: files.read(brief).name == "Quite another name")
        terminal.press("\x1b")
        terminal.wait_for("goes to the form")
        terminal.press("q")
        assert terminal.close() == 0
    finally:
        terminal.process.kill()
    assert files.read(brief).name == "Quite another name"
    assert (
        brief.read_text(encoding="utf-8").splitlines()[0]
        == EXAMPLE.read_text(encoding="utf-8").splitlines()[0]
    )


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
def test_without_a_terminal_it_says_what_to_do(closed, tmp_path: Path):
    master, slave = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), slave) | {closed: subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-m", "advisor", "x.toml"], **streams)
    os.close(slave)
    try:
        assert process.wait(PATIENCE_SECONDS) == 2
    finally:
        os.close(master)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def test_the_refusal_names_the_command_for_plain_terminals():
    result = CliRunner().invoke(command, ["shop.toml"])
    assert isinstance(result.exception, UsageError)
    assert "advisor recommend shop.toml" in str(result.exception)


@pytest.mark.skipif(not find_spec("torch"), reason="the calibration libraries are not installed")
def test_quitting_while_a_calibration_runs_leaves_no_process(tmp_path: Path):
    brief = tmp_path / "mine.toml"
    shutil.copy(EXAMPLE, brief)
    terminal = Terminal(str(brief), home=tmp_path)
    try:
        terminal.wait_for(r"best in .* of 100")
        terminal.press("4")
        terminal.wait_for("P50 – P90")
        terminal.press("c")
        terminal.wait_until(lambda: calibrations(terminal), "a process of the run")
        started = calibrations(terminal)
        terminal.press("q")
        terminal.wait_for("Cancel it and quit")
        terminal.press("\r")
        assert terminal.close() == 0
        assert not [p for p in started if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    finally:
        terminal.process.kill()


def calibrations(terminal: Terminal) -> list[psutil.Process]:
    """The processes that measure for the program."""
    below = psutil.Process(terminal.process.pid).children(recursive=True)
    return [p for p in below if any("advisor.calibrate.worker" in word for word in p.cmdline())]
