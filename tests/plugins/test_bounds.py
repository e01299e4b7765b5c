"""Plug-ins that never return, or take their process with them: left out, and the others go on."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from advisor.core.plugins import Estimator, PriceProvider, host
from advisor.core.plugins.records import PluginFailure

MODULE = """\
import ctypes, os, re, time
from advisor.core.plugins import Estimator, Prediction, PriceProvider

def sleeps():
    time.sleep(1e6)

def loops():
    while True:
        try:
            time.sleep(0)
        except BaseException:
            pass

def matches():
    re.match("(a+)+$", "a" * 60 + "b")

def yields():
    yield {"prompt": "a"}
    time.sleep(1e6)

def leaves():
    os._exit(0)

def crashes():
    ctypes.string_at(0)

def sound():
    os.write(1, b"not a reply")
    print("nor is this")
    yield from ({"row": number} for number in range(2500))

def dawdles(run):
    time.sleep(0.3)
    return Prediction(float(run))

for f in (sleeps, loops, matches, yields, leaves, crashes, sound):
    globals()[f.__name__] = PriceProvider(f.__name__, "s", "2026-01-01", f)
slow = Estimator("slow", "s", "2026-01-01", 0.2, dawdles)
"""


@pytest.fixture(autouse=True)
def fresh_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "theirs.py").write_text(MODULE)
    (tmp_path / "asleep.py").write_text("import time; time.sleep(1e6)\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(host, "HOST", host.Host())
    yield
    host.HOST.end()


def limited(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(host, "limit", lambda: seconds)


def plugin(name: str, kind: type[Any] = PriceProvider) -> Any:
    group = "advisor.prices" if kind is PriceProvider else "advisor.estimators"
    return host.loaded(EntryPoint("entry", name, group), kind)


@pytest.mark.parametrize("name", ["sleeps", "loops", "matches", "yields"])
def test_one_that_never_returns_is_ended_and_never_waited_for_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = plugin(f"theirs:{name}")
    limited(monkeypatch, 0.4)
    for _ in range(2):
        with pytest.raises(PluginFailure, match=r"^it takes longer than 0.4 s; ADVISOR_PLUGIN_SEC"):
            list(provider.rows())


def test_an_import_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 0.4)
    with pytest.raises(PluginFailure, match=r"^it takes longer than"):
        plugin("asleep:x")


@pytest.mark.parametrize("name", ["leaves", "crashes"])
def test_one_that_ends_its_process_leaves_the_others_at_work(name: str) -> None:
    with pytest.raises(PluginFailure, match=r"^it ended its process$"):
        list(plugin(f"theirs:{name}").rows())
    assert list(plugin("theirs:sound").rows()) == [{"row": number} for number in range(2500)]


def test_many_calls_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    estimator = plugin("theirs:slow", Estimator)
    assert estimator.predict(7).tokens_per_second == 7.0
    limited(monkeypatch, 1.0)
    with pytest.raises(PluginFailure, match="longer than 1 s"):
        [estimator.predict(run) for run in range(5)]


def test_time_comes_back_while_a_plugin_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 20.0)
    clock = iter((0.0, 15.0, 115.0, 116.0))
    monkeypatch.setattr(host.time, "monotonic", lambda: next(clock))
    allowance = host.Allowance(20.0)
    for left in (5.0, 14.0):
        with allowance:
            pass
        assert (allowance.left, allowance.is_used_up) == (left, False)


@pytest.mark.parametrize("stated", ["0", "-1", "nan", "soon", "3601"])
def test_a_limit_that_makes_no_sense_is_named(stated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(host.LIMIT, stated)
    host.limit.cache_clear()
    with pytest.raises(Exception, match=r"^ADVISOR_PLUGIN_SECONDS: must be seconds, above 0"):
        host.limit()
    host.limit.cache_clear()
