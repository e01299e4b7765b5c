"""`advisor ask`: the questions one by one on a plain terminal."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli.brief_path import BRIEF
from advisor.core.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from advisor.brief.interview import Interview

_KEYS = "Enter keeps the value in brackets · ? explains · < goes back · Ctrl-C saves a draft"


@click.command("ask")
@click.option(
    "-o", "--output", default="brief.toml", type=click.Path(path_type=Path), help="File to write."
)
@click.option("--from", "start", type=BRIEF, help="Start from the answers in this brief.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Ask every question that applies, not just the important ones.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing file without asking.")
def command(output: Path, start: Path | None, everything: bool, overwrite: bool) -> None:
    """Write a brief by answering questions one by one."""
    from advisor.brief import read, save, write
    from advisor.brief.interview import Interview
    from advisor.core.brief import Brief

    interview = Interview(read(start) if start else Brief(), everything)
    try:
        _check_target(output, overwrite)
        _ask_all(interview)
    except (KeyboardInterrupt, EOFError):
        _say("")
        raise Cancelled(_keep_draft(interview, output)) from None
    text = write(interview.finished())
    try:
        save(output, text)
    except UsageError:
        click.echo(text, nl=False)
        raise
    name = shlex.quote(str(output))
    _say(f"\nWrote {name}. Next:\n\n    advisor recommend {name}\n")


def _check_target(output: Path, overwrite: bool) -> None:
    """Find out before the first question whether the answers will have a place.

    Raises UsageError.
    """
    if not output.parent.is_dir():
        raise UsageError(
            f"{output}: the folder {str(output.parent)!r} does not exist; "
            "create it, or name another place with -o"
        )
    if output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file with -o")
    if output.exists() and not overwrite:
        _say(f"{output} exists. Replace it at the end? [no] ", end="")
        if _line().strip().lower() not in ("y", "yes"):
            raise UsageError(
                f"{output}: exists and was not changed; name another file with -o, "
                "or use --overwrite"
            )


def _ask_all(interview: Interview) -> None:
    """Ask until nothing is due. Raises EOFError where the input ends."""
    _say(_KEYS)
    heading = ""
    while step := interview.step():
        group = interview.group(step)
        if group and group.title != heading:
            heading = group.title
            _say(f"\n{group.title}: {group.summary}")
        if choices := interview.choices(step):
            _say(click.wrap_text(f"({', '.join(choices)})", 78, "    ", "     "))
        _say(f"  {interview.prompt(step)}{_standing(interview, step)} ", end="")
        _take(interview, step, _line().strip())


def _take(interview: Interview, step: str, text: str) -> None:
    """Pass one line on: a request for help, a step back or an answer."""
    if text == "?":
        _say(f"    {interview.help(step)}")
    elif text == "<":
        if not interview.back():
            _say("    This is the first question.")
    else:
        try:
            interview.answer(text)
        except UsageError as error:
            _say(f"    {error}")


def _standing(interview: Interview, step: str) -> str:
    from advisor.brief.values import plain

    value, source = interview.standing(step)
    words = "; ".join(part for part in (plain(value), source) if part)
    return f" [{words}]" if words else ""


def _keep_draft(interview: Interview, output: Path) -> str:
    """Save what is answered so far; the message that says where."""
    from advisor.brief import save, write

    brief = interview.finished()
    if not brief.origins:
        return "cancelled; nothing was answered, so nothing was saved"
    draft = output.with_name(f"{output.name.removesuffix('.toml')}.draft.toml")
    save(draft, write(brief))
    name = shlex.quote(str(draft))
    return f"cancelled; your answers are in {name}; continue with: advisor ask --from {name}"


def _line() -> str:
    """One line from the user.

    Raises EOFError at the end of the input, or where it stops being text.
    """
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        _say("\nThe input is not UTF-8 text.", end="")
        raise EOFError from None
    if not sys.stdin.isatty():
        _say("")
    if not line:
        raise EOFError
    return line


def _say(text: str, end: str = "\n") -> None:
    click.echo(text + end, err=True, nl=False)
