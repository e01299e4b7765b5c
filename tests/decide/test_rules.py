"""Hard rules name themselves; what only a contract can settle is a caution."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from advisor.core.brief import Current
from advisor.decide.rules import cautions, rule_out
from advisor.estimate.options import options
from tests.options import SONNET, TUNED, brief, prompt, setting


def ruled(held: object, facts: object = None) -> dict[str, str]:
    facts = facts or setting()
    return {e.id: e.rule for e in rule_out(options(held, facts), held, facts)[1]}  # type: ignore[arg-type]


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
