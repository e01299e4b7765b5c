"""What is looked at for a brief, and what is said where it is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.core.brief import Brief
from advisor.core.errors import Cancelled, UsageError
from advisor.core.events import CancelToken, StageEvent
from advisor.core.probes import HardwareReport, Reading
from advisor.judging.observing import look, read_by_model, with_own_runs
from advisor.probe import hardware as probe_of_hardware
from advisor.store import Store, StoreError
from tests.decide.test_readiness import DATA
from tests.options import brief

NOTHING = Reading(None, "", "not asked")
MACHINE = HardwareReport((), "no driver", NOTHING, NOTHING, "a CPU", 2, 8.0, 4.0, 9.0, "a machine")


@pytest.fixture(autouse=True)
def new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing was ever saved."""
    home = tmp_path / "home"
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    return home


def naming(folder: Path, **files: str) -> Brief:
    """A brief in this folder that names files, `section__key=name`."""
    return replace(brief(**files), folder=folder)


def test_a_brief_without_files_is_looked_at_by_its_facts_alone(tmp_path: Path) -> None:
    events: list[StageEvent] = []
    around = look(naming(tmp_path), events=events.append)
    assert (around.data, around.hardware, around.traffic, around.results) == (None,) * 4
    assert (around.warnings, around.measured, around.scores) == ((), (), ())
    assert [event.stage for event in events] == ["facts"]


def test_every_file_that_is_named_is_read(tmp_path: Path) -> None:
    rows = "".join(f'{{"prompt": "say {i}", "completion": "{i}"}}\n' for i in range(40))
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    (tmp_path / "test.jsonl").write_text('{"prompt": "say 3", "completion": "3"}\n')
    (tmp_path / "log.csv").write_text(
        "timestamp,prefix\n2026-11-01T00:00:00Z,a\n2026-11-01T00:01:00Z,a\n"
    )
    scores = "".join(f"{i},1,{i % 2}\n" for i in range(40))
    (tmp_path / "scores.csv").write_text(f"item,prompt/few-shot@a,tune/lora@b\n{scores}")
    case = naming(
        tmp_path,
        data__path="rows.jsonl",
        data__eval_path="test.jsonl",
        traffic__log="log.csv",
        quality__results="scores.csv",
    )
    around = look(case)
    assert around.data is not None
    assert (around.data.rows, around.data.eval_rows, around.data.leaked_eval_rows) == (40, 1, 1)
    assert around.traffic is not None
    assert around.traffic.requests == 2
    assert around.results is not None
    assert around.results.means["tune/lora@b"] == 0.5


@pytest.mark.parametrize(
    ("key", "name", "problem"),
    [
        ("data__path", "none.jsonl", r"data\.path: no file"),
        ("traffic__log", "none.csv", r"traffic\.log: .*does not exist"),
        ("traffic__log", "folder", r"traffic\.log: .*is a folder"),
        ("quality__results", "none.csv", r"quality\.results: .*does not exist"),
    ],
)
def test_a_file_that_is_not_there_is_named_with_its_key(
    tmp_path: Path, key: str, name: str, problem: str
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=problem):
        look(naming(tmp_path, **{key: name}))


@pytest.mark.parametrize(("gpu", "is_probed"), [("auto", True), ("L40S", False), ("none", False)])
def test_the_machine_is_looked_at_only_where_the_brief_asks_for_it(
    tmp_path: Path, gpu: str, is_probed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_of_hardware, "probe", lambda **options: MACHINE)
    case = naming(tmp_path)
    around = look(replace(case, hardware=replace(case.hardware, gpu=gpu)))
    assert (around.hardware == MACHINE) is is_probed
    assert bool(around.warnings) is is_probed
    assert all("(no driver): tuned models are priced on a rented" in w for w in around.warnings)


def test_a_look_can_be_cancelled(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        look(naming(tmp_path), cancel=token)


def test_looking_creates_no_database(tmp_path: Path, new_home: Path) -> None:
    case = naming(tmp_path)
    around = look(case)
    assert with_own_runs(case, around) == around
    assert read_by_model(DATA, []) is DATA
    assert not list(new_home.rglob("*.db"))


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_database_without_runs_or_a_broken_one_adds_nothing(
    tmp_path: Path, is_broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open():
        pass

    def refuse() -> Store:
        raise StoreError("locked")

    if is_broken:
        monkeypatch.setattr(Store, "open", refuse)
    events: list[StageEvent] = []
    around = look(naming(tmp_path), events=events.append)
    assert (around.measured, around.scores) == ((), ())
    notes = [event.message for event in events if event.stage == "runs"]
    assert notes == (["not used: locked"] if is_broken else [])
