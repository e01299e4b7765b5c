"""How good each option will be: evidence of studies as a prior, moved by what the team has
measured.
"""

from advisor.estimate.quality.forecast import Forecast, forecasts, scores
from advisor.estimate.quality.prior import Prior, load
from advisor.estimate.quality.reach import labels_to_reach
from advisor.estimate.quality.skills import Skill, Task

__all__ = ["Forecast", "Prior", "Skill", "Task", "forecasts", "labels_to_reach", "load", "scores"]
