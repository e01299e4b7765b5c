"""What was judged is remembered; a database that cannot be written stops nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.core.events import StageEvent
from advisor.core.probes import HardwareReport, Reading
from advisor.decide.assembly import nothing_left
from advisor.facts import load
from advisor.judging.history import remember
from advisor.judging.surroundings import Surroundings
from advisor.store import Store, StoreError
from tests.options import brief, setting

NOTHING = Reading(None, "", "not asked")
MACHINE = HardwareReport((), "no GPU", NOTHING, NOTHING, "a CPU", 2, 8.0, 4.0, 100.0, "a machine")
VERDICT = nothing_left(brief(), setting(), (), (), 7)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A brief in a file, and a home in which nothing was ever remembered."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    path = tmp_path / "b.toml"
    path.write_text("schema = 1\n", encoding="utf-8")
    return path


def surroundings(hardware: HardwareReport | None = None) -> Surroundings:
    return Surroundings(load(), None, hardware, None)


@pytest.mark.parametrize("hardware", [None, MACHINE], ids=["no probe", "a machine"])
def test_brief_probes_and_verdict_are_remembered(
    file: Path, hardware: HardwareReport | None
) -> None:
    events: list[StageEvent] = []
    remember(file, surroundings(hardware), VERDICT, events.append)
    assert events == []
    with Store.open() as store:
        (saved,) = store.briefs()
        assert (saved.text, saved.name, saved.path) == ("schema = 1\n", "Parcel labels", str(file))
        decision = store.latest("Parcel labels")
        assert decision is not None
        assert (decision.verdict, decision.arm, decision.brief_id) == ("undecided", "", saved.id)
        assert decision.as_of == "2026-11-20"
        assert (store.probe("hardware", "a machine") is None) is (hardware is None)


@pytest.mark.parametrize(("seed", "count"), [(7, 1), (8, 2)], ids=["the same", "another"])
def test_only_a_verdict_that_differs_is_added_to_the_history(
    file: Path, seed: int, count: int
) -> None:
    for verdict in (VERDICT, replace(VERDICT, seed=seed)):
        remember(file, surroundings(), verdict, lambda event: None)
    with Store.open() as store:
        assert len(store.briefs()) == 1
        assert len(store.history()) == count


def test_a_database_that_cannot_be_written_is_a_warning(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Store:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Store, "open", refuse)
    events: list[StageEvent] = []
    remember(file, surroundings(), VERDICT, events.append)
    (event,) = events
    assert event.is_warning
    assert event.message == "the verdict was not kept: the disk is full"


def test_answers_laid_over_a_brief_are_kept_with_it(file: Path) -> None:
    """What was judged can be judged again: the stored text holds the answer of `--set`."""
    remember(file, surroundings(), VERDICT, lambda event: None, 'schema = 1\nname = "Other"\n')
    with Store.open() as store:
        (saved,) = store.briefs()
        assert saved.text == 'schema = 1\nname = "Other"\n'
