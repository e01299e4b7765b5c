"""Plug-ins: packages that add prices, estimators, techniques, report formats or data formats.

A package names a record of one of the five kinds in `records` under the entry-point group of that
kind; `loading` finds and checks them the first time one of that kind is needed. The guide to
plug-ins has a worked example.
"""

from advisor.core.plugins.loading import (
    FAILURES,
    GROUPS,
    Plugin,
    add_fault,
    every_plugin,
    faults,
    guarded,
    reason_of,
    records,
)
from advisor.core.plugins.records import (
    DataFormat,
    Estimator,
    PluggedReport,
    PluggedTechnique,
    Prediction,
    PriceProvider,
    PriceRow,
)

__all__ = [
    "FAILURES",
    "GROUPS",
    "DataFormat",
    "Estimator",
    "PluggedReport",
    "PluggedTechnique",
    "Plugin",
    "Prediction",
    "PriceProvider",
    "PriceRow",
    "add_fault",
    "every_plugin",
    "faults",
    "guarded",
    "reason_of",
    "records",
]
