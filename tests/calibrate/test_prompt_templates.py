"""Prompts in files: text, messages, promptfoo's; shown, exported and read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.calibrate.prompting.documents import PASSAGE_CHARACTERS, read_passages
from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.prompting.templates import exported, read_instructions, read_prompts
from advisor.core.errors import UsageError

POOL = [("late parcel", "shipping"), ("wrong invoice", "billing"), ("lost parcel", "shipping")]


def messages(form: PromptForm, text: str = "my item") -> list[dict]:
    return Prompter(form, POOL).messages(text)


def test_a_text_with_a_variable_is_a_prompt_and_one_without_an_instruction(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("Sort: {{ticket}}\n---\nName the desk.\n---\n{{instruction}}Now: {{input}}\n")
    first, second, third = read_prompts(path)
    assert messages(first) == [{"role": "user", "content": "Sort: my item"}]
    assert messages(second)[0] == {"role": "system", "content": "Name the desk."}
    assert messages(third) == [{"role": "user", "content": "Now: my item"}]
    assert len({Prompter(form, POOL).hash for form in (first, second, third)}) == 3


def test_messages_of_a_chat_are_rendered_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    content = [
        {"role": "developer", "content": "Sort.\n\n{{examples}}"},
        {"role": "user", "content": [{"type": "text", "text": "{{input}}"}]},
    ]
    path.write_text(json.dumps(content))
    (form,) = read_prompts(path, shots=2)
    assert (form.technique, form.shots) == ("few-shot", 2)
    system, user = messages(form)
    assert system["role"] == "system"
    assert system["content"].count("Output: ") == 2
    assert user == {"role": "user", "content": "my item"}


def test_a_promptfoo_configuration_names_its_prompts(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "p.txt").write_text("A {{q}}\n---\nB {{q}}")
    (tmp_path / "c.json").write_text(json.dumps([{"role": "user", "content": "C {{q}}"}]))
    config = tmp_path / "promptfooconfig.yaml"
    config.write_text(
        "prompts:\n  - file://p.txt\n  - file://c.json\n  - 'D {{q}}'\n  - raw: 'E {{q}}'\n"
        "    label: five\nproviders: [openai:m]\n"
    )
    texts = [messages(form)[0]["content"] for form in read_prompts(config)]
    assert texts == ["A my item", "B my item", "C my item", "D my item", "E my item"]
    config.write_text("prompts: ['file:///etc/passwd']\n")
    with pytest.raises(UsageError, match="outside its folder"):
        read_prompts(config)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.txt", "{{a}} {{b}}", "the variables a, b"),
        ("b.txt", "{{input}} {{other}}", "other is not known"),
        ("c.txt", "{{ unclosed", "not a template"),
        ("d.json", "{}", "not a list of messages"),
        ("e.json", '[{"content": "{{input}}"}]', "without a role"),
        ("f.txt", "", "holds no prompt"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_one_line(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=reason) as refusal:
        read_prompts(path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(UsageError, match="check the path"):
        read_prompts(tmp_path / "gone.txt")


def test_a_template_reaches_no_object(tmp_path: Path) -> None:
    from jinja2.exceptions import SecurityError

    path = tmp_path / "bad.txt"
    path.write_text("{{ input.__class__.__mro__[1].__subclasses__() }}")
    (form,) = read_prompts(path)
    with pytest.raises(SecurityError):
        messages(form)


def test_a_prompt_that_is_shown_can_be_exported_and_read_again(tmp_path: Path) -> None:
    form = PromptForm("few-shot", "Sort {them}.", 2)
    prompter = Prompter(form, POOL)
    path = tmp_path / "out.json"
    path.write_text(exported(prompter.shown()))
    (again,) = read_prompts(path)
    assert messages(again) == prompter.messages("my item")
    nearest = Prompter(PromptForm("retrieved-examples", "Sort.", 2, "nearest"), POOL)
    assert "{{example}}" in nearest.shown()[1]["content"]


def test_instructions_are_parted_by_lines(tmp_path: Path) -> None:
    path = tmp_path / "i.txt"
    path.write_text("One.\n---\nTwo,\nof two lines.\n---\nOne.\n")
    assert read_instructions(path) == ("One.", "Two,\nof two lines.")


def test_documents_become_passages_of_whole_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").write_text("short one\n\n" + "word " * 600 + "\n\nshort two")
    (tmp_path / "sub" / "b.txt").write_text("elsewhere")
    (tmp_path / "c.pdf").write_bytes(b"%PDF")
    passages = read_passages(tmp_path)
    assert max(map(len, passages)) <= PASSAGE_CHARACTERS + 20
    text = "\n".join(passages)
    assert all(part in text for part in ("short one", "short two", "elsewhere"))
    assert text.count("word") == 600
    with pytest.raises(UsageError, match="not a folder"):
        read_passages(tmp_path / "a.md")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no text"):
        read_passages(tmp_path / "empty")
