"""Tests run in children that are forked after the libraries were loaded, and the program was not.

So each child imports the program as it is on the disk at that moment, and starts at once.
"""

from __future__ import annotations

import compileall
import gc
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import pytest
from hypothesis import Phase, settings

PLUGINS = ("pytest_asyncio.plugin", "_hypothesis_pytestplugin")
HEAVY = ("torch", "transformers", "peft", "scipy.stats", "pyarrow", "httpx2")
LIBRARIES = (*PLUGINS, "hypothesis.extra.numpy", "numpy", "jinja2", "coverage", *HEAVY)
WORDS = ("-x", "-q", "--no-header", "-m", "not slow and not release", "-p", "no:cacheprovider")
QUIET = ("-p", "no:unraisableexception", "-W", "ignore::pytest.PytestAssertRewriteWarning")
PLUGIN_WORDS = tuple(word for plugin in PLUGINS for word in ("-p", plugin))
LONGEST_SECONDS = 600
MOST_BYTES = 12 << 30
NO_TESTS = 5
"""What pytest returns where no test was left to run."""


def prepare() -> None:
    """What all children share: loaded libraries, the examples of a build, and nothing compiled."""
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "CI": "1"}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for library in LIBRARIES:
        import_module(library)
    gc.freeze()


@dataclass(eq=False)
class Contexts:
    """Notes which test runs which line; a fixture that tests share counts for the whole file."""

    file: str
    coverage: Any
    seconds: dict[str, float] = field(default_factory=dict)
    running: str = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        start = time.monotonic()
        self.running = item.nodeid
        self.coverage.switch_context(self.running)
        result = yield
        self.coverage.switch_context(self.file)
        self.seconds[item.nodeid] = round(time.monotonic() - start, 4)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Generator[None, object, object]:
        if fixturedef.scope != "function":
            self.coverage.switch_context(self.file)
        result = yield
        self.coverage.switch_context(self.running)
        return result


@dataclass(eq=False)
class Chosen:
    """Runs these tests only, the fastest of a file first; shrinks no counterexample."""

    seconds: Mapping[str, float]

    def pytest_configure(self) -> None:
        quick = settings(settings(), phases=(Phase.explicit, Phase.generate))
        settings.register_profile("mutation", quick)
        settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        present = {item.nodeid for item in items}
        lost = {file_of(test) for test in self.seconds if test not in present}
        places = {file: n for n, file in enumerate(dict.fromkeys(map(_file, items)))}
        chosen = [i for i in items if i.nodeid in self.seconds or _file(i) in lost]
        items[:] = sorted(chosen, key=lambda i: (places[_file(i)], self.seconds.get(i.nodeid, 0)))


def compile_once(tests: Sequence[str], root: Path) -> None:
    """Bytecode of the program that is checked against its source, and of the tests as pytest
    rewrites them.
    """
    compileall.compile_dir(
        root / "advisor", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH
    )

    def collected() -> int:
        sys.dont_write_bytecode = False
        return _pytest([*tests, "--collect-only"], None, root.parent / "pytest.log")

    _forked(collected, root, LONGEST_SECONDS)


def file_of(test: str) -> str:
    """The file of a test; a file is its own."""
    return test.split("::")[0]


def _file(item: pytest.Item) -> str:
    return file_of(item.nodeid)


def first_failure(tests: Mapping[str, float], root: Path) -> str:
    """The first of the tests (with its seconds) that fails in the copy at `root`, or nothing."""
    log = root.parent / "pytest.log"
    files = list(dict.fromkeys(map(file_of, tests)))
    seconds = min(LONGEST_SECONDS, 60 + round(5 * sum(tests.values())))
    code = _forked(lambda: _pytest(files, Chosen(tests), log), root, seconds)
    if code in (0, NO_TESTS):
        return ""
    if code == -signal.SIGALRM:
        return f"no end within {seconds} s"
    lines = log.read_text(errors="replace").splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return failed[-1] if failed else f"pytest ended with {code}"


def refuse_failing(tests: Mapping[str, float], root: Path) -> None:
    """Raises SystemExit where one of the tests fails without any change: it would notice all."""
    failed = first_failure(tests, root)
    if failed:
        raise SystemExit(f"fails without any change: {failed}")


def covered(file: str, root: Path) -> dict[str, Any]:
    """The seconds of each test of a file, and the lines that each of them runs."""
    result = root.parent / "covered.json"
    result.unlink(missing_ok=True)
    code = _forked(lambda: _cover(file, root, result), root, LONGEST_SECONDS)
    if code not in (0, NO_TESTS) or not result.exists():
        said = (root.parent / "pytest.log").read_text(errors="replace")
        raise SystemExit(f"{file} fails without any change:\n{said}")
    coverage: dict[str, Any] = json.loads(result.read_text())
    return coverage


def _cover(file: str, root: Path, result: Path) -> int:
    coverage = import_module("coverage").Coverage(
        data_file=None, config_file=False, source=[str(root / "advisor")]
    )
    contexts = Contexts(file, coverage)
    coverage.start()
    coverage.switch_context(file)
    code = _pytest([file], contexts, root.parent / "pytest.log")
    coverage.stop()
    data = coverage.get_data()
    lines: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for measured in data.measured_files():
        for line, names in data.contexts_by_lineno(measured).items():
            for name in names:
                lines[name][str(Path(measured).relative_to(root))].append(line)
    result.write_text(json.dumps({"seconds": contexts.seconds, "lines": lines}))
    return code


def _forked(work: Callable[[], int], root: Path, seconds: int) -> int:
    """The exit code of a child that works in `root`; below 0 where a signal ended it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(seconds)
            resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
            os.chdir(root)
            os.environ["PYTHONPATH"] = str(root)  # for what a test starts, such as the program
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _pytest(words: Sequence[str], plugin: object | None, log: Path) -> int:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = pytest.main([*WORDS, *QUIET, *PLUGIN_WORDS, *words], plugins=[plugin] if plugin else [])
    sys.stdout.flush()
    return int(code)
