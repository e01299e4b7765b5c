"""Changing one answer of a text that a person wrote, and putting it on disk whole."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from advisor.brief import parse, read, save, update
from advisor.core.brief import Score, Segment
from advisor.core.errors import UsageError
from advisor.core.quantity import Range

TEXT = """\
# The story of this brief.
schema = 1
name = "Tickets"   # as the board knows it

[traffic]   # counted in May
requests_per_month = 3_000   # from the log
models_note = 1
output_tokens = 250

# how good it must be
[quality]
target = 0.9
""".replace("models_note = 1\n", "")


def test_a_changed_value_keeps_comments_and_layout() -> None:
    changed = update(TEXT, "traffic.requests_per_month", Range(2e3, 3e3, 5e3))
    assert changed == TEXT.replace("3_000 ", "{low = 2000, likely = 3000, high = 5000} ")


def test_a_new_key_stands_where_it_is_asked() -> None:
    changed = update(TEXT, "traffic.static_tokens", Range.exact(12_000))
    assert changed == TEXT.replace("# from the log\n", "# from the log\nstatic_tokens = 12_000\n")


def test_a_new_key_at_the_head_of_its_table_and_of_the_file() -> None:
    assert update(TEXT, "quality.metric", "F1") == TEXT.replace(
        "[quality]\n", '[quality]\nmetric = "F1"\n'
    )
    changed = update(TEXT, "as_of", date(2026, 11, 20))
    assert changed == TEXT.replace("board knows it\n", "board knows it\nas_of = 2026-11-20\n")
    assert (
        update('[quality]\nmetric = "F1"\n', "name", "a")
        == 'name = "a"\n[quality]\nmetric = "F1"\n'
    )


def test_a_new_key_goes_behind_a_value_that_spans_lines() -> None:
    text = '[models]\nprompt = [\n  "a",  # first\n  "b",\n]\n'
    assert update(text, "models.tune", ("c",)) == text + 'tune = ["c"]\n'


def test_a_new_table_goes_to_the_end() -> None:
    assert (
        update(TEXT, "retrieval.tokens", Range.exact(900)) == TEXT + "\n[retrieval]\ntokens = 900\n"
    )


def test_a_table_in_one_line_takes_the_answer() -> None:
    changed = update("traffic = {static_tokens = 5}\n", "traffic.input_tokens", Range.exact(7))
    assert parse(changed).traffic.input_tokens == Range.exact(7)
    assert parse(changed).traffic.static_tokens == Range.exact(5)


def test_a_key_and_a_table_are_taken_out() -> None:
    assert update(TEXT, "quality.target", None) == TEXT.replace("target = 0.9\n", "")
    with_table = TEXT + "\n[retrieval]\ntokens = 900\n"
    assert "retrieval" not in update(with_table, "retrieval", None)
    assert update(TEXT, "retrieval.tokens", None) == TEXT


def test_rows_are_replaced_as_a_whole() -> None:
    score = Score("tune", "lora", "m", 0.9, 100)
    changed = update(TEXT, "quality.measured", (score,))
    assert changed.startswith(TEXT)
    assert parse(changed).quality.measured == (score,)
    assert parse(update(changed, "quality.measured", ())).quality.measured == ()
    rows = (Segment("a", 2, Range.exact(0.5)), Segment("b", share=Range.exact(0.25)))
    assert parse(update(changed, "segments", rows)).segments == rows


def test_foreign_text_stays_a_text() -> None:
    hostile = '"]\n[policy]\ndata_may_leave = false\n#\x1b\x7f'
    brief = parse(update(TEXT, "task.domain", hostile))
    assert brief.task.domain == hostile
    assert brief.policy.data_may_leave is True


def test_a_saved_text_reads_back_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    save(path, TEXT)
    save(path, TEXT + "# é\n")
    assert path.read_text(encoding="utf-8") == TEXT + "# é\n"
    assert read(path).name == "Tickets"
    assert [p.name for p in tmp_path.iterdir()] == ["brief.toml"]


def test_saving_keeps_rights_and_follows_links(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    save(path, TEXT)
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    save(link, "name = 'b'\n")
    assert link.is_symlink()
    assert path.read_text() == "name = 'b'\n"
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save(pipe, TEXT)
    assert os.read(reader, len(TEXT) + 1).decode() == TEXT
    os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "brief.toml"
    save(path, TEXT)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="cannot be written \\(No space left on device\\)"):
        save(path, "name = 'b'\n")
    assert path.read_text() == TEXT
    assert [p.name for p in tmp_path.iterdir()] == ["brief.toml"]


@pytest.mark.parametrize("place", ["nowhere/brief.toml", ".", "a\0b"])
def test_an_impossible_place_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        save(tmp_path / place, TEXT)
    assert [p.name for p in tmp_path.iterdir()] == []
