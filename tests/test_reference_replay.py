"""Every recorded run of a GPU that ships is estimated, and the page says how far off that is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.shipped import folder
from tools.reference_replay import replayed, spec_of

RECORDS = folder("calibration") / "reference"


def test_every_trial_of_a_gpu_is_estimated_and_four_of_five_lie_within_their_range() -> None:
    found = list(replayed())
    trials = [
        json.loads(line)
        for file in RECORDS.glob("h200-*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert len(found) == sum(t["event"] == "trial" for t in trials) >= 50
    assert {one.record for one in found} == {f.stem for f in RECORDS.glob("h200-*.jsonl")}
    memory = [(one.memory_gib, one.estimate.memory_gib.range) for one in found]
    speed = [(one.tokens_per_second, one.estimate.tokens_per_second.range) for one in found]
    for measured, near in ((memory, 0.2), (speed, 0.4)):
        inside = sum(within.p10 <= value <= within.p90 for value, within in measured)
        assert inside >= 0.8 * len(found)
        for value, within in measured:
            assert within.p50 == pytest.approx(value, rel=near)


def test_a_label_names_the_settings_of_its_trial() -> None:
    spec = spec_of(
        "odd", "Qwen3-8B lora, 4 × 512, 6 layers, rank 8, attention, adamw8bit, full checkpointing"
    )
    assert (spec.model_name, spec.method) == ("Qwen3-8B", "lora")
    assert (spec.micro_batch, spec.seq_len) == (4, 512)
    assert (spec.layers, spec.rank, spec.targets) == (6, 8, "attention")
    assert (spec.optimizer, spec.checkpointing) == ("adamw8bit", "full")
    with pytest.raises(ValueError, match=r"odd: .* not the label of a throughput trial: 2 × ddp"):
        spec_of("odd", "Qwen3-8B lora, 4 × 512, 2 × ddp")


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
