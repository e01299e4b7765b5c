"""The command that runs in a plain terminal what the Calibrate tab has planned. No Textual here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advisor.core.quantity import Range
from advisor.tui.model.run_questions import QUESTIONS, questions_for
from advisor.tui.model.run_request import PROMPTS, QUALITY, SAMPLE, CalibrationRequest

_OPTIONS = {
    "models": "--model",
    "methods": "--method",
    "folder": "--model",
    "served_model": "--model",
    "prompts": "--prompt",
}
"""Options of another name than their question."""

_REPEATED = ("models", "methods", "prompts")
_NO_OPTION = ("what", "runs_on")
_RUNS_ALL = (QUALITY, SAMPLE, PROMPTS)
"""Kinds of runs that the command ends early by itself; the app runs every trial."""


def calibration_words(request: CalibrationRequest, brief: str, folder: Path) -> list[str]:
    """The words after `advisor calibrate`; `brief` is its file as it is typed, and `folder` is
    where paths of the request start.
    """
    of_sample = request.what == SAMPLE
    first = ["quality", "--sample"] if of_sample else [request.what, "--brief", brief]
    words = [
        *first,
        *(word for name in questions_for(request) for word in _option(request, name, folder)),
    ]
    return [*words, "--all"] if request.what in _RUNS_ALL else words


def _option(request: CalibrationRequest, name: str, folder: Path) -> Iterator[str]:
    """The option of an answer with its value; nothing where it is left out."""
    value = request.value(name)
    if value is None or name in _NO_OPTION:
        return
    option = _OPTIONS.get(name, f"--{name.replace('_', '-')}")
    if isinstance(value, bool):
        yield option
    elif name in _REPEATED:
        for part in value:
            yield from (option, _typed(name, part, folder))
    else:
        yield from (option, _typed(name, value, folder))


def _typed(name: str, value: Any, folder: Path) -> str:
    if name == "prompts" or QUESTIONS[name].kind == "path":
        return from_here(folder / Path(str(value)).expanduser())
    if isinstance(value, Range):
        value = value.likely
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def from_here(path: Path) -> str:
    """A path as it is typed in the working folder."""
    here = Path.cwd()
    whole = path.resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)
