"""Judges a brief again as of a day, and reads the last verdict that was kept on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from advisor import pipeline
from advisor.core.brief import Brief, Origin
from advisor.core.errors import AdvisorError
from advisor.core.events import EventSink, StageEvent, ignore
from advisor.core.quantity import Basis
from advisor.core.verdict import Verdict
from advisor.watch.changes import VerdictChange, change


def watch(path: Path, day: date, *, keep: bool = True, events: EventSink = ignore) -> VerdictChange:
    """What changed in the verdict on a brief file since the last one that was kept.

    Judged as of `day`, whatever `as_of` the brief states; kept in the history unless `keep` is
    false. Raises UsageError, StoreError, UnreadableRecord.
    """
    from advisor.judging.history import remember

    before = last_verdict(path)
    brief = as_of(pipeline.load(path), day)
    surroundings = pipeline.look(brief, events=events)
    after = judged(brief, surroundings)
    if keep:
        remember(path, surroundings, after, events)
    return change(str(path), before, after)


def judged(brief: Brief, surroundings: pipeline.Surroundings) -> Verdict:
    """The verdict, also where no option is left. Raises UsageError."""
    try:
        return pipeline.judge(brief, surroundings)
    except pipeline.NothingLeft as stop:
        return stop.verdict


def as_of(brief: Brief, day: date) -> Brief:
    """The brief, to be decided on that day."""
    return brief.answered("as_of", day, Origin(Basis.MEASURED, "the day of watching", str(day)))


def last_verdict(path: Path) -> Verdict | None:
    """The last verdict kept on this file as it stood, without answers set by flag; None where
    there is none. Raises StoreError, UnreadableRecord.
    """
    from advisor.report import past
    from advisor.store import Store
    from advisor.store.folders import folders

    if not folders().database.is_file():
        return None
    with Store.open() as store:
        for decided in store.all_at(path, MOST_LOOKED_AT):
            record = store.record(decided.id)
            verdict = past.read(record) if record is not None else None
            if verdict is not None and not any(
                answer.source.startswith("--set") for answer in verdict.answers
            ):
                return verdict
    return None


MOST_LOOKED_AT = 200
"""Verdicts on one file among which the last one without answers set by flag is looked for."""


MOST_BRIEFS = 20
"""Kept briefs that are judged again, those that were judged last."""


def around(
    act: Callable[[], object], day: date, events: EventSink = ignore
) -> tuple[VerdictChange, ...]:
    """Judge every kept brief whose file is still there, act, judge them again: what the act
    changed. Nothing is kept. A brief that cannot be judged is a warning. Raises what `act` raises.
    """
    paths = kept_briefs()
    before = {path: _judged_file(path, day, events) for path in paths}
    act()
    changes = []
    for path, old in before.items():
        new = _judged_file(path, day, events) if old is not None else None
        if new is not None:
            changes.append(change(str(path), old, new))
    return tuple(changes)


def kept_briefs() -> tuple[Path, ...]:
    """Files of the briefs that were judged last and are still there. Raises StoreError."""
    from advisor.store import Store
    from advisor.store.folders import folders

    if not folders().database.is_file():
        return ()
    with Store.open() as store:
        decided = store.history(1000)
    paths = dict.fromkeys(Path(past.path) for past in decided if past.path)
    return tuple(path for path in paths if path.is_file())[:MOST_BRIEFS]


def _judged_file(path: Path, day: date, events: EventSink) -> Verdict | None:
    try:
        brief = as_of(pipeline.load(path), day)
        return judged(brief, pipeline.look(brief, events=events))
    except AdvisorError as error:
        events(StageEvent("watch", f"{path} is not judged: {error}", is_warning=True))
        return None
