"""`advisor diff`: what changes between two briefs, in dollars and in the verdict."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF
from advisor.cli.look import look_options
from advisor.cli.recommend import draw_page, format_of
from advisor.core.errors import Exit, UsageError
from advisor.report import formats
from advisor.report.look import Look

if TYPE_CHECKING:
    from collections.abc import Hashable

    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.pipeline import Surroundings
    from advisor.report.difference import Difference


@click.command("diff")
@click.argument("a", type=BRIEF)
@click.argument("b", type=BRIEF)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--format",
    "format_name",
    default="",
    metavar="FORMAT",
    help=f"{formats.of_pages()}; default: by the ending of -o, else text.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Write to this file instead of stdout.",
)
@look_options
def command(
    a: Path, b: Path, as_json: bool, format_name: str, target: Path | None, look: Look
) -> Exit:
    """Compare brief A with brief B: verdicts, dollars, and the effect of each input.

    Amounts belong to the recommended options, at the likely value of every input.

    Exit codes: 0 the same verdict, 1 another verdict (or the comparison failed: one line on
    stderr says which), 2 bad input, 3 brief B is undecided where A is not, 4 a brief leaves no
    option.
    """
    from advisor import pipeline
    from advisor.report import difference, side_by_side
    from advisor.report.compared import difference_page

    report_format = format_of(format_name, as_json, target)
    if not report_format.draws_pages and report_format.name != "json":
        raise UsageError(f"a comparison is {formats.of_pages()}; use one of them")
    if target is not None:
        output.check_target(target)
    before = pipeline.load(a)
    after = pipeline.load(b)
    comparison = difference.difference(before, after, (str(a), str(b)), Judge())
    if report_format.name == "text" and target is None and look.is_plain:
        output.show(side_by_side.render(comparison, output.width()))
    else:
        page = partial(difference_page, comparison, look)
        draw_page(comparison, page, report_format, target, look)
    return exit_of(comparison)


def exit_of(comparison: Difference) -> Exit:
    """What a script learns from a comparison: whether the verdict changed, said in words on stderr
    where it did. Another option of the same verdict is no change of verdict.
    """
    before = comparison.a.verdict
    after = comparison.b.verdict
    if before == after:
        return Exit.DONE
    output.say(f"advisor: the verdict changes from {before} to {after}")
    return Exit.UNDECIDED if after == "undecided" else Exit.FAILED


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
