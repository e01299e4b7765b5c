"""Chat templates: rendered in the sandbox, counted by hand, and refused where they misbehave."""

import json

import pytest

from advisor.core.errors import UsageError
from advisor.core.quantity import Basis
from advisor.probe.data import probe
from advisor.probe.forms.chats import ChatInput
from advisor.probe.templates.added import chat_for

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] "
    "+ '<|im_end|>' + '\\n' }}{% endfor %}"
)
ALTERNATING = (
    "{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "{% generation %}[{{ m['role'] }}] {{ m['content'] | trim }}{{ eos_token }}"
    "{% endgeneration %}{% endfor %}"
)
ASKED = [{"role": "user", "content": " hi "}, {"role": "assistant", "content": "yes"}]


def folder(tmp_path, template, **more):
    held = {"chat_template": template, "bos_token": {"content": "<s>"}, "eos_token": "</s>"} | more
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(held))
    return tmp_path


def with_words(tmp_path, *words):
    """A tokenizer of whole words, with the marks of ChatML as single tokens."""
    pytest.importorskip("tokenizers")
    marks = ["<|im_start|>", "<|im_end|>"]
    vocabulary = {w: i for i, w in enumerate(["[UNK]", *marks, *words])}
    added = [
        {"id": vocabulary[m], "content": m, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False,
         "special": True}
        for m in marks
    ]  # fmt: skip
    held = {
        "version": "1.0", "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None, "decoder": None, "truncation": None, "padding": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }  # fmt: skip
    (tmp_path / "tokenizer.json").write_text(json.dumps(held))


def rendered(path, messages=ASKED):
    """The only row in the template of a folder; ValueError where the template refuses it."""
    renderer = chat_for("", path).renderer
    try:
        ((text, reason),) = renderer.render([ChatInput(messages)])
    finally:
        renderer.close()
    if reason:
        raise ValueError(reason)
    return text


def test_renders_as_model_hubs_do(tmp_path):
    chat = chat_for("", folder(tmp_path, ALTERNATING))
    assert chat.renderer.render([ChatInput(ASKED), ChatInput(ASKED[::-1])]) == [
        ("<s>[user] hi</s>[assistant] yes</s>", ""),
        ("", "Conversation roles must alternate"),
    ]
    chat.renderer.close()
    assert chat.basis is Basis.MEASURED


def test_the_file_of_its_own_wins_and_a_list_has_a_default(tmp_path):
    several = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}]
    assert rendered(folder(tmp_path, several)) == "plain"
    (tmp_path / "chat_template.jinja").write_text("own")
    assert rendered(tmp_path) == "own"


def test_what_published_templates_use(tmp_path):
    template = """
{%- if tools %}tools{% endif %}
{%- set held = namespace(system='none') %}
{%- if messages[0].role == 'system' %}{% set held.system = messages[0].content | trim %}
{%- set messages = messages[1:] %}
{%- endif %}
{{- bos_token + held.system + ' ' + strftime_now('%d %b %Y') }}
{%- for m in messages %}
    {%- if m.content is not string %}{% continue %}{% endif %}
    {%- if m.tool_calls is defined %}{{ m.tool_calls | tojson(indent=2) }}{% endif %}
    {{- '|' ~ m.role ~ ':' ~ m.content.split('</think>')[-1].strip() }}
    {{- eos_token if loop.last else '' }}
{%- endfor %}
{%- if add_generation_prompt %}more{% endif %}"""
    said = [
        {"role": "system", "content": " be brief "},
        *ASKED[:1],
        {"role": "assistant", "content": "so</think> yes "},
    ]
    assert (
        rendered(folder(tmp_path, template), said)
        == "<s>be brief 01 Jan 2026|user:hi|assistant:yes</s>"
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__.__init__.__globals__ }}",
        "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10000000000 }}",
        "{{ 9 ** 999999999 }}",
        "{{ 'x'.ljust(10000000000) }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '{:10000000000}'.format(1) }}",
        "{{ messages.clear() }}",
        "{{ messages[0].update({'role': 'x'}) }}",
        "{{ lipsum() }}",
        "{% include '/etc/passwd' %}",
        "{{ cycler.__init__.__globals__.os }}",
    ],
)
def test_hostile_templates_only_fail(tmp_path, template):
    with pytest.raises((ValueError, UsageError)) as caught:
        rendered(folder(tmp_path, template))
    assert "\n" not in str(caught.value)
    assert ASKED[0]["role"] == "user"


@pytest.mark.parametrize("held", ["not json", "[" * 100_000, '{"chat_template": "{% for %}"}'])
def test_damaged_files_are_one_line(tmp_path, held):
    (tmp_path / "tokenizer_config.json").write_text(held)
    with pytest.raises(UsageError, match=str(tmp_path.name)):
        chat_for("", tmp_path)


def test_a_huge_template_is_refused(tmp_path):
    with pytest.raises(UsageError, match="characters"):
        chat_for("", folder(tmp_path, "x" * 300_000))


def test_openai_models_by_the_published_count():
    chat = chat_for("gpt-4.1-mini")
    assert (chat.basis, chat.each.likely, chat.once, chat.renderer) == (
        Basis.PUBLISHED,
        4.0,
        3,
        None,
    )
    assert chat_for("ft:gpt-4o-mini").is_known


def test_an_unknown_template_says_so():
    for chat in (chat_for("llama-3.1-8b"), chat_for("")):
        assert not chat.is_known
        assert "without a chat template" in chat.note
        assert "about 5 tokens a message" in chat.note


def test_rows_are_counted_with_the_template(tmp_path):
    with_words(tmp_path, "user", "assistant", "one", "two", "three")
    folder(tmp_path, CHATML)
    rows = [
        {"prompt": "one two", "completion": "three"},
        {"prompt": "one", "completion": "two three one"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    report = probe([tmp_path / "a.jsonl"], tokenizer=tmp_path)
    assert report.prompt_tokens.likely == 1.5
    assert report.answer_tokens.likely == 2.0
    assert report.chat_tokens.likely == 6.0  # two messages of <|im_start|>, role and <|im_end|>
    assert report.chat_tokens.basis is Basis.MEASURED
    assert report.max_tokens == 4 + 6
    assert report.lengths[0].rows_cut == 0


def test_a_chat_of_many_turns_and_refused_rows(tmp_path):
    with_words(tmp_path, "user", "assistant", "one", "s", "/")
    folder(
        tmp_path,
        ALTERNATING.replace("{{ bos_token }}", "").replace("{{ eos_token }}", "<|im_end|>"),
    )
    chats = [["human", "gpt", "human", "gpt"], ["gpt", "human"]]
    lines = [{"conversations": [{"from": who, "value": "one"} for who in chat]} for chat in chats]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in lines))
    report = probe([tmp_path / "a.jsonl"], tokenizer=tmp_path)
    # each turn: `[`, role, `]`, one, <|im_end|>, so 4 around the text; the second chat begins with
    # the assistant
    assert report.chat_tokens.likely == 4 * 4
    assert any("1 rows are refused" in w and "must alternate" in w for w in report.warnings)


def test_messages_are_counted_for_openai_models(tmp_path):
    turns = [
        {"role": r, "content": "hello"}
        for r in ("system", "user", "assistant", "user", "assistant")
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
    report = probe([tmp_path / "a.jsonl"], model="gpt-4.1")
    assert report.chat_tokens.likely == 5 * 4 + 3
    assert report.max_tokens == round(report.tokens_per_row.likely) + 23
    plain = probe([tmp_path / "a.jsonl"])
    assert plain.max_tokens == round(plain.tokens_per_row.likely)
    assert (plain.chat_tokens.range.p10, plain.chat_tokens.range.p90) == (15.0, 35.0)
