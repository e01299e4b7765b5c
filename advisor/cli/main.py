"""Where `advisor` starts: the first page of help and the version are printed without a library."""

from __future__ import annotations

import gc
import os
import sys

from advisor import __version__
from advisor.cli.commands import PAGE_WIDTH, help_page
from advisor.cli.streams import drop_the_rest, fault_of, replace_closed

NEW_OBJECTS = 100_000
"""A command ends before much garbage gathers in cycles: searches for it after every 700 new objects
take a tenth of its time.
"""


def __getattr__(name: str) -> object:
    """The click group, for tools that look for it beside the entry point, such as click-man."""
    if name == "cli":
        from advisor.cli.group import cli

        return cli
    raise AttributeError(name)


def __dir__() -> list[str]:
    return [*globals(), "cli"]


def main() -> None:
    """Run the command that was typed; what the system refuses is one line."""
    replace_closed()
    try:
        _run(sys.argv[1:])
    except OSError as error:
        line = fault_of(error)
        if not line:
            raise
        if error.filename is None:
            drop_the_rest()
        sys.exit(f"advisor: {line}")


def _run(words: list[str]) -> None:
    if words == ["--version"]:
        _answer(f"advisor, version {__version__}\n")
    if words in (["--help"], ["-h"]) and _has_room():
        _answer(help_page())
    gc.set_threshold(NEW_OBJECTS)
    from advisor.cli.group import main as run

    run()


def _answer(text: str) -> None:
    """Print it and end the program; a reader that leaves early is not a failure."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        drop_the_rest()
    sys.exit(0)


def _has_room() -> bool:
    """Whether stdout is as wide as the page; where it is narrower, click breaks the lines."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated) >= PAGE_WIDTH
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return True  # a pipe or a file
    return not columns or columns >= PAGE_WIDTH
