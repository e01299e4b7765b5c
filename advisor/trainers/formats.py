"""The tools that a configuration can be written for, and how a file of theirs is recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from advisor import __version__
from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.estimate.training.request import RunRequest
from advisor.trainers import (
    axolotl,
    bounded_yaml,
    llama_factory,
    openai,
    together,
    torchtune,
    trl,
    unsloth,
)
from advisor.trainers.recipe import (
    Config,
    Flags,
    Recipe,
    Settings,
    TrainingRows,
    stated_flags,
)

MARK = "# advisor: "
"""Begins the comment with the flags of the estimate, and those that the file itself stated then."""

MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """One tool: the keys its files are recognised by, how they are written and read, the command
    that runs them, and the names of fields that it reads rows by (empty: any).

    `framework` is the tool as the estimate knows it; empty where a provider trains.
    """

    name: str
    framework: str
    keys: tuple[str, ...]
    write: Callable[[Recipe], Settings]
    read: Callable[[Config], Flags]
    command: Callable[[Recipe, str], str]
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Flags that are always as the tool has them."""

    @property
    def is_hosted(self) -> bool:
        return not self.framework


def _sft_or_dpo(recipe: Recipe, file: str) -> str:
    gpus = recipe.training.gpus
    several = f" --num_processes {gpus}" if gpus > 1 else ""
    names = {"none": "", "ddp": "multi_gpu", "fsdp": "fsdp2"}
    name = names.get(recipe.training.sharding, recipe.training.sharding)
    config = f" --accelerate_config {name}" if name else ""
    return f"trl {recipe.training.objective} --config {file}{config}{several}"


def _by_python(call: str, file: str) -> str:
    """A provider's job, with the id of the uploaded rows as `training_file`."""
    return f"upload the rows, put their id in, then {call}(**yaml.safe_load(open({file!r})))"


_CHAT = {"chat": ("messages",)}
TRL_FIELDS = {
    **_CHAT,
    "pairs": ("prompt", "completion"),
    "preferences": ("prompt", "chosen", "rejected"),
}
UNSLOTH_FIELDS = {**_CHAT, "pairs": ("instruction", "output")}
HOSTED_FIELDS = {**_CHAT, "preferences": ("input", "preferred_output", "non_preferred_output")}
"""Names of fields that tools read rows by, by the form of the rows."""

FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format(
            trl.NAME, "trl", ("model_name_or_path",), trl.write, trl.read, _sft_or_dpo, TRL_FIELDS
        ),
        Format(
            axolotl.NAME,
            "axolotl",
            ("base_model",),
            axolotl.write,
            axolotl.read,
            lambda recipe, file: f"axolotl train {file}",
        ),
        Format(
            llama_factory.NAME,
            "llama-factory",
            ("model_name_or_path", "stage"),
            llama_factory.write,
            llama_factory.read,
            lambda recipe, file: f"llamafactory-cli train {file}",
        ),
        Format(
            unsloth.NAME,
            "unsloth",
            ("model", "training"),
            unsloth.write,
            unsloth.read,
            lambda recipe, file: f"unsloth train --config {file}",
            UNSLOTH_FIELDS,
            {"optimizer": "adamw8bit"},
        ),
        Format(
            torchtune.NAME,
            "torchtune",
            ("model", "tokenizer", "checkpointer"),
            torchtune.write,
            torchtune.read,
            lambda recipe, file: (
                f"tune download {recipe.weights} --output-dir "
                f"/tmp/{recipe.weights.rpartition('/')[2]}, then tune run "
                f"{torchtune.recipe_name(recipe.training)} --config {file}"
            ),
        ),
        Format(
            openai.NAME,
            "",
            ("model", "training_file", "method"),
            openai.write,
            openai.read,
            lambda recipe, file: _by_python("OpenAI().fine_tuning.jobs.create", file),
            HOSTED_FIELDS,
        ),
        Format(
            together.NAME,
            "",
            ("model", "training_file", "n_epochs"),
            together.write,
            together.read,
            lambda recipe, file: _by_python("Together().fine_tuning.create", file),
            HOSTED_FIELDS,
        ),
    )
}
"""Every tool by the name of --to."""


@dataclass(frozen=True, slots=True)
class Export:
    """A configuration with its `command`, files that lie beside it by their names, and notes on
    what the tool does otherwise and on what the rows lack for it.
    """

    text: str
    command: str
    beside: Mapping[str, str]
    notes: tuple[str, ...] = ()


def exported(form: Format, recipe: Recipe, file: str) -> Export:
    """The text of the configuration. Raises UsageError for what the tool cannot state.

    What it has no key for (the GPU, the number of examples, ...) stands in a comment that
    `read_file` reads.
    """
    recipe, changes = _as_the_tool(form, recipe)
    config = form.write(recipe)
    command = form.command(recipe, file)
    comment = {"flags": stated_flags(recipe.request), "stated": form.read(config)}
    head = [
        f"# Written by advisor {__version__}; `advisor estimate --from {file}` reads it again.",
        f"# Run it: {command}",
        f"{MARK}{json.dumps(comment, ensure_ascii=True)}",
    ]
    beside = {}
    if form.name == llama_factory.NAME:
        info = llama_factory.dataset_info(recipe.rows)
        beside["dataset_info.json"] = json.dumps(info, indent=1) + "\n"
    text = "\n".join(head) + "\n" + _yaml(config)
    notes = (*changes, *_model_notes(form, recipe), *_rows_notes(form, recipe.rows))
    return Export(text, command, beside, notes)


def _as_the_tool(form: Format, recipe: Recipe) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with what the tool always does, and what that changed."""
    run = recipe.run
    if run is None:
        return recipe, ()
    changed = {k: v for k, v in form.fixed.items() if getattr(run, k) != v}
    notes = (
        f"{form.name} always has {k} {v}: the file is estimated so" for k, v in changed.items()
    )
    request = replace(recipe.request, **changed)  # type: ignore[arg-type]
    run = replace(run, **changed)  # type: ignore[arg-type]
    return replace(recipe, request=request, run=run), tuple(notes)


def _model_notes(form: Format, recipe: Recipe) -> Iterator[str]:
    """What has to be known of the model before the file is run."""
    if form.is_hosted:
        return
    if "/" not in recipe.weights and not Path(recipe.weights).exists():
        yield f"{recipe.weights}: its name on the hub is not in our table; put it, or a folder, in"
    if recipe.request.objective == "dpo":
        yield (
            f"{recipe.weights}: preferences are learned by a model that was tuned on answers "
            f"before; put its folder in. {recipe.request.epochs:g} epochs are those of the "
            "estimate; one is usual"
        )


def _rows_notes(form: Format, rows: TrainingRows) -> tuple[str, ...]:
    """What has to be renamed or put in another form before the tool can read the rows."""
    names = tuple(name for name in (rows.prompt, rows.answer, rows.rejected) if name)
    wanted = form.fields.get(rows.form)
    if not form.fields or (wanted is not None and names[: len(wanted)] == wanted):
        return ()
    forms = "; ".join(f"{name} ({', '.join(keys)})" for name, keys in form.fields.items())
    return (f"{rows.path}: its fields are {', '.join(names[:2])}; {form.name} reads {forms}",)


def _yaml(config: Config) -> str:
    import yaml

    text: str = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=100)
    return text


@dataclass(frozen=True, slots=True)
class ToolFile:
    """What a file states: the tool, and the flags of `advisor estimate`."""

    form: Format
    flags: Flags


def read_file(path: Path) -> ToolFile:
    """The flags in a tool's file: those it states, and of a file of ours also those of its comment.

    A key that was edited goes first. Raises UsageError for a file that is none of a known tool.
    """
    text = _text(path)
    document = _document(path, text)
    form = _recognised(path, document)
    try:
        flags = form.read(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not a configuration for {form.name}: {error}") from None
    comment = _comment(text)
    if comment is None:
        framework: Flags = {"framework": form.framework} if form.framework else {}
        return ToolFile(form, {**framework, **flags})
    edited = {k: v for k, v in flags.items() if comment["stated"].get(k) != v}
    return ToolFile(form, {**comment["flags"], **edited})


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path}: more than 1 MiB; give the configuration of a training run")
        return given_files.read_text(path, encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8; give a YAML or JSON file") from None


def _document(path: Path, text: str) -> Config:
    import yaml

    try:
        document = bounded_yaml.load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{path}:{line} neither YAML nor JSON; check it there") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: holds no keys; give the configuration of a training run")
    return document


def _recognised(path: Path, document: Config) -> Format:
    """The tool with the most of its keys here, all of them."""
    fitting = [form for form in FORMATS.values() if all(key in document for key in form.keys)]
    if not fitting:
        raise UsageError(
            f"{path}: not a configuration of {', '.join(FORMATS)}; see docs/guide/trainers.md"
        )
    return max(fitting, key=lambda form: len(form.keys))


def _comment(text: str) -> Mapping[str, Flags] | None:
    """What our comment says; None for a file of somebody else, or one whose comment was damaged."""
    line = next((line for line in text.splitlines() if line.startswith(MARK)), None)
    if line is None:
        return None
    try:
        comment = json.loads(line.removeprefix(MARK))
        flags = dict(comment["flags"])
        stated = dict(comment["stated"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    names = {one.name for one in fields(RunRequest)}
    if not set(flags) <= names or not all(_is_flag(v) for v in (*flags.values(), *stated.values())):
        return None
    return {"flags": flags, "stated": stated}


def _is_flag(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
