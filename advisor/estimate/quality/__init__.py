"""How good each option will be: evidence of studies as a prior, moved by what the team has
measured.
"""

from advisor.estimate.quality.prediction import QualityPrediction, predictions, scores
from advisor.estimate.quality.prior import Prior, load
from advisor.estimate.quality.reach import labels_to_reach
from advisor.estimate.quality.skills import Skill, TaskProfile

__all__ = [
    "Prior",
    "QualityPrediction",
    "Skill",
    "TaskProfile",
    "labels_to_reach",
    "load",
    "predictions",
    "scores",
]
