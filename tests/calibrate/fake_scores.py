"""A real child process whose quality trials score as the plan's shared data say, without torch."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from advisor.calibrate.worker.__main__ import start

SCORER = (sys.executable, __file__)


def run(trial, shared, reporter, stop):
    stop.check()
    time.sleep(0.02)
    told = shared["told"]
    spec, items = trial.spec, len(shared["items"])
    share = told.get(trial.label) or told[f"{spec['approach']}/{spec['technique']}"]
    right = [float(i < round(items * share)) for i in range(items)]
    result = {k: spec[k] for k in ("approach", "technique", "train_examples", "shown")}
    return result | {
        "score": sum(right) / items,
        "items": items,
        "item_scores": right,
        "metric": shared["metric"],
    }


if __name__ == "__main__":
    sys.exit(start(Path(sys.argv[-1]), lambda plan, reporter: run))
