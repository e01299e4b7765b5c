"""Which run of a group corrects the others (the source run), chosen by its inputs alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.backtest.runs_table import RunRow
from advisor.core.training import TrainingMeasurement, TrainingRun
from advisor.estimate.training import mean_length, speed_shares
from advisor.estimate.training.correction import likeness


def source_runs(
    rows: Sequence[RunRow], runs: Sequence[TrainingRun], *, by_set_up: bool = True
) -> dict[int, int]:
    """The source run of each row: of its own set-up, else the most alike of its group; a source
    run is its own.

    Without `by_set_up` one row serves its whole group. Rows that share their group with no
    measured row are absent.
    """
    shares = [speed_shares(run, row.text("source")) for row, run in zip(rows, runs, strict=True)]

    def alike(one: int, other: int) -> float:
        return likeness(shares[one], shares[other], "speed")

    def central(members: Sequence[int]) -> int | None:
        """The measured row that is most like all others; the middle one where several are."""
        measured = [i for i in members if _is_measured(rows[i], runs[i])]
        if not measured:
            return None
        near = {i: round(sum(alike(i, j) for j in members), 6) for i in measured}
        best = sorted(
            (i for i in measured if near[i] == max(near.values())),
            key=lambda i: rows[i].text("date"),
        )
        return best[len(best) // 2]

    chosen: dict[int, int] = {}
    for members in _grouped(range(len(rows)), rows, wide=not by_set_up):
        if len(members) > 1 and (source := central(members)) is not None:
            chosen.update(dict.fromkeys(members, source))
    for members in _grouped(range(len(rows)), rows, wide=True):
        open_rows = [i for i in members if i not in chosen]
        sources = sorted({chosen[i] for i in members if i in chosen})
        if not sources and len(members) > 1 and (middle := central(members)) is not None:
            sources = [middle]
        for i in open_rows if sources else ():
            nearest = max(sources, key=lambda t: (_shared_cells(rows[i], rows[t]), alike(i, t)))
            chosen[i] = i if i in sources else nearest
    return chosen


def measured_by(source: RunRow, planned: TrainingRun, target: RunRow) -> TrainingMeasurement:
    """What the source run, with inputs `planned`, showed; its memory only where the whole set-up
    and the basis are the same.
    """
    alike = target.kind == source.kind and target.text("memory_basis") == source.text(
        "memory_basis"
    )
    return TrainingMeasurement(
        planned, source.number("memory_gib") if alike else None, _speed(source, planned)
    )


def _speed(row: RunRow, planned: TrainingRun) -> float | None:
    """Tokens per second as printed, else from samples and wall time with the lengths that the
    estimate takes.
    """
    samples = row.number("total_samples")
    seconds = row.number("total_seconds")
    printed = row.number("tokens_per_second")
    return printed or (samples * mean_length(planned) / seconds if samples and seconds else None)


def _is_measured(row: RunRow, planned: TrainingRun) -> bool:
    return row.text("suspect") != "yes" and _speed(row, planned) is not None


def _grouped(members: Iterable[int], rows: Sequence[RunRow], *, wide: bool) -> list[list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for i in members:
        groups.setdefault(rows[i].group if wide else rows[i].kind, []).append(i)
    return list(groups.values())


def _shared_cells(one: RunRow, other: RunRow) -> int:
    return sum(a == b for a, b in zip(one.kind, other.kind, strict=True))
