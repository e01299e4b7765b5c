"""A run on another machine by OpenSSH: over a pretended ssh for what can go wrong, and over a
local sshd for what goes right.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor import travel
from advisor.core.errors import AdvisorError, Cancelled, UsageError
from advisor.core.events import CancelToken
from tests.travel.test_bundle import CONFIG, speed_plan

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "peft"))

LOCAL = """
import subprocess, sys
sys.exit(subprocess.run(sys.argv[-1], shell=True).returncode)
"""
"""An ssh that runs the command here."""


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script = tmp_path / "ssh.py"
    script.write_text(LOCAL)
    monkeypatch.setenv("ADVISOR_SSH", shlex.join([sys.executable, str(script)]))
    return tmp_path


def over(folder: Path, code: str, cancel: CancelToken | None = None) -> tuple[object, list[str]]:
    """What comes back where this Python code is called there, and what it said."""
    script = folder / "there.py"
    script.write_text("import sys, json, time\n" + code)
    remote = travel.Remote("gpu-box", command=shlex.join([sys.executable, str(script)]))
    heard: list[str] = []
    bundle = travel.bundle_of(speed_plan(), None, with_rows=False)
    call = remote.call(again=True, allow_busy=False)
    document = travel.over_ssh(
        bundle, remote, call, say=heard.append, cancel=cancel or CancelToken()
    )
    return document, heard


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("ssh://gpu-box", "gpu-box", 0),
        ("ssh://jane@gpu-box:2222", "jane@gpu-box", 2222),
        ("ssh://[::1]:22/", "::1", 22),
        ("ssh://Jane.Doe@GPU-1.example:65535", "Jane.Doe@GPU-1.example", 65535),
    ],
)
def test_an_address_of_ssh(address: str, host: str, port: int) -> None:
    remote = travel.Remote.of(address, "advisor")
    assert (remote.host, remote.port) == (host, port)


@pytest.mark.parametrize(
    "address",
    [
        *("gpu-box", "http://gpu-box", "ssh://", "ssh://-oProxyCommand=reboot", "ssh://h:port"),
        *("ssh://jane:secret@h", "ssh://h/folder", "ssh://h?x=1", "ssh://-F@h", "ray://h:1"),
        *("ssh://u@-oProxyCommand=reboot", "ssh://u@h@-oX", "ssh://u@[-oX]", "ssh://u;reboot@h"),
        *("ssh://$(reboot)@h", "ssh://u@h`reboot`", "ssh://u@h\nx", "ssh://h:0", "ssh://h:65536"),
        *("ssh://u@h%20-oX", "ssh://@h", "ssh://h:٣"),
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not ssh://HOST"):
        travel.Remote.of(address, "advisor")


def test_the_host_is_never_read_as_an_option() -> None:
    words = travel.Remote.of("ssh://gpu-box:2222", "advisor").ssh("advisor calibrate run -")
    assert words[-3:] == ["--", "gpu-box", "advisor calibrate run -"]
    assert words[words.index("-p") + 1] == "2222"


def test_exactly_the_bundle_is_sent_and_the_answer_comes_back(pretended: Path) -> None:
    code = """
bundle = sys.stdin.readline()
print("measuring", file=sys.stderr)
print(json.dumps({"got": bundle, "argv": sys.argv[1:]}))
"""
    document, heard = over(pretended, code)
    assert document["got"] == travel.bundle_of(speed_plan(), None, with_rows=False).text
    assert document["argv"] == ["calibrate", "run", "-", "--while-connected", "--again"]
    assert heard == ["gpu-box: measuring"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sys.exit(255)", "no connection: exit 255; try `ssh gpu-box` by itself"),
        ("sys.exit(127)", "not on the path there"),
        ("print('a banner'); print('no torch.', file=sys.stderr)", "no result: no torch"),
        ("print('[]'); sys.exit(1)", "no result: exit 1"),
    ],
)
def test_a_run_without_a_result_says_why(pretended: Path, code: str, message: str) -> None:
    with pytest.raises(AdvisorError) as error:
        over(pretended, code)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_ctrl_c_asks_the_other_side_to_stop_and_takes_what_it_has(pretended: Path) -> None:
    code = """
sys.stdin.readline()
print("begun", file=sys.stderr, flush=True)
left = sys.stdin.read()
print(json.dumps({"stopped": left == ""}))
"""
    token = CancelToken()

    class Heard(list):
        def append(self, line: str) -> None:
            token.cancel()

    script = pretended / "there.py"
    script.write_text("import sys, json\n" + code)
    remote = travel.Remote("gpu-box", command=shlex.join([sys.executable, str(script)]))
    bundle = travel.bundle_of(speed_plan(), None, with_rows=False)
    call = remote.call(again=False, allow_busy=False)
    begun = time.monotonic()
    document = travel.over_ssh(bundle, remote, call, say=Heard().append, cancel=token)
    assert document == {"stopped": True}
    assert time.monotonic() - begun < 20


def test_without_ssh_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_SSH", "/nowhere/ssh")
    bundle = travel.bundle_of(speed_plan(), None, with_rows=False)
    with pytest.raises(AdvisorError, match="install OpenSSH"):
        travel.over_ssh(
            bundle, travel.Remote("h"), "x", say=lambda line: None, cancel=CancelToken()
        )


def test_a_run_that_ended_without_an_answer_is_not_kept() -> None:
    stopped = {"run": {"status": "cancelled"}, "trials": [{"status": "cancelled"}], "result": {}}
    with pytest.raises(Cancelled):
        travel.check_answered(stopped, "gpu-box")
    failed = {"run": {"status": "failed"}, "trials": [], "result": {"reason": "no torch"}}
    with pytest.raises(AdvisorError, match="no torch"):
        travel.check_answered(failed, "gpu-box")
    travel.check_answered({"trials": [{"status": "out-of-memory"}]}, "gpu-box")


@pytest.fixture
def local_sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An sshd of this user on a free port, with keys of its own; yields the address."""
    folder = tmp_path / "sshd"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PasswordAuthentication": "no",
        "UsePAM": "no",
        "StrictModes": "no",
        "PidFile": folder / "pid",
    }
    config = folder / "config"
    config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-f", config, "-E", folder / "log"])
    ssh = [
        *("ssh", "-i", str(folder / "user"), "-o", "IdentitiesOnly=yes", "-F", "none"),
        *("-o", f"UserKnownHostsFile={folder / 'known'}", "-o", "StrictHostKeyChecking=accept-new"),
        *("-o", "LogLevel=ERROR"),
    ]
    monkeypatch.setenv("ADVISOR_SSH", shlex.join(ssh))
    for _ in range(100):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"ssh://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def calibration(address: str, folder: Path, *words: str) -> list[str]:
    """A command line that measures a small model over ssh, with a home of its own there."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    there = f"env ADVISOR_HOME={folder}/far CUDA_VISIBLE_DEVICES= {sys.executable} -m advisor"
    return [
        *(sys.executable, "-m", "advisor"),
        *("calibrate", "throughput", "--config", "model/config.json", "--gpu", "none"),
        *("--micro-batch", "2", "--seq-len", "32", *words),
        *("--on", address, "--remote-command", there),
    ]


def kept(folder: Path, home: str) -> dict:
    """The one run that a home has."""
    shown = subprocess.run(
        [sys.executable, "-m", "advisor", "runs", "list", "--json"],
        capture_output=True,
        text=True,
        env=os.environ | {"ADVISOR_HOME": str(folder / home)},
    )
    (only,) = json.loads(shown.stdout)
    return only


@pytest.mark.slow
@pytest.mark.skipif(not (SSHD and shutil.which("ssh")), reason="no sshd here")
@pytest.mark.skipif(not HAS_TORCH, reason="the calibration libraries are not installed")
def test_a_cancelled_run_goes_on_over_a_local_sshd(local_sshd: str, tmp_path: Path) -> None:
    methods = ("--method", "lora", "--method", "full", "--steps", "40")
    line = calibration(local_sshd, tmp_path, *methods)
    environment = os.environ | {"ADVISOR_HOME": str(tmp_path / "near")}
    first = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    assert first.stderr is not None
    for said in first.stderr:
        if said.rstrip().endswith("lora, 2 × 32: done"):
            first.send_signal(signal.SIGINT)
    out, _ = first.communicate()
    assert first.returncode == 130
    assert "cancelled, 1 of 2 answered" in out
    part = kept(tmp_path, "near")
    done = subprocess.run(
        line,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "answered  1 of 2 by an earlier run" in done.stderr
    assert "lora, 2 × 32: done" not in done.stderr
    whole = kept(tmp_path, "near")
    assert (part["status"], whole["status"]) == ("cancelled", "done")
    assert (part["id"], part["started_at"]) == (whole["id"], whole["started_at"])
    assert whole == kept(tmp_path, "far")


@pytest.mark.slow
@pytest.mark.skipif(not (SSHD and shutil.which("ssh")), reason="no sshd here")
@pytest.mark.skipif(not HAS_TORCH, reason="the calibration libraries are not installed")
def test_a_calibration_runs_over_a_local_sshd(local_sshd: str, tmp_path: Path) -> None:
    done = subprocess.run(
        calibration(local_sshd, tmp_path, "--steps", "12"),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"ADVISOR_HOME": str(tmp_path / "near")},
    )
    assert done.returncode == 0, done.stderr
    assert "imported from ssh://127.0.0.1" in done.stdout
    assert "leaves    by OpenSSH to 127.0.0.1: " in done.stderr
    assert "but no rows" in done.stderr
    assert kept(tmp_path, "near") == kept(tmp_path, "far")
