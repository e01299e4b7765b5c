"""`advisor [BRIEF]`: the full-screen app."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from advisor.cli.brief_path import BRIEF
from advisor.core.errors import UsageError


@click.command("app")
@click.argument("brief", required=False, type=BRIEF)
def command(brief: Path | None = None) -> None:
    """Open the full-screen app, on BRIEF where one is given."""
    if not (_is_served() or _has_terminal()):
        name = brief or "BRIEF"
        raise UsageError(
            f"the full-screen app needs a terminal; here, use `advisor recommend {name}`"
        )
    from advisor.tui.work import garbage

    garbage.pause()
    from advisor.tui.app import open_app

    open_app(brief)


def _has_terminal() -> bool:
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return os.environ.get("TERM") != "dumb" and all(
        stream is not None and stream.isatty() for stream in streams
    )


def _is_served() -> bool:
    """Whether `advisor serve` started this program: then a browser is the terminal."""
    return os.environ.get("TEXTUAL_DRIVER", "").startswith("textual.drivers.web_driver")
