"""The shipped sets of general knowledge, by which a training shows what it made a model forget."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from advisor import shipped
from advisor.calibrate.intervals import paired
from advisor.calibrate.quality_records import Forgetting, GeneralScore
from advisor.core.experiment import JsonObject

SETS = {"general English": "general", "pocket facts": "pocket/general"}
"""Name and folder, in the order in which they are tried."""


def general_sets() -> list[JsonObject]:
    """Every set as plain data: `name`, `texts`, and `questions` with `question`, `options`,
    `answer`, `instruction`.
    """
    root = shipped.folder("calibration")
    return [_read(name, root / folder) for name, folder in SETS.items()]


def _read(name: str, folder: Path) -> JsonObject:
    questions = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = (folder / "texts.txt").read_text(encoding="utf-8").splitlines()
    return {"name": name, "texts": texts, "questions": [json.loads(line) for line in questions]}


def forgotten(base: GeneralScore | None, tuned: GeneralScore | None) -> Forgetting | None:
    """What a training changed on the general set: share of right answers in pairs, and bits per
    byte, relative.

    None where either side was not measured on the same set.
    """
    if base is None or tuned is None or (base.name, base.items) != (tuned.name, tuned.items):
        return None
    change = None
    if base.bits_per_byte > 0.0:
        change = tuned.bits_per_byte / base.bits_per_byte - 1.0
    return Forgetting(
        **asdict(paired(base.item_scores, tuned.item_scores)),
        set=base.name,
        base_score=base.score,
        bits_per_byte_change=change,
    )
