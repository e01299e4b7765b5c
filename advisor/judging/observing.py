"""Looks at everything that a verdict rests on: facts, data, machine, request log, own runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.brief import Brief, Score
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken, EventSink, StageEvent, ignore
from advisor.core.probes import DataReport, HardwareReport, ResultsReport, TrafficReport
from advisor.core.text import printable
from advisor.core.training import TrainingMeasurement
from advisor.judging.enriching import RENTED_GPU, with_gpu
from advisor.judging.surroundings import Surroundings

if TYPE_CHECKING:
    from advisor.facts import Facts


def look(
    brief: Brief,
    *,
    own_runs: bool = True,
    events: EventSink = ignore,
    cancel: CancelToken | None = None,
) -> Surroundings:
    """Look at facts, data, machine and request log; seconds where the data are large.

    Raises UsageError, Cancelled.

    Without `own_runs` nothing that calibrations measured is looked up.
    """
    from advisor import facts
    from advisor.store.folders import folders

    token = cancel or CancelToken()
    events(StageEvent("facts", "prices and models"))
    own_prices = _path(brief, brief.prices.file)
    used = folders()
    facts_book = facts.load(used.config, own_prices, memo=used.state / "prices.json")
    data = _look_at_data(brief, used.state, events, token)
    token.check()
    hardware = _look_at_hardware(brief, facts_book, events)
    warnings: tuple[str, ...] = ()
    if hardware is not None and not any(c.product and not c.hidden for c in hardware.gpus):
        why = hardware.gpus_reason or "no GPU is a known product"
        warnings = (
            f"No local GPU is used ({why}): tuned models are priced on a rented {RENTED_GPU}",
        )
    measured, scores, remarks = (
        _own_runs(with_gpu(brief, hardware), facts_book, events) if own_runs else ((), (), ())
    )
    hours = _actual_hours() if own_runs else ()
    if data is not None and own_runs:
        data = read_by_model(data, [Path(brief.folder) / brief.data.path], events)
    log = _look_at_log(brief, events)
    results = _look_at_results(brief)
    return Surroundings(
        facts_book, data, hardware, log, results, warnings, measured, scores, hours, remarks
    )


def with_own_runs(
    brief: Brief, surroundings: Surroundings, *, without: int = 0, events: EventSink = ignore
) -> Surroundings:
    """What was found, with own calibrations looked up anew: all, or all but the run `without`."""
    gpu = with_gpu(brief, surroundings.hardware)
    measured, scores, remarks = _own_runs(gpu, surroundings.facts, events, without)
    return replace(surroundings, measured=measured, scores=scores, run_remarks=remarks)


def read_by_model(
    report: DataReport, files: Sequence[Path], events: EventSink = ignore
) -> DataReport:
    """The report with what a base model found of the language, where a calibration on the same data
    has asked one.
    """
    from advisor.store import StoreError
    from advisor.store.folders import folders

    if not folders().database.exists():
        return report
    try:
        from advisor import own_runs

        return replace(report, base_model=own_runs.base_model_reading(files))
    except StoreError as error:
        events(StageEvent("runs", f"not used: {error}"))
        return report


def _file(brief: Brief, key: str) -> Path | None:
    """The file that a brief names under `key`. Raises UsageError where it is not a plain file."""
    path = _path(brief, brief.get(key))
    if path is None or path.is_file():
        return path
    place = brief.origins[key].source.removeprefix("brief ") if key in brief.origins else key
    problem = "is a folder" if path.is_dir() else "is not a file"
    if not path.exists():
        problem = "does not exist"
    raise UsageError(
        f"{place}: {printable(str(path))} {problem}; correct the path (relative to the brief) or "
        "leave the key out"
    )


def _path(brief: Brief, name: str) -> Path | None:
    """A path of the brief, relative to its folder."""
    return Path(brief.folder) / name if name else None


def _look_at_data(
    brief: Brief, state: Path, events: EventSink, cancel: CancelToken
) -> DataReport | None:
    path = _path(brief, brief.data.path)
    test = _path(brief, brief.data.eval_path)
    if path is None:
        return None
    for key, file in (("data.path", path), ("data.eval_path", test)):
        if file is not None and not file.exists():
            raise UsageError(
                f"{key}: no file {file}; correct the path (relative to the brief) or leave the "
                "key out"
            )
    from advisor.judging.kept_data import read_data

    return read_data(
        [path],
        [] if test is None else [test],
        count_tokens=not brief.data.sample,
        as_of=brief.as_of.isoformat() if brief.as_of is not None else "",
        folder=state / "data",
        events=events,
        cancel=cancel,
    )


def _look_at_hardware(brief: Brief, facts: Facts, events: EventSink) -> HardwareReport | None:
    """The local GPUs, where the brief asks for them."""
    if brief.hardware.gpu.lower() != "auto":
        return None
    from advisor.probe.hardware import probe

    events(StageEvent("hardware", "local GPUs"))
    return probe(gpu_ids=facts.driver_names, unified=facts.unified_gpus)


def _look_at_log(brief: Brief, events: EventSink) -> TrafficReport | None:
    path = _file(brief, "traffic.log")
    if path is None:
        return None
    from advisor.probe.traffic import read_log

    events(StageEvent("traffic", "request log"))
    return read_log(path)


def _look_at_results(brief: Brief) -> ResultsReport | None:
    path = _file(brief, "quality.results")
    if path is None:
        return None
    from advisor.probe.results import read_results

    return read_results(path)


def _own_runs(
    brief: Brief, facts: Facts, events: EventSink, without: int = 0
) -> tuple[tuple[TrainingMeasurement, ...], tuple[Score, ...], tuple[str, ...]]:
    """Training runs on any GPU, scores on the brief's data, and what to say about these; none where
    nothing was ever kept.
    """
    from advisor.store import Runs, Store, StoreError
    from advisor.store.folders import folders

    gpu = brief.hardware.gpu
    if not folders().database.exists():
        return (), (), ()
    try:
        with Store.open() as store:
            if not Runs(store).runs(1):
                return (), (), ()
        from advisor import own_runs

        events(StageEvent("runs", "own calibrations"))
        trained = own_runs.measurements(facts, without) if gpu.lower() != "none" else ()
        return trained, own_runs.scores(brief, without), own_runs.remarks(brief, without)
    except (
        StoreError,
        UsageError,
    ) as error:  # an unknown GPU is refused with its key when the brief is judged
        events(StageEvent("runs", f"not used: {error}"))
        return (), (), ()


def _actual_hours() -> tuple[float, ...]:
    """Logarithms of recorded over predicted hours of training; none where none are recorded, and
    none of a store that cannot be read, which the look at own runs has said.
    """
    from advisor.store import StoreError
    from advisor.store.folders import folders

    if not folders().database.exists():
        return ()
    from advisor import own_runs

    try:
        return own_runs.log_ratios("train.hours")
    except StoreError:
        return ()
