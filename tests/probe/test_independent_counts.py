"""Counts of generated rows beside counts that others make: transformers renders the chat template,
tiktoken cuts the text.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.probe.data import probe
from advisor.probe.forms.chats import ChatInput
from advisor.probe.forms.fields import recognise
from advisor.probe.templates.rendering import Renderer
from advisor.probe.tokens import _o200k

CHATML = (
    "{%- if tools %}<|im_start|>tools\n"
    "{% for t in tools %}{{ t | tojson }}\n{% endfor %}<|im_end|>\n"
    "{% endif %}"
    "{%- for d in documents or [] %}<|doc|>{{ d.title }}\n{{ d.text }}\n{% endfor %}"
    "{%- for m in messages %}<|im_start|>{{ m.role }}\n"
    "{%- if m.reasoning_content is defined %}<think>{{ m.reasoning_content }}</think>{% endif %}"
    "{{ m.content or '' }}"
    "{%- for c in m.tool_calls or [] %}<call>{{ c.function.name }} "
    "{{ c.function.arguments | tojson }}</call>{% endfor %}"
    "<|im_end|>\n{% endfor %}"
)

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1,
               max_size=30).filter(str.strip)  # fmt: skip
ARGUMENTS = st.dictionaries(TEXT, st.one_of(TEXT, st.integers(0, 99)), max_size=2)
CALL = st.builds(
    lambda name, arguments: {
        "type": "function", "function": {"name": name, "arguments": arguments}
    },
    TEXT, ARGUMENTS,
)  # fmt: skip
TOOL = st.builds(
    lambda name, text: {"type": "function", "function": {"name": name, "description": text}},
    TEXT, TEXT,
)  # fmt: skip
ASSISTANT = st.one_of(
    st.fixed_dictionaries({"role": st.just("assistant"), "content": TEXT}),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": TEXT, "reasoning_content": TEXT}
    ),
    st.fixed_dictionaries(
        {"role": st.just("assistant"), "content": st.just(""),
         "tool_calls": st.lists(CALL, min_size=1, max_size=2)}
    ),
)  # fmt: skip
USER = st.fixed_dictionaries({"role": st.sampled_from(["user", "tool", "system"]), "content": TEXT})
MESSAGES = st.lists(st.tuples(USER, ASSISTANT), min_size=1, max_size=3).map(
    lambda pairs: [message for pair in pairs for message in pair]
)
ROW = st.fixed_dictionaries(
    {"messages": MESSAGES},
    optional={
        "tools": st.lists(TOOL, min_size=1, max_size=2),
        "documents": st.lists(
            st.fixed_dictionaries({"title": TEXT, "text": TEXT}), min_size=1, max_size=2
        ),
    },
)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory):
    made_here = Renderer(tmp_path_factory.mktemp("model"), CHATML, {})
    yield made_here
    made_here.close()


@pytest.fixture(scope="module")
def jinja():
    utilities = pytest.importorskip("transformers.utils.chat_template_utils")
    return utilities.render_jinja_template


def theirs(jinja, row):
    texts, _ = jinja(
        conversations=[row["messages"]],
        tools=row.get("tools"),
        documents=row.get("documents"),
        chat_template=CHATML,
    )
    return texts[0]


@settings(max_examples=60)
@given(row=ROW)
def test_rows_are_rendered_as_transformers_does(renderer, jinja, row):
    chat = recognise([row]).read(row, True).chat
    assert isinstance(chat, ChatInput)
    ((text, reason),) = renderer.render([chat])
    assert (text, reason) == (theirs(jinja, row), "")


def as_sharegpt(row):
    """The same row in LLaMA-Factory's form: turns of calls, tools as text."""
    turns = []
    for message in row["messages"]:
        calls = message.get("tool_calls")
        if calls:
            content = json.dumps([call["function"] for call in calls])
            turns.append({"from": "function_call", "value": content})
        else:
            names = {"user": "human", "assistant": "gpt", "tool": "observation"}
            name = names.get(message["role"], message["role"])
            turns.append({"from": name, "value": message["content"]})
    return {"conversations": turns, "tools": json.dumps([t["function"] for t in row["tools"]])}


@settings(max_examples=40)
@given(row=ROW.filter(lambda row: "tools" in row and "documents" not in row))
def test_another_form_of_a_row_renders_alike(renderer, jinja, row):
    for message in row["messages"]:
        message.pop("reasoning_content", None)
    other = as_sharegpt(row)
    chat = recognise([other]).read(other, True).chat
    ((text, reason),) = renderer.render([chat])
    assert (text, reason) == (theirs(jinja, row), "")


def dumped(value):
    return json.dumps(value, ensure_ascii=False)


def by_hand(row):
    """(given, learned) tokens of a row, message by message, without this program's reading."""
    count = _o200k().encode_ordinary
    given_texts = [dumped(row["tools"])] if "tools" in row else []
    given_texts += [text for d in row.get("documents", ()) for text in d.values()]
    learned = []
    for message in row["messages"]:
        if message["role"] != "assistant":
            given_texts.append(message["content"])
            continue
        learned += filter(None, [message.get("reasoning_content"), message["content"]])
        learned += [dumped(message["tool_calls"])] if "tool_calls" in message else []
    return len(count("\n".join(given_texts))), len(count("\n".join(learned)))


@settings(max_examples=25)
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_tokens_are_those_of_tiktoken(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = probe([path])
    counts = [by_hand(row) for row in rows]
    assert report.prompt_tokens.likely == pytest.approx(sum(g for g, _ in counts) / len(rows))
    assert report.answer_tokens.likely == pytest.approx(sum(n for _, n in counts) / len(rows))


PAIR = st.fixed_dictionaries({"prompt": TEXT, "chosen": TEXT, "rejected": TEXT}).filter(
    lambda row: row["chosen"] != row["rejected"]
)


def one_message(role, text):
    return [{"role": role, "content": text}]


PAIR_FORMS = {
    "plain": lambda r: r,
    "chats": lambda r: {
        "prompt": one_message("user", r["prompt"]),
        "chosen": one_message("assistant", r["chosen"]),
        "rejected": one_message("assistant", r["rejected"]),
    },
    "implicit": lambda r: {
        side: one_message("user", r["prompt"]) + one_message("assistant", r[side])
        for side in ("chosen", "rejected")
    },
    "openai": lambda r: {
        "input": {"messages": one_message("user", r["prompt"])},
        "preferred_output": one_message("assistant", r["chosen"]),
        "non_preferred_output": one_message("assistant", r["rejected"]),
    },
    "ranking": lambda r: {
        "instruction": r["prompt"], "input": "", "output": [r["chosen"], r["rejected"]],
    },
    "swift": lambda r: {
        "messages": one_message("user", r["prompt"]) + one_message("assistant", r["chosen"]),
        "rejected_response": r["rejected"],
    },
    "scores": lambda r: {
        "question": r["prompt"], "responses": [r["rejected"], r["chosen"]], "scores": [1, 2],
    },
}  # fmt: skip


@pytest.mark.parametrize("form", PAIR_FORMS)
@settings(max_examples=10)
@given(rows=st.lists(PAIR, min_size=1, max_size=5))
def test_pairs_are_counted_apart(tmp_path_factory, form, rows):
    path = tmp_path_factory.mktemp("pairs") / "a.jsonl"
    path.write_text("".join(json.dumps(PAIR_FORMS[form](row)) + "\n" for row in rows))
    report = probe([path])
    count = _o200k().encode_ordinary

    def mean(key):
        return pytest.approx(sum(len(count(row[key])) for row in rows) / len(rows))

    assert report.prompt_tokens.likely == mean("prompt")
    assert report.answer_tokens.likely == mean("chosen")
    assert report.rejected_tokens.likely == mean("rejected")
    assert report.rejected_rows == len(rows)


@settings(max_examples=15)
@given(rows=st.lists(st.tuples(TEXT, TEXT, st.booleans()), min_size=1, max_size=8))
def test_unwanted_answers_are_counted_apart(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("kto") / "a.jsonl"
    path.write_text(
        "".join(
            json.dumps({"prompt": p, "completion": c, "label": wanted}) + "\n"
            for p, c, wanted in rows
        )
    )
    report = probe([path])
    sizes = [(len(_o200k().encode_ordinary(c)), wanted) for _, c, wanted in rows]
    unwanted = [size for size, wanted in sizes if not wanted]
    wanted_sizes = [size for size, wanted in sizes if wanted]
    assert report.unwanted_rows == len(unwanted)
    assert report.rows == len(rows)
    if unwanted:
        assert report.unwanted_tokens.likely == pytest.approx(sum(unwanted) / len(unwanted))
    if wanted_sizes:
        assert report.answer_tokens.likely == pytest.approx(sum(wanted_sizes) / len(wanted_sizes))


RUNS = [" ", "\t", "\u00a0", "\u3000", " \t", "\r\n", "a", "!", "7", "漢"]


@pytest.mark.parametrize("run", RUNS, ids=[run.encode("unicode_escape").decode() for run in RUNS])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_million_of_one_character_is_counted_in_parts(tmp_path, run, kind):
    text = "start " + run * (1_048_576 // len(run)) + " end"
    path = tmp_path / f"a.{kind}"
    if kind == "jsonl":
        path.write_text(
            json.dumps({"text": text, "label": "x"}) + '\n{"text": "b", "label": "y"}\n'
        )
    else:
        path.write_text(f'text,label\n"{text}",x\nb,y\n', newline="")
    report = probe([path])
    assert (report.rows, report.bad_row_count) == (2, 0)
    short = "start " + run * (65_536 // len(run)) + " end"
    expected = 16 * len(_o200k().encode_ordinary(short))
    assert 2 * report.prompt_tokens.likely == pytest.approx(expected, rel=0.02)
