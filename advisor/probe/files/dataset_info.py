"""LLaMA-Factory's dataset_info.json: which file holds which data set, what its fields are called,
and which roles its turns have.

Source: LLaMA-Factory, data/README.md and src/llamafactory/data/parser.py and converter.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from advisor.core.errors import UsageError
from advisor.probe.forms.records import DataRow, JsonObject, are_objects

NAME = "dataset_info.json"
LARGEST_BYTES = 16 * 1024**2
_SOURCES = ("file_name", "hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name")
_FIELDS = {
    "prompt": "instruction",
    "query": "input",
    "response": "output",
    "history": "history",
    "messages": "conversations",
    "system": "system",
    "tools": "tools",
    "images": "images",
    "videos": "videos",
    "audios": "audios",
    "chosen": "chosen",
    "rejected": "rejected",
    "kto_tag": "kto_tag",
}
"""The field's name in our reading, of each column that a data set maps."""

_TAGS = {
    "user_tag": ("human", "human"),
    "assistant_tag": ("gpt", "gpt"),
    "observation_tag": ("observation", "observation"),
    "function_tag": ("function_call", "function_call"),
    "system_tag": ("system", "system"),
}
"""The role's usual name in the data, and ours."""

Note = Callable[[str], object]


def is_registry(document: Any) -> bool:
    """Whether a dataset_info.json is LLaMA-Factory's; that of Hugging Face describes one set."""
    return (
        isinstance(document, dict)
        and bool(document)
        and all(
            isinstance(entry, dict) and any(source in entry for source in _SOURCES)
            for entry in document.values()
        )
    )


def files_of(path: Path, note: Note) -> list[Path] | None:
    """The files on this machine that a dataset_info.json lists; None where it is none of
    LLaMA-Factory's.

    Raises UsageError where it lists none that is here.
    """
    entries = _entries(path)
    if entries is None:
        return None
    here = {
        name: file
        for name, entry in entries.items()
        if isinstance(entry.get("file_name"), str)
        and (file := path.parent / entry["file_name"]).exists()
    }
    if not here:
        listed = ", ".join(list(entries)[:6])
        raise UsageError(
            f"{path}: lists {listed}, but none of their files is in this folder; give the data file"
        )
    left = [name for name in entries if name not in here]
    if left:
        note(f"of {path.name}, not in this folder and left aside: {', '.join(left[:6])}")
    return list(dict.fromkeys(here.values()))


def mapped(path: Path, rows: Iterator[DataRow], note: Note) -> Iterator[DataRow]:
    """The rows of a file under the names that the dataset_info.json beside it maps them to; as they
    are where it maps none.
    """
    entry = _entry_of(path)
    columns: Any = entry.get("columns") or {}
    tags: Any = entry.get("tags") or {}
    if not isinstance(columns, dict) or not isinstance(tags, dict) or not (columns or tags):
        return rows
    names = {given: _FIELDS[ours] for ours, given in columns.items() if ours in _FIELDS}
    listed = ", ".join(f"{given} as {ours}" for given, ours in names.items() if given != ours)
    note(f"fields by {NAME}" + (f": {listed}" if listed else ""))
    chat = columns.get("messages", "conversations")
    return (
        row if row.value is None else replace(row, value=_renamed(row.value, names, tags, chat))
        for row in rows
    )


def _renamed(row: JsonObject, names: Mapping[str, str], tags: JsonObject, chat: str) -> JsonObject:
    named = {names.get(name, name): value for name, value in row.items()}
    field = names.get(chat, chat)
    turns = named.get(field)
    if tags and are_objects(turns) and turns:
        named[field] = [_turn(turn, tags) for turn in turns]
    return named


def _turn(turn: JsonObject, tags: JsonObject) -> JsonObject:
    roles = {tags.get(tag, usual): ours for tag, (usual, ours) in _TAGS.items()}
    role = tags.get("role_tag", "from")
    content = tags.get("content_tag", "value")
    rest = {k: v for k, v in turn.items() if k not in (role, content)}
    return {"from": roles.get(turn.get(role), turn.get(role)), "value": turn.get(content)} | rest


def _entry_of(path: Path) -> JsonObject:
    """What the dataset_info.json beside a file, or one folder up, says of it; nothing for none."""
    for folder in (path.parent, path.parent.parent):
        for entry in (_entries(folder / NAME) or {}).values():
            named = entry.get("file_name")
            if isinstance(named, str) and (folder / named) == path:
                return entry
    return {}


@lru_cache(maxsize=64)
def _entries(path: Path) -> Mapping[str, JsonObject] | None:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_BYTES:
            return None
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return document if is_registry(document) else None
