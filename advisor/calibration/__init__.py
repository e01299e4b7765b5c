"""Calibrations from both front ends: plan, price, run, keep, learn."""

from advisor.calibration.effects import Effect, effect, effect_lines, effect_of_run
from advisor.calibration.learned import base_model_reading, measurements
from advisor.calibration.places import ALL, Machine, endpoint, machine, slices_for, spread
from advisor.calibration.records import (
    forget,
    import_runs,
    record_actual,
    recorded_events,
    run_data,
    run_record,
    runs,
)
from advisor.calibration.rows import POCKET_TRAINING, config_json, examples, lengths, pocket
from advisor.calibration.running import (
    Limits,
    Prepared,
    plan_record,
    prepare,
    projections,
    results,
    run,
)
from advisor.calibration.steering import policy_for

__all__ = [
    "ALL",
    "POCKET_TRAINING",
    "Effect",
    "Limits",
    "Machine",
    "Prepared",
    "base_model_reading",
    "config_json",
    "effect",
    "effect_lines",
    "effect_of_run",
    "endpoint",
    "examples",
    "forget",
    "import_runs",
    "lengths",
    "machine",
    "measurements",
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
