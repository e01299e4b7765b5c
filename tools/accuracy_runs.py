"""Test the shipped coefficients of the training estimator on tables of published runs and record
the result.

usage: python -m tools.accuracy_runs RUNS.csv...

Writes profiles/training_accuracy.json (what `advisor backtest runs` shows without a file) and the
page docs/reference/accuracy-runs.md. Every source is predicted with ranges that were fitted without
it, with the defaults of the command; what is unseen is left out as tools/validate_training.py does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from advisor.backtest.runs import predict
from advisor.backtest.runs_differences import by_difference
from advisor.backtest.runs_page import page
from advisor.backtest.runs_scores import MEASURES, Summary, summary
from advisor.backtest.runs_table import read
from advisor.backtest.runs_twins import twins
from tools.reference_replay import replayed
from tools.validate_training import linears, validate

AFTER_ONE_RUN = ("memory_gib", "tokens_per_second")
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Score the tables as they are and with one run of each group as a calibration; write both
    files.
    """
    paths = [Path(name) for name in sys.argv[1:]]
    rows = [row for path in paths for row in read(path)]
    recorded = rounded(summary(predict(rows), "source"))
    both = linears(paths)
    recorded["unseen"] = rounded(validate(both, fit=False))
    recorded["unseen_fitted"] = rounded(validate(both, fit=True))
    calibrated = predict(rows, calibrate=True)
    recorded["calibrated"] = rounded(summary(calibrated, "source"))
    recorded["calibrated_by_difference"] = rounded(
        {
            column: by_difference(calibrated, column)
            for column in ("memory_gib", "tokens_per_second")
        }
    )
    groups = summary(predict(rows, calibrate=True, by_set_up=False), "source")
    recorded["calibrated_by_group"] = rounded(
        {measure: groups[measure]["mean"] for measure in MEASURES}
    )
    recorded["twins"] = rounded(twins(rows))
    recorded["replayed"] = rounded([one.as_cells() for one in replayed()])
    text = json.dumps(recorded, indent=1, ensure_ascii=False) + "\n"
    (ROOT / "profiles" / "training_accuracy.json").write_text(text, encoding="utf-8")
    (ROOT / "docs" / "reference" / "accuracy-runs.md").write_text(page(recorded), encoding="utf-8")


def rounded(value: object) -> Summary:
    """The same nested object with shares and widths to four digits, so that a page reads and
    compares well.
    """
    numbers: Summary = json.loads(
        json.dumps(value), parse_float=lambda text: float(f"{float(text):.4g}")
    )
    return numbers


if __name__ == "__main__":
    main()
