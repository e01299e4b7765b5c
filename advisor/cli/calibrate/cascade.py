"""`advisor calibrate cascade`: a small model with a prompted one behind it, from two kept runs."""

from __future__ import annotations

import click

from advisor.cli import output


@click.command("cascade", short_help="Score a small model with a prompted one behind it.")
@click.argument("small", type=int)
@click.argument("large", type=int)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON, for programs.")
def command(small: int, large: int, as_json: bool) -> None:
    """Score a cascade from two runs on the same items: nothing is asked or trained.

    SMALL is the number of a run of a tuned model with labels, LARGE that of a run of prompts. The
    small model answers where it is sure enough.
    """
    from advisor import experiments
    from advisor.calibrate.show_results import result_lines
    from advisor.report.json import dump

    record = experiments.cascade(small, large)
    text = dump(experiments.run_data(record)) if as_json else "\n".join(result_lines(record)) + "\n"
    output.show(text)
