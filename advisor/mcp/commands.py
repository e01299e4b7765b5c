"""A tool call as the words of a command line; values never become flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from advisor import brief as briefs
from advisor.brief.examples import examples
from advisor.core.errors import UsageError, did_you_mean
from advisor.mcp.workspace import Workspace

FACTS = ("gpus", "models", "prices", "tuning", "constants", "evidence")

Flag = str | int | float | bool | None


def recommend(workspace: Workspace, brief: str, answers: Sequence[str]) -> list[str]:
    """`advisor recommend BRIEF --json`, without an entry in the history. Raises UsageError."""
    file = brief_file(workspace, brief, answers)
    return ["recommend", "--json", "--no-history", *_answers(answers), "--", file]


def explain(
    workspace: Workspace, brief: str, figure: str, option: str, answers: Sequence[str]
) -> list[str]:
    """`advisor explain BRIEF FIGURE --json`. Raises UsageError."""
    file = brief_file(workspace, brief, answers)
    chosen = [f"--option={option}"] if option else []
    return ["explain", "--json", *chosen, *_answers(answers), "--", file, figure]


def estimate(flags: Mapping[str, Flag]) -> list[str]:
    """`advisor estimate --json` with the flags that are set."""
    return ["estimate", "--json", *_flags(flags)]


def facts(kind: str, name: str, on: str) -> list[str]:
    """`advisor facts KIND [NAME] --json`. Raises UsageError."""
    if kind not in FACTS:
        raise UsageError(f"kind {kind!r}: is none of {', '.join(FACTS)}{did_you_mean(kind, FACTS)}")
    return ["facts", kind, "--json", *_flags({"on": on or None}), "--", *([name] if name else [])]


def data(
    workspace: Workspace, files: Sequence[str], tests: Sequence[str], flags: Mapping[str, Flag]
) -> list[str]:
    """`advisor data FILE... --json`. Raises UsageError."""
    paths = [_relative(workspace, name) for name in files]
    held_out = [f"--eval={_relative(workspace, name)}" for name in tests]
    return ["data", "--json", *held_out, *_flags(flags), "--", *paths]


def brief_file(workspace: Workspace, name: str, answers: Sequence[str]) -> str:
    """The brief as the command is to be given it: an example's name, or a path from the root.

    Raises UsageError where it, or a file that it names, is outside, or where it is not a brief.
    """
    if name in examples() and not (workspace.root / name).exists():
        path = examples()[name]
        relative = name
    else:
        path = workspace.file(name)
        relative = _relative(workspace, name)
    if path.is_dir():
        raise UsageError(f"{name}: is a folder; name the brief inside it")
    workspace.check_brief(briefs.with_answers(briefs.read(path), answers))
    return relative


def _relative(workspace: Workspace, name: str) -> str:
    return str(Path(workspace.file(name)).relative_to(workspace.root))


def _answers(answers: Sequence[str]) -> list[str]:
    return [f"--set={answer}" for answer in answers]


def _flags(flags: Mapping[str, Flag]) -> list[str]:
    words = []
    for name, value in flags.items():
        if value is None or value == "" or value is False:
            continue
        flag = f"--{name.replace('_', '-')}"
        words.append(flag if value is True else f"{flag}={value}")
    return words
