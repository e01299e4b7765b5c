"""Judging in a process of its own: the same verdict, errors of the same kind."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

from advisor import brief as files
from advisor import pipeline, shipped
from advisor.core import frozen_json
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.quantity import Basis, Range
from advisor.tui.work.process_engine import ProcessEngine


@pytest.fixture
def process_engine():
    engine = ProcessEngine()
    yield engine
    engine.close()


def test_the_verdict_is_that_of_the_pipeline(process_engine, home):
    brief = files.read(shipped.folder("profiles") / "briefs" / "claims-triage.toml")
    observed = process_engine.look(brief, CancelToken())
    verdict = process_engine.judge(brief, observed, deep=False)
    assert verdict == pipeline.judge(brief, pipeline.look(brief), deep=False)


def test_errors_keep_their_kind_and_the_process_goes_on(process_engine, home):
    observed = process_engine.look(Brief(), CancelToken())
    wrong = files.with_answers(Brief(), ["current.model=no-such-model"])
    with pytest.raises(UsageError, match="unknown model 'no-such-model'"):
        process_engine.judge(wrong, observed, deep=False)
    with pytest.raises(UsageError, match="no file"):
        process_engine.look(files.with_answers(Brief(), ["data.path=nowhere.csv"]), CancelToken())


def test_a_process_that_was_killed_is_replaced(process_engine, home):
    process_engine.look(Brief(), CancelToken())
    process_engine._process.kill()
    process_engine._process.wait()
    assert process_engine.look(Brief(), CancelToken()).warnings is not None


def test_where_nothing_is_left_the_rules_are_named(process_engine, home):
    brief = files.with_answers(
        Brief(), ["policy.data_may_leave=no", "models.prompt=claude-sonnet-5", "models.tune=none"]
    )
    verdict = process_engine.judge(brief, process_engine.look(brief, CancelToken()), deep=False)
    assert verdict.arms == ()
    assert verdict.excluded


@pytest.mark.parametrize(
    "value",
    [
        None,
        (1, "two", 3.5, (True, None)),
        Range(1.0, 2.0, 3.0),
        Basis.MEASURED,
        date(2026, 11, 27),
        Path("a/b"),
        MappingProxyType({("a", 1): (Range.exact(2.0),)}),
        Brief(),
    ],
    ids=repr,
)
def test_records_come_back_as_they_were(value):
    assert frozen_json.loads(frozen_json.dumps(value)) == value


def test_only_records_of_the_program_are_built():
    for name in ("os:system", "subprocess:Popen", "advisor.core.format:money"):
        text = f'{{"record":"{name}","fields":["true"]}}'.encode()
        with pytest.raises((ValueError, TypeError)):
            frozen_json.loads(text)
