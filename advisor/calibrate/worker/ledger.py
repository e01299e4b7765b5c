"""Every answer of an endpoint is kept at once, so that none is ever paid for twice.

The file has a JSON object per line: the digest of the request, the prompt, the answer, its tokens
and price. It outlives runs: the same command, or another with the same prompts, reads it first.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.core.experiment import NOTHING, JsonObject, digest
from advisor.core.records import JsonRecord

FOLDER_VARIABLE = "ADVISOR_ANSWERS"
"""Names the folder of the ledgers for the worker; without it a run keeps its answers to itself."""

SINCE_VARIABLE = "ADVISOR_ANSWERS_SINCE"
"""Seconds since 1970: older answers are not used, as a run `--again` asks."""

RUN_VARIABLE = "ADVISOR_RUN"
"""The number of the run that asks: an answer is kept as long as one of the runs that used it."""


@dataclass(frozen=True, slots=True)
class KeptAnswer(JsonRecord):
    """One answer as it was paid for; `usd` None where no price is known.

    `vector` is an embedding of the message: base64 of its numbers in fp32, the lowest byte first.
    """

    request: str
    at: float
    messages: Sequence[Mapping[str, str]]
    text: str
    seconds: float
    finish_reason: str = ""
    refusal: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int = 0
    usd: float | None = None
    estimated: bool = False
    lost: str | None = None
    run: str = ""
    vector: str | None = None

    @property
    def was_cut(self) -> bool:
        """Whether it reached the most tokens allowed."""
        return self.finish_reason in ("length", "max_tokens")


USE = "used_by"
"""The key of a line that names another run that used an answer."""


class AnswerLedger:
    """The answers of one model at one address. Safe across threads."""

    def __init__(self, path: Path, since: float = 0.0, run: str = "") -> None:
        self._path = path
        self._run = run
        self._lock = threading.Lock()
        lines = _read(path)
        self._answers = {answer.request: answer for answer in _answers(lines) if answer.at >= since}
        self._used = {
            str(line["request"])
            for line in lines
            if run and run in (line.get("run"), line.get(USE))
        }

    @classmethod
    def of(cls, folder: Path, url: str, model: str) -> AnswerLedger:
        """The ledger that the environment names, else one in the run's own folder."""
        named = os.environ.get(FOLDER_VARIABLE)
        root = Path(named) if named else folder
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        since = float(os.environ.get(SINCE_VARIABLE) or 0.0)
        run = os.environ.get(RUN_VARIABLE, "")
        return cls(root / f"{digest([url, model])}.jsonl", since, run)

    def get(self, request: str) -> KeptAnswer | None:
        """The answer to a request, None where it was not asked yet."""
        return self._answers.get(request)

    def keep(self, answer: KeptAnswer) -> None:
        """Append an answer to the file before anything else is done with it."""
        self.keep_all([answer])

    def keep_all(self, answers: Sequence[KeptAnswer]) -> None:
        """Append the answers to one request in one write: a kill keeps all of them or none."""
        paid = [replace(answer, run=self._run) for answer in answers]
        self._append([answer.to_json() for answer in paid])
        with self._lock:
            for answer in paid:
                self._answers[answer.request] = answer
                self._used.add(answer.request)

    def use(self, answer: KeptAnswer) -> None:
        """Note that this run uses an answer that another one paid for."""
        if self._run and answer.request not in self._used:
            self._used.add(answer.request)
            self._append([{"request": answer.request, USE: self._run}])

    def _append(self, documents: Sequence[JsonObject]) -> None:
        lines = "".join(json.dumps(dict(one), ensure_ascii=True) + "\n" for one in documents)
        with self._lock:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # a line that a kill cut off must not swallow this one
                size = os.fstat(handle).st_size
                if size and os.pread(handle, 1, size - 1) != b"\n":
                    lines = "\n" + lines
                _write_all(handle, lines.encode())
                os.fsync(handle)
            finally:
                os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    """One write where the system takes it whole, as it does for files; else the rest follows."""
    while data:
        data = data[os.write(handle, data) :]


def forget_answers(folder: Path, run: str) -> int:
    """Delete the raw answers that this run paid for and no other used, from all ledgers in a
    folder; returns how many.
    """
    return sum(_forget(path, run) for path in sorted(folder.glob("*.jsonl")))


def _forget(path: Path, run: str) -> int:
    lines = _read(path)
    used_by_others = {line["request"] for line in lines if line.get(USE, run) != run}
    stays = [
        line
        for line in lines
        if line.get(USE) != run and (line.get("run") != run or line["request"] in used_by_others)
    ]
    if len(stays) < len(lines):
        _replace(path, stays)
    return sum(USE not in line for line in lines) - sum(USE not in line for line in stays)


def _replace(path: Path, lines: Sequence[JsonObject]) -> None:
    """The file with these lines, whole or not at all; no file where there is none."""
    if not lines:
        path.unlink(missing_ok=True)
        return
    draft = path.with_suffix(".part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(dict(line), ensure_ascii=True) + "\n" for line in lines)
    draft.replace(path)


def request_digest(
    url: str,
    model: str,
    max_tokens: int,
    messages: JsonObject | Sequence[object],
    variant: JsonObject = NOTHING,
) -> str:
    """The name of a request: what its answer depends on.

    `variant` is what else tells requests apart, such as the number of a repeat.
    """
    parts = [url, model, max_tokens, list(messages)]
    return digest([*parts, dict(variant)] if variant else parts)


def now() -> float:
    """Seconds since 1970."""
    return time.time()


def _read(path: Path) -> list[JsonObject]:
    """The lines of the file; one that was cut off by a kill is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    documents: list[JsonObject] = []
    for line in lines:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) and isinstance(document.get("request"), str):
            documents.append(document)
    return documents


def _answers(lines: Sequence[JsonObject]) -> Iterator[KeptAnswer]:
    for line in lines:
        try:
            yield KeptAnswer.from_json(line)
        except TypeError:
            continue
