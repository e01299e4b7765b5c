"""`advisor plugins`: what other packages add, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.core.text import printable

if TYPE_CHECKING:
    from advisor.core.plugins import Plugin


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(as_json: bool) -> None:
    """List the plug-ins: kind, name, package, source and date.

    A broken plug-in is listed with its fault and left out of everything else.
    """
    from advisor.core import techniques
    from advisor.core.plugins import every_plugin
    from advisor.report.json import dump

    assert techniques.TABLE  # its rows come first: they are plug-ins, too
    plugins = every_plugin()
    if as_json:
        output.show(dump([_entry(plugin) for plugin in plugins]))
        return
    for plugin in plugins:
        output.show(printable(_line(plugin)) + "\n")
    if not plugins:
        output.show("No plug-ins are installed; see the guide to plug-ins.\n")


def _entry(plugin: Plugin) -> dict[str, str | float | None]:
    record = plugin.record
    return {
        "kind": _kind(plugin),
        "name": plugin.name,
        "package": plugin.package,
        "version": plugin.version,
        "source": record.source if record is not None else None,
        "as_of": record.as_of if record is not None else None,
        "error": getattr(record, "error", None),
        "fault": plugin.fault,
    }


def _line(plugin: Plugin) -> str:
    """Kind, name, package, and its source or what is wrong."""
    head = f"{_kind(plugin)}  {plugin.name}  {plugin.package} {plugin.version}"
    record = plugin.record
    if record is None:
        return f"{head}: left out, {plugin.fault}"
    error = getattr(record, "error", None)
    stated = f", median error {100 * error:.0f} %" if error is not None else ""
    return f"{head}: {record.source}, {record.as_of}{stated}"


def _kind(plugin: Plugin) -> str:
    return plugin.group.removeprefix("advisor.")
