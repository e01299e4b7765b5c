"""Turn the JSON of a throughput run into a recorded run that ships and can be replayed.

usage: python -m tools.record_reference RUN.json NAME

Writes calibration/reference/NAME.jsonl: the plan, the device, the beginning, steps and result of
each trial. The JSON of a run holds no single steps, so each trial is replayed with its mean step.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from advisor.experiments.records import recorded_events

ROOT = Path(__file__).resolve().parent.parent
Json = dict[str, object]


def events(run: Json) -> Iterator[Json]:
    """Events with the seconds since the start of the run at which they came, as far as known."""
    about = run["run"]
    device = run["machine"]
    trials = run["trials"]
    assert isinstance(about, dict)
    assert isinstance(trials, list)
    labels = [trial["label"] for trial in trials]
    name = str(about["name"])
    yield {"event": "planned", "at": 0.0, "kind": about["kind"], "name": name, "trials": labels}
    yield {"event": "started", "at": 0.1, "device": device}
    at = 0.1
    for number, trial in enumerate(trials):
        head = {"trial": number, "label": trial["label"], "digest": trial["digest"]}
        yield {"event": "step", "at": at, **head, "phase": "begin"}
        begun = at
        at = round(at + float(trial["seconds"]), 4)
        yield from _steps(trial, begun)
        rest = {key: trial[key] for key in ("status", "seconds", "result")}
        yield {"event": "trial", "at": at, **head, **rest}
    yield {"event": "result", "at": at, "finished": len(trials), "trials": len(trials)}


def _steps(trial: Json, begun: float) -> Iterator[Json]:
    """The first and the last step, with the losses that the record states."""
    result = trial["result"]
    assert isinstance(result, dict)
    steps = result.get("steps")
    if not steps:
        return
    begun += float(result.get("start_seconds") or 0.0) + float(result.get("warm_up_seconds") or 0.0)
    for step, loss in ((1, "first_loss"), (steps, "last_loss")):
        yield {
            "event": "step",
            "at": round(begun + step * float(result["mean_step_seconds"]), 4),
            "label": trial["label"],
            "step": step,
            "steps": steps,
            "loss": result.get(loss),
            "tokens_per_second": result["tokens_per_second"],
            "memory_gib": result["memory"]["process_gib"],
            "watts": result.get("watts"),
        }


def main() -> None:
    """Write one recorded run and read it back."""
    source = Path(sys.argv[1])
    name = sys.argv[2]
    lines = [json.dumps(e) for e in events(json.loads(source.read_text(encoding="utf-8")))]
    path = ROOT / "calibration" / "reference" / f"{name}.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(recorded_events(str(path)))} events")


if __name__ == "__main__":
    main()
