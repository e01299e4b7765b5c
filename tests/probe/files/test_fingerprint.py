from __future__ import annotations

from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.probe.files import fingerprint as fingerprints
from advisor.probe.files.fingerprint import fingerprint


def test_the_same_content_has_the_same_name_whatever_the_file_is_called(tmp_path: Path) -> None:
    one, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    one.write_text('{"prompt": "x"}\n')
    other.write_text('{"prompt": "x"}\n')
    assert fingerprint([one]) == fingerprint([other])
    other.write_text('{"prompt": "y"}\n')
    assert fingerprint([one]) != fingerprint([other])
    assert fingerprint([one, other]) != fingerprint([other, one])
    with pytest.raises(UsageError, match="no such file"):
        fingerprint([tmp_path / "none.jsonl"])


def test_a_folder_is_its_files(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    held = tmp_path / "rows" / "a.jsonl"
    held.write_text('{"prompt": "x"}\n')
    assert fingerprint([tmp_path / "rows"]) == fingerprint([held])


def test_of_a_large_file_both_ends_the_size_and_blocks_between_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "BLOCK_BYTES", 10)
    monkeypatch.setattr(fingerprints, "MOST_BLOCKS", 5)
    path = tmp_path / "rows.jsonl"

    def name_of(content: bytes) -> str:
        path.write_bytes(content)
        return fingerprint([path])

    content = bytes(range(200))
    names = {name_of(content), name_of(content + b"x")}
    for place in (0, 5, 47, 100, 199):  # blocks begin at 0, 47, 95, 142 and 190
        changed = bytearray(content)
        changed[place] ^= 255
        names.add(name_of(bytes(changed)))
    assert len(names) == 7
    assert name_of(content) in names
