"""The Python interface: what `from advisor import ...` gives. See docs/guide/python.md.

Names, parameters and fields of the records here change only with the major version.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.core.brief import Brief
from advisor.core.errors import AdvisorError, UsageError
from advisor.core.verdict import Verdict
from advisor.estimate.training.record import EstimateAnswer
from advisor.estimate.training.request import RunRequest

if TYPE_CHECKING:
    from advisor.core.experiment import JsonObject

__all__ = [
    "AdvisorError",
    "Brief",
    "EstimateAnswer",
    "RunRequest",
    "Verdict",
    "as_json",
    "estimate",
    "read_brief",
    "recommend",
]


def read_brief(path: str | Path, answers: Sequence[str] = ()) -> Brief:
    """The brief in a TOML file, with `KEY=VALUE` answers laid over it.

    Raises UsageError for a file that is not a brief.
    """
    from advisor import pipeline

    return pipeline.load(Path(path), answers)


def recommend(
    brief: Brief | str | Path, answers: Sequence[str] = (), *, own_runs: bool = True
) -> Verdict:
    """The verdict on a brief, or on the file of one with `KEY=VALUE` answers laid over it.

    Where every option is ruled out the verdict has no arms and lists what was excluded by which
    rule. Nothing is written to the history. Raises UsageError for a brief that is wrong.
    """
    from advisor import pipeline

    if isinstance(brief, Brief):
        if answers:
            raise UsageError("answers: belong to a brief in a file; change the Brief itself")
        loaded = brief
    else:
        loaded = read_brief(brief, answers)
    try:
        return pipeline.judge(loaded, pipeline.look(loaded, own_runs=own_runs))
    except pipeline.NothingLeft as stop:
        return stop.verdict


def estimate(run: RunRequest | str, /, **flags: Any) -> EstimateAnswer:
    """Memory, speed, time and cost of one training run: a RunRequest, or a model with the flags of
    `advisor estimate` by their names (`gpu="L40S"`, `micro_batch=4`).

    Raises UsageError on an unknown model, GPU or flag, Infeasible where no GPU will do.
    """
    from advisor import facts, run_estimate
    from advisor.store.folders import folders

    if isinstance(run, str):
        try:
            run = RunRequest(run, **flags)
        except TypeError as error:
            raise UsageError(f"estimate: {error}; see the fields of RunRequest") from None
    elif flags:
        raise UsageError(f"estimate: put {', '.join(flags)} into the RunRequest")
    return run_estimate.answer(facts.load(folders().config), run)


def as_json(result: Verdict | EstimateAnswer) -> JsonObject:
    """The object that `--json` prints of a verdict or an estimate; its keys are a contract."""
    if isinstance(result, Verdict):
        import json

        from advisor.report.json import render

        document: JsonObject = json.loads(render(result))
        return document
    from advisor.estimate.training.record import as_object

    return as_object(result)
