"""Hard rules name themselves; what only a contract can settle is a caution."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from advisor.core.brief import Compare, Current, Retrieval, Score
from advisor.core.facts import Gpu
from advisor.core.option import Option, Place, Serving
from advisor.core.setting import Setting
from advisor.decide.rules import cautions, keeps_policy, rule_out
from advisor.estimate.options import options
from tests.options import DAY, LLAMA, SONNET, TUNED, brief, prompt, rented, setting


def ruled(held: object, facts: object = None) -> dict[str, str]:
    facts = facts or setting()
    return {e.id: e.rule for e in rule_out(options(held, facts), held, facts)[1]}  # type: ignore[arg-type]


def open_model() -> Setting:
    return replace(setting(), models={"llama-3.1-8b": LLAMA})


def test_data_that_may_not_leave_rules_out_every_hosted_arm() -> None:
    out = ruled(brief(policy__data_may_leave=False))
    assert out["prompt/few-shot@claude-sonnet-5+uncached"] == "policy.data_may_leave"
    assert set(out.values()) == {"policy.data_may_leave"}


def test_closed_models_are_out_where_weights_must_be_open() -> None:
    assert set(ruled(brief(policy__open_weights_only=True)).values()) == {
        "policy.open_weights_only"
    }


def test_only_allowed_providers_stay() -> None:
    held = brief()
    held = replace(held, policy=replace(held.policy, allowed_providers=("azure",)))
    assert ruled(held)["prompt/few-shot@claude-sonnet-5+batch"] == "policy.allowed_providers"
    held = replace(held, policy=replace(held.policy, allowed_providers=("Anthropic",)))
    assert not ruled(held)


def test_residency_rules_out_a_provider_without_such_a_region() -> None:
    held = brief()
    held = replace(held, policy=replace(held.policy, residency="eu"))
    abroad = setting({"claude-sonnet-5": replace(SONNET, regions=("us",))})
    assert ruled(held, abroad)["prompt/few-shot@claude-sonnet-5+batch"] == "policy.residency"
    assert "not known" in cautions([prompt("batch")], held, setting())[0]


def test_the_arm_in_place_must_last_the_horizon_and_others_until_they_start() -> None:
    ends = replace(SONNET, ends=date(2027, 1, 14))
    facts = setting({"claude-sonnet-5": ends})
    held = replace(brief(team__prompt_hours=40), current=Current(model="claude-sonnet-5"))
    out = ruled(held, facts)
    ended = [i for i, rule in out.items() if rule == "lifecycle.ends"]
    assert [i.partition("+")[0] for i in ended] == ["as-is/zero-shot@claude-sonnet-5"]
    assert any("2027-01-14" in text for text in cautions([prompt("batch")], held, facts))
    late = brief(team__prompt_hours=400)
    assert ruled(late, facts)["prompt/few-shot@claude-sonnet-5+batch"] == "lifecycle.ends"


def test_a_closed_tuning_service_takes_no_new_model() -> None:
    shut = setting(tuned={"gpt-4.1-mini": replace(TUNED, closed=date(2026, 5, 7))})
    held = brief()
    held = replace(
        held,
        models=replace(held.models, tune=("gpt-4.1-mini",)),
        hardware=replace(held.hardware, gpu="none"),
    )
    assert ruled(held, shut)["tune/hosted@gpt-4.1-mini+hosted"] == "lifecycle.closed"


def test_where_answers_rest_on_documents_a_tuned_model_without_them_is_out_unless_measured() -> (
    None
):
    held = replace(brief(task__type="qa"), retrieval=Retrieval())
    closed_book = {"tune/lora@llama-3.1-8b+rented", "hybrid/tuned-few-shot@llama-3.1-8b+rented"}
    out = {i for i, rule in ruled(held, open_model()).items() if rule == "retrieval.documents"}
    assert out >= closed_book
    assert not any("retrieval@" in i for i in out)
    own = (Score("tune", "lora", "Llama-3.1-8B", 0.8, 200),)
    measured = replace(held, quality=replace(held.quality, measured=own))
    assert "tune/lora@llama-3.1-8b+rented" not in ruled(measured, open_model())
    for other in (brief(task__type="qa"), replace(brief(), retrieval=Retrieval())):
        assert "retrieval.documents" not in ruled(other, open_model()).values()


@pytest.mark.parametrize(
    ("only", "left"),
    [
        (("prompt",), {"prompt"}),
        (("tune", "hybrid"), {"tune", "hybrid"}),
        (("lora",), {"tune"}),
        (("claude-sonnet-5",), {"prompt"}),
        (("TUNE/*",), {"tune"}),
        ((), {"prompt", "tune", "hybrid"}),
    ],
)
def test_the_comparison_may_be_restricted(only: tuple[str, ...], left: set[str]) -> None:
    held = replace(brief(), compare=Compare(only))
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    allowed, excluded = rule_out(options(held, facts), held, facts)
    assert {option.approach for option in allowed} == left
    assert {e.rule for e in excluded} <= {"compare.only"}


@pytest.mark.parametrize(
    ("memory_gb", "bits"),
    [
        (16.06 / 0.9 + 0.1, 16),  # 8.03e9 parameters · 2 bytes
        (16.06 / 0.9 - 0.1, 8),
        (8.03 * 1.06 / 0.9 + 0.1, 8),
        (8.03 * 1.06 / 0.9 - 0.1, 4),
        (8.03 * 0.55 / 0.9 + 0.1, 4),
        (8.03 * 0.55 / 0.9 - 0.1, 0),
    ],
)
def test_a_model_that_does_not_fit_when_served_is_out_or_served_in_fewer_bits(
    memory_gb: float, bits: int
) -> None:
    gpu = Gpu("L40S", "NVIDIA", "Ada", "8.9", 48.0, 864.0, 362.0, 362.0, 350.0, "", SONNET.cited)
    facts = replace(
        setting(), models={"llama-3.1-8b": LLAMA}, gpu=replace(gpu, memory_gb=memory_gb)
    )
    assert LLAMA.params == pytest.approx(8.03e9, rel=1e-3)
    _, excluded = rule_out([rented()], brief(), facts)
    assert [e.rule for e in excluded] == ([] if bits else ["hardware.memory"])
    said = [line for line in cautions([rented()], brief(), facts) if "compared as served" in line]
    assert len(said) == (bits in (8, 4))
    assert all(f"served in {bits} bits" in line for line in said)


@pytest.mark.parametrize(
    ("may_leave", "owned", "is_said"),
    [
        (False, False, True),
        (False, True, False),
        (True, False, False),
    ],
)
def test_a_rented_machine_is_named_as_such_where_data_may_not_leave(
    may_leave: bool, owned: bool, is_said: bool
) -> None:
    held = brief(policy__data_may_leave=may_leave, hardware__owned=owned)
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    lines = cautions(options(held, facts), held, facts)
    assert any("A rented machine counts as one of yours" in line for line in lines) is is_said


def test_a_limit_on_latency_is_not_taken_as_kept_by_a_provider() -> None:
    lines = cautions([prompt("uncached")], brief(traffic__max_latency_seconds=2.0), setting())
    assert any("a planning range, not measured" in line for line in lines)
    assert not any(
        "planning range" in line for line in cautions([prompt("uncached")], brief(), setting())
    )


@pytest.mark.parametrize(
    ("place", "is_as_is", "closed", "is_out"),
    [
        (Place.HOSTED, False, DAY - timedelta(days=1), True),
        (Place.HOSTED, False, DAY, True),
        (Place.HOSTED, False, DAY + timedelta(days=1), False),
        (Place.HOSTED, False, None, False),
        (Place.HOSTED, True, DAY, False),  # in place: nothing has to be trained
        (Place.RENTED, False, DAY, False),  # trained on our own machines
        (Place.RENTED, True, DAY, False),
    ],
)
def test_a_closed_service_stops_only_what_it_would_have_to_train(
    place: Place, is_as_is: bool, closed: date | None, is_out: bool
) -> None:
    option = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(place), as_is=is_as_is)
    facts = setting(tuned={"gpt-4.1-mini": replace(TUNED, closed=closed)})
    allowed, excluded = rule_out([option], brief(), facts)
    assert [e.rule for e in excluded] == (["lifecycle.closed"] if is_out else [])
    assert len(allowed) == (not is_out)


@pytest.mark.parametrize(("ends_after", "is_out"), [(34, True), (35, True), (36, False)])
def test_an_option_must_outlive_the_work_before_its_start(ends_after: int, is_out: bool) -> None:
    """200 hours at 40 a week are 5 weeks, which is 35 days."""
    ending = replace(SONNET, ends=DAY + timedelta(days=ends_after))
    case = brief(team__prompt_hours=200.0)
    _, excluded = rule_out([prompt("batch")], case, setting({"claude-sonnet-5": ending}))
    assert [e.rule for e in excluded] == (["lifecycle.ends"] if is_out else [])


@pytest.mark.parametrize(
    ("residency", "regions", "is_out", "words"),
    [
        ("eu", ("us", "asia"), True, "only in us, asia"),
        ("eu", ("us", "EU"), False, "holds only for deployments in such a region"),
        ("EU", ("eu",), False, "holds only for deployments in such a region"),
        ("eu", (), False, "Residency in eu is not known at anthropic"),
        ("", ("us",), False, ""),
    ],
)
def test_residency_is_a_rule_where_regions_are_known_and_else_a_question(
    residency: str, regions: tuple[str, ...], is_out: bool, words: str
) -> None:
    case = brief()
    case = replace(case, policy=replace(case.policy, residency=residency))
    facts = setting({"claude-sonnet-5": replace(SONNET, regions=regions)})
    _, excluded = rule_out([prompt("batch")], case, facts)
    lines = [e.detail for e in excluded] or list(cautions([prompt("batch")], case, facts))
    assert bool(excluded) is is_out
    assert any(words in line for line in lines) is bool(words)


@pytest.mark.parametrize(
    ("required", "terms", "words"),
    [
        (True, "on request", "it is offered on request"),
        (True, "", "Zero retention by contract is not known at"),
        (False, "", ""),
    ],
)
def test_zero_retention_is_a_matter_of_contract(required: bool, terms: str, words: str) -> None:
    case = brief()
    case = replace(case, policy=replace(case.policy, zero_retention=required))
    facts = setting({"claude-sonnet-5": replace(SONNET, zero_retention=terms)})
    lines = cautions([prompt("batch")], case, facts)
    assert len(lines) == bool(words)
    assert all(words in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"cache_minimum_tokens": None}, "is not known, and taken as none"),
        ({"cache_minimum_tokens": None, "cached_input_usd": None}, ""),
        ({"availability": "open"}, ""),
        ({"availability": "preview only"}, "anthropic, claude-sonnet-5: preview only"),
    ],
)
def test_what_a_price_leaves_open_is_told(changes: dict[str, object], words: str) -> None:
    facts = setting({"claude-sonnet-5": replace(SONNET, **changes)})  # type: ignore[arg-type]
    lines = cautions([prompt("batch")], brief(), facts)
    assert len(lines) == bool(words)
    assert all(words in line for line in lines)


@pytest.mark.parametrize(
    ("model", "helper", "is_open", "is_out"),
    [
        ("llama-3.1-8b", "", False, False),
        ("claude-sonnet-5", "", False, True),
        ("claude-sonnet-5", "", True, False),
        ("llama-3.1-8b", "claude-sonnet-5", False, True),  # the second step of a cascade
        ("nameless", "", True, True),
    ],
)
def test_weights_are_open_in_our_table_or_by_their_price(
    model: str, helper: str, is_open: bool, is_out: bool
) -> None:
    prices = {"claude-sonnet-5": replace(SONNET, open_weights=is_open)}
    facts = replace(setting(prices), models={"llama-3.1-8b": LLAMA})
    option = Option("prompt", "cascade", model, "anthropic", helper=helper)
    _, excluded = rule_out([option], brief(policy__open_weights_only=True), facts)
    assert [e.rule for e in excluded] == (["policy.open_weights_only"] if is_out else [])


def test_the_first_rule_that_stops_an_option_names_itself() -> None:
    """Restricting the comparison comes before policy, and policy before the end of a model."""
    ended = setting({"claude-sonnet-5": replace(SONNET, ends=DAY)})
    case = brief(policy__data_may_leave=False)
    for only, rule in ((("tune",), "compare.only"), ((), "policy.data_may_leave")):
        narrowed = replace(case, compare=Compare(only))
        assert [e.rule for e in rule_out([prompt("batch")], narrowed, ended)[1]] == [rule]


@pytest.mark.parametrize(("helper", "named"), [("", "claude-sonnet-5"), ("gpt-9", "gpt-9")])
def test_the_model_without_an_allowed_price_is_named(helper: str, named: str) -> None:
    case = brief()
    case = replace(case, policy=replace(case.policy, allowed_providers=("nobody",)))
    option = replace(prompt("batch"), helper=helper)
    (out,) = rule_out([option], case, setting({}))[1]
    assert named in out.detail


def test_cautions_that_differ_in_a_name_are_one_with_all_names() -> None:
    other = replace(SONNET, model="claude-haiku-4-5")
    known = {"claude-sonnet-5": SONNET, "claude-haiku-4-5": other}
    prices = {name: replace(p, cache_minimum_tokens=None) for name, p in known.items()}
    options = [prompt("batch"), replace(prompt("batch"), model="claude-haiku-4-5")]
    lines = [line for line in cautions(options, brief(), setting(prices)) if "prefix" in line]
    assert len(lines) == 1
    assert lines[0].endswith("none: claude-sonnet-5 and claude-haiku-4-5")


GPU = Gpu("L40S", "NVIDIA", "Ada", "8.9", 48.0, 864.0, 362.0, 362.0, 350.0, "", SONNET.cited)


def on_gpu(**changes: object) -> Setting:
    return replace(
        setting(),
        models={"llama-3.1-8b": LLAMA},
        gpu=replace(GPU, **changes),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("option", "hours"),
    [
        (prompt("batch"), 80.0),
        (Option("tune", "hosted", "m", "p", Serving(Place.HOSTED)), 200.0),
        (Option("hybrid", "hosted", "m", "p", Serving(Place.HOSTED)), 280.0),
    ],
)
@pytest.mark.parametrize(("late", "is_out"), [(0, True), (1, False)])
def test_a_start_takes_the_work_of_its_approach(
    option: Option, hours: float, late: int, is_out: bool
) -> None:
    """40 hours a week; a hybrid takes the work on its prompt and the tuning."""
    start = DAY + timedelta(days=7 * hours / 40)
    price = replace(SONNET, ends=start + timedelta(days=late))
    case = brief(team__prompt_hours=80.0, team__tuning_hours=200.0)
    facts = setting({"claude-sonnet-5": price}, {"m": replace(price, model="m", provider="p")})
    _, excluded = rule_out([option], case, facts)
    assert [e.rule for e in excluded] == (["lifecycle.ends"] if is_out else [])
    assert all(f"could start ({start:%Y-%m-%d})" in e.detail for e in excluded)


@pytest.mark.parametrize(
    ("share", "stated", "kind", "is_out"),
    [
        (0.5, True, "extraction", True),
        (0.49, True, "extraction", False),
        (0.5, False, "extraction", False),
        (0.0, False, "qa", True),
    ],
)
def test_answers_rest_on_documents_from_half_of_the_requests_on(
    share: float, stated: bool, kind: str, is_out: bool
) -> None:
    case = replace(brief(task__factual_share=share, task__type=kind), retrieval=Retrieval())
    origins = {k: v for k, v in case.origins.items() if k != "task.factual_share"}
    case = replace(case, origins=origins | ({"task.factual_share": "file"} if stated else {}))
    options_ = [rented(), prompt("batch"), replace(rented(), as_is=True)]
    _, excluded = rule_out(options_, case, setting())
    assert [e.id for e in excluded] == ([rented().id] if is_out else [])
    _, without = rule_out([rented()], replace(case, retrieval=None), setting())
    assert without == ()


def test_providers_are_allowed_under_every_name_they_have() -> None:
    case = brief()
    case = replace(case, policy=replace(case.policy, allowed_providers=("Claude Inc.",)))
    named = replace(setting(), allowed_providers={"anthropic"})
    assert rule_out([prompt("batch")], case, named)[1] == ()
    (out,) = rule_out([prompt("batch")], case, setting())[1]
    assert out.detail == "anthropic is not one of Claude Inc."


def test_only_an_option_on_gpus_has_to_fit_them() -> None:
    """The weights of 8 billion parameters on a GPU of 1 GB."""
    small = on_gpu(memory_gb=1.0)
    elsewhere = Option("prompt", "few-shot", "llama-3.1-8b", "p", Serving(Place.PROVIDER))
    assert rule_out([elsewhere], brief(), small)[1] == ()
    (out,) = rule_out([rented()], brief(hardware__gpu=""), small)[1]
    assert out.detail == ("llama-3.1-8b does not fit 1 × L40S when served, not even in 4 bits")
    (two,) = rule_out([rented()], brief(hardware__gpu="my GPU", hardware__count=2), small)[1]
    assert "2 × my GPU" in two.detail
    for unknown in (replace(small, gpu=None), replace(small, models={}), on_gpu(memory_gb=0.0)):
        assert rule_out([rented()], brief(), unknown)[1] == ()


@pytest.mark.parametrize(
    ("memory_gb", "seconds", "words"),
    [
        (48.0, 0.0, ""),
        (48.0, 1.0, "In 16 bits 1 × L40S may take more than 1 s for an answer of llama-3.1-8b. It"),
        (17.0, 0.0, "In 16 bits llama-3.1-8b does not fit 1 × L40S when served. It"),
    ],
)
def test_fewer_bits_are_explained_by_memory_or_by_the_wait(
    memory_gb: float, seconds: float, words: str
) -> None:
    case = brief(traffic__max_latency_seconds=seconds)
    facts = on_gpu(memory_gb=memory_gb, bandwidth_gb_per_second=864.0)
    said = [line for line in cautions([rented()], case, facts) if "bits" in line]
    assert bool(said) is bool(words)
    assert all(line.startswith(words) for line in said)


@pytest.mark.parametrize(
    ("wanted", "known", "keeps"),
    [
        ({}, {}, True),
        ({"zero_retention": True}, {}, False),
        ({"zero_retention": True}, {"zero_retention": "on request"}, True),
        ({"residency": "eu"}, {}, False),
        ({"residency": "eu"}, {"regions": ("eu",)}, True),
        ({"residency": "eu", "zero_retention": True}, {"regions": ("eu",)}, False),
        ({"residency": "eu", "zero_retention": True}, {"zero_retention": "on request"}, False),
    ],
)
def test_a_policy_is_kept_where_every_demand_is_known_of_every_provider(
    wanted: dict[str, object], known: dict[str, object], keeps: bool
) -> None:
    case = brief()
    case = replace(case, policy=replace(case.policy, **wanted))  # type: ignore[arg-type]
    price = replace(SONNET, **known)  # type: ignore[arg-type]
    facts = setting({"claude-sonnet-5": price, "open": SONNET})
    assert bool(keeps_policy(prompt("batch"), case, facts)) is keeps
    cascade = replace(prompt("batch"), helper="open")
    assert bool(keeps_policy(cascade, case, facts)) is (not wanted)
    assert keeps_policy(rented(), case, facts)  # nobody else serves it


@pytest.mark.parametrize(
    ("ends", "detail"),
    [
        (None, "tuning at azure is closed to new users since 2026-05-07"),
        (
            date(2027, 3, 1),
            "tuning at azure is closed to new users since 2026-05-07, and gpt-4.1-mini ends "
            "2027-03-01",
        ),
        (date(2030, 1, 1), "tuning at azure is closed to new users since 2026-05-07"),
    ],
)
def test_a_closed_service_says_since_when_and_whether_its_model_ends(
    ends: date | None, detail: str
) -> None:
    option = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    price = replace(TUNED, closed=date(2026, 5, 7), ends=ends)
    (out,) = rule_out([option], brief(), setting(tuned={"gpt-4.1-mini": price}))[1]
    assert (out.rule, out.detail) == ("lifecycle.closed", detail)
    unpriced = replace(option, model="nameless")
    assert rule_out([unpriced], brief(), setting(tuned={}))[1] == ()


def test_what_is_in_place_must_last_the_horizon() -> None:
    current = replace(prompt("uncached"), as_is=True)
    for day, is_out in ((date(2027, 11, 20), True), (date(2027, 11, 21), False)):
        facts = setting({"claude-sonnet-5": replace(SONNET, ends=day)})
        _, excluded = rule_out([current], brief(), facts)
        assert [e.detail for e in excluded] == (
            [f"claude-sonnet-5 ends {day:%Y-%m-%d}, inside the horizon"] if is_out else []
        )


def test_an_announced_end_is_a_caution_with_its_days() -> None:
    facts = setting({"claude-sonnet-5": replace(SONNET, ends=DAY + timedelta(days=90))})
    assert cautions([prompt("batch"), prompt("uncached")], brief(), facts) == (
        "claude-sonnet-5 ends 2027-02-18, 90 days after the decision; the cost of a move is "
        "included",
    )
