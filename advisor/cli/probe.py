"""`advisor probe`: cards, host and software of this machine."""

from __future__ import annotations

import click

from advisor.cli import output


@click.command("probe")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON, for programs.")
def command(as_json: bool) -> None:
    """Look at this machine: cards, memory, software; what cannot be read says why."""
    from advisor import facts
    from advisor.probe.hardware import probe
    from advisor.probe.show import hardware_lines
    from advisor.store.folders import folders

    known = facts.load(folders().config)
    report = probe(known={gpu.nvml_name: gpu.name for gpu in known.gpus if gpu.nvml_name})
    if as_json:
        from advisor.report.json import dump

        output.show(dump(report))
    else:
        output.show("\n".join(hardware_lines(report, output.width())) + "\n")
