"""What a calibration reads: the rows of data files, a config.json, and the sample that comes with
the program.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from advisor import shipped
from advisor.core import bounded_json, config_file, given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.core.native_types import is_native

POCKET_LABELS = "Labels: billing shipping technical account"

POCKET_TRAINING: JsonObject = MappingProxyType(
    {"methods": ("full",), "epochs": 8, "learning_rate": 2e-3, "shots": 0}
)
"""What suits a model this small: large ones want adapters and lower rates, and learn from examples
in their prompt, which this one does not.
"""

MOST_ROWS = 50_000


def lengths(data: Path, model: str = "", *, apart: bool = False) -> tuple[Any, ...]:
    """Tokens of the rows of a data file, prompt and answer together or `apart`, as pairs.

    Raises UsageError where it cannot be read.
    """
    from advisor.probe.tokens import counter_for

    counts = counter_for(model).counts
    rows = examples(data)
    if apart:
        return tuple(
            zip(
                counts([prompt for prompt, _ in rows]),
                counts([answer for _, answer in rows]),
                strict=True,
            )
        )
    return tuple(counts([f"{prompt}\n{answered}" for prompt, answered in rows]))


def examples(
    data: Path, prompt_field: str = "", answer_field: str = ""
) -> tuple[tuple[str, str], ...]:
    """(prompt, answer) of every usable row of a file. Raises UsageError where there is none."""
    from itertools import islice

    from advisor.probe.files.rows import expand, read
    from advisor.probe.forms.fields import recognise

    pairs: list[tuple[str, str]] = []
    for path in expand([data]):
        rows = [row.value for row in islice(read(path), MOST_ROWS) if row.value is not None]
        if rows:
            take = recognise(rows[:100], prompt_field, answer_field, str(path)).take
            pairs += [take(row) for row in rows if _has(take, row)]
    if not pairs:
        raise UsageError(f"{data}: no usable rows; see `advisor data {data}`")
    return tuple(pairs)


def groups(
    data: Path, field: str, prompt_field: str = "", answer_field: str = ""
) -> dict[tuple[str, str], str]:
    """The group that `field` names, by (prompt, answer) of every usable row; of rows alike that of
    the first. Raises UsageError where a usable row has none.
    """
    from itertools import islice

    from advisor.probe.files.rows import expand, read
    from advisor.probe.forms.fields import recognise

    named: dict[tuple[str, str], str] = {}
    for path in expand([data]):
        rows = [row.value for row in islice(read(path), MOST_ROWS) if row.value is not None]
        take = recognise(rows[:100], prompt_field, answer_field, str(path)).take if rows else None
        for number, row in enumerate(rows, start=1):
            if take is None or not _has(take, row):
                continue
            if row.get(field) in (None, ""):
                raise UsageError(
                    f"{path}: row {number}: no group in {field!r}; name another --group-field, or "
                    "leave it out"
                )
            named.setdefault(take(row), str(row[field]))
    return named


def pocket() -> tuple[Path, Path, Path, str]:
    """(model folder, training rows, test rows, instruction) of the sample that comes with the
    program.
    """
    folder = shipped.folder("calibration") / "pocket"
    return folder, folder / "train.jsonl", folder / "test.jsonl", POCKET_LABELS


def _has(take: Any, row: JsonObject) -> bool:
    try:
        return bool(take(row)[0].strip())
    except (KeyError, ValueError):
        return False


def config_json(path: Path) -> JsonObject:
    """The object in a config.json.

    Raises UsageError where it describes no model, or one that only code of its own can build.
    """

    try:
        config = bounded_json.loads(given_files.read_text(path))
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}; check the path") from None
    except (ValueError, RecursionError):
        raise UsageError(
            f"--config {path}: not JSON; give the config.json of a model folder"
        ) from None
    try:
        checked = dict(config_file.finite(config_file.check(config)))
    except config_file.ConfigError as error:
        raise UsageError(f"--config {path}: {error}") from None
    if "auto_map" in checked and not is_native(checked["model_type"]):
        raise UsageError(
            f"--config {path}: transformers has no model_type {checked['model_type']!r} of its "
            "own, and code of a model (auto_map) is never run; "
            "estimate it instead: `advisor estimate --config` sizes it from the same file"
        )
    checked.pop("auto_map", None)  # the library's own class is built, whatever the file names
    checked.pop("_name_or_path", None)  # may be a path on this machine, and a plan can travel
    return checked
