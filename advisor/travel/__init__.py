"""Calibrations that travel: a plan as one file, its run on another machine, and the result back.

bundle ──▶ here (on the other machine) ──▶ record ──▶ taking_in
"""

from advisor.travel.bundle import Bundle, bundle_of, models_of, read_bundle
from advisor.travel.here import bound_here, check_models_travel, place_here, plan_here
from advisor.travel.record import run_record_data, run_record_text, shareable_text
from advisor.travel.remote import Remote, check_answered, over_ssh
from advisor.travel.sky import SkyPlan, price_lines, sky_task
from advisor.travel.taking_in import take_in, take_in_file

__all__ = [
    "Bundle",
    "Remote",
    "SkyPlan",
    "bound_here",
    "bundle_of",
    "check_answered",
    "check_models_travel",
    "models_of",
    "over_ssh",
    "place_here",
    "plan_here",
    "price_lines",
    "read_bundle",
    "run_record_data",
    "run_record_text",
    "shareable_text",
    "sky_task",
    "take_in",
    "take_in_file",
]
