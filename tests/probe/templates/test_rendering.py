"""Templates that would take all memory or never end: they end in a line, and in time."""

import pytest

from advisor.core.errors import UsageError
from advisor.probe.forms.chats import ChatInput
from advisor.probe.templates import rendering
from advisor.probe.templates.rendering import Renderer

ROWS = [ChatInput([{"role": "user", "content": "hello " * 200}])] * 3

ENDLESS = {
    "macro": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}"
    "{{ f(60) }}",
    "loops": "".join(f"{{% for {c} in messages[0].content %}}" for c in "abcdefg")
    + "x"
    + "{% endfor %}" * 7,
    "nested lists": "{% set n = namespace(x=['aaaaaaaa']) %}{% for i in range(60) %}"
    "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_template_that_does_not_end_is_ended(tmp_path, monkeypatch, name):
    renderer = Renderer(tmp_path, ENDLESS[name], {})
    monkeypatch.setattr(rendering, "SECONDS", 0.5)
    with pytest.raises(UsageError, match=r"does not finish within|ends its process") as caught:
        renderer.render(ROWS)
    assert "\n" not in str(caught.value)


def test_a_template_that_doubles_a_text_is_refused(tmp_path):
    doubling = (
        "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(40) %}"
        "{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}"
    )
    renderer = Renderer(tmp_path, doubling, {})
    try:
        assert renderer.render(ROWS[:1]) == [("", "the template takes too much memory")]
    finally:
        renderer.close()


def test_rows_keep_their_order_and_their_letters(tmp_path):
    renderer = Renderer(tmp_path, "{{ messages[0].content }}{{ bos }}", {"bos": "<s>"})
    texts = ["ä\n", "", "\U0001f600", "a\u2028b", "\ud800"]
    rows = [ChatInput([{"role": "user", "content": text}]) for text in texts]
    try:
        assert renderer.render(rows) == [(f"{text}<s>", "") for text in texts]
    finally:
        renderer.close()
