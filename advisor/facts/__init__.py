"""Facts: loads profiles/ and hosted prices; dated look-ups of GPUs, models and prices."""

from advisor.core.dates import earliest_day, stale
from advisor.facts.book import Facts, load
from advisor.facts.candidates import Candidate, Candidates
from advisor.facts.price_rows import in_force
from advisor.facts.providers import Provider
from advisor.facts.tuning import TuningOffer

__all__ = [
    "Candidate",
    "Candidates",
    "Facts",
    "Provider",
    "TuningOffer",
    "earliest_day",
    "in_force",
    "load",
    "stale",
]
