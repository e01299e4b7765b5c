"""What the runs that are kept say to an estimate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.experiment import KeptTrial, RunRecord, Status
from advisor.core.probes import BaseModelReading
from advisor.core.quantity import Quantity
from advisor.core.training import TrainingMeasurement
from advisor.store import Runs, Store
from advisor.store.folders import folders

if TYPE_CHECKING:
    from advisor.core.brief import Brief, Score
    from advisor.facts import Facts

MOST_RUNS = 200


def scores(brief: Brief, without: int = 0) -> tuple[Score, ...]:
    """What own quality and prompts runs showed on the brief's data, newest first to count; none
    where it names no rows.

    Where the brief names a test set or a measure, only scores on that one and by that one; of the
    run `without` none.
    """
    from advisor.calibrate.scores import own_scores

    metric = brief.quality.metric if "quality.metric" in brief.origins else ""
    return own_scores(_on_the_data_of(brief, without), _tested_on(brief), metric)


def remarks(brief: Brief, without: int = 0) -> tuple[str, ...]:
    """What a verdict says about these scores: test items that several runs opened, and options
    whose answers could not be read.
    """
    from advisor.calibrate.openings import remarks as read

    tested = _tested_on(brief)
    trials = _on_the_data_of(brief, without)
    return read([t for t in trials if not tested or t.about.get("eval") == tested])


def _on_the_data_of(brief: Brief, without: int) -> list[KeptTrial]:
    """The finished trials on the rows of a brief; of the run `without` none."""
    if not brief.data.path:
        return []
    from advisor.probe.files.fingerprint import fingerprint

    with Store.open() as store:
        runs = Runs(store)
        if not runs.knows_data():
            return []
        trials = runs.measured_on(fingerprint([Path(brief.folder) / brief.data.path]))
    return [t for t in trials if t.run_id != without]


def _tested_on(brief: Brief) -> str:
    """The fingerprint of the brief's test set; empty where it names none."""
    from advisor.probe.files.fingerprint import fingerprint

    if not brief.data.eval_path:
        return ""
    return fingerprint([Path(brief.folder) / brief.data.eval_path])


LIKE = 1.15
APART = 1.6
"""Bits a byte on the rows ÷ on general text: up to the first alike, above the second far apart.

Only words, by eye.
"""


def base_model_reading(files: Sequence[Path]) -> BaseModelReading | None:
    """What the newest calibration on these files found of their language; None where none did.

    Raises StoreError.
    """
    from advisor.probe.files.fingerprint import fingerprint

    if not folders().database.exists():
        return None
    with Store.open() as store:
        runs = Runs(store)
        trials = runs.measured_on(fingerprint(files)) if runs.knows_data() else ()
    with_language = [t for t in trials if (t.outcome.result.get("language") or {}).get("data")]
    usable = [t for t in with_language if not t.spec.get("demonstration")]
    return _reading(usable[-1]) if usable else None


def _reading(trial: KeptTrial) -> BaseModelReading:
    language = trial.outcome.result["language"]
    rows = language["data"]
    general = language.get("general") or {}
    bits = general.get("bits_per_byte")
    return BaseModelReading(
        trial.about["model"],
        float(rows["bits_per_byte"]),
        None if bits is None else float(bits),
        str(language.get("general_why", "")),
        float(rows["perplexity_per_token"]),
        trial.run_id,
        trial.as_of,
        _familiarity(float(rows["bits_per_byte"]), bits),
    )


def _familiarity(data_bits: float, general_bits: float | None) -> str:
    if not general_bits:
        return "less is more familiar"
    ratio = data_bits / general_bits
    if ratio <= LIKE:
        return "this model knows such language as well as general text"
    if ratio <= APART:
        return (
            f"somewhat less familiar to this model than general text ({ratio:.1f} ×): tuning may "
            "help it along"
        )
    return (
        f"a language far from what this model knows ({ratio:.1f} ×): tuning on it has much to teach"
    )


def measurements(facts: Facts, without: int = 0) -> tuple[TrainingMeasurement, ...]:
    """What own and imported runs measured, each on its own GPU: `measured` of
    `advisor.estimate.training.estimate`. Of the run `without` none.
    """
    from advisor.calibrate.measurements import measurements as read

    with Store.open() as store:
        runs = Runs(store)
        own = [runs.run(s.id) for s in runs.runs(MOST_RUNS, "throughput") if s.id != without]
        imported = [runs.run(s.id) for s in runs.runs(MOST_RUNS, "imported")]
    models = {m.name.lower(): m for m in facts.models}
    products = {g.name: g for g in facts.gpus}
    measured: list[TrainingMeasurement] = []
    for record in filter(None, own):
        name = facts.driver_names.get(record.summary.device)
        if name is not None:
            measured += read(record, products[name], models)
    for record in filter(None, imported):
        measured += _imported(record, facts)
    return tuple(measured)


OPEN_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "micro_batch": ("micro_batch",),
    "grad_accum": ("grad_accum",),
    "rank": ("rank",),
    "targets": ("targets",),
    "weights_dtype": ("dtype",),
    "compute_dtype": ("compute_dtype",),
    "optimizer": ("optimizer",),
    "max_tokens": ("seq_len", "longest_tokens"),
    "mean_tokens": ("mean_tokens",),
    "packed": ("packed",),
    "checkpointing": ("checkpointing",),
    "attention": ("attention",),
    "fused_loss": ("fused_loss",),
    "compile": ("compile",),
    "offload": ("offload",),
    "framework": ("framework",),
}
"""Settings of a training that an imported run leaves open, by the column it lacks."""


def _imported(record: RunRecord, facts: Facts) -> list[TrainingMeasurement]:
    """The successful rows of an imported run on a known GPU that state a speed or a memory."""
    from advisor.backtest.runs_table import RunRow, to_run

    measured = []
    for outcome in record.outcomes:
        cells = outcome.result.get("cells", {})
        if outcome.status is not Status.DONE or not cells.get("model"):
            continue
        gpu = facts.known_gpu(cells.get("gpu", ""))
        if gpu is None:
            continue
        row = RunRow(0, cells | {"gpu": gpu.name})
        model = facts.architecture(cells["model"])
        speed = row.number("tokens_per_second")
        memory = row.number("memory_gib")
        if speed is None and memory is None:
            continue
        models = {cells["model"]: model} if model is not None else {}
        run = to_run(row, models, {gpu.name: gpu})
        measured.append(TrainingMeasurement(run, memory, speed, _unstated(cells)))
    return measured


NEVER_STATED = ("padding_free", "sorted_by_length")
"""How batches are made up: no column says so, and counting real tokens does not either."""


def _unstated(cells: Mapping[str, str]) -> tuple[str, ...]:
    """The settings of a run that its columns leave open."""
    open_settings = (
        name
        for column, names in OPEN_SETTINGS.items()
        if not (cells.get(column) or "").strip()
        for name in names
    )
    return (*open_settings, *NEVER_STATED)


def log_ratios(what: str) -> tuple[float, ...]:
    """Logarithms of actual over predicted values that are recorded of a figure; none without a
    store.
    """
    if not folders().database.exists():
        return ()
    with Store.open() as store:
        actuals = Runs(store).actuals(what)
    return tuple(
        math.log(a.actual / a.forecast.likely)
        for a in actuals
        if a.actual > 0.0 and (a.forecast.p50 or 0.0) > 0.0
    )


def corrected(what: str, predicted: Quantity) -> Quantity:
    """A prediction after the recorded actual values of this figure; as it is where there are
    none.
    """
    from advisor.estimate.training import actuals

    return actuals.corrected(predicted, log_ratios(what))
