"""Changes of a run that save memory, and what they change."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from advisor.core.quantity import Range
from advisor.core.training import TrainingRun, WayToFit
from advisor.estimate.training import advice, estimate
from advisor.estimate.training.advice import _changes, largest_micro_batch, packed, ways_to_fit
from tests.estimate.training.catalogue import a_run, book

LORA = a_run(method="lora", seq_len=2048, mean_tokens=700.0, micro_batch=4, grad_accum=2)
DONE = replace(
    LORA, method="qlora", checkpointing="full", micro_batch=1, seq_len=500, fused_loss="yes"
)


def changed(run: TrainingRun) -> dict[str, dict[str, object]]:
    """What each change sets, by its words."""
    return {
        change.words: {
            name: value
            for name in ("gpus", "sharding", "seq_len", "mean_tokens", "micro_batch", "grad_accum")
            if (value := getattr(change.of(run), name)) != getattr(run, name)
        }
        for change in _changes(run)
    }


def test_lengths_are_halved_and_gpus_doubled() -> None:
    """No mean is longer than the length that a run is cut to."""
    assert changed(LORA) == {
        "full checkpointing": {},
        "micro-batch 1 with accumulation": {"micro_batch": 1, "grad_accum": 8},
        "a fused loss": {},
        "QLoRA": {},
        "length 1024": {"seq_len": 1024},
        "length 512": {"seq_len": 512, "mean_tokens": 512},
        "2 GPUs with FSDP": {"gpus": 2, "sharding": "fsdp"},
        "4 GPUs with FSDP": {"gpus": 4, "sharding": "fsdp"},
        "8 GPUs with FSDP": {"gpus": 8, "sharding": "fsdp"},
    }


def test_what_is_done_already_is_no_change() -> None:
    assert list(changed(DONE)) == [f"{n} GPUs with FSDP" for n in (2, 4, 8)]
    assert "length 256" in changed(replace(DONE, seq_len=512))
    on_four = changed(replace(DONE, gpus=4, sharding="fsdp"))
    assert list(on_four) == [f"{n} GPUs with FSDP" for n in (8, 16, 32)] + [
        "offload to the host's memory"
    ]
    assert "mean_tokens" not in changed(replace(LORA, mean_tokens=None))["length 512"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (replace(LORA, method="full"), ["an 8-bit optimiser", "LoRA", "QLoRA"]),
        (replace(LORA, method="full", optimizer="adamw8bit"), ["LoRA", "QLoRA"]),
        (LORA, ["QLoRA"]),
        (DONE, []),
    ],
)
def test_a_run_of_all_weights_may_train_fewer(run: TrainingRun, words: list[str]) -> None:
    milder = [c for c in _changes(run) if c.kind in ("optimiser", "method")]
    assert [change.words for change in milder] == words
    assert [c.level for c in milder if c.words == "QLoRA"] == [1] * ("QLoRA" in words)
    for change in milder:
        assert change.of(run).trainable_params is None
        assert change.of(replace(run, targets="")).targets == (
            "" if change.kind == "optimiser" else "all-linear"
        )


@pytest.mark.parametrize("limit", [1, 2, 7, 8, 100])
@pytest.mark.parametrize("most", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_the_largest_micro_batch_is_found_whatever_it_is(
    most: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advice, "_safe", lambda run: run.micro_batch <= most)
    assert largest_micro_batch(replace(LORA, micro_batch=13), limit) == min(most, limit)


@pytest.mark.parametrize(
    ("changes", "examples"),
    [
        ({}, 700.0 * 1000 / 2048),
        ({"examples": None}, None),
        ({"examples": 1.0}, 1.0),
        ({"mean_tokens": 2047.9}, 2047.9 * 1000 / 2048),
    ],
)
def test_packing_joins_examples_to_full_sequences(
    changes: dict[str, float | None], examples: float | None
) -> None:
    run = replace(LORA, examples=1000.0)
    full = packed(replace(run, **changes))  # type: ignore[arg-type]
    assert full is not None
    assert (full.packed, full.mean_tokens) == (True, None)
    assert full.examples == (None if examples is None else pytest.approx(examples))


@pytest.mark.parametrize(
    "changes", [{"packed": True}, {"mean_tokens": None}, {"mean_tokens": 2048.0}]
)
def test_full_sequences_are_not_packed(changes: dict[str, object]) -> None:
    assert packed(replace(LORA, **changes)) is None  # type: ignore[arg-type]


def step(kind: str, level: int) -> advice._Change:
    return advice._Change(kind, level, f"{kind} {level}", lambda run: run)


def test_changes_are_combined_by_kind_fewer_and_milder_first() -> None:
    steps = [step("a", 1), step("a", 0), step("b", 0), step("c", 2), step("d", 0)]
    found = [[s.words for s in group] for group in advice._combinations(steps)]
    assert [len(group) for group in found] == [1] * 5 + [2] * 9 + [3] * 7
    assert found[:5] == [["a 0"], ["b 0"], ["d 0"], ["a 1"], ["c 2"]]
    assert ["a 1", "a 0"] not in found
    assert found[5:8] == [["a 0", "b 0"], ["a 0", "d 0"], ["b 0", "d 0"]]
    heaviest = {frozenset(group) for group in found[-2:]}
    assert heaviest == {frozenset(("a 1", "c 2", "d 0")), frozenset(("a 1", "b 0", "c 2"))}


def test_ways_are_sorted_by_their_changes_and_then_by_their_time() -> None:
    def way(change: str, slowdown: float) -> WayToFit:
        return WayToFit(change, LORA, 1.0, slowdown)

    ways = [
        way("a and b", 0.5),
        way("c", math.nan),
        way("d", 2.0),
        way("e", 1.1),
        way("f and g and h", 0.1),
    ]
    assert [w.change for w in sorted(ways, key=advice._ease)] == [
        "e",
        "d",
        "c",
        "a and b",
        "f and g and h",
    ]


def test_a_way_that_asks_for_more_than_another_is_left_out() -> None:
    """A 3B model trained whole in bf16 does not fit 24 GB: what makes it fit names no change twice,
    and no way holds another.
    """
    run = a_run("Llama-3.2-3B", "RTX 4090", method="full", seq_len=1024, packed=True)
    ways = ways_to_fit(run)
    assert ways
    changes = [frozenset(way.change.split(" and ")) for way in ways]
    assert not any(one < other for one in changes for other in changes)
    assert all(way.memory_gib < 24.0 for way in ways)
    single = [way.slowdown for way in ways if " and " not in way.change]
    assert single == sorted(single)


class Predicted:
    """Only what the choice of a GPU looks at."""

    def __init__(self, fits: str, speed: float | None, hours: float | None) -> None:
        self.fits = fits
        self.tokens_per_second = SimpleNamespace(range=Range(None, speed, None))
        late = None if hours is None else 1.5 * hours
        self.train_hours = SimpleNamespace(range=Range(None, hours, late))


@pytest.mark.parametrize(
    ("predictions", "deadline", "expected"),  # fits, speed, hours, USD per hour
    [
        ([("fits", 9.0, 10.0, 1.0), ("fits", 9.0, 4.0, 2.0)], None, (1, 8.0)),
        ([("fits", 9.0, 10.0, 1.0), ("tight", 9.0, 4.0, 2.0)], None, (0, 10.0)),
        ([("fits", 9.0, 10.0, 1.0), ("fits", 9.0, 4.0, 9.0)], 14.9, (1, 36.0)),
        ([("fits", 9.0, 10.0, 1.0), ("fits", 9.0, 4.0, 9.0)], 15.0, (0, 10.0)),
        ([("fits", None, 1.0, 1.0), ("no", 9.0, 1.0, 1.0)], None, None),
        ([("fits", 1e6 / 3600, None, 1.0), ("fits", 1e6, None, 1.0)], None, (1, 1 / 3600)),
        ([("fits", 9.0, None, 1.0)], 5.0, None),
    ],
)
def test_the_cheapest_gpu_fits_and_ends_by_the_deadline_even_if_late(
    predictions: list[tuple[str, float | None, float | None, float]],
    deadline: float | None,
    expected: tuple[int, float] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpus = [replace(book().gpu("L40S"), name=f"gpu {i}") for i in range(len(predictions))]
    by_name = {gpu.name: p for gpu, p in zip(gpus, predictions, strict=True)}
    monkeypatch.setattr(advice, "estimate", lambda run: Predicted(*by_name[run.gpu_name][:3]))
    prices = [(gpu, by_name[gpu.name][3]) for gpu in gpus]
    found = advice.cheapest_gpu(replace(LORA, gpus=2), prices, deadline)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found[0].name == f"gpu {expected[0]}"
        assert found[1] == pytest.approx(2 * expected[1])


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_a_mixture_fits_where_a_stack_quantises_its_experts(method: str) -> None:
    quantization = "nf4" if method == "qlora" else "none"
    run = a_run("gpt-oss-20b", "RTX 4090", method=method, quantization=quantization, seq_len=512)
    run = replace(run, checkpointing="full", fused_loss="projection")
    assert estimate(run).fits == "no"
    by_unsloth = next(way for way in ways_to_fit(run) if "Unsloth" in way.change)
    assert by_unsloth.change == "QLoRA by Unsloth, which quantises experts"
    assert by_unsloth.run.framework == "unsloth"
    assert by_unsloth.memory_gib < 24
    dense = replace(run, model=book().model("Llama-3.1-70B"), params=None)
    assert not any("Unsloth" in way.change for way in ways_to_fit(dense))
