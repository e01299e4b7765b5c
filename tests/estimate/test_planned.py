"""The run behind a tuned option: as large as fits, with checkpointing only where that is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Score
from advisor.core.probes import DataReport
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.core.training import TrainingRun
from advisor.estimate import training
from advisor.estimate.planned import _estimate, longest_row, planned_run, training_estimates
from advisor.estimate.scoring import task_of
from advisor.estimate.training import estimate, largest_micro_batch
from tests.estimate.training.catalogue import a_run, book
from tests.options import LLAMA, ROBERTA, brief, setting

TOKENS = Quantity(Range.exact(620.0), "tokens/row", Basis.MEASURED, "counted", "")
DATA = DataReport(("a.jsonl",), 20, 20, 0, (), 0, "p", "a", "exact", TOKENS, TOKENS, TOKENS, 1900)


def planned(gpu: str) -> tuple[Setting, TrainingRun]:
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=book().gpu(gpu))
    return facts, planned_run(brief(), facts, "llama-3.1-8b", LLAMA, "lora")


def test_where_memory_is_plenty_nothing_is_computed_twice() -> None:
    facts, run = planned("H200-SXM")
    (most, again) = (largest_micro_batch(r) for r in (run, replace(run, checkpointing="full")))
    assert most
    assert again
    found = training_estimates(brief(), facts)["llama-3.1-8b", "lora"].tokens_per_second.range
    plain = estimate(replace(run, micro_batch=min(most, 8))).tokens_per_second
    twice = estimate(replace(run, micro_batch=min(again, 8), checkpointing="full"))
    assert found.p50 == pytest.approx(plain.range.p50)
    assert found.p50 > twice.tokens_per_second.range.p50


@pytest.mark.parametrize(("stated", "seen"), [("auto", "medium"), ("low", "low"), ("high", "high")])
def test_a_domain_that_was_not_looked_at_counts_as_medium(stated: str, seen: str) -> None:
    assert task_of(brief(task__domain_specificity=stated)).specificity == seen


@pytest.mark.parametrize(("technique", "tokens"), [("lora", 120 + 180 + 320), ("encoder", 180)])
def test_an_example_is_as_long_as_a_request_where_the_brief_states_no_length(
    technique: str, tokens: float
) -> None:
    held = brief(tuning__static_tokens=120, traffic__input_tokens=180, traffic__output_tokens=320)
    silent = replace(held, data=replace(held.data, tokens_per_example=None))
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=book().gpu("L40S"))
    run = planned_run(silent, facts, "llama-3.1-8b", LLAMA, technique)
    assert run.mean_tokens == tokens
    stated = planned_run(held, facts, "llama-3.1-8b", LLAMA, technique)
    assert stated.mean_tokens == 620


def test_an_encoder_of_no_input_reads_one_token() -> None:
    silent = brief(traffic__input_tokens=0)
    silent = replace(silent, data=replace(silent.data, tokens_per_example=None))
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=book().gpu("L40S"))
    run = planned_run(silent, facts, "llama-3.1-8b", LLAMA, "encoder")
    assert (run.mean_tokens, run.seq_len) == (1.0, 16)


def test_a_sample_need_not_hold_the_longest_row() -> None:
    looked_at = replace(
        setting(),
        models={"llama-3.1-8b": LLAMA},
        gpu=book().gpu("L40S"),
        data=DATA,
    )
    whole = planned_run(brief(), looked_at, "llama-3.1-8b", LLAMA, "lora")
    assert (whole.seq_len, whole.longest_tokens) == (1900, 1900.0)
    sampled = planned_run(brief(data__sample=True), looked_at, "llama-3.1-8b", LLAMA, "lora")
    assert (sampled.seq_len, sampled.longest_tokens) == (3 * round(whole.mean_tokens), None)


def test_no_longest_row_is_shorter_than_the_mean_that_is_stated() -> None:
    looked_at = replace(
        setting(),
        models={"llama-3.1-8b": LLAMA},
        gpu=book().gpu("L40S"),
        data=replace(DATA, max_tokens=60),
    )
    run = planned_run(brief(), looked_at, "llama-3.1-8b", LLAMA, "lora")
    assert run.longest_tokens is None
    assert run.seq_len > run.mean_tokens > 60


@pytest.mark.parametrize(
    ("model", "room", "batch"),
    [
        ("llama-3.1-8b", 100, 8),
        ("llama-3.1-8b", 3, 3),
        ("roberta-base", 100, 32),
        ("roberta-base", 20, 20),
    ],
)
def test_a_planned_batch_is_the_usual_one_where_it_fits(
    model: str, room: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "largest_micro_batch", lambda run: room)
    monkeypatch.setattr(training, "estimate", lambda run, measured: run.micro_batch)
    assert _estimate.__wrapped__(a_run(model), ()) == batch


@pytest.mark.parametrize(
    ("model", "scores", "techniques"),
    [
        ("llama-3.1-8b", (), {"lora", "qlora"}),
        ("llama-3.1-8b", ("full", "dora", "hosted", "lora"), {"lora", "qlora", "full", "dora"}),
        ("roberta-base", ("full",), {"encoder"}),
        ("closed", (), set()),
    ],
)
def test_a_run_is_planned_for_each_way_to_tune_an_open_model(
    model: str, scores: tuple[str, ...], techniques: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.estimate.planned._estimate", lambda run, measured: run)
    measured = [Score("tune", t, "Llama-3.1-8B", 0.8, 100) for t in scores]
    others = [
        Score("tune", "soft-prompt", "other", 0.8, 100),
        Score("prompt", "full", "llama-3.1-8b", 0.8, 100),
    ]
    case = brief(quality__measured=(*measured, *others))
    case = replace(case, models=replace(case.models, tune=(model,)))
    known = {"llama-3.1-8b": LLAMA, "roberta-base": ROBERTA}
    facts = replace(setting(), models=known, gpu=book().gpu("L40S"))
    found = training_estimates(case, facts)
    assert set(found) == {(model, technique) for technique in techniques}
    assert not training_estimates(case, replace(facts, gpu=None))
    nothing = replace(case, models=replace(case.models, tune=None))
    assert not training_estimates(nothing, facts)


@pytest.mark.parametrize(
    ("technique", "method", "objective", "quantization"),
    [
        ("lora", "lora", "sft", "none"),
        ("qlora", "qlora", "sft", "nf4"),
        ("dpo", "lora", "dpo", "none"),
        ("encoder", "full", "sft", "none"),
        ("full", "full", "sft", "none"),
    ],
)
def test_a_technique_is_a_method_an_objective_and_a_storage(
    technique: str, method: str, objective: str, quantization: str
) -> None:
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=book().gpu("L40S"))
    run = planned_run(brief(), facts, "llama-3.1-8b", LLAMA, technique)
    assert (run.method, run.objective, run.quantization) == (method, objective, quantization)
    assert (run.sharding, run.examples, run.epochs, run.gpus) == ("none", 18_000.0, 3.0, 1)
    assert (run.params, run.gpu_name, run.seq_len) == (8_030_000_000.0, "L40S", 1860)
    two = planned_run(brief(hardware__count=2), facts, "llama-3.1-8b", LLAMA, technique)
    assert (two.sharding, two.gpus) == ("ddp", 2)


def test_pairs_in_the_data_are_a_technique_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.estimate.planned._estimate", lambda run, measured: run)
    pairs = replace(DATA, rejected_tokens=TOKENS)
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=book().gpu("L40S"), data=pairs)
    found = training_estimates(brief(), facts)
    assert set(found) == {("llama-3.1-8b", t) for t in ("lora", "qlora", "dpo")}


def test_recorded_hours_slow_a_run_down_as_much_as_they_lengthen_it() -> None:
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=book().gpu("H200-SXM"))
    plain = training_estimates(brief(), facts)["llama-3.1-8b", "lora"]
    longer = training_estimates(brief(), facts, (), [0.7])["llama-3.1-8b", "lora"]
    assert longer.train_hours.likely > plain.train_hours.likely
    ratio = plain.tokens_per_second.likely / longer.tokens_per_second.likely
    assert ratio > 1.0
    assert longer.memory_gib == plain.memory_gib


@pytest.mark.parametrize(("changes", "longest"), [({}, 1900.0), ({"data__sample": True}, None)])
def test_the_longest_row_is_known_of_data_that_were_read_whole(
    changes: dict[str, bool], longest: float | None
) -> None:
    looked = replace(setting(), data=DATA)
    assert longest_row(brief(**changes), looked) == longest
    assert longest_row(brief(), setting()) is None
    assert longest_row(brief(), replace(setting(), data=replace(DATA, max_tokens=0))) is None
