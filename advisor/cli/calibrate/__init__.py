"""`advisor calibrate`: short runs that make the estimates true; every one shows its price before it
starts.
"""

from __future__ import annotations

import click

from advisor.cli.calibrate import bundled, cascade, matrix, prompts, quality, throughput


@click.group("calibrate")
def command() -> None:
    """Measure on your machine and your data; plan and price come first, and the same command
    resumes.
    """


for _part in (throughput, quality, prompts, cascade, matrix, bundled):
    command.add_command(_part.command)
