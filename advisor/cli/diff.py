"""`advisor diff`: what changes between two briefs, in dollars and in the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF

if TYPE_CHECKING:
    from collections.abc import Hashable

    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.pipeline import Surroundings


@click.command("diff")
@click.argument("a", type=BRIEF)
@click.argument("b", type=BRIEF)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(a: Path, b: Path, as_json: bool) -> None:
    """Compare brief A with brief B: verdicts, dollars, and the effect of each input.

    Amounts belong to the recommended options, at the likely value of every input.
    """
    from advisor import pipeline
    from advisor.report import difference, json, side_by_side

    before = pipeline.load(a)
    after = pipeline.load(b)
    comparison = difference.difference(before, after, (str(a), str(b)), Judge())
    if as_json:
        output.show(json.dump(comparison))
    else:
        output.show(side_by_side.render(comparison, output.width()))


class Judge:
    """Judges briefs quickly; probes again only where a brief names other files or hardware."""

    def __init__(self) -> None:
        self._looks: dict[Hashable, Surroundings] = {}

    def __call__(self, brief: Brief) -> Verdict:
        from advisor import pipeline

        looked_at = (brief.folder, brief.data, brief.prices, brief.traffic.log, brief.hardware.gpu)
        if looked_at not in self._looks:
            self._looks[looked_at] = pipeline.look(brief, events=output.narrate)
        return pipeline.judge(brief, self._looks[looked_at], deep=False)
