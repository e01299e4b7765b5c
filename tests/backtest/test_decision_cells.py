"""Decision cells: what counts as one, what is read of it, and which studies are left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.backtest.decision_cells import cells, decision_of, published_decisions, truth_of
from advisor.backtest.related import RELATED, related_to
from advisor.backtest.rules import gains_by_rule
from advisor.backtest.studies import Result
from advisor.estimate.quality.nearest import DecisionTraits, PublishedDecision
from advisor.estimate.quality.skills import Skill, TaskProfile

TASK = TaskProfile("qa", "high")


def result(
    approach: str, technique: str, value: float | None, model: str = "m", n: float | None = None
) -> Result:
    skill = Skill(f"{technique}@{model}", approach, technique, model, 7.0, n)
    return Result("s", "t", "accuracy_frac", "x", 7.0, TASK, skill, value, 1.0, n, 300.0)


ROWS = [
    result("prompt", "few-shot", 0.6, "big", 5),
    result("prompt", "zero-shot", 0.4),
    result("tune", "lora", 0.7, n=1000),
    result("tune", "lora", 0.8, n=4000),
    result("hybrid", "tuned-few-shot", 0.75),
]


def test_a_cell_is_a_task_over_all_models_and_on_each_base() -> None:
    by_base = {cell.base_model: cell for cell in cells("s", ROWS)}
    assert set(by_base) == {"", "m"}
    assert truth_of(by_base[""]).gain == pytest.approx(0.2)
    assert truth_of(by_base["m"]).gain == pytest.approx(0.4)


def test_what_a_gain_depends_on_uses_no_tuned_result() -> None:
    blank = [r if r.family == "prompt" else replace(r, value=None) for r in ROWS]
    about = [decision_of(c) for c in cells("s", ROWS)]
    assert about == [decision_of(c) for c in cells("s", blank)]
    assert DecisionTraits("qa", False, False, False, 0.6, 4000.0, "tuned-few-shot") in about


def test_a_cell_without_a_prompt_is_not_predicted_from_neighbours() -> None:
    cell, _ = cells("s", [r for r in ROWS if r.family != "prompt"])
    assert decision_of(cell) is None


def test_tuning_on_other_data_is_marked() -> None:
    weak = [
        r if r.family == "prompt" else replace(r, skill=replace(r.skill, weak=True)) for r in ROWS
    ]
    assert all(d.about.weak for d in published_decisions(weak))
    mixed = [*weak, ROWS[2]]
    assert not any(d.about.weak for d in published_decisions(mixed))


def test_a_gain_needs_both_sides() -> None:
    cell, _ = cells("s", [r for r in ROWS if r.family != "prompt"])
    with pytest.raises(ValueError, match="tuned and a prompted score"):
        _ = truth_of(cell).gain


def test_related_studies_are_left_out_together() -> None:
    names = ["GEPA (Agrawal 2025)", "DSPy fine-tuning tutorials", "FinGPT v3"]
    assert related_to("GEPA (Agrawal 2025)", names) == set(names[:2])
    assert related_to("FinGPT v3", names) == {"FinGPT v3"}
    assert related_to("a new study", names) == {"a new study"}


def test_every_group_names_shipped_studies_and_none_is_in_two() -> None:
    from advisor import shipped
    from advisor.backtest.studies import read

    studies = {r.study for r in read(shipped.folder("profiles") / "evidence.csv")}
    for group in RELATED:
        for beginning in group:
            assert any(s.startswith(beginning) for s in studies), beginning
    for study in studies:
        assert sum(study.startswith(group) for group in RELATED) <= 1, study


def test_the_rules_by_hand() -> None:
    about = DecisionTraits("qa", False, False, True, 0.5, 3000.0)
    others = [
        PublishedDecision("one", replace(about, prompt=0.5), 0.7, None),
        PublishedDecision("two", replace(about, prompt=0.9), 0.9, None),
    ]
    rules = gains_by_rule(about, others)
    assert rules["constant band"][1] == pytest.approx(0.1)  # of gains 0 and 0.2
    assert rules["share of headroom"][1] == pytest.approx(0.5 * 0.2)  # of shares 0 and 0.4
    many = [*([others[0]] * 40), *([others[1]] * 100)]
    assert gains_by_rule(about, many)["40 nearest rows"] == pytest.approx((0.2, 0.2, 0.2))
