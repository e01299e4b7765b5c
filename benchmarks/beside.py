"""An environment of its own for another program, which also sees this one's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
READY = "ready"
"""The file that marks an environment whose installation came to its end."""


def interpreter(venv: Path, libraries: tuple[str, ...]) -> Path:
    """The interpreter of an environment with `libraries`, made where it is not there yet."""
    python = venv / "bin" / "python"
    if not (venv / READY).is_file():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        site = next((venv / "lib").glob("python3*/site-packages"))
        ours = [path for path in sys.path if Path(path).name == "site-packages"]
        (site / "beside.pth").write_text("\n".join([*ours, str(ROOT), ""]))
        install = [str(python), "-m", "pip", "install", "-q", *libraries]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        (venv / READY).touch()
    return python
