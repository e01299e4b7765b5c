"""Some of the labelled rows set aside as test items, each label in its share."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from advisor.core import given_files
from advisor.core.errors import UsageError

SEPARATORS = MappingProxyType({".csv": ",", ".tsv": "\t"})
LARGEST_BYTES = 500_000_000
FEWEST = 100
MOST = 500
SHARE = 0.1


@dataclass(frozen=True, slots=True)
class DividedRows:
    """The texts of the two files, and how many rows each holds."""

    test: bytes
    train: bytes
    test_rows: int
    train_rows: int


def usual_items(rows: int) -> int:
    """A tenth of the rows, within 100 to 500; 0 where that would take more than a third."""
    items = min(max(round(rows * SHARE), FEWEST), MOST)
    return items if items * 3 <= rows else 0


def divided(path: Path, items: int, label_field: str = "") -> DividedRows:
    """About `items` rows of a CSV, TSV or JSONL file as test items, the others to train on.

    Rows that read alike stay together. Raises UsageError for other formats.
    """
    suffix = path.suffix.lower()
    if suffix in SEPARATORS:
        head, rows, labels = _csv_rows(_text(path), SEPARATORS[suffix], label_field)
    elif suffix == ".jsonl":
        head, rows, labels = _json_rows(_text(path), label_field)
    else:
        raise UsageError(f"{path.name}: only CSV, TSV and JSONL files can be divided")
    aside = _chosen(rows, labels, items)
    test = [row for row, is_aside in zip(rows, aside, strict=True) if is_aside]
    train = [row for row, is_aside in zip(rows, aside, strict=True) if not is_aside]
    return DividedRows(_file(head, test), _file(head, train), len(test), len(train))


def _file(head: str, rows: Sequence[str]) -> bytes:
    return (head + "".join(rows)).encode("utf-8", "surrogateescape")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(f"{path.name}: too large to be divided here; name a test set")
        return given_files.read_bytes(path, LARGEST_BYTES).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _json_rows(text: str, label_field: str) -> tuple[str, list[str], list[str]]:
    rows = [f"{line}\n" for line in text.splitlines() if line.strip()]
    return "", rows, [_label(row, label_field) for row in rows]


def _label(row: str, label_field: str) -> str:
    if not label_field:
        return ""
    try:
        value = json.loads(row)
    except ValueError:
        return ""
    for part in label_field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value)


def _csv_rows(text: str, comma: str, label_field: str) -> tuple[str, list[str], list[str]]:
    records = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=comma) if r]
    if not records:
        return "", [], []
    header = [name.lstrip("\ufeff") for name in records[0]]
    unnamed = re.fullmatch(r"column_(\d+)", label_field) if label_field not in header else None
    if unnamed is not None:
        head = ""
        body = records
        column = int(unnamed[1]) - 1
    else:
        head = _line(records[0], comma)
        body = records[1:]
        column = header.index(label_field) if label_field in header else len(header)
    labels = [record[column] if column < len(record) else "" for record in body]
    return head, [_line(record, comma) for record in body], labels


def _line(cells: Sequence[str], comma: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=comma, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _chosen(rows: Sequence[str], labels: Iterable[str], items: int) -> list[bool]:
    """Whether each row is set aside: from each label its share, in an order that only the texts
    decide, so that dividing again gives the same.
    """
    groups: dict[str, dict[str, list[int]]] = {}
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        groups.setdefault(label, {}).setdefault(" ".join(row.lower().split()), []).append(place)
    ranked: list[tuple[float, str, list[int]]] = []
    for alike in groups.values():
        order = sorted(alike, key=_shuffled)
        ranked += [
            ((i + 0.5) / len(order), _shuffled(text), alike[text]) for i, text in enumerate(order)
        ]
    aside = [False] * len(rows)
    left = items
    for _, _, places in sorted(ranked):
        if left <= 0:
            break
        for place in places:
            aside[place] = True
        left -= len(places)
    return aside


def _shuffled(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
