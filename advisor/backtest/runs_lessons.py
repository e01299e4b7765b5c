"""Which run of a group teaches the others, before any result is looked at, and what it teaches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.backtest.runs_table import Row
from advisor.core.training import TrainingMeasurement, TrainingRun
from advisor.estimate.training import mean_length, speed_shares
from advisor.estimate.training.correction import likeness


def teachers(
    rows: Sequence[Row], runs: Sequence[TrainingRun], *, by_set_up: bool = True
) -> dict[int, int]:
    """The row that teaches each row: of its own set-up, else the most alike of its group; a teacher
    is its own.

    Without `by_set_up` one row teaches its whole group. Rows that share their group with no
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

    told: dict[int, int] = {}
    for members in _grouped(range(len(rows)), rows, wide=not by_set_up):
        if len(members) > 1 and (teacher := central(members)) is not None:
            told.update(dict.fromkeys(members, teacher))
    for members in _grouped(range(len(rows)), rows, wide=True):
        untold = [i for i in members if i not in told]
        found = sorted({told[i] for i in members if i in told})
        if not found and len(members) > 1 and (middle := central(members)) is not None:
            found = [middle]
        for i in untold if found else ():
            told[i] = (
                i
                if i in found
                else max(found, key=lambda t: (_shared_cells(rows[i], rows[t]), alike(i, t)))
            )
    return told


def lesson(learner: Row, teacher: Row, planned: TrainingRun) -> TrainingMeasurement:
    """What the teacher's run showed; its memory only where the whole set-up and the basis are the
    same.
    """
    alike = learner.kind == teacher.kind and learner.text("memory_basis") == teacher.text(
        "memory_basis"
    )
    return TrainingMeasurement(
        planned, teacher.number("memory_gib") if alike else None, _speed(teacher, planned)
    )


def _speed(row: Row, planned: TrainingRun) -> float | None:
    """Tokens per second as printed, else from samples and wall time with the lengths that the
    estimate takes.
    """
    samples, seconds = row.number("total_samples"), row.number("total_seconds")
    printed = row.number("tokens_per_second")
    return printed or (samples * mean_length(planned) / seconds if samples and seconds else None)


def _is_measured(row: Row, planned: TrainingRun) -> bool:
    return row.text("suspect") != "yes" and _speed(row, planned) is not None


def _grouped(members: Iterable[int], rows: Sequence[Row], *, wide: bool) -> list[list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for i in members:
        groups.setdefault(rows[i].group if wide else rows[i].kind, []).append(i)
    return list(groups.values())


def _shared_cells(one: Row, other: Row) -> int:
    return sum(a == b for a, b in zip(one.kind, other.kind, strict=True))
