"""The command `advisor` for click: finds the file of a command and loads nothing else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import click

from advisor import __version__
from advisor.cli.commands import COMMANDS, LATER
from advisor.cli.streams import drop_the_rest
from advisor.core.errors import AdvisorError, Exit, did_you_mean
from advisor.core.text import printable


class LazyGroup(click.Group):
    """Loads a command's module only when that command runs; a lone brief file opens the app."""

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        """Every command, loaded: for tools that describe all of them, such as click-man."""
        loaded = {name: self.get_command(click.Context(self), name) for name in COMMANDS}
        return {name: command for name, command in loaded.items() if command is not None}

    @commands.setter
    def commands(self, given: MutableMapping[str, click.Command]) -> None:
        """Commands come from the table alone; click sets none of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, without importing them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that is asked for."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"advisor.cli.{cmd_name}").command
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`advisor BRIEF` is the app with that brief; an unknown word gets the nearest command."""
        if args[0] in LATER:
            raise click.UsageError(f"{args[0]!r} is not in this release; {LATER[args[0]]}", ctx)
        if args[0] not in COMMANDS:
            if _is_a_brief(args[0]):
                return "app", importlib.import_module("advisor.cli.app").command, args
            raise click.UsageError(
                f"no such command {args[0]!r}{did_you_mean(args[0], COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """A reader that stops early, such as `head`, is not a failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            drop_the_rest()
            ctx.exit(Exit.DONE)


def _is_a_brief(word: str) -> bool:
    if word.endswith(".toml") or Path(word).exists():
        return True
    from advisor.cli.brief_path import names_an_example

    return names_an_example(word)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    subcommand_metavar="[BRIEF | COMMAND [ARGS]...]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="advisor")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Prompt, fine-tune, or both?

    Without a command, opens the full-screen app, on BRIEF where one is given.
    """
    if ctx.invoked_subcommand is None:
        from advisor.cli.app import command

        ctx.invoke(command)


def usage_line(error: click.ClickException) -> str:
    """Bad usage on one line: the command, what is wrong, where its help is."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "advisor"
    message = " ".join(error.format_message().split()).rstrip(".")
    link = " See" if message.endswith("?") else "; see"
    return printable(f"{path}: {message}{link} `{path} --help`")


def _warn_of_plugins() -> None:
    """A line for each plug-in that was needed and is broken; looks only where some were needed."""
    loading = sys.modules.get("advisor.core.plugins.loading")
    for fault in loading.faults() if loading is not None else ():
        click.echo(f"warning: {printable(fault)}", err=True)


def main() -> None:
    """Run, and turn errors that a user can fix into one line and an exit code."""
    try:
        _main()
    finally:
        _warn_of_plugins()


def _main() -> None:
    try:
        # Either what was passed to ctx.exit() or what the command returned.
        status = cli.main(prog_name="advisor", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else Exit.DONE)
    except click.ClickException as error:
        click.echo(usage_line(error), err=True)
        sys.exit(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("cancelled", err=True)
        sys.exit(Exit.CANCELLED)
    except AdvisorError as error:
        click.echo(f"advisor: {error}", err=True)
        sys.exit(error.exit)
