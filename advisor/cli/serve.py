"""`advisor serve`: the full-screen app in a browser of this machine."""

from __future__ import annotations

import secrets
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF
from advisor.core.errors import UsageError

PORT = 8766
TOKEN_VARIABLE = "ADVISOR_SERVE_TOKEN"
INSTALL = "advisor serve needs textual-serve: pip install 'advisor[serve]'"


@click.command("serve")
@click.argument("brief", required=False, type=BRIEF)
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True)
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    default="",
    metavar="TEXT",
    help="Needed to open the page; default: a new one. Others on this machine can see it in the "
    f"list of processes: name it in {TOKEN_VARIABLE} instead.",
)
def command(brief: Path | None, port: int, token: str) -> None:
    """Open the full-screen app in a browser, on BRIEF where one is given.

    Only this machine can connect, and only with the token in the address that is printed. Every
    page has an app of its own, which may do whatever you may.
    """
    if find_spec("textual_serve") is None:
        raise UsageError(INSTALL)
    from advisor.cli.web_server import serve

    token = token or secrets.token_urlsafe(18)
    words = [sys.executable, "-m", "advisor", *([str(brief.resolve())] if brief else [])]
    output.say(f"open http://127.0.0.1:{port}/?token={token} (ctrl+c ends it)")
    serve(shlex.join(words), port, token)
