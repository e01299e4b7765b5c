"""What was read of a run that another program recorded, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from advisor.core import format as fmt
from advisor.core.experiment import RunRecord
from advisor.core.text import printable


def imported_lines(record: RunRecord) -> Iterator[str]:
    """The figures of each run in an import, and what was not kept of it; scores of evaluations
    that have items are left to `runs show --for-brief`.
    """
    for outcome in record.outcomes:
        cells = outcome.result.get("cells")
        if not isinstance(cells, Mapping):
            continue
        figures = [*_figures(cells), *_scores(outcome.result.get("scores"))]
        if figures:
            yield f"  {printable(outcome.label)}: {' · '.join(figures)}"
    for note in record.result.get("notes", ()):
        yield f"  note: {printable(str(note))}"


def _figures(cells: Mapping[str, str]) -> Iterator[str]:
    """Speeds, memory and time; a table's text that is no number is shown as it stands."""
    if speed := _number(cells, "tokens_per_second"):
        padded = " with padding" if cells.get("tokens_basis") == "padded" else ""
        yield f"{speed} tokens/s{padded}"
    if step := _number(cells, "step_seconds"):
        yield f"{step} s per step"
    if samples := _number(cells, "samples_per_second"):
        yield f"{samples} samples/s"
    if memory := _number(cells, "memory_gib"):
        yield f"{memory} GiB {printable(cells.get('memory_basis') or 'of memory')}"
    if total := _number(cells, "total_seconds"):
        includes = {"train+eval": " with evaluations", "all": " from start to end"}
        yield f"{total} s{includes.get(cells.get('total_includes', ''), ' of training')}"


def _number(cells: Mapping[str, str], name: str) -> str:
    """A cell with three digits; empty where there is none."""
    text = cells.get(name) or ""
    try:
        return fmt.significant(float(text)) if text else ""
    except ValueError:
        return printable(text)


def _scores(scores: object) -> Iterator[str]:
    if isinstance(scores, Mapping):
        for name, value in list(scores.items())[:4]:
            yield f"{printable(str(name))} {fmt.significant(float(value))}"
