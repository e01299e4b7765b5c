"""Calibrations from both front ends: plan, price, run, keep, learn."""

from advisor.experiments.cascades import cascade
from advisor.experiments.effects import CalibrationEffect, effect, effect_lines, effect_of_run
from advisor.experiments.machines import (
    ALL,
    Machine,
    elsewhere,
    endpoint,
    machine,
    slices_for,
    spread,
)
from advisor.experiments.records import (
    forget,
    import_runs,
    origins,
    record_actual,
    recorded_events,
    run_data,
    run_record,
    runs,
)
from advisor.experiments.rows import POCKET_TRAINING, config_json, examples, lengths, pocket
from advisor.experiments.running import (
    Limits,
    Prepared,
    plan_record,
    prepare,
    projections,
    results,
    run,
)
from advisor.experiments.steering import policy_for

__all__ = [
    "ALL",
    "POCKET_TRAINING",
    "CalibrationEffect",
    "Limits",
    "Machine",
    "Prepared",
    "cascade",
    "config_json",
    "effect",
    "effect_lines",
    "effect_of_run",
    "elsewhere",
    "endpoint",
    "examples",
    "forget",
    "import_runs",
    "lengths",
    "machine",
    "origins",
    "plan_record",
    "pocket",
    "policy_for",
    "prepare",
    "projections",
    "record_actual",
    "recorded_events",
    "results",
    "run",
    "run_data",
    "run_record",
    "runs",
    "slices_for",
    "spread",
]
