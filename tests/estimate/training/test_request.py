"""What is left out means the same at the command line, in a request and in a run."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from advisor.cli.estimate import command
from advisor.core.training import TrainingRun
from advisor.estimate.training.request import RunRequest


def defaults(record: type) -> dict[str, object]:
    """Of the fields that stand for something where they are left out."""
    stated = {field.name: field.default for field in fields(record)}
    return {name: value for name, value in stated.items() if value not in (MISSING, None)}


FLAGS = {option.name: option.to_info_dict()["default"] for option in command.params}
REQUEST = defaults(RunRequest)
RUN = defaults(TrainingRun)


@pytest.mark.parametrize("name", sorted(REQUEST.keys() & FLAGS.keys() - {"seq_len"}))
def test_a_flag_that_is_left_out_is_left_out_of_a_request(name: str) -> None:
    assert REQUEST[name] == FLAGS[name]


@pytest.mark.parametrize("name", sorted(REQUEST.keys() & RUN.keys()))
def test_a_request_that_leaves_it_out_is_the_usual_run(name: str) -> None:
    assert REQUEST[name] == RUN[name]


def test_most_flags_are_compared() -> None:
    assert {"rank", "micro_batch", "gpus", "epochs"} <= REQUEST.keys() & RUN.keys() & FLAGS.keys()
