"""The brief with what was looked up: what it states itself always stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from advisor.core.brief import Brief, Score, Segment
from advisor.core.dates import today
from advisor.core.errors import UsageError
from advisor.core.probes import HardwareReport, LocalGpu, Reading, ResultsReport
from advisor.core.quantity import Basis, Range
from advisor.facts import Facts, load
from advisor.judging.enriching import RENTED_GPU, inform, with_gpu
from advisor.judging.surroundings import Surroundings
from tests.options import brief

NOTHING = Reading(None, "", "not asked")
H100 = LocalGpu(
    0,
    "NVIDIA H100 80GB HBM3",
    "H100-80GB-SXM",
    NOTHING,
    NOTHING,
    NOTHING,
    NOTHING,
    NOTHING,
    NOTHING,
)


@cache
def book() -> Facts:
    return load()


def surroundings(**changes: object) -> Surroundings:
    return replace(Surroundings(book(), None, None, None), **changes)


def machine(*gpus: LocalGpu) -> HardwareReport:
    return HardwareReport(
        gpus, "", NOTHING, NOTHING, "a CPU", 2, 8.0, 4.0, 100.0, "a machine", as_of="2026-11-20"
    )


def auto(**hardware: object) -> Brief:
    case = brief()
    return replace(case, hardware=replace(case.hardware, gpu="auto", **hardware))


@pytest.mark.parametrize(
    ("gpus", "gpu", "is_owned"),
    [
        ((), RENTED_GPU, False),
        ((replace(H100, product=""),), RENTED_GPU, False),  # not a product of our table
        ((replace(H100, hidden=True),), RENTED_GPU, False),
        ((H100,), "H100-80GB-SXM", True),
        ((replace(H100, hidden=True), replace(H100, product="L4")), "L4", True),
    ],
    ids=["none", "unknown", "hidden", "one", "the first to be seen"],
)
def test_the_local_gpu_is_used_where_it_is_visible_and_a_product(
    gpus: tuple[LocalGpu, ...], gpu: str, is_owned: bool
) -> None:
    informed = with_gpu(auto(), machine(*gpus))
    assert (informed.hardware.gpu, informed.hardware.owned) == (gpu, is_owned)


def test_a_gpu_that_the_brief_names_stands() -> None:
    assert with_gpu(brief(), machine(H100)) == brief()


def test_a_local_gpu_may_be_declared_as_not_owned() -> None:
    case = auto(owned=False)
    declared = replace(case, origins={**case.origins, "hardware.owned": case.origins["name"]})
    assert not with_gpu(declared, machine(H100)).hardware.owned


@pytest.mark.parametrize("hardware", [None, machine()], ids=["not probed", "no GPU"])
def test_an_owned_gpu_that_is_not_there_has_to_be_named(hardware: HardwareReport | None) -> None:
    with pytest.raises(UsageError, match=r"hardware\.gpu.*name yours"):
        with_gpu(auto(owned=True), hardware)


@pytest.mark.parametrize("day", [date(2026, 11, 20), None], ids=["stated", "left out"])
def test_a_brief_without_a_day_is_of_today(day: date | None) -> None:
    informed = inform(replace(brief(), as_of=day), surroundings())
    assert informed.as_of == (day or today())
    assert (informed.origins["as_of"].basis == Basis.MEASURED) is (day is None)


def scored(*scores: Score) -> Brief:
    case = brief()
    return replace(case, quality=replace(case.quality, measured=scores))


STATED = Score("prompt", "few-shot", "claude-sonnet-5", 0.9, 100)


def test_scores_per_item_fill_what_the_brief_leaves_out() -> None:
    """One option is stated, three are no options, and two are new: they come in order."""
    names = (
        "prompt/few-shot@claude-sonnet-5",
        "tune/lora@llama-3.1-8b",
        "prompt/zero-shot@claude-sonnet-5",
        "a column",
        "guess/few-shot@m",
        "prompt/few-shot",
    )
    report = ResultsReport("r.csv", dict.fromkeys(names, 0.5), dict.fromkeys(names, 60), {})
    informed = inform(scored(STATED), surroundings(results=report))
    assert informed.quality.measured == (
        STATED,
        Score("prompt", "zero-shot", "claude-sonnet-5", 0.5, 60),
        Score("tune", "lora", "llama-3.1-8b", 0.5, 60),
    )


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (Score("prompt", "few-shot", "Claude-Sonnet-5", 0.5, 60), None),  # the brief states it
        (Score("tune", "lora", "Llama-3.1-8B", 0.5, 60), "llama-3.1-8b"),  # as the brief calls it
        (Score("tune", "lora", "Qwen3-8B", 0.5, 60), "Qwen3-8B"),
    ],
)
def test_scores_of_own_runs_never_replace_stated_ones(own: Score, expected: str | None) -> None:
    informed = inform(scored(STATED), surroundings(scores=(own,)))
    added = informed.quality.measured[1:]
    assert [score.model for score in added] == ([] if expected is None else [expected])


def naming(**models: tuple[str, ...] | None) -> Brief:
    case = scored(Score("hybrid", "tuned-few-shot", "My-Own", 0.9, 50))
    return replace(case, models=replace(case.models, **models))


def test_models_that_are_left_out_are_our_candidates_and_what_was_measured() -> None:
    informed = inform(naming(tune=None), surroundings())
    assert informed.models.prompt == ("claude-sonnet-5",)
    assert informed.models.tune is not None
    assert informed.models.tune[0] == "My-Own"
    assert "Llama-3.1-8B" in informed.models.tune
    assert "modernbert-base" not in informed.models.tune  # of labels only; this task extracts
    assert inform(naming(tune=()), surroundings()).models.tune == ()  # an empty list names none


@pytest.mark.parametrize(
    ("policy", "is_prompted"),
    [({}, False), ({"data_may_leave": False}, True), ({"open_weights_only": True}, True)],
)
def test_where_no_closed_model_may_be_asked_open_ones_are_prompted(
    policy: dict[str, bool], is_prompted: bool
) -> None:
    case = naming(prompt=None, tune=("Llama-3.1-8B", "roberta-base"))
    case = replace(case, policy=replace(case.policy, **policy))
    prompted = inform(case, surroundings()).models.prompt or ()
    assert ("Llama-3.1-8B" in prompted) is is_prompted
    assert "roberta-base" not in prompted  # it writes no text


def test_segments_count_together_where_the_brief_leaves_its_counts_out() -> None:
    part = Segment("brand", 2, Range.exact(1.0), Range.exact(70.0), Range.exact(30.0))
    case = replace(brief(), segments=(part,))
    silent = {k: v for k, v in case.origins.items() if not k.startswith("data.")}
    assert inform(replace(case, origins=silent), surroundings()).data.examples.likely == 140
    assert inform(case, surroundings()).data.examples.likely == 18_000
