"""A run as a file: complete enough to be one of our own elsewhere, and silent about people."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import experiments, own_runs, pipeline, travel
from advisor import facts as tables
from advisor.core.errors import UsageError
from advisor.core.experiment import RunRecord
from advisor.store import Runs, Store
from advisor.travel.privacy import impersonal
from advisor.travel.record import run_record_data
from advisor.travel.sealed import content_hash
from tests.experiments.test_learned import TEXT, keep_training
from tests.experiments.tickets import tickets


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Switches between two homes on this machine."""

    def switch(name: str) -> None:
        monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / name))

    switch("far")
    return switch


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    rows = "".join(json.dumps(row) + "\n" for row in tickets(60))
    for name in ("rows.jsonl", "test.jsonl"):
        (tmp_path / name).write_text(rows)
    (tmp_path / "brief.toml").write_text(TEXT)
    return tmp_path / "brief.toml"


def record_of(run: int) -> RunRecord:
    return experiments.run_record(run)


def refusal(tmp_path: Path, document: object) -> str:
    path = tmp_path / "result.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(UsageError) as error:
        travel.take_in_file(path, {})
    assert "\n" not in str(error.value)
    return str(error.value)


def sealed_again(document: dict, **changes: object) -> dict:
    changed = {**document, **changes}
    return {**changed, "sha256": content_hash(changed)}


def test_a_run_of_a_far_gpu_moves_the_verdict_here(homes, brief: Path) -> None:
    def basis() -> str:
        held = pipeline.load(brief)
        verdict = pipeline.judge(held, pipeline.look(held))
        arm = next(a for a in verdict.arms if a.id.startswith("tune/lora@"))
        speed = next(i for i in arm.figure("train.hours").inputs if "tokens_per_second" in i.id)
        return speed.basis

    result = brief.with_name("result.json")
    result.write_text(travel.run_record_text(record_of(keep_training(100.0))))
    homes("near")
    assert basis() == "modelled"
    imported = travel.take_in_file(result, {})
    assert (imported.count, imported.notes) == (
        1,
        ("states no versions of the software it ran with",),
    )
    assert basis() == "measured"
    (measured,) = own_runs.measurements(tables.load(), "L40S")
    assert (measured.tokens_per_second, measured.run.mean_tokens) == (100.0, 600.0)
    again = travel.take_in_file(result, {})
    assert again.run_id == imported.run_id
    assert len(experiments.runs()) == 1


def test_a_record_keeps_all_of_a_run_but_its_number(homes) -> None:
    far = record_of(keep_training(100.0))
    text = travel.run_record_text(far)
    homes("near")
    keep_training(50.0)
    near = record_of(travel.take_in(json.loads(text), "result.json").run_id)
    assert near.summary.id == 2
    assert replace(near.summary, id=0) == replace(far.summary, id=0)
    assert (near.digest, near.outcomes) == (far.digest, far.outcomes)
    assert near.machine == {**far.machine, "imported_from": "result.json"}
    assert run_record_data(near)["trials"] == run_record_data(far)["trials"]


def test_a_run_that_went_on_replaces_its_part_and_never_the_other_way_round(homes) -> None:
    whole = json.loads(travel.run_record_text(record_of(keep_training(100.0))))
    (done,) = whole["trials"]
    more = {**done, "digest": "another", "label": "another"}
    longer = sealed_again(whole, trials=[done, more])
    differs = sealed_again(whole, trials=[{**done, "seconds": 8.0}])
    homes("near")
    part = travel.take_in(whole, "ssh://gpu-box").run_id
    assert travel.take_in(longer, "ssh://gpu-box").run_id == part
    assert len(record_of(part).outcomes) == 2
    assert travel.take_in(whole, "old.json").run_id == part
    assert len(record_of(part).outcomes) == 2
    assert travel.take_in(differs, "other.json").run_id != part
    assert experiments.origins() == {part: "ssh://gpu-box", part + 1: "other.json"}


def test_events_travel_so_that_the_run_can_be_replayed(homes) -> None:
    run = keep_training(100.0)
    line = '{"event": "started", "at": 0.5, "device": {"name": "NVIDIA L40S"}}\n'
    with Store.open() as store:
        store.database.execute("update runs set events = ? where id = ?", [line, run])
    text = travel.run_record_text(record_of(run))
    homes("near")
    imported = travel.take_in(json.loads(text), "result.json")
    (event,) = experiments.recorded_events(str(imported.run_id))
    assert (event.kind, event.at_seconds) == ("started", 0.5)
    assert record_of(imported.run_id).events == line


def test_damaged_files_are_refused_in_one_line(homes, tmp_path: Path) -> None:
    document = json.loads(travel.run_record_text(record_of(keep_training(100.0))))
    (trial,) = document["trials"]
    faults = {
        "sha256 does not match": {**document, "device": "NVIDIA H100"},
        "schema 9": sealed_again(document, schema=9),
        "damaged": sealed_again(document, trials=[{**trial, "status": "fine"}]),
        "no trial of it has an answer": sealed_again(
            document, trials=[{**trial, "status": "failed"}]
        ),
        "damaged (ValueError: tokens_per_second": sealed_again(
            document, trials=[{**trial, "result": {"tokens_per_second": "fast"}}]
        ),
        "damaged (ValueError: kind": sealed_again(
            document, run={**document["run"], "kind": "gossip"}
        ),
        "holds no measured run": {"schema": 1, "fits": "fits"},
        "run it with `advisor calibrate run": {"schema": 1, "form": "bundle"},
    }
    for message, faulty in faults.items():
        assert message in refusal(tmp_path, faulty)
    with pytest.raises(UsageError, match="states everything"):
        travel.take_in_file(write(tmp_path, document), {"gpu": "L4"})
    with Store.open() as store:
        assert len(Runs(store).runs()) == 1


def write(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "good.json"
    path.write_text(json.dumps(document))
    return path


def test_the_json_of_a_matrix_holds_runs_to_import(homes, tmp_path: Path) -> None:
    records = [run_record_data(record_of(keep_training(speed))) for speed in (100.0, 200.0)]
    second = sealed_again(
        records[1], run={**records[1]["run"], "started_at": "2026-01-01T00:00:00"}
    )
    entries = [{"name": "a", "record": records[0]}, {"name": "b", "record": second}]
    homes("near")
    imported = travel.take_in_file(
        write(tmp_path, {"schema": 1, "entries": [*entries, {"name": "c", "record": None}]}), {}
    )
    assert (imported.count, len(experiments.runs())) == (2, 2)


def test_other_programs_files_are_still_read(homes, tmp_path: Path) -> None:
    table = tmp_path / "runs.csv"
    table.write_text("id,model,method,gpu,tokens_per_second\na,Llama-3.1-8B,lora,L40S,4000\n")
    assert travel.take_in_file(table, {}).form == "table of runs"


def test_a_shared_record_names_nobody_and_no_place(homes) -> None:
    run = keep_training(100.0)
    with Store.open() as store:
        store.database.execute(
            "update runs set plan = json_set(plan, '$.about', json(?)) where id = ?",
            ['{"data": "5ecre7", "model": "acme-model"}', run],
        )
    record = record_of(run)
    spec = {"model": {"folder": "/home/jane/acme", "weights": "w"}, "url": "http://gpu.acme:8000"}
    trial = {**record.plan["trials"][0], "spec": {**record.plan["trials"][0]["spec"], **spec}}
    shared = {"train": [["my secret", "x"]], "instruction": "as Acme", "lengths": [20, 30]}
    plan = {**record.plan, "trials": [trial], "shared": shared}
    text = travel.shareable_text(replace(record, plan=plan))
    for private in ("5ecre7", "acme", "Acme", "jane", "secret", "8000"):
        assert private not in text
    document = json.loads(text)
    assert document["plan"]["shared"] == {"lengths": [20, 30]}
    assert document["sha256"] == content_hash(document)
    assert document["trials"][0]["result"]["tokens_per_second"] == 100.0


def test_home_user_and_host_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.travel import privacy

    monkeypatch.setattr(privacy.socket, "gethostname", lambda: "lab-17.acme.example")
    monkeypatch.setattr(privacy.getpass, "getuser", lambda: "jane")
    privacy._names.cache_clear()
    cleaned = impersonal(
        {
            "why": "[Errno 2] /Users/jane/x: none on lab-17; see /data/jane/run and jane@lab-17",
            "other": [
                "\\".join(("C:", "Users", "jane", "x")),
                "jane's janet, " + "/".join(("", "root", "y")),
            ],
            "n": 3,
        }
    )
    privacy._names.cache_clear()
    assert cleaned["why"] == "[Errno 2] ~/x: none on host; see /data/user/run and userhost"
    assert cleaned["other"] == ["~\\x", "jane's janet, ~/y"]
    assert cleaned["n"] == 3


@given(st.lists(st.text(max_size=30), max_size=4))
def test_what_names_nobody_is_left_as_it_is(texts: list[str]) -> None:
    if not any(word in text for text in texts for word in ("/home", "Users", "/root")):
        assert impersonal({"texts": texts}) == {"texts": texts}
