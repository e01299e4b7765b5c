"""Packages for these tests, each in a folder of its own, and the wheel as it is released."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NO_INDEX = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "ProxyError",
    "ConnectTimeoutError",
    "No matching distribution found",
)


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a clean environment; text in and out as UTF-8."""
    dropped = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    clean = {key: value for key, value in os.environ.items() if key not in dropped}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
    )


def installed(python: Path | str, *words: str | Path, cwd: Path) -> None:
    """pip install; skips the test where no index can be reached."""
    pip = (python, "-m", "pip", "install", "-q", "--no-compile", "-c", ROOT / "constraints.txt")
    done = run(*pip, *words, cwd=cwd)
    if done.returncode and any(sign in done.stderr for sign in NO_INDEX):
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Installs a package into a folder of its own and returns that folder."""

    def install(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        installed(sys.executable, "--target", folder, name, cwd=folder)
        return folder

    return install


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    out = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    done = run(*build, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("prompt_or_tune-*-py3-none-any.whl")
    return built


@pytest.fixture(scope="session")
def advisor(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a clean environment with the wheel, what it requires, and no more."""
    folder = tmp_path_factory.mktemp("clean")
    assert run(sys.executable, "-m", "venv", folder / "venv", cwd=folder).returncode == 0
    python = folder / "venv" / "bin" / "python"
    installed(python, wheel, cwd=folder)
    return folder / "venv" / "bin" / "advisor"
