"""The shipped sets of general knowledge, by which a training shows what it made a model forget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor import shipped
from advisor.calibrate.intervals import paired

SETS = {"general English": "general", "pocket facts": "pocket/general"}
"""Name and folder, the one to be tried first first."""


def general_sets() -> list[dict[str, Any]]:
    """Every set as plain data: `name`, `texts`, and `questions` with `question`, `options`,
    `answer`, `instruction`.
    """
    root = shipped.folder("calibration")
    return [_read(name, root / folder) for name, folder in SETS.items()]


def _read(name: str, folder: Path) -> dict[str, Any]:
    questions = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = (folder / "texts.txt").read_text(encoding="utf-8").splitlines()
    return {"name": name, "texts": texts, "questions": [json.loads(line) for line in questions]}


def forgotten(
    base: Mapping[str, Any] | None, tuned: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What a training changed on the general set: share of right answers in pairs, and bits a byte,
    relative.

    None where either side was not measured on the same set.
    """
    if not base or not tuned or (base["name"], base["items"]) != (tuned["name"], tuned["items"]):
        return None
    change = (
        tuned["bits_per_byte"] / base["bits_per_byte"] - 1.0
        if base["bits_per_byte"] > 0.0
        else None
    )
    return {
        "set": base["name"],
        **paired(base["item_scores"], tuned["item_scores"]),
        "base_score": base["score"],
        "bits_per_byte_change": change,
    }
