"""Which turns of a chat are learned, where a list beside it says so: `"loss_mask": [0, 1, 0, 1]`,
a mark per turn or per turn of the assistant.
"""

from __future__ import annotations

from typing import Any

from advisor.probe.forms.chat_names import LEARNED
from advisor.probe.forms.records import JsonObject, are_objects
from advisor.probe.forms.turns import known_role, role_of

_LISTS = ("loss_mask", "loss_masks", "train_mask", "turn_mask", "message_mask", "messages_mask")
MARKS = frozenset(_LISTS)


def masked(row: JsonObject) -> JsonObject:
    """The row with the marks on its turns; any other row as it is.

    Raises ValueError where the marks do not fit the turns.
    """
    if MARKS.isdisjoint(row):
        return row
    name = next(name for name in _LISTS if name in row)
    if not isinstance(row[name], list) or isinstance(row.get("input_ids"), list):
        return row
    field = next((k for k, v in row.items() if are_objects(v) and v and role_of(v[0])), "")
    if not field:
        return row
    rest = {k: v for k, v in row.items() if k != name}
    return rest | {field: _marked(row[field], row[name], name)}


def _marked(turns: list[JsonObject], marks: list[Any], name: str) -> list[JsonObject]:
    answers = [at for at, turn in enumerate(turns) if known_role(role_of(turn)) in LEARNED]
    if len(marks) == len(turns):
        places = list(range(len(turns)))
    elif len(marks) == len(answers):
        places = answers
    else:
        raise ValueError(f"{name} has {len(marks)} marks for {len(turns)} turns")
    of_turn = dict(zip(places, marks, strict=True))
    return [
        {**turn, "train": bool(of_turn[at])} if at in answers and at in of_turn else turn
        for at, turn in enumerate(turns)
    ]
