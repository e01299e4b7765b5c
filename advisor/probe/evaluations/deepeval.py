"""Test runs of deepeval: its own JSON file, and results of `evaluate()` as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import Systems, model_in, option_name, score_of

CASES = ("testCases", "test_cases", "test_results", "testResults")
METRICS = ("metricsData", "metrics_data")


def cases_of(document: Any) -> Sequence[JsonObject] | None:
    """The test cases in a document of deepeval; None where it is another one."""
    if not isinstance(document, Mapping):
        return None
    cases = next((document[key] for key in CASES if isinstance(document.get(key), list)), None)
    if not cases or not all(isinstance(case, Mapping) for case in cases):
        return None
    return cases if any("success" in c or _metrics(c) for c in cases) else None


def read_cases(document: JsonObject, cases: Sequence[JsonObject]) -> Systems:
    """The system of a test run: the score of its metric, of several whether the case passed."""
    systems = Systems()
    parameters = document.get("hyperparameters") or {}
    stated = parameters.get("model") if isinstance(parameters, Mapping) else None
    model = model_in(str(stated or document.get("model") or "model"))
    if model == "model":
        systems.note("the file names no model; rename the column, or use --set model=NAME")
    about = str(parameters.get("prompt template", "")) if isinstance(parameters, Mapping) else ""
    name = option_name(model, about)
    for number, case in enumerate(cases):
        metrics = [metric for metric in _metrics(case) if isinstance(metric, Mapping)]
        score = score_of(metrics[0].get("score")) if len(metrics) == 1 else None
        if score is None:
            score = score_of(case.get("success"))
        if len(metrics) > 1:
            systems.note("cases with several metrics count as passed or not")
        systems.add(name, str(case.get("input") or case.get("name") or number), score)
    return systems


def _metrics(case: JsonObject) -> Sequence[Any]:
    return next((case[key] for key in METRICS if isinstance(case.get(key), list)), ())
