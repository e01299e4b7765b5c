"""Plans of throughput and what their trials sum up to: labels, slices and shared work by hand."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.calibrate.throughput import (
    MeasuredTrial,
    carries_over,
    from_slices,
    measured_trials,
    plan,
    sampled,
    scaling,
    sliced,
    summary,
    whole_length,
)
from advisor.calibrate.throughput_records import PeakMemory, ThroughputResult, ThroughputSpec
from advisor.core.errors import UsageError
from advisor.core.experiment import Status, TrialOutcome

CONFIG = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 12, "vocab_size": 100}


def setup(**changes: Any) -> ThroughputSpec:
    return ThroughputSpec("m", {"config": CONFIG}, **changes)


def trial(spec: ThroughputSpec, **result: Any) -> MeasuredTrial:
    return MeasuredTrial("a trial", spec, ThroughputResult(**result))


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "m lora, 1 × 2048"),
        ({"micro_batch": 4, "seq_len": 512}, "m lora, 4 × 512"),
        ({"processes": 2, "sharding": "ddp"}, "m lora, 1 × 2048, 2 × ddp"),
        ({"rank": 8, "targets": "q,v"}, "m lora, 1 × 2048, rank 8, q,v"),
        ({"rank": 8, "targets": "q,v", "method": "full"}, "m full, 1 × 2048"),
        (
            {"optimizer": "sgd", "checkpointing": "full"},
            "m lora, 1 × 2048, sgd, full checkpointing",
        ),
        ({"attention": "eager", "dtype": "float32"}, "m lora, 1 × 2048, eager attention, float32"),
    ],
)
def test_a_label_says_what_is_not_usual(changes: dict[str, Any], label: str) -> None:
    found = plan([setup(**changes)])
    assert [t.label for t in found.trials] == [label]
    assert ("dtype" in found.trials[0].spec) is ("dtype" in changes)


def test_every_depth_is_a_trial_and_the_first_counts_the_parameters() -> None:
    found = plan([setup(), setup(method="full")], slices=(6, 2, 4, 2), seed=5, machine="GPU")
    assert [t.label for t in found.trials] == [
        f"m {method}, 1 × 2048, {depth} layers"
        for method in ("lora", "full")
        for depth in (2, 4, 6)
    ]
    specs = [ThroughputSpec.from_json(t.spec) for t in found.trials]
    assert [s.count for s in specs] == [True, False, False] * 2
    assert {s.seed for s in specs} == {5}
    assert found.name == "m lora, m full"
    assert found.shared == {"lengths": [512], "machine": "GPU"}
    assert [ThroughputSpec.from_json(t.spec).layers for t in plan([setup()]).trials] == [0]


@pytest.mark.parametrize(
    ("kind", "slices", "wrong"),
    [
        ("llama", (1, 12), ""),
        ("llama", (1, 13), "m has 12 layers"),
        ("llama", (2, 2), "at least two depths"),
        ("llama", (0, 2), "from 1 up"),
        ("gemma2", (2, 4), ""),
        ("gemma2", (2, 3), "repeat every 2 after the first 0"),
        ("deepseek_v3", (4, 5), ""),
        ("deepseek_v3", (3, 5), "repeat every 1 after the first 3"),
    ],
)
def test_slices_follow_the_pattern_of_the_layers(
    kind: str, slices: tuple[int, ...], wrong: str
) -> None:
    own = ThroughputSpec("m", {"config": CONFIG | {"model_type": kind}})
    if wrong:
        with pytest.raises(UsageError, match=wrong):
            plan([own], slices=slices)
    else:
        assert len(plan([own], slices=slices).trials) == 2


def test_layers_without_a_pattern_have_no_slices() -> None:
    kinds = ["full_attention"] * 5 + ["sliding_attention"] * 7
    kinds[-1] = "full_attention"
    with pytest.raises(UsageError, match="no two layers"):
        plan([ThroughputSpec("m", {"config": CONFIG | {"layer_types": kinds}})], slices=(2, 4))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"sharding": "tp"}, "--sharding tp"),
        ({"processes": 2}, "several processes spread"),
        ({"processes": 2, "sharding": "ddp", "search": True}, "works with one process"),
        ({"sharding": "fsdp", "method": "qlora"}, "not measured with a sharded model"),
        ({"sharding": "ddp", "method": "qlora"}, ""),
        ({"sharding": "fsdp", "method": "lora", "processes": 8}, ""),
        ({"search": True}, ""),
    ],
)
def test_processes_spread_a_model_in_ways_that_are_measured(
    changes: dict[str, Any], wrong: str
) -> None:
    if wrong:
        with pytest.raises(UsageError, match=wrong):
            plan([setup(**changes)])
    else:
        assert plan([setup(**changes)]).trials


def test_lengths_are_whole_rows_of_two_tokens_and_more() -> None:
    assert (whole_length(7), whole_length((3, 4))) == (7, 7)
    assert sampled([2, 1, (1, 1), (4, 1), 3]) == [2, [1, 1], 3, [4, 1]]
    assert sampled([1, (1, 0)]) == [512]
    assert sampled(range(2, 514)) == list(range(2, 514))  # as many as are kept


def test_of_more_lengths_the_middle_of_each_of_512_parts_is_kept() -> None:
    whole = sampled(range(1000, 1000 + 1024))
    by_hand = [1000 + (i + 0.5) / 512 * 1023 for i in range(512)]
    assert whole == [round(n) for n in by_hand]
    pairs = sampled([(n, 1) for n in range(1000, 1000 + 1024)])
    assert pairs == [[1000 + 2 * i + 1, 1] for i in range(512)]


@pytest.mark.parametrize(
    ("many", "one", "gain"),
    [
        ((300.0, True), (100.0, True), (0.75, True)),
        ((300.0, False), (100.0, True), (0.75, False)),
        ((300.0, True), (100.0, None), (0.75, False)),
        ((None, True), (100.0, True), None),
        ((300.0, True), (0.0, True), None),
        ((300.0, True), (None, True), None),
    ],
)
def test_shared_work_is_measured_against_one_process(
    many: tuple[float | None, bool], one: tuple[float | None, bool], gain: tuple[float, bool] | None
) -> None:
    alone = trial(setup(), tokens_per_second=one[0], steady=one[1])
    four = trial(
        setup(processes=4, sharding="ddp", count=False), tokens_per_second=many[0], steady=many[1]
    )
    other = trial(setup(processes=4, sharding="ddp", rank=8), tokens_per_second=300.0, steady=True)
    found = [(g.processes, g.efficiency, g.steady) for g in scaling([alone, four, other])]
    assert found == ([] if gain is None else [(4, *gain)])


@pytest.mark.parametrize(
    ("devices", "words"),
    [((), ""), (("cuda", "cuda"), "this GPU"), (("cpu",), "a CPU:"), (("cuda", "cpu"), "a CPU:")],
)
def test_only_figures_of_gpus_carry_over(devices: tuple[str, ...], words: str) -> None:
    said = carries_over([trial(setup(), device=device) for device in devices])
    assert said.startswith(words)
    assert bool(said) is bool(words)


def depth(layers: int, seconds: float | None = None, **changes: Any) -> MeasuredTrial:
    usual = {"tokens_per_step": 100.0, "positions_per_step": 300.0, "full_layers": 12}
    result = usual | {"layers": layers, "mean_step_seconds": seconds} | changes
    return trial(setup(layers=layers, count=layers == 2), **result)


def test_depths_of_one_setup_make_a_group() -> None:
    whole = trial(setup())
    alone = trial(setup(layers=2, rank=8))
    two = [depth(2), depth(4)]
    assert sliced([whole, alone, *two]) == [two]


def test_a_whole_model_is_the_line_through_its_slices() -> None:
    found = from_slices([depth(2, 3.0), depth(4, 4.0)])
    assert found is not None
    assert found.label == "m lora, 12 layers from 2 depths"
    assert (found.step.at_full_depth, found.memory) == (pytest.approx(8.0), None)
    assert found.tokens_per_second == pytest.approx(100 / 8)
    assert found.positions_per_second == pytest.approx(300 / 8)


@pytest.mark.parametrize(
    "slices",
    [
        [depth(2, 3.0), depth(4)],  # one depth alone
        [depth(2, 3.0, full_layers=None), depth(4, 4.0)],  # of how many layers?
        [depth(2, 3.0), depth(4, 1.0)],  # deeper is faster: −7 at full depth
        [depth(2, 12.0), depth(4, 9.6)],  # nothing is left at full depth
        [depth(2, 3.0), depth(4, 4.0, tokens_per_step=None)],
        [depth(2, 3.0), depth(4, 4.0, positions_per_step=None)],
    ],
)
def test_no_whole_model_where_a_part_is_missing(slices: list[MeasuredTrial]) -> None:
    assert from_slices(slices) is None


@pytest.mark.parametrize(
    ("first", "second", "full"),
    [
        # allocated 5 of 1 before and 9 of 3: 5 and 7 above the least, one a layer
        (PeakMemory(20.0, 5.0, None, 1.0), PeakMemory(40.0, 9.0, None, 3.0), 15.0),
        (PeakMemory(20.0, 5.0), PeakMemory(40.0, 9.0), 25.0),
        (PeakMemory(20.0), PeakMemory(40.0, 9.0), 120.0),  # both have the process alone
        (PeakMemory(), PeakMemory(40.0), None),
        (None, PeakMemory(40.0, 9.0), None),
    ],
)
def test_memory_is_that_of_the_most_telling_reading_that_all_have(
    first: PeakMemory | None, second: PeakMemory | None, full: float | None
) -> None:
    found = from_slices([depth(2, 3.0, memory=first), depth(4, 4.0, memory=second)])
    assert found is not None
    if full is None:
        assert found.memory is None
    else:
        assert found.memory is not None
        assert found.memory.at_full_depth == pytest.approx(full)


def test_only_trials_that_ended_are_summed_up() -> None:
    planned = plan([setup(), setup(method="full")])
    outcomes = [
        TrialOutcome(planned.trial_digest(t), t.label, status, 1.0, {"device": "cuda", "steps": 3})
        for t, status in zip(planned.trials, (Status.FAILED, Status.DONE), strict=True)
    ]
    (measured,) = measured_trials(planned, outcomes)
    assert measured.label == "m full, 1 × 2048"
    told = summary(planned, outcomes)
    assert told["trials"] == [{"label": "m full, 1 × 2048", "device": "cuda"}]
    assert told["whole_models"] == told["scaling"] == []
