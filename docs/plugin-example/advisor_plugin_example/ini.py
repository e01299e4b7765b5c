"""Rows in INI files: a section per row, its keys as fields."""

from __future__ import annotations

from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

from advisor.core.plugins import DataFormat


def rows(path: Path) -> Iterator[dict[str, str]]:
    """A mapping per section, in the order of the file."""
    parser = ConfigParser(interpolation=None)
    with path.open(encoding="utf-8") as lines:
        parser.read_file(lines)
    for section in parser.sections():
        yield dict(parser[section])


INI = DataFormat(
    "ini", (".ini",), "https://docs.python.org/3/library/configparser.html", "2026-01-01", rows
)
