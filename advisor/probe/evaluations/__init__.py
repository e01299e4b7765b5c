"""Scores per item that other programs measured: promptfoo, inspect_ai, lm-evaluation-harness,
deepeval, HELM, OpenAI's evals, and tables of item × system.
"""

from advisor.probe.evaluations.reading import (
    ScoreFile,
    is_evaluation,
    read_evaluation,
    recognised_evaluation,
)

__all__ = ["ScoreFile", "is_evaluation", "read_evaluation", "recognised_evaluation"]
