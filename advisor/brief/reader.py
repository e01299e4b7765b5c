"""A brief from its TOML text.

Strict: what it does not understand it refuses, with file, line, key and what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

from advisor.brief.lines import line_of
from advisor.brief.rules import contradictions
from advisor.brief.values import RefusedAnswer, checked, plain, quoted
from advisor.core import given_files, toml_text
from advisor.core.brief import LISTS, SECTIONS, Brief, Origin, questions
from advisor.core.errors import UsageError, did_you_mean, nearest
from advisor.core.quantity import Basis
from advisor.core.question import Question
from advisor.core.text import printable

SCHEMA = 1
"""The version of the file that is read and written."""

MOST_ROWS = 2_000
"""Rows of a list: a brief has a handful of segments and some hundred scores."""

LARGEST_BYTES = 1 << 20
"""A brief is a page or two; a larger file is something else."""

TomlTable: TypeAlias = dict[str, Any]
"""A table as the TOML parser returns it, before it is checked."""


def read(path: Path | str) -> Brief:
    """The brief in the file at `path`; paths inside it are relative to its folder.

    Raises UsageError, in one line.
    """
    path = Path(path)
    return parse(_text_of(path), name=printable(str(path)), folder=str(path.parent))


def parse(text: str, *, name: str = "brief", folder: str = ".") -> Brief:
    """The brief in a TOML text; `name` is that of its file, for messages and sources.

    Raises UsageError.
    """
    return _BriefReader(name, text).brief(folder)


def _text_of(path: Path) -> str:
    """The text of a file. Raises UsageError where it cannot be read."""
    name = printable(str(path))
    try:
        with given_files.open_bytes(path) as file:
            raw = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{name}: no such file{_neighbours(path)}") from None
    except IsADirectoryError:
        raise UsageError(
            f"{name}: is a folder; name the brief inside it{_neighbours(path / 'brief.toml')}"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            f"{name}: cannot be read ({reason}); check its name and permissions"
        ) from None
    if len(raw) > LARGEST_BYTES:
        raise UsageError(f"{name}: is larger than 1 MiB, so it is not a brief; name the TOML file")
    if b"\0" in raw:
        raise UsageError(f"{name}: is a binary file; name the TOML file of the brief")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{name}: line {line}: is not UTF-8 text; save the file as UTF-8"
        ) from None


def _neighbours(path: Path) -> str:
    """What to do about a missing file: a similar name in its folder, or how to write a brief."""
    try:
        near = nearest(path.name, [p.name for p in path.parent.glob("*.toml")], 1)
    except OSError:
        near = []
    return (
        f"; did you mean {quoted(near[0])}?"
        if near
        else "; write one with `advisor ask`, or name one of `advisor examples`"
    )


class _BriefReader:
    """Reads one text and collects the origins of its answers."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.origins: dict[str, Origin] = {}
        self.as_of = ""

    def brief(self, folder: str) -> Brief:
        data = self._toml()
        self._schema(data.pop("schema", SCHEMA))
        self._refuse_unknown(data, "", (*_names_in(""), *SECTIONS, "segments"))
        self.as_of = self._day(data)
        values = self._answers(_names_in(""), data, "")
        for table, section in SECTIONS.items():
            if table in data:
                values[table] = self._table(section, data[table], table)
        if "segments" in data:
            values["segments"] = self._rows(data["segments"], "segments")
        brief = Brief(**values, origins=MappingProxyType(self.origins), folder=folder)
        for key, message in contradictions(brief):
            self._fail(key, message)
        return brief

    def _toml(self) -> TomlTable:
        if not self.text.strip():
            raise UsageError(f"{self.name}: is empty; write a brief with `advisor ask`")
        try:
            data = toml_text.parse(self.text)
        except toml_text.TomlError as error:
            raise UsageError(f"{self.name}: line {error.line}: {plain(error.problem)}") from None
        if not data:
            raise UsageError(f"{self.name}: answers nothing; write a brief with `advisor ask`")
        return data

    def _schema(self, raw: Any) -> None:
        if isinstance(raw, bool) or raw != SCHEMA:
            self._fail(
                "schema",
                f"{plain(str(raw))} is unknown to this version; "
                f"write schema = {SCHEMA}, or upgrade advisor",
            )

    def _day(self, data: TomlTable) -> str:
        question = questions()["as_of"]
        return self._value(question, data["as_of"], "as_of").isoformat() if "as_of" in data else ""

    def _table(self, section: type, raw: Any, path: str) -> Any:
        if not isinstance(raw, dict):
            kind = "occurs only once" if isinstance(raw, list) else "is a table"
            self._fail(path, f"{kind}; write [{path}] above its keys")
        lists = [name for name in LISTS if name.startswith(f"{path}.")]
        by_name = _names_in(f"{path}.")
        self._refuse_unknown(
            raw, path, (*by_name, *(name.removeprefix(f"{path}.") for name in lists))
        )
        values = self._answers(by_name, raw, f"{path}.")
        for name in lists:
            if (field := name.removeprefix(f"{path}.")) in raw:
                values[field] = self._rows(raw[field], name)
        return section(**values)

    def _rows(self, raw: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            self._fail(path, f"is a list of tables; write [[{path}]] above each")
        if len(raw) > MOST_ROWS:
            self._fail(path, f"has {len(raw):,} rows; give at most {MOST_ROWS:,}")
        self._remember(path)
        return tuple(self._row(row, path, f"{path}[{i}]") for i, row in enumerate(raw))

    def _row(self, raw: Any, path: str, place: str) -> Any:
        if not isinstance(raw, dict):
            self._fail(place, f"is a table; write [[{path}]] above its keys")
        by_name = _names_in(f"{path}[].")
        self._refuse_unknown(raw, place, by_name)
        return LISTS[path](**self._answers(by_name, raw, f"{place}."))

    def _answers(self, by_name: Mapping[str, Question], raw: TomlTable, prefix: str) -> TomlTable:
        """The answers that the table gives, checked; their origins are remembered."""
        values = {}
        for name, question in by_name.items():
            if name in raw:
                values[name] = self._value(question, raw[name], prefix + name)
                if values[name] is not None:
                    self._remember(prefix + name)
            elif question.required:
                self._fail(prefix + name, f"is missing; answer {question.text!r}")
        return values

    def _value(self, question: Question, raw: Any, key: str) -> Any:
        try:
            return checked(question, raw)
        except RefusedAnswer as refusal:
            return self._fail(key, str(refusal))

    def _remember(self, key: str) -> None:
        basis = Basis.MEASURED if key.startswith("quality.measured") else Basis.QUOTED
        self.origins[key] = Origin(basis, f"brief {PurePath(self.name).name}: {key}", self.as_of)

    def _refuse_unknown(self, raw: TomlTable, path: str, names: Collection[str]) -> None:
        for key in raw:
            if key not in names:
                full = f"{path}.{key}" if path else key
                raise UsageError(
                    f"{self._at(full)}unknown key {plain(full)}{_hint(key, path, names)}"
                )

    def _fail(self, key: str, message: str) -> NoReturn:
        raise UsageError(f"{self._at(key)}{key}: {message}")

    def _at(self, key: str) -> str:
        line = line_of(self.text, key)
        return f"{self.name}: " if line is None else f"{self.name}: line {line}: "


def _names_in(prefix: str) -> dict[str, Question]:
    """The questions of one table by their bare names; of the root where `prefix` is empty."""
    inside = {k.removeprefix(prefix): q for k, q in questions().items() if k.startswith(prefix)}
    return {name: q for name, q in inside.items() if "." not in name and "[" not in name}


def _hint(key: str, path: str, names: Collection[str]) -> str:
    """What to do about an unknown key: its table, a similar name, or to remove it."""
    homes = [
        k.rpartition(".")[0]
        for k in questions()
        if k.rpartition(".")[2] == key and "[" not in k and "." in k
    ]
    if homes:
        return f"; it belongs under [{homes[0]}]"
    return (
        did_you_mean(key, names)
        or f"; remove it, or see `advisor schema` for the keys of [{path or 'the brief'}]"
    )
