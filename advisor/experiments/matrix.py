"""Many calibrations from one file, models × methods × lengths or shares × seeds: each entry a run
of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.calibrate.throughput import architecture_of
from advisor.calibrate.throughput_records import ThroughputSpec
from advisor.core import given_files, toml_text
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.experiment import ExperimentPlan, JsonObject
from advisor.experiments.datasets import Material
from advisor.experiments.machines import Machine
from advisor.experiments.planning import quality_plan, throughput_plan
from advisor.experiments.rows import config_json, lengths

if TYPE_CHECKING:
    from advisor.facts import Facts

MOST_ENTRIES = 1000

_LISTS: Mapping[str, type] = {
    "models": str,
    "configs": str,
    "folders": str,
    "methods": str,
    "seq_lens": int,
    "shares": float,
    "seeds": int,
}
_TEXTS = ("kind", "data", "eval")
_ONLY = {"throughput": ("models", "configs", "seq_lens"), "quality": ("folders", "shares", "eval")}
_PER_ENTRY = frozenset(
    (
        *("model_name", "architecture", "method", "seq_len", "processes", "sharding"),
        *("layers", "seed", "count"),
    )
)
"""Settings of a trial that the lists of a file or the plan say."""

_SETTINGS: Mapping[str, JsonObject] = {
    "throughput": {f.name: f.default for f in fields(ThroughputSpec) if f.name not in _PER_ENTRY},
    "quality": {
        "shots": 3,
        "epochs": 3,
        "rank": 16,
        "batch": 8,
        "seq_len": 1024,
        "learning_rate": 0.0,
        "items": 500,
    }
    | {"metric": "", "instruction": "", "as_model": ""},
}
"""What stays the same in all entries, with the kind of value it takes."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A file's contents; paths are relative to its folder.

    Empty lists mean what a single calibration takes.
    """

    kind: str
    folder: Path
    models: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("lora",)
    seq_lens: tuple[int, ...] = (2048,)
    shares: tuple[float, ...] = (0.25, 0.5, 1.0)
    seeds: tuple[int, ...] = (0,)
    data: str = ""
    eval: str = ""
    settings: JsonObject | None = None

    def path(self, text: str) -> Path:
        """A path of the file."""
        return self.folder / Path(text).expanduser()


def read(path: Path) -> Matrix:
    """The matrix in a TOML file. Raises UsageError with file and key."""
    try:
        document = toml_text.parse(given_files.read_text(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except (toml_text.TomlError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    kind = document.get("kind", "throughput")
    if kind not in _ONLY:
        raise UsageError(f"{path}: kind: {kind!r} is neither throughput nor quality")
    values = {key: _value(path, kind, key, value) for key, value in document.items()}
    matrix = Matrix(**{"kind": kind, "folder": path.resolve().parent, **values})
    named = (*matrix.models, *matrix.configs) if kind == "throughput" else matrix.folders
    if not named:
        wanted = "models or configs" if kind == "throughput" else "folders"
        raise UsageError(f"{path}: {wanted}: names no model; write them as a list")
    if kind == "quality" and not matrix.data:
        raise UsageError(
            f"{path}: data: names no file; quality trains on rows with a prompt and an answer"
        )
    return matrix


def _value(path: Path, kind: str, key: str, value: Any) -> Any:
    """One key's value, held against what it may be. Raises UsageError."""
    other = next((k for k, only in _ONLY.items() if k != kind and key in only), "")
    if other:
        raise UsageError(f"{path}: {key}: belongs to kind = {other!r}, this is {kind!r}")
    if key in _TEXTS:
        if not isinstance(value, str):
            raise UsageError(f"{path}: {key}: {value!r} is not text; write it in quotes")
        return value
    if key == "settings":
        return _settings(path, kind, value)
    if key not in _LISTS:
        raise UsageError(
            f"{path}: {key}: no such key{did_you_mean(key, (*_LISTS, *_TEXTS, 'settings'))}"
        )
    wanted = _LISTS[key]
    fits = isinstance(value, list) and bool(value) and all(_is(wanted, v) for v in value)
    if not fits or (key == "shares" and not all(0.0 < v <= 1.0 for v in value)):
        what = {
            str: "names",
            int: "whole numbers of 0 or more",
            float: "shares above 0 and up to 1",
        }[wanted]
        raise UsageError(f"{path}: {key}: {value!r} is not a list of {what}")
    return tuple(dict.fromkeys(value))


def _is(wanted: type, value: Any) -> bool:
    if isinstance(value, bool):
        return wanted is bool
    if wanted is float:
        return isinstance(value, (int, float))
    if wanted is int:
        return isinstance(value, int) and value >= 0
    return isinstance(value, wanted)


def _settings(path: Path, kind: str, table: Any) -> dict[str, Any]:
    defaults = _SETTINGS[kind]
    if not isinstance(table, dict):
        raise UsageError(f"{path}: settings: is not a table; write [settings] above its lines")
    for key, value in table.items():
        if key not in defaults:
            raise UsageError(f"{path}: settings.{key}: no such key{did_you_mean(key, defaults)}")
        if not _is(type(defaults[key]), value):
            raise UsageError(
                f"{path}: settings.{key}: {value!r} is not {_WORDS[type(defaults[key])]}"
            )
    return dict(table)


_WORDS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def plans(matrix: Matrix, where: Machine, facts: Facts) -> list[ExperimentPlan]:
    """A plan an entry, in the order of the file. Raises UsageError."""
    combined = list(
        _throughput(matrix, where, facts)
        if matrix.kind == "throughput"
        else _quality(matrix, where, facts)
    )
    if len(combined) > MOST_ENTRIES:
        raise UsageError(f"{len(combined):,} runs; {MOST_ENTRIES:,} at most: make two files of it")
    return combined


def _throughput(matrix: Matrix, where: Machine, facts: Facts) -> Iterator[ExperimentPlan]:
    named: list[tuple[str, JsonObject]] = [
        (name, architecture_of(facts.model(name))) for name in matrix.models
    ]
    for text in matrix.configs:
        path = matrix.path(text)
        named.append((path.resolve().parent.name or path.name, {"config": config_json(path)}))
    rows: Sequence[Any] = lengths(matrix.path(matrix.data)) if matrix.data else ()
    own = dict(matrix.settings or {})
    for (name, architecture), method, seq_len, seed in itertools.product(
        named, matrix.methods, matrix.seq_lens, matrix.seeds
    ):
        setup = ThroughputSpec(name, architecture, method=method, seq_len=seq_len, **own)
        yield throughput_plan([setup], rows, where, seed=seed)


def _quality(matrix: Matrix, where: Machine, facts: Facts) -> Iterator[ExperimentPlan]:
    own = dict(matrix.settings or {})
    rows = Material(
        matrix.path(matrix.data),
        matrix.path(matrix.eval) if matrix.eval else None,
        metric=own.pop("metric", ""),
        instruction=own.pop("instruction", ""),
    )
    for text, method, seed in itertools.product(matrix.folders, matrix.methods, matrix.seeds):
        yield quality_plan(
            rows,
            str(matrix.path(text)),
            where,
            facts,
            methods=(method,),
            shares=matrix.shares,
            seed=seed,
            **own,
        )
