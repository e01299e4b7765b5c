"""Who may import whom: the static contracts, and what is really loaded by a running command."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
BRIEFS = sorted((ROOT / "profiles" / "briefs").glob("*.toml"))

REPORT_MODULES = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.__stderr__))
"""

FIRST_PAINT = """
import asyncio
from advisor.tui.app import AdvisorApp

async def open_and_leave():
    app = AdvisorApp()
    async with app.run_test() as pilot:
        await pilot.pause()

asyncio.run(open_and_leave())
"""


def loaded(tmp_path: Path, *command: str) -> set[str]:
    """The top-level modules in a fresh interpreter at the end of `advisor COMMAND`, or of a script
    after `-c`.
    """
    if command[0] == "-c":
        code = command[1]
    else:
        arguments = ["advisor", *command]
        code = f"import sys; sys.argv = {arguments!r}; from advisor.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", REPORT_MODULES + code],
        capture_output=True,
        text=True,
        env=os.environ | {"ADVISOR_HOME": str(tmp_path), "COLUMNS": "100", "LINES": "30"},
        cwd=tmp_path,
    )
    assert done.returncode in (0, 3, 4), done.stderr.rpartition("[")[0]
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_there_is_no_circle_of_imports() -> None:
    """Also none inside a room: every module can be read after those it rests on."""
    graph = grimp.build_graph("advisor", exclude_type_checking_imports=True, cache_dir=None)
    order = TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    order.prepare()  # raises CycleError with the modules of a circle


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_loads_no_library(tmp_path: Path, option: str) -> None:
    found = loaded(tmp_path, option)
    assert not found & {
        "click",
        "textual",
        "rich",
        "numpy",
        "pydantic",
        "sqlite_utils",
        "sqlite3",
        "torch",
        "transformers",
        "genai_prices",
        "tiktoken",
        "pyarrow",
        "jinja2",
        "tomlkit",
        "asyncio",
        "httpx2",
        "requests",
    }


def test_recommend_loads_neither_torch_nor_the_app(tmp_path: Path) -> None:
    found = loaded(tmp_path, "recommend", str(BRIEFS[0]), "--json")
    assert "numpy" in found
    assert not found & {
        "torch",
        "transformers",
        "peft",
        "textual",
        "rich",
        "jinja2",
        "matplotlib",
        "scipy",
        "typst",
        "docx",
        "xlsxwriter",
        "babel",
        "pptx",
    }


def test_the_app_loads_no_torch(tmp_path: Path) -> None:
    found = loaded(tmp_path, "-c", FIRST_PAINT)
    assert "textual" in found
    assert not found & {"torch", "transformers", "peft"}


def imported_packages(source: Path) -> set[str]:
    """Every top-level package that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


SOURCES = sorted((ROOT / "advisor").rglob("*.py"))

OWNERS = {
    "torch": "calibrate/worker/",
    "transformers": "calibrate/worker/",
    "peft": "calibrate/worker/",
    "accelerate": "calibrate/worker/",
    "textual": "tui/",
    "sqlite_utils": "store/",
    "sqlite3": "store/",
    "multiprocessing": "",  # spawning from inside the app fails: children are asyncio subprocesses
    "pickle": "",  # nothing is unpickled
}
"""A package, and the one folder of ours that may import it; empty: none may."""


@pytest.mark.parametrize("package", OWNERS)
def test_only_its_owner_imports_a_package(package: str) -> None:
    importers = [
        s.relative_to(ROOT / "advisor").as_posix()
        for s in SOURCES
        if package in imported_packages(s)
    ]
    owner = OWNERS[package]
    assert [path for path in importers if not (owner and path.startswith(owner))] == []


def test_core_needs_the_standard_library_only() -> None:
    outside = {
        (s.name, package)
        for s in (ROOT / "advisor" / "core").glob("*.py")
        for package in imported_packages(s) - sys.stdlib_module_names - {"advisor", "numpy"}
    }
    assert outside == set()
