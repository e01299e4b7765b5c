"""`python -m advisor.calibrate.worker PLAN.json`: the child process of a calibration."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from advisor.calibrate.protocol import JOURNAL, plan_of
from advisor.calibrate.worker.reporter import Reporter, own_stdout
from advisor.calibrate.worker.session import Run, reason_of, run_plan
from advisor.calibrate.worker.stop import Stop
from advisor.core.experiment import ExperimentPlan, Status


def start(path: Path, runner_of: Callable[[ExperimentPlan, Reporter], Run]) -> int:
    """Run the plan in a file; the journal lies beside it.

    Returns the exit code: 0 ended, 1 failed, 3 cancelled.
    """
    reporter = Reporter(own_stdout(), path.with_name(JOURNAL))
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        plan = plan_of(document)
        stop = Stop(plan.minutes)
        stop.listen()
        reporter.say(
            "planned", kind=plan.kind, name=plan.name, trials=[t.label for t in plan.trials]
        )
        ended = run_plan(
            plan, runner_of(plan, reporter), reporter, stop, steered=bool(document.get("steered"))
        )
        return 3 if ended is Status.CANCELLED else 0
    except Exception as error:  # the last line of defence: a crash is an outcome, not silence
        reporter.say("failed", reason=reason_of(error))
        return 1
    finally:
        reporter.close()


def _runner(folder: Path) -> Callable[[ExperimentPlan, Reporter], Run]:
    def runner_of(plan: ExperimentPlan, reporter: Reporter) -> Run:
        from advisor.calibrate.worker.runners import runner

        return runner(plan, reporter, folder)

    return runner_of


if __name__ == "__main__":
    sys.exit(start(Path(sys.argv[1]), _runner(Path(sys.argv[1]).parent)))
