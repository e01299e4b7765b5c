"""Prompts in files: text, chat messages, promptfoo prompts and configurations; and their export."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.prompting.rendering import ITEM, free_variables
from advisor.core import given_files
from advisor.core.errors import MissingExtra, UsageError
from advisor.core.experiment import JsonObject

MAX_BYTES = 1024 * 1024
ROLES = ("system", "developer", "user", "assistant")
OWN_VARIABLES = ("input", "instruction", "examples")
BETWEEN = re.compile(r"^---\s*$", re.MULTILINE)
"""What stands between several prompts of one text file, in promptfoo's files too."""

Message = Mapping[str, str]


def read_prompts(path: Path, *, shots: int = 0) -> tuple[PromptForm, ...]:
    """The prompts in a file: .json (chat messages), .yaml (a promptfoo configuration, or chat
    messages), or text, where `---` alone in a line parts several.

    A text without a variable is an instruction. `shots` rows are shown where a prompt has
    `{{examples}}`. Raises UsageError naming the file, MissingExtra for YAML without pyyaml.
    """
    text = _text(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return (_form(path, _json(path, text), shots),)
    if suffix in (".yaml", ".yml"):
        return _of_yaml(path, text, shots)
    parts = [part.strip() for part in BETWEEN.split(text) if part.strip()]
    if not parts:
        raise UsageError(f"{path}: holds no prompt; write one, with {ITEM} where the item goes")
    return tuple(_form(path, part, shots) for part in parts)


def read_instructions(path: Path) -> tuple[str, ...]:
    """Instructions in a text file, parted by `---` alone in a line. Raises UsageError."""
    parts = [part.strip() for part in BETWEEN.split(_text(path)) if part.strip()]
    if not parts:
        raise UsageError(f"{path}: holds no instruction; write one, more below a line of ---")
    return tuple(dict.fromkeys(parts))


def exported(prompt: Sequence[JsonObject]) -> str:
    """A prompt as a file of chat messages, which promptfoo and `--prompt` read."""
    return json.dumps([dict(message) for message in prompt], indent=2, ensure_ascii=False) + "\n"


def _of_yaml(path: Path, text: str, shots: int) -> tuple[PromptForm, ...]:
    try:
        import yaml
    except ImportError:
        raise MissingExtra(f"{path}: reading YAML needs pyyaml: pip install pyyaml") from None
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    if isinstance(document, list):
        return (_form(path, document, shots),)
    prompts = document.get("prompts") if isinstance(document, dict) else None
    if prompts is None:
        raise UsageError(f"{path}: no key prompts; give a promptfoo configuration or messages")
    listed = prompts if isinstance(prompts, list) else [prompts]
    return tuple(form for entry in listed for form in _of_entry(path, entry, shots))


def _of_entry(path: Path, entry: Any, shots: int) -> tuple[PromptForm, ...]:
    """A prompt as a configuration lists it: its text, a file, or an object with either."""
    if isinstance(entry, dict):
        entry = entry.get("raw") or entry.get("id") or entry.get("label")
    if not isinstance(entry, str):
        raise UsageError(f"{path}: prompts: an entry that is not a text or a file")
    if not entry.startswith("file://"):
        return (_form(path, entry, shots),)
    folder = path.parent.resolve()
    target = (folder / entry.removeprefix("file://")).resolve()
    if folder not in target.parents:
        raise UsageError(f"{path}: prompts: {entry} lies outside its folder; copy it there")
    return read_prompts(target, shots=shots)


def _form(path: Path, content: Any, shots: int) -> PromptForm:
    """The form of one prompt: an instruction, or a template of messages."""
    if isinstance(content, str):
        content = _messages_in(content)
    if isinstance(content, str):
        if "{{" not in content and "{%" not in content:
            return PromptForm("zero-shot", content)
        content = [{"role": "user", "content": content}]
    template = tuple(_message(path, message) for message in content)
    variables = _variables(path, template)
    shows = shots if "examples" in variables else 0
    technique = "few-shot" if shows > 1 else "zero-shot"
    return PromptForm(technique, shots=shows, template=template)


def _messages_in(text: str) -> Any:
    """The chat messages that a text is as JSON; the text itself where it is none."""
    if text.lstrip()[:1] != "[":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _message(path: Path, message: Any) -> dict[str, str]:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise UsageError(f"{path}: a message without a role; roles are {', '.join(ROLES)}")
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise UsageError(f"{path}: a message whose content is not text")
    role = "system" if message["role"] == "developer" else message["role"]
    return {"role": role, "content": content}


def _variables(path: Path, template: Sequence[Message]) -> list[str]:
    """The variables of a template. Raises UsageError where the item has no single place."""
    from jinja2 import TemplateError

    try:
        names = free_variables(template)
    except TemplateError as error:
        raise UsageError(f"{path}: not a template: {error}") from None
    others = [name for name in names if name not in OWN_VARIABLES]
    if "input" not in names and len(others) != 1:
        several = f"the variables {', '.join(others)}" if others else "no variable"
        raise UsageError(f"{path}: {several}; write {ITEM} where the item goes")
    if "input" in names and others:
        raise UsageError(f"{path}: {others[0]} is not known; use {', '.join(OWN_VARIABLES)}")
    return names


def _json(path: Path, text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: not JSON; give a list of messages") from None
    if not isinstance(document, list):
        raise UsageError(f"{path}: not a list of messages with role and content")
    return document


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path}: more than 1 MiB; a prompt is shorter")
        return given_files.read_text(path, encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8") from None
