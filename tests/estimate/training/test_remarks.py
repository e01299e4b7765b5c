"""What an estimate says beside its figures: each note, where it stands and where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.core.training import TrainingMeasurement
from advisor.estimate.training import lengths, remarks
from tests.estimate.training.catalogue import a_run, book

ROWS = {"mean_tokens": 300.0, "seq_len": 2048, "padding_free": False}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assumed": ("dtype", "optimizer")}, "it is not stated: dtype, optimizer"),
        ({"assumed": ("optimizer",)}, "by default: checkpointing none, fused loss no, optimiser"),
        ({"assumed": ("checkpointing",)}, "transformers 5.23 by default"),
        ({"assumed": ("fused_loss",), "framework": "other"}, "other by default"),
        ({"examples": 100.0, "assumed": ("mean_tokens",)}, "taken as 2,048 tokens"),
        ({"examples": 100.0, "assumed": ("mean_tokens",)}, "take about 0.17 of it"),
        (ROWS | {"padding_free": None, "micro_batch": 4}, "padded as they come or sorted"),
        (ROWS, "sequence; state the longest example"),
        ({"gpu": book().gpu("T4")}, "no matrix units for bf16"),
        ({"gpu": book().gpu("A100-80GB-SXM"), "compute_dtype": "fp8"}, "units for fp8: taken to"),
        ({"dtype": "fp32"}, "fp32 without autocast"),
        ({"optimizer": "paged-adamw8bit"}, "a paged optimiser"),
        ({"model": None}, "a typical decoder of the same size"),
        ({"model": None, "model_name": "flan-t5-xl"}, "a typical T5 model of the same size"),
    ],
)
def test_a_note_is_made_of_what_it_is_about_and_of_nothing_else(
    changes: dict[str, Any], words: str
) -> None:
    usual = a_run(seq_len=2048)
    assert remarks.of_run(usual) == ()
    notes = remarks.of_run(replace(usual, **changes))
    assert sum(words in note for note in notes) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assumed": ("dtype",)}, "by default"),
        ({"assumed": ("mean_tokens",)}, "mean length"),
        ({"examples": 100.0}, "mean length"),
        (ROWS | {"longest_tokens": 900.0}, "longest example"),
        (ROWS | {"micro_batch": 4}, "padded as they come"),
        (ROWS | {"padding_free": None}, "padded as they come"),  # one row needs no padding
        ({"gpu": None}, "matrix units"),
        ({"gpu": book().gpu("T4"), "dtype": "fp16"}, "matrix units"),
        ({"gpu": book().gpu("H100-SXM"), "compute_dtype": "fp8"}, "matrix units"),
        ({"gpu": None, "compute_dtype": "fp8"}, "matrix units"),
        ({"dtype": "fp32", "compute_dtype": "mixed-bf16"}, "without autocast"),
    ],
)
def test_no_note_is_made_of_what_is_stated_or_does_not_matter(
    changes: dict[str, Any], words: str
) -> None:
    notes = remarks.of_run(replace(a_run(seq_len=2048), **changes))
    assert not any(words in note for note in notes)


def test_the_longest_batch_is_named_in_tokens() -> None:
    run = a_run(**ROWS)
    note = next(n for n in remarks.of_run(run) if "longest batch" in n)
    assert f"hold {lengths.longest_batch(run):,.0f} tokens" in note


@pytest.mark.parametrize(
    ("gpus", "words"),
    [
        ((), None),
        (("L40S",), None),
        (("A10G", "L40S"), None),
        (("A10G",), "own runs were on A10G: carried over to L40S"),
        (("A10G", "T4", "A10G"), "own runs were on A10G, T4: carried over"),
    ],
)
def test_runs_on_other_gpus_are_named_where_none_was_on_this_one(
    gpus: tuple[str, ...], words: str | None
) -> None:
    measured = [TrainingMeasurement(replace(a_run(), gpu_name=name)) for name in gpus]
    found = remarks.carried_over(a_run(), measured)
    assert len(found) == (words is not None)
    assert words is None or found[0].startswith(words)


@pytest.mark.parametrize(("more", "words"), [(0.99, None), (1.0, "up to 1 GiB"), (7.6, "to 8 GiB")])
def test_what_the_allocator_may_keep_is_said_from_a_gibibyte_on(
    more: float, words: str | None
) -> None:
    found = remarks.of_allocator(more)
    assert len(found) == (words is not None)
    assert words is None or words in found[0]
