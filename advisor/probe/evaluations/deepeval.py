"""Test runs of deepeval: its own JSON files, also those it keeps in `.deepeval`, and results of
`evaluate()` as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import Systems, model_in, option_name, score_of

CASES = ("testCases", "test_cases", "test_results", "testResults", "conversationalTestCases")
METRICS = ("metricsData", "metrics_data", "cached_metrics_data")
_CACHE = "test_cases_lookup_map"


def cases_of(document: Any) -> Sequence[JsonObject] | None:
    """The test cases in a document of deepeval; None where it is another one."""
    if not isinstance(document, Mapping):
        return None
    document = run_in(document)
    if isinstance(document.get(_CACHE), Mapping):
        return list(_cached(document[_CACHE]))
    cases = next((c for key in CASES if isinstance(c := document.get(key), list) and c), None)
    if not cases or not all(isinstance(case, Mapping) for case in cases):
        return None
    return cases if any("success" in c or _metrics(c) for c in cases) else None


def run_in(document: JsonObject) -> JsonObject:
    """The run in `.latest_test_run.json`; any other document as it is."""
    inner = document.get("testRunData")
    return inner if isinstance(inner, Mapping) else document


def is_link(document: JsonObject) -> bool:
    """Whether a file holds nothing but where the run's page is."""
    return set(document) == {"testRunLink"}


def _cached(cases: JsonObject) -> Iterator[JsonObject]:
    """The cases that deepeval has kept, each under a JSON of its texts."""
    for key, case in cases.items():
        try:
            question = json.loads(key).get("input")
        except (ValueError, AttributeError, RecursionError):
            question = None
        if isinstance(case, Mapping):
            yield {"input": question or key, **case}


def read_cases(document: JsonObject, cases: Sequence[JsonObject]) -> Systems:
    """The system of a test run: the score of its metric, of several whether the case passed."""
    systems = Systems()
    document = run_in(document)
    parameters = document.get("hyperparameters") or {}
    stated = parameters.get("model") if isinstance(parameters, Mapping) else None
    model = model_in(str(stated or document.get("model") or "model"))
    if model == "model":
        systems.note("the file names no model; rename the column, or use --set model=NAME")
    about = str(parameters.get("prompt template", "")) if isinstance(parameters, Mapping) else ""
    name = option_name(model, about)
    for number, case in enumerate(cases):
        metrics = [m.get("metric_data", m) for m in _metrics(case) if isinstance(m, Mapping)]
        score = score_of(metrics[0].get("score")) if len(metrics) == 1 else None
        if score is None:
            score = score_of(case.get("success", all(m.get("success") for m in metrics)))
        if len(metrics) > 1:
            systems.note("cases with several metrics count as passed or not")
        systems.add(name, str(case.get("input") or case.get("name") or number), score)
    return systems


def _metrics(case: JsonObject) -> Sequence[Any]:
    return next((case[key] for key in METRICS if isinstance(case.get(key), list)), ())
