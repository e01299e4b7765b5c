"""Writes docs/reference/accuracy-outcomes.md from the back-tests of the shipped studies.

usage: python tools/accuracy_outcomes.py docs/reference/accuracy-outcomes.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from advisor.backtest import curves, outcomes

HEAD = """# Accuracy of the quality predictions

Made by `python tools/accuracy_outcomes.py docs/reference/accuracy-outcomes.md`; a test makes the first table
again and compares. A study that is scored is never fitted on: coefficients and spreads are those fitted without it.
Three numbers were chosen on these very tables, so that intervals hold about 80 %: the common spread for outcomes,
steepness and drift for curves (formulas-quality.md). Every study counts the same, whatever its number of cells. Shares and
scores run from 0 to 1.
"""
OUTCOMES = """
## Outcomes

`advisor backtest outcomes`. The protocol is that of a team which measures its prompts first: of each study only the
prompted results are given. The best tuned and best hybrid score, the gain of tuning over the best prompt, the chance of
each approach to be best, and the choice (the highest expected score) are predicted from them and from what a row says
about its inputs (model, size, technique, number of labels, task type, notes). The prompt itself is predicted from tuned
and hybrid results. "cover" is the share of results inside the 80 % interval, "pinball" the mean quantile loss of the
gain at P10, P50 and P90, "constant band" the quantiles of all gains (that is: the best prompt plus a constant band).
Regret is the score lost against the best approach in hindsight; a hybrid that was not measured counts as tuned. A metric
that does not say its full mark (BLEU) is predicted but not scored.

"""
CURVES = """
## Learning curves

`advisor backtest curves`. Shares of points inside their 80 % interval, predicted from the first third of a curve (at
least two points), and from all points before; predictions more than 8 times beyond the last given point are marked as far.

"""


def main(out: str) -> None:
    """Writes the page."""
    text = HEAD + OUTCOMES + outcomes.run(None, False) + CURVES + curves.run(None, False)
    Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
