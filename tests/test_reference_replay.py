"""Every recorded run of a GPU that ships is estimated, and the page says how far off that is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.shipped import folder
from tools.reference_replay import replayed

RECORDS = folder("calibration") / "reference"


def test_every_trial_of_a_gpu_is_estimated_within_its_range() -> None:
    found = list(replayed())
    trials = [
        json.loads(line)
        for file in RECORDS.glob("h200-*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert len(found) == sum(t["event"] == "trial" for t in trials) >= 10
    assert {one.record for one in found} == {f.stem for f in RECORDS.glob("h200-*.jsonl")}
    for one in found:
        memory = one.estimate.memory_gib.range
        assert memory.p10 < one.memory_gib < memory.p90, one.label
        assert one.estimate.memory_gib.likely == pytest.approx(one.memory_gib, rel=0.2)
        speed = one.estimate.tokens_per_second.range
        assert speed.p10 < one.tokens_per_second < speed.p90, one.label


def test_the_page_has_the_estimates_of_today() -> None:
    recorded = json.loads(
        (folder("profiles") / "training_accuracy.json").read_text(encoding="utf-8")
    )["replayed"]
    for cells, one in zip(recorded, replayed(), strict=True):
        today = one.as_cells()
        assert (cells["record"], cells["label"]) == (today["record"], today["label"])
        for name in ("estimated_gib", "estimated_tokens_per_second"):
            assert cells[name] == pytest.approx(today[name], rel=1e-3)


def test_a_label_of_another_kind_is_named(tmp_path: Path) -> None:
    lines = [
        {"event": "started", "device": {"name": "NVIDIA H200"}},
        {"event": "trial", "status": "done", "label": "prompt/zero-shot", "result": {}},
    ]
    text = "\n".join(map(json.dumps, lines))
    (tmp_path / "odd.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="odd: 'prompt/zero-shot' is not the label"):
        list(replayed(tmp_path))
