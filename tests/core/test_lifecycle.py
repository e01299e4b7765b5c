"""When an option's models end, and which prices it is charged by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from advisor.core.brief import Current
from advisor.core.lifecycle import (
    ModelEnd,
    ends_within_horizon,
    first_end,
    horizon_end,
    tariffs,
)
from advisor.core.option import Option, Place, Serving
from advisor.core.setting import Setting
from tests.options import DAY, SONNET, TUNED, brief, prompt, rented, setting

EARLY, LATE = date(2027, 1, 10), date(2027, 3, 1)
HOSTED = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
CASCADE = replace(HOSTED, approach="hybrid", technique="cascade", helper="claude-sonnet-5")


def known(prompted: date | None = None, tuned: date | None = None) -> Setting:
    return setting(
        {"claude-sonnet-5": replace(SONNET, ends=prompted)},
        {"gpt-4.1-mini": replace(TUNED, ends=tuned)},
    )


@pytest.mark.parametrize(
    ("option", "models"),
    [
        (prompt("uncached"), [SONNET.model]),
        (HOSTED, [TUNED.model]),
        (CASCADE, [SONNET.model, TUNED.model]),
        (rented(), []),
        (replace(rented(), helper="claude-sonnet-5"), [SONNET.model]),
        (prompt("uncached", model="nameless"), []),
    ],
)
def test_an_option_is_charged_by_the_rows_of_its_hosted_parts(
    option: Option, models: list[str]
) -> None:
    assert [row.model for row in tariffs(option, known())] == models


@pytest.mark.parametrize(
    ("option", "prompted", "tuned", "expected"),
    [
        (prompt("uncached"), EARLY, None, ModelEnd("claude-sonnet-5", EARLY)),
        (prompt("uncached"), None, EARLY, None),
        (HOSTED, EARLY, LATE, ModelEnd("gpt-4.1-mini", LATE)),
        (CASCADE, EARLY, LATE, ModelEnd("claude-sonnet-5", EARLY)),
        (CASCADE, LATE, EARLY, ModelEnd("gpt-4.1-mini", EARLY)),
        (CASCADE, None, EARLY, ModelEnd("gpt-4.1-mini", EARLY)),
        (CASCADE, EARLY, None, ModelEnd("claude-sonnet-5", EARLY)),
        (CASCADE, None, None, None),
        (rented(), EARLY, EARLY, None),
    ],
)
def test_the_first_of_its_models_ends_an_option(
    option: Option, prompted: date | None, tuned: date | None, expected: ModelEnd | None
) -> None:
    assert first_end(option, brief(), known(prompted, tuned)) == expected


@pytest.mark.parametrize(
    ("as_is", "ends", "day"),
    [(True, LATE, LATE), (True, None, EARLY), (False, LATE, EARLY)],
)
def test_the_brief_may_say_when_what_is_in_place_ends(
    as_is: bool, ends: date | None, day: date
) -> None:
    current = Current("prompt", "few-shot", "claude-sonnet-5", None, ends=ends)
    option = replace(prompt("uncached"), as_is=as_is)
    found = first_end(option, replace(brief(), current=current), known(EARLY))
    assert found == ModelEnd("claude-sonnet-5", day)
    assert first_end(option, brief(), known(EARLY)) == ModelEnd("claude-sonnet-5", EARLY)


@pytest.mark.parametrize(("months", "days"), [(12, 365.0), (1, 730 / 24), (24, 730.0)])
def test_a_month_of_the_horizon_has_730_hours(months: int, days: float) -> None:
    case = brief()
    case = replace(case, budget=replace(case.budget, horizon_months=months))
    assert horizon_end(case, setting()) == DAY + timedelta(days=days)
    last = horizon_end(case, setting())
    inside = ends_within_horizon(prompt("uncached"), case, known(last))
    assert inside == ModelEnd("claude-sonnet-5", last)
    after = known(last + timedelta(days=1))
    assert ends_within_horizon(prompt("uncached"), case, after) is None
