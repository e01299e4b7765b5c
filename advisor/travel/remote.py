"""A bundle on another machine by OpenSSH: sent, run and its record taken back in one connection.

The bundle is the first line of the remote command's standard input. The input then stays open for
as long as the result is wanted: its end tells the other machine to stop. So a lost connection or
Ctrl-C never leaves a rented GPU at work.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from advisor.core.errors import AdvisorError, Cancelled, UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import ANSWERED, JsonObject, Status
from advisor.travel.bundle import Bundle

SSH_VARIABLE = "ADVISOR_SSH"
"""Names the OpenSSH command and its options, where it is not `ssh`."""

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_ADDRESS = re.compile(
    rf"ssh://(?:(?P<user>{_NAME})@)?"
    rf"(?P<host>{_NAME}|\[[0-9A-Fa-f:.]+(?:%{_NAME})?\])(?::(?P<port>[0-9]{{1,5}}))?/?"
)
"""Names that ssh, and a shell that its configuration calls with them, read as nothing else."""

PORTS = range(1, 65536)

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 40.0
"""After the stop is asked for: the other side ends a step, then asks, terminates and kills."""

LAST_WORDS_SECONDS = 10.0
"""For what the connection still brings once it has ended."""

SSH_FAILED = 255
NOT_FOUND = 127
LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Remote:
    """A machine behind OpenSSH and how the program is called there. `port` 0: that of ssh."""

    host: str
    port: int = 0
    command: str = "advisor"

    @classmethod
    def of(cls, address: str, command: str) -> Remote:
        """The machine at `ssh://[user@]host[:port]`. Raises UsageError for another address."""
        parts = _ADDRESS.fullmatch(address)
        if parts is None or int(parts["port"] or 1) not in PORTS:
            raise UsageError(
                f"--on {address}: not ssh://HOST or ssh://USER@HOST:PORT; other settings belong "
                "in ~/.ssh/config"
            )
        user = f"{parts['user']}@" if parts["user"] else ""
        host = parts["host"].removeprefix("[").removesuffix("]")
        return cls(user + host, int(parts["port"] or 0), command)

    def call(self, *, again: bool, allow_busy: bool) -> str:
        """The command line that runs a bundle there."""
        own = ["calibrate", "run", "-", "--while-connected"]
        own += ["--again"] if again else []
        own += ["--allow-busy"] if allow_busy else []
        return f"{self.command} {shlex.join(own)}"

    def ssh(self, call: str) -> list[str]:
        """The local command that makes this call there."""
        program = shlex.split(os.environ.get(SSH_VARIABLE, "")) or ["ssh"]
        port = ["-p", str(self.port)] if self.port else []
        alive = ["-o", "ServerAliveInterval=30", "-o", "ConnectTimeout=20"]
        return [*program, "-T", *alive, *port, "--", self.host, call]


@dataclass(slots=True)
class _Heard:
    """What a connection has brought so far."""

    answer: bytes = b""
    lines: list[str] = field(default_factory=list)


def over_ssh(
    bundle: Bundle,
    remote: Remote,
    call: str,
    *,
    say: Callable[[str], None],
    cancel: CancelToken,
) -> JsonObject:
    """The record of the bundle's run on the other machine; `say` hears its narration.

    Also of a run that was cancelled, where trials have finished. Raises AdvisorError where there is
    no connection, or the run brought no record.
    """
    process = _started(remote.ssh(call))
    heard = _Heard()
    threads = [
        threading.Thread(target=_read_answer, args=(process, heard), daemon=True),
        threading.Thread(target=_read_narration, args=(process, heard, remote, say), daemon=True),
        threading.Thread(target=_send, args=(process, bundle.text.encode()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        _until_ended(process, cancel)
    finally:
        _stop(process)
        for thread in threads:
            thread.join(LAST_WORDS_SECONDS)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    return _record(process, heard, remote)


def check_answered(document: JsonObject, host: str) -> None:
    """Raises Cancelled or AdvisorError where the run over there ended without any answer."""
    trials = document.get("trials", ())
    if any(isinstance(t, dict) and t.get("status") in ANSWERED for t in trials):
        return
    run = document.get("run", {})
    if run.get("status") == Status.CANCELLED:
        raise Cancelled("cancelled before any trial had an answer; nothing was kept")
    reason = document.get("result", {}).get("reason") or "no trial has an answer"
    raise AdvisorError(f"ssh://{host}: the run failed: {reason}")


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """ssh, deaf to Ctrl-C: the other side is asked to stop, not cut off."""
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if is_main:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise AdvisorError(
            f"{command[0]}: {error.strerror}; install OpenSSH, or name it in {SSH_VARIABLE}"
        ) from None
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)


def _send(process: subprocess.Popen[bytes], content: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(content)
        process.stdin.flush()
    except OSError:  # it has ended already, and says why itself
        return


def _read_answer(process: subprocess.Popen[bytes], heard: _Heard) -> None:
    assert process.stdout is not None
    heard.answer = process.stdout.read()


def _read_narration(
    process: subprocess.Popen[bytes], heard: _Heard, remote: Remote, say: Callable[[str], None]
) -> None:
    assert process.stderr is not None
    for raw in process.stderr:
        line = raw.decode(errors="replace").rstrip()
        if line:
            heard.lines.append(line)
            say(f"{remote.host}: {line}")


def _until_ended(process: subprocess.Popen[bytes], cancel: CancelToken) -> None:
    while process.poll() is None and not cancel.cancelled:
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close the input, which asks the other side to stop, and wait for what it still brings."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _record(process: subprocess.Popen[bytes], heard: _Heard, remote: Remote) -> JsonObject:
    try:
        document = json.loads(heard.answer)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    code = process.returncode
    last = " / ".join(line.rstrip(".") for line in heard.lines[-LAST_LINES:]) or f"exit {code}"
    if code == SSH_FAILED:
        port = f"-p {remote.port} " if remote.port else ""
        raise AdvisorError(
            f"ssh://{remote.host}: no connection: {last}; try `ssh {port}{remote.host}` by itself"
        )
    if code == NOT_FOUND:
        raise AdvisorError(
            f"ssh://{remote.host}: {remote.command}: not on the path there; install it with "
            "pip install 'prompt-or-tune[calibrate]', or name it with --remote-command"
        )
    raise AdvisorError(f"ssh://{remote.host}: the run brought no result: {last}")
