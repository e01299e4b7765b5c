"""What systems do differently, with stand-ins for the systems that this one is not."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pytest

from advisor.core import system

PACKAGE = Path(__file__).parents[2] / "advisor"
POSIX_ONLY = {"SIGHUP", "SIGKILL", "killpg", "setsid", "getuid", "fork", "mkfifo"}
POSIX_MODULES = {"fcntl", "resource", "termios", "pwd", "grp", "msvcrt"}
EXCUSED = {
    "core/system.py",
    "core/private_files.py",  # asks whether there is os.getuid first
    "probe/templates/worker.py",  # goes on without `resource`
    "calibrate/worker/rank.py",  # a call of Linux, behind a look at the platform
}

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs Linux or macOS")


class FakeMsvcrt:
    """Locks of Windows: one holder of the first byte at a time."""

    LK_LOCK = 1
    LK_NBLCK = 2

    def __init__(self) -> None:
        self.holder: int | None = None

    def locking(self, descriptor: int, mode: int, size: int) -> None:
        assert size == 1
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0
        if self.holder not in (None, descriptor):
            raise OSError(13, "Permission denied" if mode == self.LK_NBLCK else "deadlock")
        self.holder = descriptor


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> FakeMsvcrt:
    fake = FakeMsvcrt()
    monkeypatch.setattr(system, "IS_WINDOWS", True)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "resource", None)
    return fake


def posix_names(path: Path) -> set[str]:
    """What a module names that only some systems have."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in POSIX_ONLY:
            names.add(node.attr)
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name in POSIX_MODULES}
        if isinstance(node, ast.ImportFrom) and node.module in POSIX_MODULES:
            names.add(node.module)
    return names


def test_only_one_module_knows_the_systems() -> None:
    names = {p.relative_to(PACKAGE).as_posix(): posix_names(p) for p in PACKAGE.rglob("*.py")}
    assert {path: used for path, used in names.items() if used and path not in EXCUSED} == {}


def test_text_is_read_and_written_in_one_encoding() -> None:
    """Windows would take the encoding of the country; every text file names UTF-8."""
    unnamed = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            keys = {key.arg for key in node.keywords}
            if node.func.attr in ("read_text", "write_text") and "encoding" not in keys:
                first = node.args[1:] if node.func.attr == "write_text" else node.args
                unnamed += [] if first else [f"{path.name}:{node.lineno}"]
    assert unnamed == []


def test_a_closed_terminal_stops_where_the_system_says_so(monkeypatch) -> None:
    assert signal.SIGTERM in system.stopping_signals()
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    assert system.stopping_signals() == (signal.SIGTERM,)


def test_windows_gives_a_group_and_no_descriptors(windows: FakeMsvcrt) -> None:
    assert system.apart((7,)) == {"creationflags": 0x200}


@posix_only
def test_posix_gives_a_session_and_the_descriptors() -> None:
    assert system.apart((7,)) == {"start_new_session": True, "pass_fds": (7,)}


@posix_only
@pytest.mark.parametrize("at_once", [True, False])
def test_a_group_ends_with_all_that_it_started(at_once: bool, tmp_path: Path) -> None:
    code = (
        "import subprocess, time; p = subprocess.Popen(['sleep', '60'])\n"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, **system.apart())
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    system.end_group(child.pid, at_once=at_once)
    assert child.wait(10) == -(system.KILLED if at_once else signal.SIGTERM)
    child.stdout.close()
    for _ in range(100):
        if not is_alive(grandchild):
            break
        time.sleep(0.05)
    assert not is_alive(grandchild)
    system.end_group(child.pid, at_once=True)  # gone already: nothing happens


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("at_once", [True, False])
def test_windows_ends_a_tree_of_processes(windows, monkeypatch, at_once: bool) -> None:
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda words, **rest: commands.append(words))
    system.end_group(42, at_once=at_once)
    assert commands == [("taskkill", "/T", *(("/F",) if at_once else ()), "/PID", "42")]


def two_descriptors(path: Path) -> tuple[int, int]:
    return os.open(path, os.O_CREAT | os.O_RDWR), os.open(path, os.O_RDWR)


@pytest.mark.parametrize("name", ["posix", "windows"])
def test_a_lock_has_one_holder(name: str, tmp_path: Path, request) -> None:
    if name == "windows":
        request.getfixturevalue("windows")
    elif os.name == "nt":
        pytest.skip("needs Linux or macOS")
    first, second = two_descriptors(tmp_path / "lock")
    try:
        assert system.lock(first, wait=False)
        assert not system.lock(second, wait=False)
    finally:
        os.close(first)
        os.close(second)


@posix_only
def test_a_lock_is_had_as_soon_as_the_other_lets_go(tmp_path: Path) -> None:
    first, second = two_descriptors(tmp_path / "lock")
    assert system.lock(first, wait=True)
    with ThreadPoolExecutor(1) as waiting:
        turn = waiting.submit(system.lock, second, wait=True)
        with pytest.raises(TimeoutError):
            turn.result(0.05)
        os.close(first)
        assert turn.result(10)
    os.close(second)


def test_a_lock_that_cannot_be_waited_for_is_an_error(windows: FakeMsvcrt, tmp_path: Path) -> None:
    first, second = two_descriptors(tmp_path / "lock")
    assert system.lock(first, wait=True)
    with pytest.raises(OSError, match="deadlock"):
        system.lock(second, wait=True)
    os.close(first)
    os.close(second)


def test_peak_memory_is_bytes_on_every_system(monkeypatch) -> None:
    here = system.peak_resident_bytes()
    assert 10e6 < here < 100e9
    usage = SimpleNamespace(ru_maxrss=2**20)
    fake = SimpleNamespace(RUSAGE_SELF=0, getrusage=lambda who: usage)
    monkeypatch.setitem(sys.modules, "resource", fake)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system.peak_resident_bytes() == 2**20
    monkeypatch.setattr(sys, "platform", "linux")
    assert system.peak_resident_bytes() == 2**30


def test_peak_memory_of_windows(windows: FakeMsvcrt, monkeypatch) -> None:
    memory = SimpleNamespace(peak_wset=123456)
    process = SimpleNamespace(memory_info=lambda: memory)
    monkeypatch.setitem(sys.modules, "psutil", SimpleNamespace(Process=lambda: process))
    assert system.peak_resident_bytes() == 123456.0


def test_names_of_files_that_we_choose_are_allowed_on_every_system() -> None:
    """No character that Windows refuses, no name that it keeps for itself, nothing too long."""
    root = PACKAGE.parent
    reserved = {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(10))}
    folders = ("advisor", "profiles", "calibration")
    files = (path for folder in folders for path in (root / folder).rglob("*"))
    shipped = [path for path in files if "__pycache__" not in path.parts]
    for path in shipped:
        name = path.relative_to(root).as_posix()
        assert not set(name) & set('<>:"|?*\\'), name
        assert not name.endswith((".", " ")), name
        assert PurePosixPath(name).stem.lower() not in reserved, name
        assert len(str(PureWindowsPath(name))) < 160, name
    lower = [path.relative_to(root).as_posix().lower() for path in shipped]
    assert len(lower) == len(set(lower)), "two names differ only in their case"
