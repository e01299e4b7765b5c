"""`advisor calibrate`: short runs that make the estimates true; every one shows its price before it starts."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
from advisor.core.calibration import Plan, RunRecord, Status
from advisor.core.errors import Cancelled, Exit, UsageError
from advisor.core.events import CancelToken
from advisor.core.quantity import Range

if TYPE_CHECKING:
    from advisor.calibration import Machine, Prepared
    from advisor.facts import Facts

_PATH = click.Path(path_type=Path)


def limited(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every calibration has."""
    for option in reversed(
        (
            click.option("--gpu", default="auto", show_default=True, help="Card by index or name; none: the CPU."),
            click.option(
                "--minutes", type=click.FloatRange(min=0.0), help="Stop after this long; what is done is kept."
            ),
            click.option("--max-usd", type=click.FloatRange(min=0.0), help="Stop where this much would be spent."),
            click.option("--usd-per-hour", type=click.FloatRange(min=0.0), help="What an hour of this machine costs."),
            click.option("--busy-ok", is_flag=True, help="Run though somebody else uses the card."),
            click.option("--again", is_flag=True, help="Run anew what an earlier run already answered."),
            click.option(
                "--dry-run", is_flag=True, help="Show what would run, how long and for how much; run nothing."
            ),
            click.option("--json", "as_json", is_flag=True, help="The result as JSON, for programs."),
        )
    ):
        command = option(command)
    return command


@click.group("calibrate")
def command() -> None:
    """Measure on your machine and your data; plan and price come first, and the same command resumes."""


@command.command("throughput")
@click.option("--model", default="", help="A model of `advisor facts models`.")
@click.option("--config", type=_PATH, metavar="FILE", help="A config.json instead of --model.")
@click.option("--method", "methods", multiple=True, default=("lora",), show_default=True, help="Repeat for several.")
@click.option(
    "--rank", type=click.IntRange(1), default=16, show_default=True, help="LoRA rank; tokens of a soft prompt."
)
@click.option("--targets", default="all-linear", show_default=True, help="attention, qv, all-linear or module names.")
@click.option("--dtype", type=click.Choice(["bf16", "fp16", "fp32"]), help="Default: bf16 on a card, fp32 on a CPU.")
@click.option("--optimizer", default="adamw", show_default=True, help="adamw, sgd, adamw8bit, paged-adamw8bit.")
@click.option("--checkpointing", type=click.Choice(["none", "full"]), default="none", show_default=True)
@click.option(
    "--attention", type=click.Choice(["eager", "sdpa", "flash_attention_2"]), default="sdpa", show_default=True
)
@click.option("--micro-batch", type=click.IntRange(1), default=1, show_default=True)
@click.option("--grad-accum", type=click.IntRange(1), default=1, show_default=True)
@click.option("--seq-len", type=click.IntRange(2), default=2048, show_default=True, help="Longest row; longer are cut.")
@click.option("--packed", is_flag=True, help="Fill every sequence to --seq-len.")
@click.option("--search", is_flag=True, help="Find the largest safe micro-batch first, and measure that.")
@click.option("--slices", default="", metavar="2,4,6", help="Measure a few layers only and extrapolate in depth.")
@click.option("--data", type=_PATH, metavar="FILE", help="Take the lengths of these rows; default: 512 tokens.")
@click.option("--steps", type=click.IntRange(4), default=40, show_default=True, help="Optimiser steps of a trial.")
@click.option(
    "--examples", type=click.IntRange(1), help="Rows of the run you plan: how long it takes, by what is measured."
)
@click.option("--epochs", type=click.FloatRange(min=0.0, min_open=True), default=1.0, show_default=True)
@limited
def throughput(
    model: str,
    config: Path | None,
    methods: tuple[str, ...],
    slices: str,
    data: Path | None,
    gpu: str,
    examples: int | None,
    epochs: float,
    **rest: Any,
) -> None:
    """Speed, memory and power of training, with random weights: no model is needed, only its sizes."""
    from advisor import calibration, facts
    from advisor.calibrate import throughput as planning
    from advisor.store.folders import folders

    known = facts.load(folders().config)
    name, architecture = _architecture(known, model, config)
    own = {k: rest.pop(k) for k in _SETUP}
    setups = [planning.Setup(name, architecture, method=m, **own | {"dtype": own["dtype"] or ""}) for m in methods]
    where = calibration.machine(known, gpu)
    lengths = calibration.lengths(data, model) if data is not None else ()
    depths = _depths(slices) or calibration.slices_for(setups, where)
    if depths and not slices:
        output.say(f"the whole model does not fit into {where.free_gib or 0.0:.1f} GiB: layers {depths} are measured")
    plan = planning.plan(setups, lengths, slices=depths, device=where.device, machine=where.name)
    _go(plan, where, known, run_of=(examples, epochs) if examples else None, **rest)


@command.command("quality")
@click.option("--sample", is_flag=True, help="The pocket model and its task: a demonstration, offline.")
@click.option("--model", type=_PATH, metavar="FOLDER", help="A local folder with safetensors weights.")
@click.option("--data", type=_PATH, metavar="FILE", help="Rows with a prompt and an answer.")
@click.option("--eval", "test", type=_PATH, metavar="FILE", help="Test items; default: a fifth of --data.")
@click.option("--prompt-field", default="", metavar="F")
@click.option("--answer-field", default="", metavar="F")
@click.option("--metric", default="", help="accuracy or exact match; default: by the answers.")
@click.option("--instruction", default="", help="Stands before every item.")
@click.option("--method", "methods", multiple=True, default=("lora",), show_default=True, help="Repeat for several.")
@click.option(
    "--shares", default="0.25,0.5,1", show_default=True, help="Shares of the training rows: a learning curve."
)
@click.option("--shots", type=click.IntRange(0), default=3, show_default=True, help="Examples in a few-shot prompt.")
@click.option("--epochs", type=click.IntRange(1), default=3, show_default=True)
@click.option("--rank", type=click.IntRange(1), default=16, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True)
@click.option("--learning-rate", type=click.FloatRange(min=0.0), default=0.0, help="Default: by method.")
@click.option("--items", type=click.IntRange(10), default=500, show_default=True, help="Test items at most.")
@click.option("--seed", type=int, default=0, show_default=True)
@limited
def quality(
    sample: bool,
    model: Path | None,
    data: Path | None,
    test: Path | None,
    prompt_field: str,
    answer_field: str,
    metric: str,
    instruction: str,
    methods: tuple[str, ...],
    shares: str,
    items: int,
    seed: int,
    gpu: str,
    **rest: Any,
) -> None:
    """Train on growing shares of your rows and score every arm on the same held-out items."""
    from advisor import calibration, facts
    from advisor.calibrate import quality as planning
    from advisor.store.folders import folders

    known = facts.load(folders().config)
    own = {k: rest.pop(k) for k in ("shots", "epochs", "rank", "batch", "learning_rate")} | {"methods": methods}
    if sample:
        model, data, test, instruction = calibration.pocket()
        own |= {k: v for k, v in calibration.POCKET_TRAINING.items() if not _typed(k)}
    if model is None or data is None:
        raise UsageError("name --model and --data, or say --sample for the pocket model and its task")
    weights = planning.model_folder(model)
    rows = calibration.examples(data, prompt_field, answer_field)
    held_out = calibration.examples(test, prompt_field, answer_field) if test is not None else ()
    task = planning.task(rows, held_out, metric=metric, instruction=instruction, most_items=items, seed=seed)
    where = calibration.machine(known, gpu)
    plan = planning.plan(
        task,
        weights,
        shares=_shares(shares),
        seed=seed,
        device=where.device,
        machine=where.name,
        demonstration=sample,
        **own,
    )
    _go(plan, where, known, **rest)


@command.command("prompts")
@click.option("--url", required=True, help="Base address of an OpenAI-compatible endpoint: http://localhost:8000/v1.")
@click.option("--model", required=True, help="The model's name there.")
@click.option("--data", type=_PATH, required=True, metavar="FILE", help="Rows with a prompt and an answer.")
@click.option("--eval", "test", type=_PATH, metavar="FILE", help="Test items; default: a fifth of --data.")
@click.option("--prompt-field", default="", metavar="F")
@click.option("--answer-field", default="", metavar="F")
@click.option("--metric", default="", help="accuracy or exact match; default: by the answers.")
@click.option("--instruction", default="", help="The system message.")
@click.option("--shots", default="0,3", show_default=True, help="Examples in the prompt, a trial each.")
@click.option("--items", type=click.IntRange(10), default=100, show_default=True, help="Test items at most.")
@click.option("--key-env", default="OPENAI_API_KEY", show_default=True, help="The variable that holds the key.")
@click.option("--input-usd", type=click.FloatRange(min=0.0), help="USD per million tokens read.")
@click.option("--output-usd", type=click.FloatRange(min=0.0), help="USD per million tokens written.")
@click.option("--at-once", type=click.IntRange(1, 64), default=4, show_default=True, help="Calls under way at once.")
@click.option("--seed", type=int, default=0, show_default=True)
@limited
def prompts(
    url: str,
    model: str,
    data: Path,
    test: Path | None,
    prompt_field: str,
    answer_field: str,
    metric: str,
    instruction: str,
    shots: str,
    items: int,
    seed: int,
    gpu: str,
    **rest: Any,
) -> None:
    """Score prompt forms against an endpoint: tokens, latency and money counted. Your items are sent there."""
    from advisor import calibration, facts
    from advisor.calibrate import quality as planning
    from advisor.store.folders import folders

    rows = calibration.examples(data, prompt_field, answer_field)
    held_out = calibration.examples(test, prompt_field, answer_field) if test is not None else ()
    task = planning.task(rows, held_out, metric=metric, instruction=instruction, most_items=items, seed=seed)
    own = {k: rest.pop(k) for k in ("key_env", "input_usd", "output_usd", "at_once")}
    try:
        counts = [int(part) for part in shots.split(",")]
    except ValueError:
        raise UsageError(f"--shots {shots}: not numbers; write them as 0,3") from None
    plan = planning.prompts_plan(task, url, model, shots=counts, max_usd=rest["max_usd"], seed=seed, **own)
    output.say(f"sends {len(task.items)} of your items to {url}")
    _go(plan, calibration.endpoint(url), facts.load(folders().config), **rest)


def _typed(option: str) -> bool:
    """Whether the user gave this option; a default gives way to what suits the sample."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _shares(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0.0 < share <= 1.0 for share in found):
        raise UsageError(f"--shares {text}: not shares above 0 and up to 1; write them as 0.25,0.5,1")
    return found


_SETUP = (
    "rank",
    "targets",
    "dtype",
    "optimizer",
    "checkpointing",
    "attention",
    "micro_batch",
    "grad_accum",
    "seq_len",
    "packed",
    "search",
    "steps",
)


def _architecture(known: Facts, model: str, config: Path | None) -> tuple[str, dict[str, Any]]:
    from advisor.calibrate.throughput import architecture_of
    from advisor.calibration import config_json

    if bool(model) == (config is not None):
        raise UsageError("name one of --model and --config")
    if config is not None:
        return config.resolve().parent.name or config.name, {"config": config_json(config)}
    return model, architecture_of(known.model(model))


def _depths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(f"--slices {text}: not numbers of layers; write them as 2,4,6") from None


def _go(
    plan: Plan,
    where: Machine,
    known: Facts,
    *,
    minutes: float | None,
    max_usd: float | None,
    usd_per_hour: float | None,
    busy_ok: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
    run_of: tuple[int, float] | None = None,
) -> None:
    """Show plan and price, then run unless asked not to; exit as the run ended."""
    from advisor import calibration
    from advisor.calibrate.show import plan_lines, projection_line, result_lines
    from advisor.report.json import dump

    hour = Range.exact(usd_per_hour) if usd_per_hour is not None else None
    bounds = calibration.Limits(minutes, max_usd, hour, busy_ok)
    prepared = calibration.prepare(plan, where, bounds, again=again)
    lines = plan_lines(prepared.plan, prepared.forecast, where.name, prepared.left)
    if dry_run:
        output.show(dump(calibration.plan_record(prepared)) if as_json else "\n".join(lines) + "\n")
        return
    for line in lines:
        output.say(line)
    record = _watched(prepared) if prepared.left else prepared.earlier
    assert record is not None
    if not prepared.left:
        output.say(f"nothing is left to run: run {record.summary.id} has every answer; --again measures anew")
    projected = calibration.projections(plan, record, *run_of) if run_of else ()
    lines = [*result_lines(record), *map(projection_line, projected)]
    output.show(dump(calibration.run_data(record, projected)) if as_json else "\n".join(lines) + "\n")
    _leave(record)


def _watched(prepared: Prepared) -> RunRecord:
    """The run with its progress on stderr; Ctrl-C asks it to stop and what is done is kept."""
    from advisor import calibration
    from advisor.calibrate.progress import Progress

    progress, last = Progress(), [0.0]
    live = sys.stderr.isatty()

    def show(event: Any) -> None:
        progress.note(event)
        if event.kind == "warning":
            output.say(f"warning: {event.fields.get('text', '')}")
        elif live and event.at_seconds - last[0] >= 0.25:
            last[0] = event.at_seconds
            click.echo("\r\x1b[K" + click.unstyle(progress.line())[: output.width() - 1], nl=False, err=True)
        elif not live and event.kind == "trial":
            output.say(f"{event.fields.get('label', '')}: {event.fields.get('status', '')}")

    with _interruptible() as cancel:
        record = calibration.run(prepared, events=show, cancel=cancel)
    if live:
        click.echo("\r\x1b[K", nl=False, err=True)
    return record


@contextmanager
def _interruptible() -> Iterator[CancelToken]:
    token = CancelToken()
    before = {n: signal.signal(n, lambda *_: token.cancel()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield token
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(record: RunRecord) -> None:
    """The exit code that the end of a run means."""
    status = record.summary.status
    if status is Status.CANCELLED:
        raise Cancelled(
            f"{record.result.get('reason', 'cancelled')}; what was finished is kept, the same command goes on"
        )
    if status is Status.FAILED:
        output.say(f"failed: {record.result.get('reason', '')}")
        click.get_current_context().exit(Exit.FAILED)
    if record.outcomes and all(o.status is Status.OUT_OF_MEMORY for o in record.outcomes):
        click.get_current_context().exit(Exit.INFEASIBLE)
