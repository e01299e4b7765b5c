"""How rows are split, what a plan of quality asks for, and what its trials take, by hand."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest

from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.quality import (
    EvaluationTask,
    approximate_tokens,
    expected_work,
    plan,
    row_tokens,
    summary,
    task,
    trial_label,
)
from advisor.calibrate.quality_records import ModelWeights, QualitySpec
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, Status, TrialOutcome

SMALL = ModelWeights("models/tiny", "w", bytes=10**8)
READER = ModelWeights("models/bert", "w", bytes=10**9, reads_only=True)


def rows(count: int, of: str = "row") -> list[tuple[str, str]]:
    return [(f"{of} {i}", "AB"[i % 2]) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "tested"),
    [(100, 20), (60, 12), (50, 10), (40, 10), (20, 10)],
)
def test_a_fifth_is_held_out_and_ten_at_least(count: int, tested: int) -> None:
    split = task(rows(count))
    assert (len(split.items), len(split.train)) == (tested, count - tested)
    assert {*split.items, *split.train} == set(rows(count))


@pytest.mark.parametrize(("count", "tests"), [(19, 0), (9, 20), (20, 9)])
def test_ten_of_each_are_the_fewest(count: int, tests: int) -> None:
    with pytest.raises(UsageError, match="give at least 10 of each"):
        task(rows(count), rows(tests, "test"))
    assert task(rows(10), rows(10, "test")).metric


@pytest.mark.parametrize(("asked", "reserved"), [(0, 0), (5, 5), (16, 16), (50, 16)])
def test_prompts_are_chosen_on_a_fifth_of_the_training_rows_at_most(
    asked: int, reserved: int
) -> None:
    split = task(rows(100), development=asked)
    assert split.development == tuple(range(reserved))
    assert split.pool == list(split.train[reserved:])
    assert split.shared().get("development") == (list(range(reserved)) or None)


def test_a_test_set_of_its_own_is_cut_and_its_prompts_are_not_trained_on() -> None:
    tests = rows(30, "test")
    split = task([*rows(30), (" TEST 3 ", "A"), ("blank", " ")], tests, most_items=12)
    assert len(split.items) == 12
    assert set(split.items) <= set(tests)
    assert ("blank", " ") not in split.train
    kept = (" TEST 3 ", "A") in split.train
    assert kept is (("test 3", "B") not in split.items)
    assert split.items != tuple(tests[:12])
    assert len(task(rows(30), rows(700, "test")).items) == 500


def test_the_same_seed_splits_alike_and_another_does_not() -> None:
    assert task(rows(60), seed=4) == task(rows(60), seed=4)
    assert task(rows(60), seed=4).items != task(rows(60), seed=5).items


def test_groups_are_held_out_whole_and_named_by_numbers() -> None:
    own = rows(60)
    group_of = {row: f"customer {i // 4}" for i, row in enumerate(own)}
    split = task(own, group_of=group_of)
    tested = {group_of[row] for row in split.items}
    assert not tested & {group_of[row] for row in split.train}
    assert len(split.items) == 12  # a fifth, of whole groups of four
    names = [group_of[row] for row in split.items]
    first = list(dict.fromkeys(names))
    assert split.groups == tuple(first.index(name) for name in names)
    assert split.shared()["groups"] == list(split.groups)
    assert "groups" not in task(own).shared()
    one = dict.fromkeys(own, "one customer")
    tests = rows(20, "test")
    with pytest.raises(UsageError, match="all test items are of one group"):
        task(own, tests, group_of=one | dict.fromkeys(tests, "one"))


ROWS = (*[("q" * 36, "a" * 8)] * 19, ("q" * 76, "a" * 88))
TASK = EvaluationTask(
    ROWS, (("q" * 40, "a" * 12), ("q" * 80, "a" * 20)), Scorer("exact match"), "i" * 24
)


def test_tokens_are_a_quarter_of_the_characters() -> None:
    assert approximate_tokens("x" * 10) == 2.5
    assert row_tokens(TASK) == pytest.approx((19 * (9 + 2 + 4) + 19 + 22 + 4) / 20)


def test_work_is_what_two_items_read_write_and_train_on() -> None:
    """Questions of 10 and 20 tokens, 4 around each; answers of 3 and 5 and 2; 6 of instruction."""
    prompt = 6 + 3 * row_tokens(TASK) + 15 + 4
    answer = 4 + 2
    found = expected_work(TASK, 3, 40, epochs=5)
    assert found.read_tokens == pytest.approx(2 * (prompt + answer))
    assert found.written_tokens == 2 * answer
    assert found.learned_tokens == pytest.approx(40 * 5 * (prompt + answer))
    assert found.calls == 2
    assert expected_work(TASK, 3, 40).learned_tokens == 0
    labelled = replace(TASK, scorer=Scorer("accuracy", ("A", "B", "C")))
    assert expected_work(labelled, 3, by_likelihood=True).read_tokens == pytest.approx(
        3 * found.read_tokens
    )
    assert expected_work(labelled, 3).read_tokens == pytest.approx(found.read_tokens)
    assert expected_work(TASK, 3, by_likelihood=True).read_tokens == found.read_tokens


def asked(found: ExperimentPlan) -> list[QualitySpec]:
    return [QualitySpec.from_json(trial.spec) for trial in found.trials]


def shape(found: ExperimentPlan) -> list[tuple[Any, ...]]:
    return [(s.approach, s.technique, s.shots, s.train_examples) for s in asked(found)]


def test_every_option_is_asked_for_and_every_share_of_the_rows() -> None:
    split = task(rows(100))
    found = plan(split, SMALL, methods=("lora", "full"), shares=(0.1, 0.5, 1.0), shots=4)
    tuned = [
        row
        for method in ("lora", "full")
        for row in (
            ("tune", method, 0, 10),  # 8 of a tenth are too few
            ("tune", method, 0, 40),
            ("tune", method, 0, 80),
            ("hybrid", method, 4, 80),
        )
    ]
    assert shape(found) == [("prompt", "zero-shot", 0, 0), ("prompt", "few-shot", 4, 0), *tuned]
    assert [t.label for t in found.trials][1:3] == [
        "prompt/few-shot, 4 shown",
        "tune/lora, 10 examples",
    ]
    assert found.trials[5].label == "hybrid/lora, 4 shown, 80 examples"
    specs = asked(found)
    assert (specs[2].rank, specs[2].targets, specs[2].epochs) == (16, "all-linear", 3)
    assert specs[2].learning_rate == 2e-3
    assert (specs[0].epochs, specs[0].learning_rate, specs[0].demonstration) == (None, None, None)
    assert specs[2].expected == expected_work(split, 0, 10, epochs=3, by_likelihood=True)
    assert found.name == f"tiny: {split.metric} on 20 items"


def test_without_examples_there_are_no_options_that_show_them() -> None:
    found = plan(task(rows(100)), SMALL, shots=0, shares=(1.0,), learning_rate=0.5, language=True)
    assert shape(found) == [("prompt", "zero-shot", 0, 0), ("tune", "lora", 0, 80)]
    zero, tuned = asked(found)
    assert (zero.language, tuned.language) == (True, None)
    assert tuned.learning_rate == 0.5


def test_an_encoder_is_tuned_as_a_whole_and_never_prompted() -> None:
    found = plan(task(rows(100)), READER)
    assert shape(found) == [("tune", "encoder", 0, n) for n in (20, 40, 80)]
    first = asked(found)[0]
    assert (first.rank, first.targets, first.learning_rate) == (None, None, 5e-5)
    for wrong in ("full", "qlora"):
        with pytest.raises(UsageError, match="tuned as a whole"):
            plan(task(rows(100)), READER, methods=(wrong,))
    assert plan(task(rows(100)), READER, methods=("encoder",)).trials
    with pytest.raises(UsageError, match="the model writes text"):
        plan(task(rows(100)), SMALL, methods=("encoder",))


def test_a_demonstration_is_marked_in_every_trial() -> None:
    found = plan(task(rows(100)), SMALL, demonstration=True, machine="GPU", seed=3)
    assert all(spec.demonstration and spec.seed == 3 for spec in asked(found))
    assert (found.shared["machine"], found.seed) == ("GPU", 3)
    told = summary(found, [])
    assert told["demonstration"] is True
    assert "never enters a verdict" in told["carries_over"]
    hub = replace(SMALL, hub="org/name@abc")
    assert plan(task(rows(100)), hub).name.startswith("org/name: ")


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        (QualitySpec(), "prompt/zero-shot"),
        (QualitySpec(technique="few-shot", shots=3), "prompt/few-shot, 3 shown"),
        (QualitySpec("tune", "lora", train_examples=40), "tune/lora, 40 examples"),
    ],
)
def test_a_trial_is_called_by_its_option(spec: QualitySpec, label: str) -> None:
    assert trial_label(spec) == label


def general(score: float, bits: float) -> dict[str, Any]:
    right = round(score * 40)
    items = [1.0] * right + [0.0] * (40 - right)
    return {"name": "g", "score": score, "items": 40, "item_scores": items, "bits_per_byte": bits}


def outcome(found: ExperimentPlan, number: int, **result: Any) -> TrialOutcome:
    trial = found.trials[number]
    return TrialOutcome(found.trial_digest(trial), trial.label, Status.DONE, 1.0, result)


def test_a_summary_compares_with_the_base_and_widens_by_the_seed() -> None:
    found = plan(task(rows(100)), SMALL, shots=0, shares=(1.0,))
    rng = random.Random(1)
    scores = [float(rng.random() < 0.75) for _ in range(400)]
    mean = sum(scores) / 400
    same = {"score": mean, "items": 400, "item_scores": scores}
    told = summary(
        found,
        [
            outcome(found, 0, approach="prompt", general=general(0.9, 2.0), **same),
            outcome(
                found, 1, approach="tune", train_examples=80, general=general(0.7, 1.5), **same
            ),
        ],
    )
    plain, tuned = told["trials"]
    assert "forgetting" not in plain
    assert tuned["forgetting"]["difference"] == pytest.approx(-0.2)
    assert tuned["forgetting"]["bits_per_byte_change"] == pytest.approx(-0.25)
    assert not {"item_scores", "general", "item_labels", "confidences"} & set(tuned)
    low, high = plain["interval"]
    seeds = 1.2815515655446004 * 0.05
    assert tuned["interval"] == pytest.approx(
        [mean - math.hypot(mean - low, seeds), mean + math.hypot(high - mean, seeds)]
    )
    assert [c["arm"] for c in told["comparisons"]] == [found.trials[1].label]
    assert told["demonstration"] is False
    assert told["carries_over"].startswith("this model on these items")


def test_the_base_is_the_first_untrained_model_that_was_asked_what_it_knows() -> None:
    found = plan(task(rows(100)), SMALL, shares=(1.0,))
    same = {"score": 0.5, "items": 2, "item_scores": [0.0, 1.0]}
    outcomes = [
        outcome(found, 0, approach="prompt", **same),
        outcome(found, 1, approach="prompt", general=general(0.9, 2.0), **same),
        outcome(found, 2, approach="tune", train_examples=80, general=general(0.8, 1.0), **same),
    ]
    told = {line["approach"]: line for line in summary(found, outcomes)["trials"]}
    assert told["tune"]["forgetting"]["bits_per_byte_change"] == pytest.approx(-0.5)


@pytest.mark.parametrize(("score", "end"), [(1.0, 1), (0.0, 0)])
def test_no_interval_leaves_the_scale(score: float, end: int) -> None:
    found = plan(task(rows(100)), SMALL, shots=0, shares=(1.0,))
    result = {"score": score, "items": 40, "item_scores": [score] * 40, "train_examples": 80}
    (line,) = summary(found, [outcome(found, 1, **result)])["trials"]
    assert line["interval"][end] == float(end)
    assert line["interval"][0] < line["interval"][1]


def test_groups_are_counted_once_and_a_part_of_a_demonstration_is_one() -> None:
    found = plan(task(rows(100)), SMALL, shots=0, shares=(1.0,))
    scored = {"score": 0.5, "items": 4, "item_scores": [0.0, 1.0, 0.0, 1.0]}
    grouped = replace(found, shared={**found.shared, "groups": [0, 1, 1, 2]})
    (line,) = summary(grouped, [outcome(grouped, 0, **scored)])["trials"]
    assert line["groups"] == 3
    (line,) = summary(found, [outcome(found, 0, **scored)])["trials"]
    assert "groups" not in line
    shown = replace(found.trials[0], spec={**found.trials[0].spec, "demonstration": True})
    mixed = replace(found, trials=(shown, *found.trials[1:]))
    assert summary(mixed, [])["demonstration"] is True


def test_a_trial_that_did_not_end_or_has_no_items_is_not_summed_up() -> None:
    found = plan(task(rows(100)), SMALL, shots=0, shares=(1.0,))
    scored = {"score": 0.5, "items": 2, "item_scores": [0.0, 1.0]}
    broken = replace(outcome(found, 0, **scored), status=Status.FAILED)
    empty = outcome(found, 1, score=0.5, items=2)
    assert summary(found, [broken, empty])["trials"] == []
