"""`advisor runs`: what calibrations measured here and elsewhere, and the actual results."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF
from advisor.cli.renamed import RenamedOption
from advisor.core.errors import UsageError
from advisor.core.text import printable

if TYPE_CHECKING:
    from advisor.core.experiment import RunRecord

_PATH = click.Path(path_type=Path)


@click.group("runs")
def command() -> None:
    """Calibration runs: list, show, replay, export, import, record the actual result."""


@command.command("list", short_help="List runs, newest first.")
@click.option("--kind", default="", help="throughput, quality, prompts or imported.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON list, for programs.")
def list_(kind: str, limit: int, as_json: bool) -> None:
    """List the runs begun last, newest first."""
    from advisor import experiments
    from advisor.calibrate.show import list_lines
    from advisor.report.json import dump

    summaries = experiments.runs(limit, kind)
    output.show(dump(summaries) if as_json else "\n".join(list_lines(summaries)) + "\n")


@command.command("show", short_help="Show what a run measured.")
@click.argument("run", type=int)
@click.option(
    "--for-brief", is_flag=True, help="Its scores as tables of a brief: [[quality.measured]]."
)
@click.option(
    "--scores",
    type=_PATH,
    metavar="FILE",
    help="Write scores per item as CSV: quality.results of a brief.",
)
@click.option(
    "--prompts",
    type=_PATH,
    metavar="FOLDER",
    help="Write its prompts as chat messages, each named by its hash.",
)
@click.option(
    "--as-model", default="", help="The model's name in the brief; default: the folder's."
)
@click.option("--json", "as_json", is_flag=True, help="The whole run as JSON, for programs.")
def show(
    run: int,
    for_brief: bool,
    scores: Path | None,
    prompts: Path | None,
    as_model: str,
    as_json: bool,
) -> None:
    """Show what a run measured."""
    from advisor import experiments, travel
    from advisor.calibrate.show import brief_tables, score_table
    from advisor.calibrate.show_results import result_lines
    from advisor.report.json import dump

    record = experiments.run_record(run)
    if scores is not None:
        output.save(scores, score_table(record, as_model))
        return
    if prompts is not None:
        _write_prompts(record, prompts)
        return
    if for_brief:
        output.show(brief_tables(record, as_model))
        return
    output.show(
        dump(travel.run_record_data(record, events=True))
        if as_json
        else "\n".join(result_lines(record)) + "\n"
    )


def _write_prompts(record: RunRecord, folder: Path) -> None:
    """A file per prompt of the run. Raises UsageError where it has none."""
    from advisor.calibrate.prompting.templates import exported
    from advisor.calibrate.quality_records import QualityResult

    results = [QualityResult.from_json(line) for line in record.result.get("trials", ())]
    named = {r.prompt_hash: r.prompt for r in results if r.prompt_hash and r.prompt}
    if not named:
        raise UsageError(f"run {record.summary.id}: has no prompts; give a run of prompts")
    folder.mkdir(parents=True, exist_ok=True)
    for name, prompt in named.items():
        output.save(folder / f"{name}.json", exported(prompt))


@command.command("replay", short_help="Show a recorded run again.")
@click.argument("run")
@click.option(
    "--speed", type=click.FloatRange(min=0.0), default=0.0, help="1: as it happened; 0: at once."
)
@click.option("--json", "as_json", is_flag=True, help="The events as JSON lines, for programs.")
def replay(run: str, speed: float, as_json: bool) -> None:
    """Show a recorded run again: a run's number, or a file of events such as those in
    calibration/reference.
    """
    from advisor import experiments
    from advisor.calibrate.progress import Progress

    progress = Progress()
    before = 0.0
    for event in experiments.recorded_events(run):
        if speed > 0.0:
            time.sleep(max(event.at_seconds - before, 0.0) / speed)
            before = event.at_seconds
        progress.note(event)
        if as_json:
            output.show(event.line())
        elif event.kind == "trial":
            reason = f", {event.fields['reason']}" if event.fields.get("reason") else ""
            _line(f"{event.fields.get('label', '')}: {event.fields.get('status', '')}{reason}")
        elif event.kind == "step" and (event.fields.get("phase") == "begin" or sys.stdout.isatty()):
            _line(progress.line())
        elif event.kind != "step":
            _line(event.kind)


@command.command("forget", short_help="Delete a run for good.")
@click.argument("run", type=int)
def forget(run: int) -> None:
    """Delete a run for good: what it measured enters no estimate and no verdict any more."""
    from advisor import experiments

    summary = experiments.forget(run)
    _line(f"run {summary.id} is forgotten: {summary.kind}, {summary.name}")


@command.command("export", short_help="Write a run as a record to share.")
@click.argument("run", type=int)
@click.option("-o", "target", type=_PATH, metavar="FILE", help="Default: standard output.")
def export(run: int, target: Path | None) -> None:
    """Write what a run measured, on which GPU and with which software, as a record to share.

    It holds no rows, no instruction, no fingerprint of data, no address and no name of a user,
    machine or folder. Nothing is sent. `advisor runs import` reads it on any machine.
    """
    from advisor import experiments, travel

    text = travel.shareable_text(experiments.run_record(run))
    if target is None:
        output.show(text)
    else:
        output.save(target, text)


@command.command("import", short_help="Import runs from elsewhere.")
@click.argument("file", type=_PATH)
@click.option(
    "--set",
    "stated",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="What the file leaves out: model, gpu, ...",
)
@click.option(
    "--brief", type=BRIEF, metavar="BRIEF", help="See what the run changes in its verdict."
)
def import_(file: Path, stated: tuple[str, ...], brief: Path | None) -> None:
    """Import runs from another machine, or that other programs recorded.

    FILE is a result file or the JSON of a run of ours; or a file or folder of a trainer (Hugging
    Face, TRL, axolotl, LLaMA-Factory, ms-swift, torchtune, Unsloth, Megatron-LM, DeepSpeed,
    torchtitan, mlx-lm), a tracker (W&B, MLflow, TensorBoard), a provider's job, or a CSV table:
    docs/guide/runs.md lists them all. Scores per item of promptfoo, inspect_ai,
    lm-evaluation-harness and deepeval are kept as scores: see `advisor runs show N --for-brief`.
    """
    from advisor import travel

    pairs = dict(_pair(text) for text in stated)
    imported = travel.take_in_file(file, pairs)
    _line(f"run {imported.run_id}: {imported.count} imported from {file} ({imported.form})")
    for line in _read_of(imported.run_id):
        _line(line)
    for note in imported.notes:
        output.say(f"note: {printable(note)}")
    if brief is not None:
        _show_effect(brief, imported.run_id)


def _read_of(run: int) -> list[str]:
    """The figures that an import found, without its notes."""
    from advisor import experiments
    from advisor.calibrate.show_imported import imported_lines

    lines = imported_lines(experiments.run_record(run))
    return [line for line in lines if not line.startswith("  note: ")]


def _show_effect(brief: Path, run: int) -> None:
    """What a run changes in the verdict on a brief."""
    from advisor import experiments
    from advisor.cli.calibrate.running import effect_on, read_brief

    loaded = read_brief(brief)
    assert loaded is not None
    changed = effect_on(loaded, experiments.run_record(run))
    for line in experiments.effect_lines(changed) if changed is not None else ():
        _line(line)


@command.command("record-actual", short_help="Record the actual value of a predicted figure.")
@click.argument("what")
@click.argument("actual", type=click.FloatRange(min=0.0, min_open=True))
@click.option("--unit", default="", help="Such as h, USD, GiB; default: by the figure.")
@click.option("--run", type=int, help="The run that made the prediction.")
@click.option(
    "--prediction",
    cls=RenamedOption,
    former=["--forecast"],
    type=float,
    help="The prediction, where no run recorded it.",
)
@click.option("--low", type=float, help="P10 of the prediction.")
@click.option("--high", type=float, help="P90 of the prediction.")
@click.option("--note", default="")
def record_actual(
    what: str,
    actual: float,
    unit: str,
    run: int | None,
    prediction: float | None,
    low: float | None,
    high: float | None,
    note: str,
) -> None:
    """Record the actual value of a predicted figure, and show how predictions of it err.

    WHAT is a figure such as train.hours, run.seconds or run.usd; ACTUAL its real value.
    """
    from advisor import experiments
    from advisor.calibrate.show import bias_lines

    biases = experiments.record_actual(
        what, actual, unit=unit, run_id=run, prediction=prediction, low=low, high=high, note=note
    )
    for line in bias_lines(biases):
        _line(line)


def _line(text: str) -> None:
    """A line of data to stdout, with what a terminal would obey escaped."""
    output.show(printable(text) + "\n")


def _pair(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise UsageError(f"--set {text}: not COLUMN=VALUE")
    return name.strip(), value.strip()
