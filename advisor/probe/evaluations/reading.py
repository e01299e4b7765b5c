"""Which program wrote a file of scores, and its scores as columns of options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.probe.evaluations import (
    deepeval,
    harness,
    helm,
    inspect_log,
    openai_evals,
    own_rows,
    promptfoo,
)
from advisor.probe.evaluations.systems import ScoredSystem, Systems

MAX_BYTES = 512 * 1024 * 1024
ENDINGS = (".json", ".jsonl", ".eval")
OWN = "results per test item"
GUIDE = (
    "give a file of promptfoo, inspect_ai, lm-evaluation-harness, deepeval, HELM or OpenAI's "
    "evals, rows with an item, its answer and a score, or a CSV of item × system"
)


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """What a file scored: `systems` by the name of their option; `notes` say what was left out."""

    form: str
    systems: Mapping[str, ScoredSystem]
    notes: Sequence[str] = ()

    def table(self) -> tuple[list[str], list[str], list[list[float]]]:
        """(names, items, rows): a score per item and system, NaN where there is none."""
        columns = {name: system.scores for name, system in self.systems.items() if system.marks}
        items = list(dict.fromkeys(item for scores in columns.values() for item in scores))
        missing = float("nan")
        rows = [[scores.get(item, missing) for scores in columns.values()] for item in items]
        return list(columns), items, rows


def is_evaluation(path: Path) -> bool:
    """Whether this may be a file of such a program, by its ending."""
    if path.suffix.lower() == ".csv":
        return own_rows.table_rows(path) is not None
    return path.suffix.lower() in ENDINGS


def read_evaluation(path: Path) -> ScoreFile:
    """The scores in a file. Raises UsageError for an unknown format, or one without scores."""
    evaluation = recognised_evaluation(path)
    if evaluation is None:
        raise UsageError(f"{path}: of no known program; {GUIDE}")
    return evaluation


def recognised_evaluation(path: Path) -> ScoreFile | None:
    """As `read_evaluation`; None for an unknown format."""
    reading = _read(path)
    if reading is None:
        return None
    form, systems = reading
    if not systems.by_name:
        raise UsageError(f"{path}: holds no scores from 0 to 1; {GUIDE}")
    return ScoreFile(form, systems.by_name, tuple(systems.notes))


def _read(path: Path) -> tuple[str, Systems] | None:
    if path.suffix.lower() == ".eval":
        _check(path)
        return "inspect_ai log", inspect_log.read_archive(path)
    if path.suffix.lower() == ".csv":
        table = own_rows.table_rows(path)
        return None if table is None else (OWN, own_rows.read_rows(path, table))
    text = _text(path)
    document = _document(text)
    if isinstance(document, list) and helm.is_stats(document):
        return "HELM scores", helm.read_stats(path, document)
    items = openai_evals.items_of(document) if document else None
    if items is not None:
        return "OpenAI evals items", openai_evals.read_items(items)
    if not isinstance(document, dict):
        own = own_rows.rows_of(document)
        return _lines(path, text) if own is None else (OWN, own_rows.read_rows(path, own))
    rows = promptfoo.rows_of(document)
    if rows is not None:
        return "promptfoo results", promptfoo.read_rows(rows)
    if inspect_log.is_log(document):
        return "inspect_ai log", inspect_log.read_log(document)
    if harness.is_results(document):
        return "lm-evaluation-harness results", harness.read_results(path, document)
    if deepeval.is_link(document):
        raise UsageError(
            f"{path}: holds only the address of the run's page; run deepeval again with "
            "DEEPEVAL_RESULTS_FOLDER=FOLDER set, and give the file that it writes there"
        )
    cases = deepeval.cases_of(document)
    if cases is not None:
        return "deepeval test run", deepeval.read_cases(document, cases)
    own = own_rows.rows_of(document)
    if own is not None:
        return OWN, own_rows.read_rows(path, own)
    return _lines(path, text) if harness.is_sample(document) else None


def _lines(path: Path, text: str) -> tuple[str, Systems] | None:
    """JSON Lines: samples of the harness, rows of promptfoo, or OpenAI's evals."""
    rows: list[JsonObject] = []
    for line in filter(str.strip, text.splitlines()):
        row = _document(line)
        if not isinstance(row, dict):
            return None
        rows.append(row)
    if rows and all(map(harness.is_sample, rows)):
        return "lm-evaluation-harness samples", harness.read_samples(path, rows)
    if rows and all(map(promptfoo.is_row, rows)):
        return "promptfoo results", promptfoo.read_rows(rows)
    if rows and all(map(openai_evals.is_item, rows)):
        return "OpenAI evals items", openai_evals.read_items(rows)
    if openai_evals.is_record(rows):
        return "OpenAI evals record", openai_evals.read_record(rows)
    if own_rows.is_scored(rows):
        return OWN, own_rows.read_rows(path, rows)
    return None


def _document(text: str) -> Any | None:
    try:
        return bounded_json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _check(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path}: more than 512 MiB; export its scores as CSV")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None


def _text(path: Path) -> str:
    _check(path)
    try:
        return given_files.read_text(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8; {GUIDE}") from None
