"""Hold the shipped constants of the training estimator against a table of published runs and record
the result.

usage: python tools/accuracy_runs.py RUNS.csv

Writes profiles/training_accuracy.json (what `advisor backtest runs` shows without a file) and the
page docs/reference/accuracy-runs.md. Every source is predicted with constants that were fitted
without it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from advisor.backtest.runs import predict
from advisor.backtest.runs_page import page
from advisor.backtest.runs_scores import MEASURES, summary
from advisor.backtest.runs_table import read
from advisor.backtest.runs_twins import twins

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Score the table as it is and with one run of each group as a calibration; write both
    files.
    """
    rows = read(Path(sys.argv[1]))
    recorded = rounded(summary(predict(rows), "source"))
    recorded["calibrated"] = rounded(summary(predict(rows, calibrate=True), "source"))
    groups = summary(predict(rows, calibrate=True, by_set_up=False), "source")
    recorded["calibrated_by_group"] = rounded(
        {measure: groups[measure]["mean"] for measure in MEASURES}
    )
    recorded["twins"] = rounded(twins(rows))
    text = json.dumps(recorded, indent=1, ensure_ascii=False) + "\n"
    (ROOT / "profiles" / "training_accuracy.json").write_text(text, encoding="utf-8")
    (ROOT / "docs" / "reference" / "accuracy-runs.md").write_text(page(recorded), encoding="utf-8")


def rounded(value: object) -> dict[str, object]:
    """The same nested object with shares and widths to four digits, so that a page reads and
    compares well.
    """
    return json.loads(json.dumps(value), parse_float=lambda text: float(f"{float(text):.4g}"))


if __name__ == "__main__":
    main()
