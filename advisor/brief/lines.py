"""On which line of a TOML text a key is: the parser does not say, and an error line should."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]\[=]+?)\s*\]")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_FENCE = re.compile(r'"""|\'\'\'')


def key_lines(text: str) -> dict[str, int]:
    """The line, from 1, of every table and key by its path, such as `quality.measured[1].score`;
    the first one counts.

    Keys inside inline tables are not listed.
    """
    lines: dict[str, int] = {}
    rows: dict[str, int] = {}
    table = ""
    fence = ""  # of the multi-line string that is open
    for number, line in enumerate(text.split("\n"), 1):
        if not fence and (header := _HEADER.match(line)):
            table = _path(header[2])
            if header[1] == "[[":
                lines.setdefault(table, number)
                rows[table] = rows.get(table, -1) + 1
                table = f"{table}[{rows[table]}]"
            lines.setdefault(table, number)
        elif not fence and (key := _KEY.match(line)):
            lines.setdefault(_path(key[1], table), number)
        for mark in _FENCE.findall(line):
            fence = "" if mark == fence else fence or mark
    return lines


def line_of(text: str, path: str) -> int | None:
    """The line of `path`, or of the innermost table around it that has one; else None."""
    lines = key_lines(text)
    while path and path not in lines:
        path = path[: path.rfind("[")] if path.endswith("]") else path.rpartition(".")[0]
    return lines.get(path)


def _path(written: str, table: str = "") -> str:
    parts = [part.strip("\"'") for part in _PART.findall(written)]
    return ".".join(([table] if table else []) + parts)
