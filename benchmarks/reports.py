"""Seconds of processor time that each format of a report takes; all of them
together: under 3 s at the first try, imports and all.

`.venv/bin/python benchmarks/reports.py [BRIEF]`
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from advisor import pipeline, shipped
from advisor.report import formats

GOAL = 3.0


def main(path: Path) -> int:
    """Print a line per format; 1 where all together miss the goal at the first try."""
    brief = pipeline.load(path)
    verdict = pipeline.judge(brief, pipeline.look(brief, own_runs=False))
    first = 0.0
    for form in formats.FORMATS:
        times = []
        for _ in range(2):
            begun = time.process_time()
            size = len(form.render(verdict))
            times.append(time.process_time() - begun)
        first += times[0]
        print(f"{form.name:<5} {times[0]:6.2f} s, again {times[1]:5.2f} s {size / 1024:8.0f} KiB")
    print(f"all   {first:6.2f} s with imports, goal {GOAL:g} s")
    return int(first > GOAL)


if __name__ == "__main__":
    usual = shipped.folder("profiles") / "briefs" / "customs-invoices.toml"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else usual))
