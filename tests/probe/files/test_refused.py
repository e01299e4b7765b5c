"""What is not a file of rows is refused with a way out that works."""

from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.probe.data import probe
from advisor.probe.files.rows import expand


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("https://x.example/train.jsonl", "fetch it first"),
        ("hf://datasets/a/b/train.jsonl", "fetch it first"),
        ("an-owner/a-data-set", "hf download an-owner/a-data-set --repo-type dataset"),
        ("gone.jsonl", "check the path"),
    ],
)
def test_what_is_no_file_yet_says_how_it_becomes_one(name, way_out):
    with pytest.raises(UsageError, match=way_out):
        expand([Path(name)])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("m.safetensors", "weights"),
        ("d.pkl", "pickled Python"),
        ("p.png", "picture"),
        ("r.pdf", "document"),
    ],
)
def test_files_of_other_kinds_are_named(tmp_path, name, what):
    path = tmp_path / name
    path.write_bytes(b"\x93binary")
    with pytest.raises(UsageError, match=what):
        probe([path])


@pytest.mark.parametrize("form", ['[{"text": "caf%s"}]', '{"text": "caf%s"}'])
def test_lost_characters_are_said(tmp_path, form):
    lost = tmp_path / "lost.json"
    lost.write_bytes((form % "X").encode().replace(b"X", b"\xe9"))
    whole = tmp_path / "whole.json"
    whole.write_bytes((form % "é").encode())
    assert "characters are lost" in probe([lost]).assumed
    assert "characters are lost" not in probe([whole]).assumed
