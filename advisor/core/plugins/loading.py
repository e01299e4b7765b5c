"""Finds plug-ins by their entry points when the first of a kind is needed; a broken one becomes a
line of text and is left out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeAlias, TypeVar, cast

from advisor.core.plugins.records import (
    DataFormat,
    Estimator,
    PluggedReport,
    PluggedTechnique,
    PluginFailure,
    PriceProvider,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

PluginRecord: TypeAlias = PriceProvider | Estimator | PluggedTechnique | PluggedReport | DataFormat
Kind = TypeVar("Kind", bound=PluginRecord)
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

GROUPS: dict[str, type[PluginRecord]] = {
    "advisor.prices": PriceProvider,
    "advisor.estimators": Estimator,
    "advisor.techniques": PluggedTechnique,
    "advisor.reports": PluggedReport,
    "advisor.data": DataFormat,
}
"""The entry-point group of each kind."""

PACKAGES = (".dist-info", ".egg-info")
"""How folders end that describe an installed package."""

FAILURES = (Exception, SystemExit)
"""What the code of others may raise: it does not end the program."""

_faults: dict[str, str] = {}
"""Why a plug-in is left out, by its name."""

_is_here = False


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point as it was found: its record, or in `fault` why it is left out."""

    group: str
    name: str
    package: str
    version: str
    record: PluginRecord | None
    fault: str = ""


def every_plugin() -> tuple[Plugin, ...]:
    """All plug-ins that are installed, also broken ones, by group and name."""
    installed = (plugin for group in GROUPS for plugin in _of_group(group))
    return tuple(_as_refused(plugin) for plugin in installed)


def records(kind: type[Kind]) -> tuple[Kind, ...]:
    """The sound plug-ins of a kind, by name."""
    group = next(name for name, record in GROUPS.items() if record is kind)
    return tuple(cast(Kind, p.record) for p in _of_group(group) if p.record is not None)


def faults() -> tuple[str, ...]:
    """What went wrong with the plug-ins that were needed until now, a line each."""
    return tuple(f"plug-in {name} is left out: {reason}" for name, reason in _faults.items())


def add_fault(name: str, reason: str) -> None:
    """Note that a plug-in is left out; the first reason stays."""
    _faults.setdefault(name, reason)


def _as_refused(plugin: Plugin) -> Plugin:
    """The plug-in without its record where something went wrong with it later."""
    if plugin.record is None or plugin.name not in _faults:
        return plugin
    return replace(plugin, record=None, fault=_faults[plugin.name])


def guarded(
    name: str,
    function: Callable[Arguments, Result],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result | None:
    """What a plug-in's function returns; None, and a fault, where it fails."""
    try:
        return function(*args, **kwargs)
    except FAILURES as error:
        add_fault(name, reason_of(error))
        return None


def reason_of(error: BaseException) -> str:
    """An exception of a plug-in in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, PluginFailure):
        return text
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


@cache
def _entry_points() -> EntryPoints:
    """Those of all packages: one look at the installation, whatever is needed of it."""
    from importlib.metadata import entry_points

    return cast("EntryPoints", entry_points())  # Python 3.11 calls it otherwise


@cache
def _is_any_installed() -> bool:
    """Whether a package may have entry points of ours: most often none has, and reading those of
    all packages takes a thirtieth of a verdict. True where packages are found in another way than
    in folders.
    """
    folders = [Path(place or ".") for place in sys.path]
    return any(_may_have_ours(folder) for folder in folders if folder.exists())


def _may_have_ours(folder: Path) -> bool:
    if not folder.is_dir():
        return True
    try:
        with os.scandir(folder) as entries:
            return any(
                entry.name.endswith(".egg")
                or (entry.name.endswith(PACKAGES) and _names_ours(entry.path))
                for entry in entries
            )
    except OSError:
        return True


def _names_ours(package: str) -> bool:
    try:
        return b"[advisor." in (Path(package) / "entry_points.txt").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return False


@cache
def _of_group(group: str) -> tuple[Plugin, ...]:
    if not _is_any_installed():
        return ()
    ours = _entry_points().select(group=group)
    points = sorted(ours, key=lambda point: (point.name, str(point.dist)))
    plugins = []
    names: set[str] = set()
    for point in points:
        plugin = _loaded(point, GROUPS[group], names)
        if plugin.fault:
            hint = f"; update {plugin.package}, or remove it with pip uninstall"
            add_fault(plugin.name, plugin.fault + (hint if plugin.package else ""))
        names.add(plugin.name)
        plugins.append(plugin)
    return tuple(plugins)


def _loaded(point: EntryPoint, kind: type[PluginRecord], names: set[str]) -> Plugin:
    package = point.dist.name if point.dist is not None else ""
    version = point.dist.version if point.dist is not None else ""

    def left_out(fault: str) -> Plugin:
        return Plugin(point.group, point.name, package, version, None, fault)

    try:
        record = _record(point, kind)
    except FAILURES as error:
        return left_out(reason_of(error))
    if record.name in names:
        return left_out(f"another plug-in has the name {record.name!r}")
    return Plugin(point.group, record.name, package, version, record)


def load_here() -> None:
    """From now on load plug-ins into this process: it is the one that they run in."""
    global _is_here
    _is_here = True


def _record(point: EntryPoint, kind: type[PluginRecord]) -> PluginRecord:
    """Raises what the code of a plug-in raises where it is run here, else PluginFailure."""
    if _is_here:
        record = point.load()
        if not isinstance(record, kind):
            raise PluginFailure(f"{point.value} is not a {kind.__name__} of advisor.core.plugins")
        return record
    from advisor.core.plugins.host import loaded

    return cast(PluginRecord, loaded(point, kind))
