"""`advisor calibrate run`: a bundle of another machine, measured here."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.calibrate.options import PATH, RunFlags, limited
from advisor.cli.calibrate.running import (
    leave,
    limits_of,
    policy_of,
    run_here,
    say_hub,
    show_plan,
    show_run,
)
from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken

if TYPE_CHECKING:
    from advisor.travel import Bundle

STDIN = "-"
RESULT_ENDING = ".result.json"


@click.command("run", short_help="Run a bundle of another machine here.")
@click.argument("file", type=PATH, metavar="FILE")
@click.option(
    "-o",
    "target",
    type=PATH,
    metavar="FILE",
    help="The result file; default: beside the bundle, with .result.json.",
)
@click.option(
    "--model",
    type=PATH,
    metavar="FOLDER",
    help="Where the weights lie here, if the plan names a local model.",
)
@click.option("--while-connected", is_flag=True, hidden=True)
@limited
def command(
    file: Path, target: Path | None, model: Path | None, while_connected: bool, flags: RunFlags
) -> None:
    """Measure what a bundle plans on this machine, and write the result file that
    `advisor runs import` reads.

    FILE is what --bundle wrote, - for standard input (the result then goes to standard output). No
    brief and no data are needed here.
    """
    from advisor import experiments, facts, travel
    from advisor.store.folders import folders

    bundle = _read(file)
    to_stdout = str(target or file) == STDIN
    path = target or file.with_suffix(RESULT_ENDING)
    if not to_stdout:
        output.check_target(path)
    flags = _with_limits(flags, bundle)
    for planned in travel.models_of(bundle.plan).values():
        say_hub(planned.hub or "")
    book = facts.load(folders().config)
    plan, where = travel.bound_here(bundle, book, flags.gpu, model, str(file))
    everything = bundle.everything or plan.kind == "throughput"
    policy = policy_of(everything, None, where)
    prepared = experiments.prepare(plan, where, limits_of(flags), again=flags.again, policy=policy)
    if flags.dry_run:
        show_plan(prepared, flags)
        return
    record = run_here(prepared, _stop_at_end_of_input if while_connected else lambda token: None)
    text = travel.run_record_text(record)
    if to_stdout:
        output.show(text)
    else:
        output.save(path, text)
        projected = (
            experiments.projections(plan, record, bundle.examples, bundle.epochs)
            if bundle.examples and plan.kind == "throughput"
            else ()
        )
        show_run(record, flags, projected=projected)
    leave(record)


def _read(file: Path) -> Bundle:
    """The bundle in a file or on standard input, where it is the first line. Raises UsageError."""
    from advisor import travel

    if str(file) == STDIN:
        return travel.read_bundle(sys.stdin.readline(given_files.LARGEST_BYTES), "standard input")
    try:
        text = given_files.read_text(file)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        text = ""
    return travel.read_bundle(text, str(file))


def _with_limits(flags: RunFlags, bundle: Bundle) -> RunFlags:
    """The flags, with the limits of the bundle where they state none."""
    limits = {
        name: getattr(bundle, name)
        for name in ("minutes", "max_usd", "usd_per_hour")
        if getattr(flags, name) is None
    }
    return replace(flags, **limits)


def _stop_at_end_of_input(token: CancelToken) -> None:
    """Stop the run when standard input ends: whoever asked for it is gone."""

    def wait() -> None:
        while sys.stdin.readline(given_files.LARGEST_BYTES):
            continue
        token.cancel()

    threading.Thread(target=wait, daemon=True, name="connection").start()
