"""The record of a verdict: which option it uses and which it shows, and what a hurry leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Range
from advisor.core.verdict import Excluded, NextStep, Sensitivity
from advisor.decide.assembly import assemble, with_detail, with_second_look
from advisor.decide.interim import Interim
from advisor.decide.judgement import DecisionInputs, Judged, SecondLook
from advisor.decide.ranking import rank
from advisor.decide.readiness import best_of_another_approach
from advisor.decide.record import HEADLINE
from advisor.decide.settling import Ruling
from tests.decide.test_verdict import DRAWS, PROMPT, TUNE, Drawn, costing, limited
from tests.options import DAY, SONNET, brief, setting

THIRD = Option("prompt", "zero-shot", "other")


def inputs(*estimates: Estimate, **changes: Any) -> DecisionInputs:
    base = DecisionInputs(
        limited(),
        setting(),
        Drawn(estimates),
        None,  # type: ignore[arg-type]
        {},
        (),
        (),
        (),
        7,
    )
    return replace(base, **changes)


def judged(given: DecisionInputs, word: str = "tune", stop: str = "", **changes: Any) -> Judged:
    ranking = rank(given.cases.estimates, given.brief, given.cases.size)
    today = Ruling(word, ranking, stop)
    base = Judged(today, (), Interim(""), ranking, best_of_another_approach(ranking))
    return replace(base, **changes)


THREE = (costing(PROMPT, 1000.0), costing(TUNE, 900.0, once=300.0), costing(THIRD, 5000.0))


def test_in_a_hurry_only_the_headlines_of_the_pair_are_recorded() -> None:
    given = inputs(*THREE)
    quick = assemble(given, judged(given), SecondLook(), deep=False)
    assert [[f.id for f in arm.figures] for arm in quick.arms] == [
        list(HEADLINE),
        list(HEADLINE),
        [],
    ]
    assert quick.sources == ()
    deep = assemble(given, judged(given), SecondLook(), deep=True)
    assert [len(arm.figures) for arm in deep.arms] == [len(e.figures) for e in THREE]
    assert (quick.arm, quick.alternative, quick.nearest) == (TUNE.id, PROMPT.id, "")
    assert (quick.draws, quick.seed, quick.schema, quick.horizon_months) == (DRAWS, 7, 1, 12.0)


def test_the_option_to_use_and_the_one_to_show_may_differ() -> None:
    """Undecided: the prompt is used, the tuned option comes nearest and is shown."""
    given = inputs(*THREE)
    base = judged(given)
    near = judged(
        given,
        "undecided",
        "no option is likely",
        today=Ruling("undecided", base.today.ranking.naming(0), "no option is likely"),
        subject=base.subject.naming(1),
        until=Interim("Meanwhile stay as you are.", 1),
    )
    found = assemble(given, near, SecondLook(), deep=False)
    assert (found.arm, found.nearest, found.verdict) == (PROMPT.id, TUNE.id, "undecided")
    assert (found.p_best, found.p_approach) == (0.0, 1.0)
    assert found.expected_regret_usd == pytest.approx(100.0)
    assert found.meanwhile == "Meanwhile stay as you are."
    assert found.advantage.cash_usd == Range.exact(100.0)


def test_why_has_five_reasons_at_most_each_with_a_number() -> None:
    given = inputs(*THREE)
    stopped = judged(given, "undecided", "scores: 30 items", until=Interim("Meanwhile wait."))
    found = assemble(given, stopped, SecondLook(), deep=False)
    free = assemble(given, judged(given), SecondLook(), deep=False)
    assert found.why[0] == "Not decidable yet: scores: 30 items. Meanwhile wait."
    assert len(free.why) == 4
    assert found.why[1:] == free.why[:4]
    wordy = judged(given, "undecided", "a check", until=Interim("Meanwhile wait."))
    assert assemble(given, wordy, SecondLook(), deep=False).why == free.why
    hosting = replace(
        THREE[0], figures={**THREE[0].figures, "run.hosting": Figure(1e4, "USD", "h")}
    )
    full = inputs(hosting, *THREE[1:])
    assert len(assemble(full, judged(full), SecondLook(), deep=False).why) == 5
    told = assemble(full, replace(judged(full), today=stopped.today), SecondLook(), deep=False).why
    assert len(told) == 5
    assert told[0].startswith("Not decidable yet")


@pytest.mark.parametrize(
    ("chosen", "stop", "words"),
    [
        (NextStep("measure it", 1.0, 2.0, 3.0), "", "measure it"),
        (NextStep("measure it", 1.0, 2.0, 3.0), "a stop", "measure it"),
        (None, "a stop", "start with tune/lora@small: no measurement"),
        (None, "", "decide now: no measurement is worth its price"),
    ],
)
def test_the_next_step_is_the_most_valuable_or_what_is_left(
    chosen: NextStep | None, stop: str, words: str
) -> None:
    given = inputs(*THREE)
    found = assemble(given, judged(given, stop=stop), SecondLook(next_step=chosen), deep=False)
    assert found.next_step.action.startswith(words)


def test_what_is_out_of_reach_follows_what_a_rule_excludes() -> None:
    out = Excluded("x", "policy", "closed")
    far = costing(THIRD, 100.0, quality=0.1)
    given = inputs(*THREE[:2], far, excluded=(out,), warnings=("a warning",))
    found = assemble(given, judged(given), SecondLook(), deep=False)
    assert [e.id for e in found.excluded] == ["x", THIRD.id]
    assert found.warnings[0] == "a warning"
    assert found.criteria == ()
    weighed = replace(given, weights={"quality": 1.0})
    ids = [c.id for c in assemble(weighed, judged(weighed), SecondLook(), deep=False).criteria]
    assert ids[-1] == THIRD.id


def test_a_cost_that_is_not_known_has_no_regret() -> None:
    given = inputs(costing(PROMPT, float("nan")), costing(TUNE, float("nan")))
    assert assemble(given, judged(given), SecondLook(), deep=False).expected_regret_usd is None


def test_a_second_look_adds_what_it_found() -> None:
    given = inputs(*THREE)
    plain = assemble(given, judged(given), SecondLook(), deep=False)
    assert with_second_look(plain, SecondLook()).unexplained_variance_share is None
    rows = (Sensitivity("x", 1.0, 2.0, 1.0, variance_share=0.75),)
    assert with_second_look(plain, SecondLook(sensitivity=rows)).unexplained_variance_share == 0.25


@pytest.mark.parametrize(
    ("in_place", "listed"),
    [(None, [TUNE.id, PROMPT.id]), (2, [TUNE.id, PROMPT.id, "as-is/zero-shot@other"]), (1, None)],
)
def test_draws_are_those_of_the_pair_and_of_what_is_in_place(
    in_place: int | None, listed: list[str] | None
) -> None:
    rows = np.linspace(0.0, 1.0, DRAWS + 1)
    estimates = [
        costing(o, t + rows) for o, t in ((PROMPT, 1000.0), (TUNE, 600.0), (THIRD, 5000.0))
    ]
    if in_place is not None:
        old = estimates[in_place]
        estimates[in_place] = replace(old, option=replace(old.option, as_is=True))
    given = inputs(*estimates)
    found = with_detail(
        assemble(given, judged(given), SecondLook(), deep=True), given, judged(given)
    )
    names = [option.option for option in found.drawn]
    assert names == (listed or ["as-is/lora@small", PROMPT.id])
    assert found.drawn[0].cash_usd[0] == pytest.approx(600.0 + rows[1], abs=0.01)
    assert len(found.drawn[0].cash_usd) == DRAWS
    assert found.considerations
    against = found.against_today.cash_usd.p50
    assert against == (pytest.approx(4400.0) if in_place == 2 else None)


def test_an_end_takes_the_place_of_weaker_reasons() -> None:
    ending = replace(SONNET, model="small", ends=DAY.replace(month=12, day=24))
    moved = {k: Figure(70.0, "USD", k) for k in ("once.move", "horizon.move")}
    prompted = costing(replace(PROMPT, model="small"), 100.0)
    pick = replace(prompted, figures={**prompted.figures, **moved})
    given = inputs(pick, costing(TUNE, 900.0), setting=setting({"small": ending}))
    found = assemble(given, judged(given, "prompt"), SecondLook(), deep=False)
    assert any("small ends 2026-12-24, in 34 days" in why for why in found.why)
    assert found.next_step.action.startswith("decide now, and score a successor of small")
    assert brief().budget.horizon_months == 12
