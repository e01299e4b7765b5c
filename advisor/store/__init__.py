"""What is kept between runs: briefs, probes and verdicts in one SQLite file. The only SQL of the program."""

from advisor.store.errors import StoreBusy, StoreCorrupt, StoreError, StoreTooNew, StoreUnreachable
from advisor.store.folders import Folders, folders
from advisor.store.store import Decision, SavedBrief, Store

__all__ = [
    "Decision",
    "Folders",
    "SavedBrief",
    "Store",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreTooNew",
    "StoreUnreachable",
    "folders",
]
