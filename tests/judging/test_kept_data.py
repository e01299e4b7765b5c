"""A report on unchanged data files is read back; whatever changes, they are read again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.core.events import CancelToken, ignore
from advisor.core.probes import DataReport
from advisor.judging import kept_data
from advisor.probe import data as data_probe

READ = data_probe.probe


class Bench:
    """A folder with data; counts how often the probe reads them."""

    def __init__(self, folder: Path) -> None:
        self.kept = folder / "kept"
        self.rows = folder / "rows.jsonl"
        self.tests = folder / "test.jsonl"
        self.rows.write_text("".join(row(f"say {i}", f"label {i % 3}") for i in range(30)))
        self.tests.write_text(row("say 3", "label 0"))
        self.reads = 0

    def probe(self, *args: object, **options: object) -> DataReport:
        self.reads += 1
        return READ(*args, **options)  # type: ignore[arg-type]

    def read(self, day: str = "2026-11-20", count_tokens: bool = False) -> DataReport:
        return kept_data.read_data(
            [self.rows],
            [self.tests],
            count_tokens=count_tokens,
            as_of=day,
            folder=self.kept,
            events=ignore,
            cancel=CancelToken(),
        )


def row(prompt: str, answer: str) -> str:
    return json.dumps({"prompt": prompt, "completion": answer}) + "\n"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    monkeypatch.setattr(data_probe, "probe", made.probe)
    return made


def test_unchanged_files_are_read_once(bench: Bench) -> None:
    first = bench.read()
    again = bench.read()
    assert bench.reads == 1
    assert again == first
    assert again.labels == {"label 0": 10, "label 1": 10, "label 2": 10}
    (file,) = bench.kept.iterdir()
    assert (file.stat().st_mode & 0o777, bench.kept.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "say 3" not in file.read_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: bench.rows.write_text(bench.rows.read_text().replace("say 7", "say 8")),
        lambda bench: bench.tests.write_text(row("say 4", "label 1")),
        lambda bench: (bench.rows.parent / "dataset_info.json").write_text("{}"),
    ],
)
def test_a_changed_file_is_read_again(bench: Bench, change: Callable[[Bench], object]) -> None:
    bench.read()
    before = bench.rows.stat()
    change(bench)
    os.utime(bench.rows, ns=(before.st_atime_ns, before.st_mtime_ns))
    bench.read()
    assert bench.reads == 2


def test_another_day_or_way_of_counting_is_another_report(bench: Bench) -> None:
    bench.read()
    assert bench.read("2026-11-21").as_of == "2026-11-21"
    assert bench.read(count_tokens=True).tokenizer != bench.read().tokenizer
    assert bench.reads == 3


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\xff", b"[", b"{}", b"null", b"[" * 100_000, b'{"record": "os:system"}'),
        b'{"record": "advisor.core.probes:DataReport", "fields": []}',
        b'{"record": "advisor.core.quantity:Range", "fields": [1.0, 2.0, 3.0]}',
    ],
)
def test_a_damaged_file_is_read_again_and_mended(bench: Bench, content: bytes) -> None:
    first = bench.read()
    (file,) = bench.kept.iterdir()
    file.write_bytes(content)
    assert bench.read() == first
    assert bench.read() == first
    assert bench.reads == 2


def test_a_folder_that_cannot_be_written_only_costs_time(bench: Bench) -> None:
    bench.kept.write_text("in the way")
    assert bench.read() == bench.read()
    assert bench.reads == 2


def test_a_bounded_number_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_data, "MOST_KEPT", 2)
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        bench.read(day)
    assert len(list(bench.kept.iterdir())) == 2
