"""The wheel in the hands of its users: other Pythons, pipx, uvx, man pages, all of the README."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from advisor import __version__
from advisor.cli.commands import COMMANDS
from tests.packaging.conftest import ROOT, installed, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

EXTRAS = re.compile(r"pip install 'prompt-or-tune\[[a-z]+\]'")


def newest_other_python() -> Path:
    """The newest other Python of this machine, by pyenv or on the path; skips without one."""
    found = [interpreter(m) for m in range(14, 10, -1) if m != sys.version_info.minor]
    newest = next(filter(None, found), None)
    if newest is None:
        pytest.skip("no other Python from 3.11 to 3.14 is installed here")
    return newest


def interpreter(minor: int) -> Path | None:
    """Python 3.`minor` of this machine; None without one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python3.{minor}")
    candidates = [*sorted(pyenv.glob(f"3.{minor}.*/bin/python"))[-1:], *filter(None, [on_path])]
    code = f"import sys, venv; sys.exit(sys.version_info.minor != {minor})"
    for candidate in candidates:
        if subprocess.run([candidate, "-c", code], capture_output=True).returncode == 0:
            return Path(candidate)
    return None


@pytest.fixture(scope="module")
def verdict(advisor: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("verdict")
    done = run(advisor, *JUDGE, cwd=folder, ADVISOR_HOME=str(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout


EVERY_HELP = """
from click.testing import CliRunner
from advisor.cli.commands import COMMANDS
from advisor.cli.group import cli
for name in COMMANDS:
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0, name
    print(name)
"""
"""Loads every command and draws its help; prints the names."""

JUDGE = ("recommend", "customs-invoices", "--json", "--no-history")


def readme() -> list[str]:
    """A line for each command, and for each format that one writes: `tests/test_docs.py` runs all
    of them.
    """
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    firsts: dict[tuple[str, str], str] = {}
    for line in lines:
        firsts.setdefault((line.split()[1], Path(line).suffix), line)
    return list(firsts.values())


def test_every_command_of_the_readme_runs_from_an_empty_folder(
    advisor: Path, tmp_path: Path
) -> None:
    """Without the extras, a command that needs one says in a line how to install it."""
    (tmp_path / "empty").mkdir()
    for line in readme():
        words = shlex.split(line, comments=True)[1:]
        done = run(
            advisor, *words, cwd=tmp_path / "empty", ADVISOR_HOME=str(tmp_path), COLUMNS="80"
        )
        missing = done.returncode == 1 and EXTRAS.search(done.stderr)
        changed = done.returncode == 1 and "the verdict changes from" in done.stderr
        assert done.returncode in (0, 3) or missing or changed, f"{line}: {done.stderr}"
        assert "Traceback" not in done.stderr
        assert not missing or done.stderr.count("\n") == 1


def test_both_names_start_it(advisor: Path, tmp_path: Path) -> None:
    for name in ("advisor", "prompt-or-tune"):
        done = run(advisor.with_name(name), "--version", cwd=tmp_path)
        assert done.stdout == f"advisor, version {__version__}\n"


def test_the_neighbours_work_from_the_wheel(advisor: Path, package, tmp_path: Path) -> None:
    """Agents, watching, bundles and plug-ins: nothing of a checkout is needed."""
    home = {"ADVISOR_HOME": str(tmp_path / "home")}
    bare = run(advisor, "mcp", tmp_path, cwd=tmp_path, **home)
    assert bare.returncode == 1
    assert "pip install 'prompt-or-tune[mcp]'" in bare.stderr
    extra = {"PYTHONPATH": str(package("mcp"))}
    served = run(advisor, "mcp", tmp_path, cwd=tmp_path, **home, **extra)
    assert served.returncode == 0, served.stderr
    assert f"serving {tmp_path} over stdin" in served.stderr
    assert "first verdict" in run(advisor, "watch", "claims-triage", cwd=tmp_path, **home).stdout
    refused = run(advisor, "facts", "update", "x.json", cwd=tmp_path, **home)
    assert refused.returncode == 2
    assert "no key is trusted yet" in refused.stderr
    plugins = run(advisor, "plugins", "--json", cwd=tmp_path, **home)
    assert json.loads(plugins.stdout) == []


@pytest.mark.release
def test_another_python_gives_the_same_bytes(wheel: Path, verdict: str, tmp_path: Path) -> None:
    python = newest_other_python()
    assert run(python, "-m", "venv", tmp_path / "venv", cwd=tmp_path).returncode == 0
    installed(tmp_path / "venv" / "bin" / "python", wheel, cwd=tmp_path)
    here = tmp_path / "venv" / "bin" / "advisor"
    home = {"ADVISOR_HOME": str(tmp_path / "home")}
    assert run(here, *JUDGE, cwd=tmp_path, **home).stdout == verdict
    helped = run(here.with_name("python"), "-W", "error", "-c", EVERY_HELP, cwd=tmp_path, **home)
    assert helped.stdout.split() == list(COMMANDS), helped.stderr


@pytest.mark.release
def test_pipx_runs_it(wheel: Path, package, tmp_path: Path) -> None:
    """`pipx run` looks for a command with the name of the package."""
    pipx = package("pipx")
    constraints = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    done = run(
        *(sys.executable, "-m", "pipx", "run", "--spec", wheel, "prompt-or-tune", "--version"),
        cwd=tmp_path,
        PYTHONPATH=str(pipx),
        PIPX_HOME=str(tmp_path / "pipx"),
        PIPX_BIN_DIR=str(tmp_path / "bin"),
        **constraints,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"advisor, version {__version__}\n"


@pytest.mark.release
def test_uvx_runs_it(wheel: Path, package, tmp_path: Path) -> None:
    uv = package("uv") / "bin" / "uv"
    done = run(
        *(uv, "tool", "run", "--from", wheel, "--constraints", ROOT / "constraints.txt"),
        *("--python", sys.executable, "prompt-or-tune", *JUDGE),
        cwd=tmp_path,
        UV_CACHE_DIR=str(tmp_path / "cache"),
        UV_PYTHON_DOWNLOADS="never",
        ADVISOR_HOME=str(tmp_path / "home"),
        **uv_index(),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "tune"


def uv_index() -> dict[str, str]:
    """Where pip looks for packages, for uv, which does not read pip's settings."""
    settings = run(sys.executable, "-m", "pip", "config", "list", cwd=ROOT).stdout
    found = dict(re.findall(r"^\S+?\.([a-z-]+)='(.*)'$", settings, re.MULTILINE))
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    return {names[key]: value for key, value in found.items() if key in names}


def test_every_command_has_a_man_page(advisor: Path, package, tmp_path: Path) -> None:
    python = advisor.with_name("python")
    done = run(
        *(python, "-c", "from click_man.shell import cli; cli()"),
        *("--target", tmp_path / "man", "advisor"),
        cwd=tmp_path,
        PYTHONPATH=str(package("click-man")),
    )
    assert done.returncode == 0, done.stderr
    pages = {page.name for page in (tmp_path / "man").iterdir()}
    assert {f"advisor-{name}.1" for name in COMMANDS} | {"advisor.1"} <= pages
    page = (tmp_path / "man" / "advisor-recommend.1").read_text(encoding="utf-8")
    text = page.replace("\\-", "-")
    assert f"advisor-recommend - {COMMANDS['recommend']}" in text
    assert "--max-monthly-usd" in text
    assert {"advisor-facts-update.1", "advisor-calibrate-quality.1"} <= pages


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(advisor: Path, tmp_path: Path, shell: str) -> None:
    done = run(advisor, cwd=tmp_path, _ADVISOR_COMPLETE=f"{shell}_source")
    assert done.returncode == 0, done.stderr
    assert "_ADVISOR_COMPLETE" in done.stdout
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n"], input=done.stdout, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr
