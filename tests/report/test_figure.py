from __future__ import annotations

import pytest
from rich.cells import cell_len

from advisor.core.errors import UsageError
from advisor.core.verdict import Verdict
from advisor.report import figure


def test_a_figure_of_the_chosen_option(verdict: Verdict, golden) -> None:
    option, found = figure.find(verdict, "once.training")
    assert option.id == verdict.arm
    golden("explain.txt", figure.render(option, found))


def test_formula_numbers_and_value_stand_below_each_other(verdict: Verdict) -> None:
    lines = figure.render(*figure.find(verdict, "run.hosting")).splitlines()
    equations = [line.strip() for line in lines if line.startswith("  =")]
    assert equations == [
        "= card hours × hardware.usd_per_hour",
        "= 127.5 × 1.861",
        "= 237.28 USD/month",
    ]


def test_what_the_chosen_option_lacks_is_looked_for_in_the_others(verdict: Verdict) -> None:
    assert figure.find(verdict, "run.inference")[0].id == "prompt/few-shot@claude-sonnet-5+batch"


def test_an_option_may_be_named_before_the_figure_or_apart(verdict: Verdict) -> None:
    other = verdict.alternative
    assert figure.find(verdict, f"{other}:run.total") == figure.find(verdict, "run.total", other)
    assert figure.find(verdict, "run.total", other)[1].value == 12168


@pytest.mark.parametrize(
    ("wanted", "option", "message"),
    [
        ("run.totl", "", "did you mean 'run.total'"),
        ("qqq", "", "--all lists every figure"),
        (
            "run.inference",
            "tune/lora@llama-3.1-8b+batch+rented",
            "no figure 'run.inference' of tune/lora",
        ),
        (
            "run.total",
            "prompt/few-shot@claude-sonnet5+batch",
            "did you mean 'prompt/few-shot@claude-sonnet-5+batch'",
        ),
        (
            "run.total",
            "prompt/few-shot@claude-haiku-4-5+batch",
            "ruled out (quality target: 0.842 is below",
        ),
        ("a:run.total", "b", "leave one of them out"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest_names(
    verdict: Verdict, wanted: str, option: str, message: str
) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]+$") as caught:
        figure.find(verdict, wanted, option)
    assert message in str(caught.value)


def test_an_unknown_sum_says_what_is_known_and_what_is_not(verdict: Verdict) -> None:
    shown = figure.render(*figure.find(verdict, "hybrid/tuned-few-shot@qwen3-4b+hosted:run.total"))
    assert "≥ $400, 1 unknown" in shown
    assert "unknown: run.inference" in shown


def test_all_explains_every_figure_within_the_width(verdict: Verdict) -> None:
    shown = figure.render_all(verdict, width=60)
    for option in verdict.arms:
        for found in option.figures:
            assert f"{found.id} of" in shown
    assert max(map(cell_len, shown.splitlines())) <= 60


def test_all_of_one_option(verdict: Verdict) -> None:
    shown = figure.render_all(verdict, 80, verdict.alternative)
    assert verdict.arm not in shown
