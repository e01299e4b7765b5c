"""Every answer of an endpoint is kept at once, so that none is ever paid for twice.

The file has a JSON object per line: the digest of the request, the prompt, the answer, its tokens
and price. It outlives runs: the same command, or another with the same prompts, reads it first.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.core.experiment import JsonObject, digest
from advisor.core.records import JsonRecord

FOLDER_VARIABLE = "ADVISOR_ANSWERS"
"""Names the folder of the ledgers for the worker; without it a run keeps its answers to itself."""

SINCE_VARIABLE = "ADVISOR_ANSWERS_SINCE"
"""Seconds since 1970: older answers are not used, as a run `--again` asks."""


@dataclass(frozen=True, slots=True)
class KeptAnswer(JsonRecord):
    """One answer as it was paid for; `usd` None where no price is known."""

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

    @property
    def was_cut(self) -> bool:
        """Whether it reached the most tokens allowed."""
        return self.finish_reason in ("length", "max_tokens")


class AnswerLedger:
    """The answers of one model at one address. Safe across threads."""

    def __init__(self, path: Path, since: float = 0.0) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._answers = {answer.request: answer for answer in _read(path) if answer.at >= since}

    @classmethod
    def of(cls, folder: Path, url: str, model: str) -> AnswerLedger:
        """The ledger that the environment names, else one in the run's own folder."""
        named = os.environ.get(FOLDER_VARIABLE)
        root = Path(named) if named else folder
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        since = float(os.environ.get(SINCE_VARIABLE) or 0.0)
        return cls(root / f"{digest([url, model])}.jsonl", since)

    def get(self, request: str) -> KeptAnswer | None:
        """The answer to a request, None where it was not asked yet."""
        return self._answers.get(request)

    def keep(self, answer: KeptAnswer) -> None:
        """Append an answer to the file before anything else is done with it."""
        line = json.dumps(answer.to_json(), ensure_ascii=True) + "\n"
        with self._lock:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line.encode())
                os.fsync(handle)
            finally:
                os.close(handle)
            self._answers[answer.request] = answer


def request_digest(
    url: str, model: str, max_tokens: int, messages: JsonObject | Sequence[object]
) -> str:
    """The name of a request: what its answer depends on."""
    return digest([url, model, max_tokens, list(messages)])


def now() -> float:
    """Seconds since 1970."""
    return time.time()


def _read(path: Path) -> list[KeptAnswer]:
    """Answers in the file; a last line that was cut off by a kill is left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    answers = []
    for line in lines:
        try:
            answers.append(KeptAnswer.from_json(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return answers
