"""The options that calibrations share, each list once, and the records their values come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from advisor.calibrate.metrics.scorer import METRICS
from advisor.cli.brief_path import BRIEF
from advisor.cli.renamed import RenamedOption
from advisor.core.sections import TASK_TYPES

PATH = click.Path(path_type=Path)

Command = Callable[..., None]
Decorator = Callable[[Command], Command]


def listed(*options: Decorator) -> Decorator:
    """Several options as one decorator, in the order of `--help`."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@dataclass(frozen=True, slots=True)
class RunFlags:
    """How a calibration runs: where, within which limits, and how it answers.

    `usd_per_hour` None: not stated. `bundle`, `on` and `sky` send the run to another machine;
    `with_rows`: its bundle may hold rows.
    """

    gpu: str = "auto"
    minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: float | None = None
    allow_busy: bool = False
    again: bool = False
    dry_run: bool = False
    as_json: bool = False
    bundle: Path | None = None
    sky: Path | None = None
    on: str = ""
    remote_command: str = "advisor"
    with_rows: bool = False

    @property
    def runs_elsewhere(self) -> bool:
        """Whether the run is for another machine."""
        return bool(self.bundle or self.sky or self.on)


@dataclass(frozen=True, slots=True)
class RowFlags:
    """Which rows a run reads and how their answers are scored; what is empty comes from a brief."""

    data: Path | None
    test: Path | None
    prompt_field: str
    answer_field: str
    metric: str
    task_type: str | None
    schema: Path | None
    instruction: str
    group_field: str


def _gathered(record: type[Any], name: str) -> Decorator:
    """The values of `record`'s fields as one argument called `name`."""
    keys = [field.name for field in fields(record)]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def gathering(**values: Any) -> None:
            stated = {key: values.pop(key) for key in keys if key in values}
            return command(**values, **{name: record(**stated)})

        return gathering

    return decorate


_LIMITS = (
    click.option(
        "--gpu", default="auto", show_default=True, help="GPU by index or name; none: the CPU."
    ),
    click.option(
        "--minutes",
        type=click.FloatRange(min=0.0),
        help="Stop after this long; what is done is kept.",
    ),
    click.option(
        "--max-usd", type=click.FloatRange(min=0.0), help="Stop where this much would be spent."
    ),
    click.option(
        "--usd-per-hour", type=click.FloatRange(min=0.0), help="What an hour of this machine costs."
    ),
    click.option(
        "--allow-busy",
        cls=RenamedOption,
        former=["--busy-ok"],
        is_flag=True,
        help="Run even if another program uses the GPU.",
    ),
    click.option("--again", is_flag=True, help="Run again what an earlier run already measured."),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Show what would run, how long and for how much; run nothing.",
    ),
    click.option("--json", "as_json", is_flag=True, help="The result as JSON, for programs."),
)

_ELSEWHERE = (
    click.option(
        "--bundle",
        type=PATH,
        metavar="FILE",
        help="Write the plan to FILE for `advisor calibrate run` on another machine.",
    ),
    click.option(
        "--on",
        default="",
        metavar="ssh://HOST",
        help="Run on that machine by OpenSSH and keep the result here.",
    ),
    click.option(
        "--sky",
        type=PATH,
        metavar="FILE",
        help="Write a SkyPilot task that runs it on a rented --gpu, with the price.",
    ),
    click.option(
        "--with-rows", is_flag=True, help="Let your rows leave, with a run that reads them."
    ),
    click.option(
        "--remote-command",
        default="advisor",
        metavar="COMMAND",
        help="With --on: how the program is called there.",
    ),
)

_ROWS = (
    click.option("--data", type=PATH, metavar="FILE", help="Rows with a prompt and an answer."),
    click.option(
        "--eval", "test", type=PATH, metavar="FILE", help="Test items; default: a fifth of --data."
    ),
    click.option("--prompt-field", default="", metavar="F"),
    click.option("--answer-field", default="", metavar="F"),
    click.option(
        "--group-field",
        default="",
        metavar="F",
        help="Names the group of a row: a customer, a conversation. Intervals are then of groups.",
    ),
    click.option(
        "--metric", default="", metavar="M", help=f"{', '.join(METRICS)}; default: by the answers."
    ),
    click.option(
        "--task-type",
        type=click.Choice(TASK_TYPES),
        metavar="TYPE",
        help=f"Helps to choose the metric. One of {', '.join(TASK_TYPES)}.",
    ),
    click.option(
        "--schema",
        type=PATH,
        metavar="FILE",
        help="A JSON Schema that JSON answers must keep.",
    ),
    click.option(
        "--instruction",
        default="",
        help="Stands before every item; of an endpoint, its system message.",
    ),
)

seed_option = click.option("--seed", type=int, default=0, show_default=True)
as_model_option = click.option(
    "--as-model",
    default="",
    metavar="NAME",
    help="The model's name in a brief; default: as --model names it.",
)
steered = click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Run every trial, also where the answer can no longer change.",
)
"""The option of runs that may end early."""

limited = listed(_gathered(RunFlags, "flags"), *_LIMITS)
"""The options that every calibration has; they come as `flags`, a RunFlags."""

carried = listed(_gathered(RunFlags, "flags"), *_LIMITS, *_ELSEWHERE)
"""Those of calibrations that another machine may run; they come as `flags`, a RunFlags."""

row_options = listed(_gathered(RowFlags, "rows"), *_ROWS)
"""The options that name rows and how answers are scored; they come as `rows`, a RowFlags."""


def brief_option(takes: str) -> Decorator:
    """The option that names a brief, with what is taken from it."""
    return click.option(
        "--brief",
        type=BRIEF,
        metavar="BRIEF",
        help=f"Take {takes} from it; see the effect.",
    )


def items_option(default: int) -> Decorator:
    """The option that bounds the test items."""
    return click.option(
        "--items",
        type=click.IntRange(10),
        default=default,
        show_default=True,
        help="Test items at most.",
    )
