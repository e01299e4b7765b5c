"""A weight per row: a row that weighs nothing is not trained on; any other counts in full, as its
tokens are computed whatever the loss is multiplied by.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.probe.forms.chat_names import CHATS
from advisor.probe.forms.names import plain
from advisor.probe.forms.records import JsonObject

SURE = ("sample_weight", "example_weight", "row_weight", "instance_weight", "loss_weight")
UNSURE = "weight"
"""Beside a chat the weight of the row (Fireworks); in a table it may be anything's."""


def weight_field(rows: Sequence[JsonObject]) -> str:
    """The field that holds the weight of a row; empty where there is none."""
    names = {plain(key): key for row in rows for key in row}
    sure = next((names[name] for name in SURE if name in names), "")
    has_chat = any(plain(key) in CHATS for row in rows for key in row)
    name = sure or (names.get(UNSURE, "") if has_chat else "")
    if not name or any(weight_of(row[name]) is None for row in rows if name in row):
        return ""
    return name


def weight_of(value: Any) -> float | None:
    """A weight as a number; None for what is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
