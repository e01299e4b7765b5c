"""What the look at data and machine found, as panes show it; the words are those of the
commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.content import Content

from advisor.core.format import clean
from advisor.core.probes import DataReport, HardwareReport
from advisor.probe import show, show_machine
from advisor.tui.model.proposed_answers import ProposedAnswer
from advisor.tui.views.hanging import hanging

_NARROWEST = show.LABEL + 21
"""Narrower than this the lines would be broken twice."""

_NAME_TEST = "name one under Brief, Data, test path"
NO_DATA = (
    "No data file in this brief.\nName one under Brief, Data, path: a JSONL, CSV or Parquet file."
)
_LIST_ALL = "`advisor data FILE --json` lists all"


def data_lines(report: DataReport | None, width: int) -> Content:
    """The data pane for a width in columns."""
    if report is None:
        return Content(NO_DATA)
    lines = show.data_lines(
        report, max(width, _NARROWEST), name_test=_NAME_TEST, list_all=_LIST_ALL
    )
    return Content("\n").join(_labelled(lines))


def machine_lines(report: HardwareReport, width: int) -> Content:
    """What does not change from second to second; a missing reading says why."""
    return Content("\n").join(
        _labelled(show_machine.hardware_lines(report, max(width, _NARROWEST)))
    )


def _labelled(lines: Iterable[str]) -> Iterator[Content]:
    """The label of a line steps back; lines that are whole sentences do not."""
    for line in lines:
        cut = show.LABEL + 1
        labelled = line[:1] not in ("!", "") and line[cut - 1 : cut] == " "
        yield Content.assemble((line[:cut], "dim"), line[cut:]) if labelled else Content(line)


def proposal_lines(proposal: ProposedAnswer, width: int) -> Content:
    """A proposal: key, the value now, the proposed value, and why."""
    now = clean(proposal.now or "left out")
    return Content.assemble(
        (f"{proposal.key}: ", "bold"),
        f"{now} → ",
        (clean(proposal.text), "bold $text-accent"),
        "\n",
        hanging(f"  {clean(proposal.why)}", width).stylize("dim"),
    )
