from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import __version__
from advisor.store import Store, StoreCorrupt, StoreError, folders


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "advisor.db") as opened:
        yield opened


def test_the_default_place_is_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    with Store.open() as store:
        assert store.path == folders().database
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_files_are_private_while_open(store: Store) -> None:
    store.save_brief("schema = 1")
    files = list(store.path.parent.iterdir())
    assert {f.name for f in files} == {"advisor.db", "advisor.db-wal", "advisor.db-shm"}
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_write_ahead_log_foreign_keys_and_sound_file(store: Store) -> None:
    plain = sqlite3.connect(store.path)
    assert plain.execute("pragma journal_mode").fetchone() == ("wal",)
    assert plain.execute("pragma integrity_check").fetchone() == ("ok",)
    plain.close()
    with pytest.raises(StoreError, match="refers to one that does not exist"):
        store.save_verdict(99, "{}", verdict="tune")


def test_a_brief_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    key = store.save_brief("schema = 1\n", tmp_path / "shop.toml", name="Shop")
    saved = store.brief(key)
    assert saved is not None
    assert (saved.text, saved.path, saved.name) == (
        "schema = 1\n",
        str(tmp_path / "shop.toml"),
        "Shop",
    )
    assert saved.saved_at.endswith("+00:00")
    assert store.brief(key + 1) is None


def test_the_same_brief_is_kept_once_and_a_changed_one_again(store: Store) -> None:
    first = store.save_brief("a = 1", "x.toml")
    assert store.save_brief("a = 1", "x.toml") == first
    second = store.save_brief("a = 2", "x.toml")
    third = store.save_brief("a = 2", "y.toml")
    assert [b.id for b in store.briefs()] == [third, second, first]
    assert [b.id for b in store.briefs(limit=1)] == [third]
    assert store.briefs()[0].name == "y"


def test_a_probe_is_found_by_kind_and_key_and_replaced(store: Store) -> None:
    assert store.probe("data", "k") is None
    store.save_probe("data", "k", '{"rows": 1}')
    store.save_probe("hardware", "k", '{"rows": 2}')
    store.save_probe("data", "k", '{"rows": 3}')
    assert store.probe("data", "k") == '{"rows": 3}'
    assert store.probe("hardware", "k") == '{"rows": 2}'
    assert store.probe("data", "other") is None


def test_history_is_newest_first_and_finds_by_name(store: Store) -> None:
    shop, desk = store.save_brief("a = 1", "shop.toml"), store.save_brief("a = 1", "desk.toml")
    one = store.save_verdict(
        shop, '{"v": 1}', verdict="prompt", arm="prompt/few-shot@m", p_best=0.7, as_of="2026-11-20"
    )
    two = store.save_verdict(desk, '{"v": 2}', verdict="undecided")
    three = store.save_verdict(shop, '{"v": 3}', verdict="tune", arm="tune/lora@m", p_best=0.9)
    assert [d.id for d in store.history()] == [three, two, one]
    assert [d.id for d in store.history(limit=2)] == [three, two]
    latest = store.latest("shop")
    assert latest is not None
    assert (latest.id, latest.verdict, latest.arm, latest.p_best) == (
        three,
        "tune",
        "tune/lora@m",
        0.9,
    )
    assert latest.program == __version__
    assert store.latest("nobody") is None
    assert store.history()[1].p_best is None
    assert json.loads(store.record(one) or "") == {"v": 1}
    assert store.record(99) is None


def test_deciding_the_same_again_adds_no_row(store: Store) -> None:
    brief = store.save_brief("a = 1", "x.toml")
    ids = [store.save_verdict(brief, record, verdict="tune") for record in ("1", "1", "2", "1")]
    assert ids[0] == ids[1]
    assert len(store.history()) == 3


def test_a_damaged_record_is_said_to_be_damaged(store: Store) -> None:
    store.save_probe("data", "k", '{"cut of')
    with pytest.raises(StoreCorrupt, match=r"advisor\.db: a record in it is damaged"):
        store.probe("data", "k")


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "advisor.db")
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.history()


@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    name=st.text(alphabet="añ'\";-- %_\x00\x1b"),
)
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str, name: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any-text.db"
    with Store.open(path) as store:
        key = store.save_brief(text, "x.toml", name=name)
    with Store.open(path) as again:
        saved = again.brief(key)
    assert saved is not None
    assert saved.text == text
