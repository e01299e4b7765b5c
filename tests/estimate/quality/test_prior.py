"""How the fitted table becomes a prior: what is merged, widened and added."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.estimate.quality import prior

TABLE: prior.FamilyTable = {
    "bend": 0.2,
    "names": ["a", "b"],
    "mean": [0.5, -0.2],
    "root": [[0.8], [0.3, 0.5]],
    "sds": {"study": 0.3, "task": 0.4, "drift": 0.1, "model": 0.2},
    "without": {},
}


def test_a_lower_triangle_is_widened_and_voting_stands_beside_it() -> None:
    family = prior._family(TABLE, 1.5)
    assert family.bend == 0.2
    assert family.names == ("a", "b", "prompt:voting")
    assert family.mean.tolist() == [0.5, -0.2, 0.35]
    assert family.root == pytest.approx(
        np.array([[1.2, 0.0, 0.0], [0.45, 0.75, 0.0], [0.0, 0.0, 0.2]])
    )
    assert family.sds == pytest.approx({"task": 1.5 * 0.5, "drift": 0.1, "model": 0.3, **REST})


REST = dict.fromkeys(
    (
        "prompt-technique",
        "tune-task",
        "labels-task",
        "hybrid-task",
        "tune-model",
    ),
    0.0,
)


@pytest.mark.parametrize(
    ("of", "into"),
    [
        ("study", "task"),
        ("prompt-technique-task", "prompt-technique"),
        ("tune-study", "tune-task"),
        ("labels-study", "labels-task"),
        ("hybrid-study", "hybrid-task"),
        ("tune-model-task", "tune-model"),
    ],
)
def test_deviations_of_one_study_and_one_task_are_one(of: str, into: str) -> None:
    """As variances."""
    found = prior.merged({of: 3.0, into: 4.0})
    assert found[into] == pytest.approx(5.0)
    assert of not in found
    assert prior.merged({of: 3.0})[into] == 3.0


def test_what_belongs_to_a_curve_or_a_test_is_not_widened() -> None:
    sds = {"drift": 1.0, "steepness": 1.0, "test": 1.0, "task": 1.0}
    assert prior.widened(sds, 2.0) == {"drift": 1.0, "steepness": 1.0, "test": 1.0, "task": 2.0}


def test_the_shipped_prior_is_the_table() -> None:
    table, found = prior.tables(), prior.load()
    assert len(found.families) == len(table["families"]) >= 2
    assert (found.source, found.as_of, found.studies) == (
        table["source"],
        table["as_of"],
        table["studies"],
    )
    first = table["families"][0]
    spread = table["spread"]
    variance = (found.families[0].root @ found.families[0].root.T)[1, 1]
    assert math.sqrt(variance) == pytest.approx(spread * math.hypot(*first["root"][1]), rel=1e-6)
