"""Where the commands' data go: stdout or a file, whole or not at all. Narration goes to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from advisor.core.errors import UsageError
from advisor.core.events import StageEvent
from advisor.core.text import printable, without_controls

NARROWEST = 40
WIDEST = 120


def width() -> int:
    """Columns for text: the terminal's, at most `WIDEST`; 80 in a pipe."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return 80
    return min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)


def color() -> bool:
    """Whether bold and dim may be used: where the terminal supports them and NO_COLOR is unset."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
    )


def show(text: str) -> None:
    """Data to stdout; a character that its encoding lacks becomes a question mark, and one that a
    terminal obeys an escape.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    click.echo(without_controls(text), nl=False)


def show_bytes(content: bytes) -> None:
    """A rendered report to stdout; refused where a binary file would fill a terminal.

    Raises UsageError.
    """
    try:
        show(content.decode())
    except UnicodeDecodeError:
        if sys.stdout.isatty():
            raise UsageError("this format is binary; name a file with -o") from None
        click.echo(content, nl=False)


def check_target(path: Path) -> None:
    """Whether a file can be written there, before any work is done. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"-o {path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise UsageError(
            f"-o {path}: the folder {path.parent} does not exist; create it or choose another place"
        )


def save(path: Path, content: str | bytes) -> None:
    """Data to a file, whole or not at all; says so on stderr. Raises UsageError."""
    from advisor import brief

    check_target(path)
    brief.save(path, content)
    say(f"wrote {path}")


def say(text: str) -> None:
    """A line of narration to stderr."""
    click.echo(printable(text), err=True)


def narrate(event: StageEvent) -> None:
    """Show a stage on a terminal's stderr; in scripts, warnings alone."""
    if event.is_warning:
        say(f"warning: {event.message}")
    elif sys.stderr.isatty():
        say(f"{event.stage}: {event.message}")
