"""Data files and folders: which files are read, in which format, and their rows one at a time; a
row that cannot be used comes with its line and the reason.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from advisor.core.errors import UsageError
from advisor.probe.files import dataset_info
from advisor.probe.files.csv_rows import csv_rows, delimiter_of
from advisor.probe.files.json_rows import SPLITS, json_rows
from advisor.probe.files.plugged import plugged_format, plugged_rows
from advisor.probe.files.streams import (
    NUMPY_ARRAY,
    PACKED,
    PICKLED,
    head_of,
    lines,
    open_bytes,
)
from advisor.probe.files.tables import arrow_rows, parquet_rows
from advisor.probe.forms.records import DataRow

KINDS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".txt": "text",
    ".md": "text",
}
"""How a file is read, by its ending (a packed file by the ending before .gz, .bz2, .xz or .zst)."""

_REWRITE = {
    **dict.fromkeys((".yaml", ".yml"), "YAML; write its rows as JSONL, one object per line"),
    **dict.fromkeys(
        (".conll", ".conllu", ".iob", ".bio"),
        "a word and its tag per line; write JSONL with `tokens` and `ner_tags`, a sentence per row",
    ),
    **dict.fromkeys(
        (".xml", ".tmx", ".xlf", ".xliff"), "XML; write JSONL with a field for each text"
    ),
    **dict.fromkeys(
        (".xlsx", ".xlsm", ".xls", ".ods"), "a workbook; save its table as CSV (UTF-8)"
    ),
    **dict.fromkeys(
        (".tfrecord", ".tfrecords", ".mds", ".spacy", ".bin", ".idx", ".pt"),
        "a trainer's own binary form; give the JSONL, CSV or Parquet file it was made of",
    ),
    **dict.fromkeys((".safetensors", ".gguf", ".onnx"), "weights of a model; give training data"),
    **dict.fromkeys((".pkl", ".pickle"), PICKLED),
    **dict.fromkeys((".npy", ".npz"), NUMPY_ARRAY),
    **dict.fromkeys((".pdf", ".docx", ".pptx"), "a document; write JSONL, one example per row"),
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".webp", ".gif", ".wav", ".mp3", ".flac", ".mp4"),
        "a picture or a recording; write JSONL whose rows name such files",
    ),
    ".tar": "an archive; unpack it and give the folder",
    ".7z": "an archive; unpack it and give the folder",
    ".rar": "an archive; unpack it and give the folder",
}
"""Endings of files that are not read, and what to give instead."""

_NOT_DATA = {
    "dataset_info.json",
    "dataset_dict.json",
    "state.json",
    "readme.md",
    "license.txt",
    "tokenizer.json",
}
MAX_FILES = 10_000
MAX_FIELDS = 1_000
MAX_TEXT_CHARACTERS = 1_000_000
_FASTTEXT = "__label__"
_ADDRESS = re.compile(r"(?:https?|hf|s3|gs|az|abfss?):/")


def expand(paths: list[Path], note: Callable[[str], object] = len) -> list[Path]:
    """The data files behind files and folders, in a stable order.

    Of a folder with splits (a saved dataset, `train.jsonl` beside `test.jsonl`) only the training
    rows are read; `note` is told so. Raises UsageError for what does not exist and for a folder
    without data.
    """
    files: list[Path] = []
    for path in paths:
        if _is_folder(path):
            inside = sorted(p for p in _within(path) if _is_data(p, path))
            if not inside:
                raise UsageError(
                    f"{path}: no data files in this folder; known endings: {' '.join(KINDS)}"
                )
            files += _training_split(path, inside, note)
        elif _exists(path):
            listed = dataset_info.files_of(path, note) if path.name == dataset_info.NAME else None
            files += [path] if listed is None else listed
        else:
            raise UsageError(f"{path}: {_missing(path)}")
    if len(files) > MAX_FILES:
        raise UsageError(f"{paths[0]}: more than {MAX_FILES} files; join them into one JSONL file")
    return files


def _missing(path: Path) -> str:
    """What to do about a file that is not there: addresses and data sets of the Hub are files only
    once they were fetched.
    """
    if _ADDRESS.match(str(path)):
        return "an address, not a file; fetch it first, and give the file"
    if len(path.parts) == 2 and not path.suffix and not path.parent.exists():
        fetched = f"hf download {path} --repo-type dataset --local-dir {path.name}"
        return f"no such file; check the path, or fetch it from the Hub: {fetched}"
    return "no such file; check the path"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _exists(path: Path) -> bool:
    """Raises UsageError for a path that no file can have or that may not be looked at."""
    try:
        return path.exists()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a possible name"
        raise UsageError(f"{path}: cannot be read: {reason}; check the path") from None


def _within(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.rglob("*")
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot be read: {error.strerror}; check its rights"
        ) from None


def _training_split(folder: Path, inside: list[Path], note: Callable[[str], object]) -> list[Path]:
    """The files of the training split where there are others beside it, else all."""
    splits = {file: _split(file.relative_to(folder)) for file in inside}
    splits_there = sorted({name for name in splits.values() if name})
    if "train" not in splits_there or len(splits_there) < 2:
        return inside
    left = ", ".join(name for name in splits_there if name != "train")
    note(f"only the split train of {folder.name or folder}; left aside: {left}")
    return [file for file in inside if splits[file] == "train"]


def _split(path: Path) -> str:
    """The split that a part of the path names: `test/x.arrow`, `data/test-00000-of-00001.parquet`,
    `eval.jsonl`.
    """
    for part in path.parts:
        name = re.match(r"[a-z]+(?=[-_.]|$)", part.lower())
        if name and name[0] in SPLITS:
            return name[0]
    return ""


def read(path: Path, note: Callable[[str], object] = len) -> Iterator[DataRow]:
    """All rows of one file; `note` is told what was assumed about the file as a whole.

    Raises UsageError where it cannot be read.
    """
    return map(_bounded, dataset_info.mapped(path, _rows(path, note), note))


def _bounded(row: DataRow) -> DataRow:
    """The row, unless it has more fields than any example: each is looked at many times."""
    fields = len(row.value) if row.value is not None else 0
    if fields <= MAX_FIELDS:
        return row
    return DataRow(row.line, None, f"has {fields:,} fields; at most {MAX_FIELDS:,} are read")


def _rows(path: Path, note: Callable[[str], object]) -> Iterator[DataRow]:
    kind = kind_of(path)
    rewrite = _REWRITE.get(_ending(path)) if path.is_file() else None
    if rewrite is not None and plugged_format(_ending(path)) is None:
        raise UsageError(f"{path}: {rewrite}")
    plugged = None if kind else plugged_format(_ending(path))
    if plugged is not None:
        with open_bytes(path):  # devices, pipes and empty files are refused first
            pass
        yield from plugged_rows(plugged, path)
        return
    if kind in ("arrow", "parquet"):
        with open_bytes(path):  # devices, pipes and empty files are refused before the library
            pass
        yield from arrow_rows(path) if kind == "arrow" else parquet_rows(path)
        return
    with open_bytes(path) as stream:  # once: a pipe cannot be read again
        magic = stream.peek(8)[:8]
        if magic.startswith(b"PAR1"):
            yield from parquet_rows(path)
        elif magic.startswith(b"ARROW1"):
            yield from arrow_rows(path)
        else:
            yield from _text_rows(kind, path, stream, note)


def _text_rows(
    kind: str, path: Path, stream: io.BufferedReader, note: Callable[[str], object]
) -> Iterator[DataRow]:
    head = head_of(path, stream)
    start = head.lstrip("\ufeff \t\r\n")[:10]
    if kind in ("json", "jsonl"):
        return json_rows(path, stream, kind, note)
    if kind in ("", "text") and re.match(r"\{\s*[\"}]|\[\s*[{\[]", start):
        return json_rows(path, stream, "json", note)
    if start.startswith(_FASTTEXT):
        return _fasttext(path, stream)
    if kind == "text":
        return _texts(path, stream)
    delimiter = delimiter_of(path, stream, _ending(path))
    if not kind and not delimiter:
        return _texts(path, stream)
    return csv_rows(path, stream, delimiter or ",", note)


def _fasttext(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    """A line per text, its labels first: `__label__spam Win a prize`."""
    for number, text, reason in lines(path, stream):
        if reason:
            yield DataRow(number, None, reason)
            continue
        words = text.split()
        labels = [w.removeprefix(_FASTTEXT) for w in words if w.startswith(_FASTTEXT)]
        rest = " ".join(w for w in words if not w.startswith(_FASTTEXT))
        if words:
            yield DataRow(number, {"text": rest, "label": ", ".join(labels)})


def _texts(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    """A text file is one row; a long one is read in parts that end with a line, numbered by their
    first line.
    """
    begin = 1
    parts = list[str]()
    size = 0
    for number, text, reason in lines(path, stream):
        if reason:
            yield DataRow(number, None, reason)
            continue
        if size and size + len(text) > MAX_TEXT_CHARACTERS:
            yield DataRow(begin, {"text": "".join(parts)})
            begin = number
            parts = []
            size = 0
        parts.append(text)
        size += len(text)
    if parts:
        yield DataRow(begin, {"text": "".join(parts)})


def _is_data(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return (
        not hidden
        and path.name.lower() not in _NOT_DATA
        and (_ending(path) in KINDS or plugged_format(_ending(path)) is not None)
        and path.is_file()
    )


def _ending(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def kind_of(path: Path) -> str:
    """How a file is read, by its ending; empty where it has to be looked at."""
    return KINDS.get(_ending(path), "")
