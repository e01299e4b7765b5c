"""What the look at data and machine found, as panes show it; the words are those of the
commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.content import Content

from advisor.core.format import clean
from advisor.core.probes import DataReport, HardwareReport
from advisor.probe import show
from advisor.tui.offers import Offer

_NARROWEST = show.LABEL + 21
"""Narrower than this the lines would be broken twice."""

_NAME_TEST = "name one under Brief, Data, test path"
_LIST_ALL = "`advisor data FILE --json` lists all"


def data_lines(report: DataReport | None, width: int) -> Content:
    """The data pane for a width in columns."""
    if report is None:
        return Content(
            "No data file in this brief.\nName one under Brief, Data, path: a JSONL, CSV or Parquet file."
        )
    lines = show.data_lines(
        report, max(width, _NARROWEST), name_test=_NAME_TEST, list_all=_LIST_ALL
    )
    return Content("\n").join(_labelled(lines))


def machine_lines(report: HardwareReport, width: int) -> Content:
    """What does not change from second to second; a missing reading says why."""
    return Content("\n").join(_labelled(show.hardware_lines(report, max(width, _NARROWEST))))


def _labelled(lines: Iterable[str]) -> Iterator[Content]:
    """The label of a line steps back; lines that are whole sentences do not."""
    for line in lines:
        cut = show.LABEL + 1
        labelled = line[:1] not in ("!", "") and line[cut - 1 : cut] == " "
        yield Content.assemble((line[:cut], "dim"), line[cut:]) if labelled else Content(line)


def offer_lines(offer: Offer) -> Content:
    """A proposal: key, the value now, the value found, and why."""
    now = offer.now or "left out"
    return Content.assemble(
        (f"{offer.key}: ", "bold"), f"{clean(now)} → ", (clean(offer.text), "bold $text-accent"),
        (f"\n  {clean(offer.why)}", "dim"),
    )  # fmt: skip
