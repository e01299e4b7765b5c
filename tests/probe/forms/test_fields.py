"""Which fields are prompt and answer, in the forms that data sets come in."""

import pytest

from advisor.core.errors import UsageError
from advisor.probe.forms.fields import recognise

CHAT = {
    "messages": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "hello"},
        {"role": "user", "content": "bye"},
        {"role": "assistant", "content": "ciao"},
    ]
}
SHAREGPT = {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]}


@pytest.mark.parametrize(
    ("row", "prompt", "answer"),
    [
        ({"prompt": "p", "completion": "c"}, "p", "c"),
        ({"instruction": "do", "input": "this", "output": "done"}, "do\nthis", "done"),
        ({"instruction": "do", "input": "", "output": "done"}, "do", "done"),
        ({"question": "q", "context": "c", "answer": "a"}, "q\nc", "a"),
        ({"question": "q", "answer": "a"}, "q", "a"),
        ({"input": "i", "output": "o"}, "i", "o"),
        ({"text": "t", "label": 3}, "t", "3"),
        ({"text": "t", "category": "c"}, "t", "c"),
        ({"Text": "t", "Intent": "c"}, "t", "c"),
        ({"id": 1, "article": "long", "highlights": "short"}, "long", "short"),
        ({"prompt": "p", "chosen": "good", "rejected": "bad"}, "p", "good"),
        ({"text": "t", "label": None}, "t", ""),
        ({"text": "t", "label": {"a": [1]}}, "t", '{"a": [1]}'),
        (CHAT, "be brief\nhi\nbye", "hello\nciao"),
        (SHAREGPT, "hi", "hello"),
        (
            {"chosen": CHAT["messages"][1:3], "rejected": [{"role": "user", "content": "hi"}]},
            "hi",
            "hello",
        ),
    ],
)
def test_recognised(row, prompt, answer):
    assert recognise([row]).take(row) == (prompt, answer)


def test_a_prompt_alone_is_read_without_an_answer():
    found = recognise([{"id": "c1", "prompt": "p"}])
    assert (found.prompt, found.answer) == ("prompt", "")
    assert "none found" in found.assumed


def test_the_user_is_right():
    row = {
        "a": {"b": "inside"},
        "c": "two",
        "d": "three",
        "e": "four",
        "prompt": "x",
        "completion": "y",
    }
    found = recognise([row], "a.b+c", "d")
    assert found.take(row) == ("inside\ntwo", "three")
    assert "as given" in found.assumed


def test_a_wrong_name_gets_the_nearest():
    with pytest.raises(UsageError, match=r"data\.jsonl.*did you mean 'prompt'"):
        recognise([{"prompt": "p", "completion": "c"}], "promt", where="data.jsonl")


def test_unknown_names_ask_for_the_fields():
    with pytest.raises(UsageError, match="--prompt-field"):
        recognise([{"x": 1, "y": 2, "z": 3}], where="data.csv")


def test_a_row_without_the_field_says_which():
    found = recognise([{"prompt": "p", "completion": "c"}])
    with pytest.raises(KeyError, match="completion"):
        found.take({"prompt": "p"})
