"""The tools themselves, each in an environment of its own, to check what we write for them.

`ADVISOR_TOOLS` names a folder of virtual environments, by tool: trl, axolotl, llama-factory,
unsloth, torchtune, openai, together, sky. A tool that is not there is skipped.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


def python_of(tool: str) -> Path:
    """The interpreter of a tool's environment; skips the test where there is none."""
    python = Path(os.environ.get("ADVISOR_TOOLS", "/nowhere")) / tool / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{tool} is not installed: ADVISOR_TOOLS names no environment of it")
    return python


def run_there(python: Path, code: str, folder: Path) -> str:
    """What the code prints in that environment, run in `folder`."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, cwd=folder, env=clean, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
