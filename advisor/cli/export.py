"""`advisor export`: the configuration of a trainer that reproduces an estimate."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF, names_an_example
from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError

if TYPE_CHECKING:
    from advisor.trainers import Export, Recipe, TrainingRows

TOOLS = ("trl", "axolotl", "llama-factory", "unsloth", "torchtune", "openai", "together")
_PATH = click.Path(path_type=Path)


@click.command("export")
@click.argument("what", metavar="RUN_OR_OPTION")
@click.option("--to", "tool", type=click.Choice(TOOLS), required=True, help="The training tool.")
@click.option("--brief", type=BRIEF, metavar="BRIEF", help="The brief that has the option.")
@click.option(
    "--data", type=_PATH, metavar="FILE", help="The training rows; default: those of the brief."
)
@click.option("--examples", type=click.FloatRange(min=1), help="Training examples of a run.")
@click.option("--epochs", type=click.FloatRange(min=0, min_open=True), help="Epochs of a run.")
@click.option("-o", "target", type=_PATH, metavar="FILE", help="Default: standard output.")
def command(
    what: str,
    tool: str,
    brief: Path | None,
    data: Path | None,
    examples: float | None,
    epochs: float | None,
    target: Path | None,
) -> None:
    """Write the configuration of a training tool that reproduces an estimate.

    RUN_OR_OPTION is the number of a calibration, or an option of --brief such as
    tune/lora@llama-3.1-8b. `advisor estimate --from FILE` reads the file again.
    """
    from advisor.trainers import FORMATS, exported

    start = target.parent if target is not None else Path()
    recipe = _recipe(what, brief, data, start)
    stated = {"examples": examples, "epochs": epochs}
    recipe = _with(recipe, {k: v for k, v in stated.items() if v is not None})
    if FORMATS[tool].is_hosted:
        recipe = _at_provider(recipe, tool)
    name = target.name if target is not None else f"{tool}.yaml"
    written = exported(FORMATS[tool], recipe, name)
    if target is None:
        output.show(written.text)
    else:
        output.save(target, written.text)
        _save_beside(target.parent, written)
    output.say(f"run it    {written.command}")
    for note in written.notes:
        output.say(f"note      {note}")


def _recipe(what: str, brief: Path | None, data: Path | None, start: Path) -> Recipe:
    """The training run behind the argument. Raises UsageError."""
    from advisor import experiments, facts, pipeline
    from advisor.store.folders import folders
    from advisor.trainers import source

    if what.isdecimal():
        record = experiments.run_record(int(what))
        return source.of_run(record, _rows(data, start), facts.load(folders().config))
    if brief is None:
        raise UsageError(_without_brief(what))
    loaded = pipeline.load(brief)
    if data is None and loaded.data.path:
        data = Path(loaded.folder) / loaded.data.path
    around = pipeline.look(loaded, events=output.narrate)
    return source.of_option(loaded, around, what, _rows(data, start))


def _without_brief(what: str) -> str:
    if names_an_example(what) or Path(what).suffix == ".toml":
        return (
            f"{what}: a brief; name one of its options, as in "
            f"`advisor export --to trl tune/lora@llama-3.1-8b --brief {what}`"
        )
    return f"{what}: an option belongs to a brief; add --brief BRIEF"


def _at_provider(recipe: Recipe, tool: str) -> Recipe:
    from advisor import facts
    from advisor.store.folders import folders
    from advisor.trainers import source

    return source.at_provider(recipe, tool, facts.load(folders().config))


def _rows(data: Path | None, start: Path) -> TrainingRows:
    """The rows, with their path as seen from where the configuration lies."""
    from advisor.trainers import source

    rows = source.rows_of(data)
    return rows if data is None else replace(rows, path=os.path.relpath(data, start))


def _with(recipe: Recipe, stated: dict[str, float]) -> Recipe:
    """The recipe with what was typed. Raises UsageError for an option, whose brief says it."""
    if not stated:
        return recipe
    run = replace(recipe.run, **stated) if recipe.run is not None else None  # type: ignore[arg-type]
    return replace(recipe, request=replace(recipe.request, **stated), run=run)  # type: ignore[arg-type]


def _save_beside(folder: Path, written: Export) -> None:
    """Files that lie beside the configuration; entries of others in an existing one stay."""
    for name, text in written.beside.items():
        path = folder / name
        try:
            entries = bounded_json.loads(given_files.read_text(path)) if path.exists() else {}
            merged = {**entries, **json.loads(text)}
        except (OSError, ValueError, TypeError):
            raise UsageError(f"{path}: not a JSON object; move it away") from None
        output.save(path, json.dumps(merged, indent=1) + "\n")
