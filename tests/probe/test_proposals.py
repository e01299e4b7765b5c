"""What a data report changes in a brief."""

from dataclasses import replace

import pytest

from advisor.core.brief import Brief, Origin
from advisor.core.quantity import Basis, Quantity, Range
from advisor.probe.data import probe
from advisor.probe.proposals import apply, proposals


@pytest.fixture
def report(tmp_path):
    rows = [
        f"the question number {i} about a card and the bank,{'yes' if i % 2 else 'no'}"
        for i in range(60)
    ]
    (tmp_path / "a.csv").write_text("text,label\n" + "\n".join([*rows, rows[0]]) + "\n")
    (tmp_path / "b.csv").write_text("text,label\n" + "\n".join(rows[:5]) + "\n")
    return probe([tmp_path / "a.csv"], eval_paths=[tmp_path / "b.csv"], as_of="2026-11-20")


def brief(**data):
    made = Brief()
    return replace(
        made,
        task=replace(made.task, type="classification"),
        data=replace(made.data, path="a.csv", eval_path="b.csv", **data),
        tuning=replace(made.tuning, static_tokens=Range(90.0, 100.0, 130.0)),
    )


def test_what_the_file_holds_overrides(report):
    told = apply(report, brief(examples=Range.exact(5.0)))
    assert told.data.examples == Range.exact(60.0)
    assert told.data.eval_examples == Range.exact(5.0)
    assert told.task.labels == 2
    assert told.task.domain_specificity == "low"
    origin = told.origin("data.examples")
    assert (origin.basis, origin.as_of) == (Basis.MEASURED, "2026-11-20")


def test_tokens_an_example_are_the_row_and_the_instructions(report):
    told = apply(report, brief())
    row, held = report.tokens_per_row.range, told.data.tokens_per_example
    assert held.likely == pytest.approx(row.likely + 100)
    assert held.p10 == pytest.approx(held.likely - ((row.likely - row.p10) ** 2 + 10**2) ** 0.5)
    assert held.p90 == pytest.approx(held.likely + ((row.p90 - row.likely) ** 2 + 30**2) ** 0.5)


def test_a_sample_changes_no_count(report):
    told = apply(
        report,
        brief(sample=True, examples=Range.exact(18_000.0), tokens_per_example=Range.exact(620.0)),
    )
    assert told.data.examples == Range.exact(18_000.0)
    assert told.data.tokens_per_example == Range.exact(620.0)
    assert told.data.eval_examples == brief().data.eval_examples
    assert told.task.domain_specificity == "low"


def test_stated_specificity_and_labels_stay(report):
    stated = brief()
    stated = replace(stated, task=replace(stated.task, domain_specificity="high", labels=7))
    assert (apply(report, stated).task.domain_specificity, apply(report, stated).task.labels) == (
        "high",
        7,
    )


def test_without_an_answer_field_tokens_stay(report):
    blind = replace(
        report, answer_field="", answer_tokens=Quantity.unknown("tokens/row", "no answer field")
    )
    assert apply(blind, brief()).data.tokens_per_example is None


def test_proposals_name_old_and_new(report):
    listed = {(p.key, p.proposed): p for p in proposals(report, brief())}
    assert listed[("data.examples", "60")].now == "0"
    assert ("data.eval_examples", "0") in listed  # all five items are in training
    personal = replace(report, personal_data={"phone": 1})
    assert any(p.key == "data.sensitive" for p in proposals(personal, brief()))


def accept(told, proposal):
    return told.answered(
        proposal.key, Range.exact(float(proposal.proposed)), Origin(Basis.QUOTED, "accepted", "")
    )


def test_accepted_counts_stand_when_the_data_are_counted_again(report):
    copied = replace(
        report, near_duplicate_rows=8, effective_rows=52, eval_rows=5, leaked_eval_rows=2
    )
    offered = [p for p in proposals(copied, brief()) if p.proposed in ("52", "3")]
    assert [(p.key, p.now) for p in offered] == [
        ("data.examples", "60"),
        ("data.eval_examples", "5"),
    ]
    told = brief()
    for proposal in offered:
        told = accept(told, proposal)
    again = apply(copied, told)
    assert (again.data.examples, again.data.eval_examples) == (Range.exact(52.0), Range.exact(3.0))
    assert again.origin("data.eval_examples").basis is Basis.MEASURED
    assert "less the items that are in training" in again.origin("data.eval_examples").source
    assert not {"data.examples", "data.eval_examples"} & {p.key for p in proposals(copied, told)}
    other = replace(
        copied, leaked_eval_rows=1
    )  # the file has changed: what was accepted holds no more
    assert apply(other, told).data.eval_examples == Range.exact(5.0)


def test_no_test_item_left_is_no_answer_that_was_accepted(report):
    all_leaked = replace(report, eval_rows=5, leaked_eval_rows=5)
    assert apply(all_leaked, brief()).data.eval_examples == Range.exact(5.0)


def test_a_sample_proposes_no_count(report):
    leaked = replace(report, eval_rows=5, leaked_eval_rows=2)
    assert not {p.key for p in proposals(leaked, brief(sample=True))} & {
        "data.examples",
        "data.eval_examples",
    }


def test_test_items_come_with_the_difference_they_show(report):
    enough = replace(report, eval_rows=800, leaked_eval_rows=0)
    why = next(p.why for p in proposals(enough, brief()) if p.key == "data.eval_examples")
    assert "show differences of 4.4 points" in why  # 2.8 × √(0.2 ÷ 800)


def test_nothing_is_proposed_twice(report):
    told = apply(report, brief())
    assert not [
        p for p in proposals(report, told) if p.key not in ("data.examples", "data.eval_examples")
    ]
