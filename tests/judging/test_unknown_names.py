"""Names that nothing answers to are refused with what could be meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.errors import UsageError
from advisor.core.sections.traffic import Retrieval
from advisor.estimate.options import options
from advisor.facts import load
from advisor.judging.unknown_names import NEEDS, missing_techniques, refuse_unknown_names
from tests.options import brief, prompt, rented, setting

BOTH = (prompt("batch"), rented())


@pytest.mark.parametrize(
    ("key", "names", "hint"),
    [
        ("compare__only", ("rag",), "did you mean 'retrieval'?"),
        ("compare__only", ("lorra", "prompt"), "did you mean 'lora'"),
        ("compare__only", ("zzzz",), "choose one of prompt, tune, hybrid"),
        ("policy__allowed_providers", ("azure opnai",), "did you mean 'Azure OpenAI'"),
        ("policy__allowed_providers", ("zzzz",), "known are anthropic, aws, azure"),
        ("policy__allowed_providers", ("azure", "anthropc"), "did you mean 'anthropic'"),
        ("policy__residency", "Germany", "providers state 'eu': write that"),
        ("policy__residency", "mars", "write one of au, ca, eu, jp, uk, us, or policy.data_may"),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_a_way_out(
    key: str, names: object, hint: str
) -> None:
    with pytest.raises(UsageError, match=key.replace("__", ".")) as refusal:
        refuse_unknown_names(brief(**{key: names}), load(), BOTH)
    assert hint in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("compare__only", ("tune", "retrieval", "tune/*", "Llama-3.1-8B", "claude-haiku-4-5")),
        ("policy__allowed_providers", ("Azure OpenAI", "bedrock", "zzzz")),
        ("policy__residency", "EU"),
    ],
)
def test_names_that_something_has_pass(key: str, names: object) -> None:
    refuse_unknown_names(brief(**{key: names}), load(), BOTH)


def test_a_technique_that_is_not_offered_says_what_it_takes() -> None:
    lines = list(missing_techniques(brief(compare__only=("dpo", "prompt")), BOTH))
    assert len(lines) == 1
    assert "dpo is offered where [data] names a file of pairs" in lines[0]


def test_what_a_technique_needs_makes_it_an_option() -> None:
    """The table says so, and the options have to agree."""
    case = replace(brief(compare__only=("retrieval",)), retrieval=Retrieval())
    assert "retrieval" in NEEDS
    assert not list(missing_techniques(case, options(case, setting())))
