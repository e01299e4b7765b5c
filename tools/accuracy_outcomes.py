"""Writes docs/reference/accuracy-outcomes.md from the back-tests of the shipped studies.

usage: python tools/accuracy_outcomes.py docs/reference/accuracy-outcomes.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from advisor import shipped
from advisor.backtest import curves, outcomes
from advisor.backtest.outcome_page import gains
from advisor.backtest.outcome_scores import summary
from advisor.backtest.studies import read

HEAD = """# Accuracy of the quality predictions

Made by `python tools/accuracy_outcomes.py docs/reference/accuracy-outcomes.md`; a test makes the
first tables again and compares. A study that is scored is never fitted on: its coefficients and
spreads are fitted without it, and it is not among its own nearest decisions. Shares and scores run
from 0 to 1. "Studies equal" is the mean over studies of each study's mean; "cells pooled" counts
every cell the same, and LoRA Land has nearly half of them.
"""
OUTCOMES = """
## Outcomes

`advisor backtest outcomes`. The protocol is that of a team which measures its prompts first: of
each study only the prompted results are given. The best tuned and best hybrid score, the gain of
tuning over the best prompt, the chance of each approach to be best, and the choice (the highest
expected score) are predicted from them and from what a row says about its inputs (model, size,
technique, number of labels, task type, notes). The prompt itself is predicted from tuned and hybrid
results.

"Pinball" is the mean quantile loss of the gain at P10, P50 and P90. The rules beside ours see the
same studies: "constant band" is the quantiles of all gains, studies equal; "share of headroom" the
same of gains divided by 1 − prompt score; "40 nearest rows" the quantiles of the 40 gains whose
prompt score, task type and scope are nearest. Regret is the score lost against the best approach in
hindsight; a hybrid that was not measured counts as tuned. A metric that does not state its full
mark (BLEU) is predicted but not scored. "Bias" is the predicted median minus the published score.

"""
RELATED = """
## Related studies left out together

The same with every study that shares authors, data, method or question left out of the weights and
of the nearest decisions (`advisor/backtest/related.py`): what to expect of a study unlike ours.

"""
CURVES = """
## Learning curves

`advisor backtest curves`. Shares of points inside their 80 % interval, predicted from the first
third of a curve (at least two points), and from all points before; predictions more than 8 times
beyond the last given point are marked as far.

"""


def main(out: str) -> None:
    """Writes the page."""
    evidence = read(shipped.folder("profiles") / "evidence.csv")
    apart = summary(outcomes.predict(evidence, leave_related_out=True))
    text = HEAD + OUTCOMES + outcomes.run(None, False)
    text += RELATED + "\n".join(gains(apart)) + "\n"
    text += CURVES + curves.run(None, False)
    Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
