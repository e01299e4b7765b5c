"""Kept between runs: briefs, probes, verdicts and calibrations in one SQLite file.

The only SQL of the program.
"""

from advisor.store.errors import StoreBusy, StoreCorrupt, StoreError, StoreTooNew, StoreUnreachable
from advisor.store.folders import Folders, folders
from advisor.store.runs import Runs, answered
from advisor.store.store import PastDecision, SavedBrief, Store

__all__ = [
    "Folders",
    "PastDecision",
    "Runs",
    "SavedBrief",
    "Store",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreTooNew",
    "StoreUnreachable",
    "answered",
    "folders",
]
