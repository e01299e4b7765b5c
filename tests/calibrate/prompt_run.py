"""A prompt run as a process of its own, to be killed: python prompt_run.py URL ROWS."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from advisor import experiments
from advisor.calibrate import quality
from advisor.calibrate.prompts_plan import prompts_plan
from advisor.core.events import CancelToken


def run(url: str, rows: list[list[str]], items: int, at_once: int = 4):
    pairs = [(p, a) for p, a in rows]
    task = quality.task(pairs[items:], pairs[:items], most_items=items)
    plan = prompts_plan(task, url, "m", shots=(0,), input_usd=1.0, output_usd=10.0, at_once=at_once)
    prepared = experiments.prepare(plan, experiments.endpoint(url), experiments.Limits())
    return experiments.run(prepared, events=lambda e: None, cancel=CancelToken())


if __name__ == "__main__":
    run(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), int(sys.argv[3]))
