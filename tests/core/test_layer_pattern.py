"""Kinds of layers in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.layer_pattern import expanded, is_pattern

KIND = st.sampled_from(["full_attention", "conv", "mlp"])
TERM = st.tuples(st.integers(1, 4), st.lists(KIND, min_size=1, max_size=3))


def test_a_pattern_repeats_to_the_last_layer() -> None:
    kinds = expanded("4*sliding_attention+full_attention", 7)
    assert kinds == [*["sliding_attention"] * 4, "full_attention", *["sliding_attention"] * 2]


def written(count: int, kinds: list[str]) -> str:
    inner = "+".join(kinds)
    return f"{count}*({inner})" if len(kinds) > 1 else f"{count}*{inner}"


@given(terms=st.lists(TERM, min_size=1, max_size=4))
def test_what_was_written_is_read_back(terms: list[tuple[int, list[str]]]) -> None:
    text = "+".join(written(*term) for term in terms)
    wanted = [kind for count, kinds in terms for _ in range(count) for kind in kinds]
    assert is_pattern(text)
    assert expanded(text, len(wanted)) == wanted


@pytest.mark.parametrize("text", ["", "4*", "a++b", "(a+b", "a-b", "A", "2*(a+2*(b))", "a+", "7"])
def test_no_pattern(text: str) -> None:
    assert not is_pattern(text)


@pytest.mark.parametrize(("text", "layers"), [("4*a+b", 4), ("999999*a", 10), ("a", 0)])
def test_more_kinds_than_layers(text: str, layers: int) -> None:
    with pytest.raises(ValueError, match="layers"):
        expanded(text, layers)


def test_a_model_has_at_most_a_thousand_layers() -> None:
    assert len(expanded("a", 1000)) == 1000
    assert expanded("1000*a", 1000) == ["a"] * 1000
    with pytest.raises(ValueError, match="but the model has 1001"):
        expanded("a", 1001)
    with pytest.raises(ValueError, match="write kinds of layers as"):
        expanded("a-b", 3)
    assert expanded("a+b", 2) == ["a", "b"]
