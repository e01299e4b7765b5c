"""Forms of data sets that people share: what is the prompt, the answer, the worse answer, the
labels.
"""

import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.probe.data import probe
from advisor.probe.files.envelopes import rows_of_value
from advisor.probe.forms.fields import recognise
from advisor.probe.forms.transcripts import divided, form_of, pieces

ASK = "How do I return a parcel that came broken?"
GOOD = "Print the label from your account and drop the parcel at any shop."
BAD = "No idea, ask somebody else."
RULE = "You are the help desk of a shop."


def user(text=ASK):
    return {"role": "user", "content": text}


def bot(text=GOOD):
    return {"role": "assistant", "content": text}


def read_first(*rows):
    """(prompt, answer, rejected) of the first of some rows."""
    unfolded = [r.value for row in rows for r in rows_of_value(1, row)]
    fields = recognise(unfolded, where="data.jsonl")
    if fields.read is None:
        return (*fields.take(unfolded[0]), "")
    parts = fields.read(unfolded[0], False)
    return parts.prompt, parts.answer, parts.rejected


PREFERENCES = {
    "Chatbot Arena, a flag per model": {
        "id": 30192, "model_a": "gpt-4", "model_b": "other", "prompt": json.dumps([ASK]),
        "response_a": json.dumps([BAD]), "response_b": json.dumps([GOOD]),
        "winner_model_a": 0, "winner_model_b": 1, "winner_tie": 0},
    "answers and scores by model": {
        "prompt": ASK, "responses": {"one": BAD, "two": GOOD}, "scores": {"one": 3, "two": 9}},
    "a trajectory as the prompt": {
        "task": "math", "trajectory": [{"from": "user", "value": ASK}], "chosen": GOOD,
        "rejected": BAD},
    "a source that is no prompt": {
        "source": "helpful", "chosen": [user(), bot()], "rejected": [user(), bot(BAD)]},
}  # fmt: skip


@pytest.mark.parametrize("row", PREFERENCES.values(), ids=PREFERENCES)
def test_the_better_and_the_worse_answer_are_told_apart(row):
    assert read_first(row) == (ASK, GOOD, BAD)


def test_a_tie_of_flags_is_listed(tmp_path):
    row = PREFERENCES["Chatbot Arena, a flag per model"]
    tie = row | {"winner_model_b": 0, "winner_tie": 1}
    path = tmp_path / "arena.jsonl"
    path.write_text("\n".join(map(json.dumps, [row, tie])))
    report = probe([path])
    assert (report.rows, report.rejected_rows, report.bad_row_count) == (1, 1, 1)
    assert "tie" in report.bad_rows[0].reason


SUPERVISED = {
    "OpenAI Responses": ({"input": [user()], "output": [
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": GOOD}]}]}, ASK, GOOD),
    "a call of the Responses API": ({"input": [user()], "output": [
        {"type": "function_call", "name": "find", "arguments": "{\"n\": 7}", "call_id": "c"}]},
        ASK, '{"name": "find", "arguments": {"n": 7}}'),
    "Cohere's request and answer": ({"preamble": RULE, "chat_history": [
        {"role": "USER", "message": "hello"}, {"role": "CHATBOT", "message": "hi"}],
        "message": ASK, "response": GOOD}, f"{RULE}\nhello\n{ASK}", f"hi\n{GOOD}"),
    "instances of an instruction": ({"id": "seed_task_0", "instruction": RULE, "instances": [
        {"input": ASK, "output": GOOD}]}, f"{RULE}\n{ASK}", GOOD),
    "Super-NaturalInstructions": ({"definition": RULE, "inputs": ASK, "targets": GOOD},
                                  f"{ASK}\n{RULE}", GOOD),
    "P3": ({"inputs_pretokenized": ASK, "targets_pretokenized": GOOD}, ASK, GOOD),
    "Spider": ({"db_id": "cars", "question": ASK, "query": "SELECT count(*) FROM head"},
               ASK, "SELECT count(*) FROM head"),
    "verl": ({"data_source": "gsm8k", "prompt": [user()], "ability": "math",
              "reward_model": {"ground_truth": "72", "style": "rule"}}, ASK, "72"),
    "a worked solution beside its result": (
        {"problem": ASK, "solution": GOOD, "answer": "72"}, ASK, GOOD),
    "a result alone": ({"problem": ASK, "answer": "72"}, ASK, "72"),
    "Label Studio, choices": ({"id": 1, "data": {"text": ASK}, "annotations": [
        {"id": 4, "result": [{"type": "choices", "value": {"choices": ["returns"]}}]}]},
        ASK, "returns"),
    "Label Studio, spans": ({"id": 1, "data": {"text": ASK}, "annotations": [
        {"result": [{"type": "labels", "value": {
            "start": 14, "end": 20, "text": "parcel", "labels": ["THING"]}}]}]},
        ASK, '[{"text": "parcel", "label": "THING"}]'),
    "Label Studio, written": ({"id": 1, "data": {"text": ASK}, "annotations": [
        {"result": [{"type": "textarea", "value": {"text": [GOOD]}}]}]}, ASK, GOOD),
    "Prodigy": ({"text": ASK, "spans": [{"label": "THING"}], "answer": "accept",
                 "_input_hash": 1, "_task_hash": 2}, ASK, '[{"label": "THING"}]'),
    "instructions in a template's settings": ({
        "messages": [user(), bot()],
        "chat_template_kwargs": {"custom_instructions": RULE, "enable_thinking": True}},
        f"{RULE}\n{ASK}", GOOD),
}  # fmt: skip


@pytest.mark.parametrize(("row", "prompt", "answer"), SUPERVISED.values(), ids=SUPERVISED)
def test_prompt_and_answer(row, prompt, answer):
    assert read_first(row) == (prompt, answer, "")


def test_a_picture_in_tags_is_no_text(tmp_path):
    row = {"conversations": [
        {"from": "user", "value": f"<img>https://shop.example/broken.jpeg</img>{ASK}"},
        {"from": "assistant", "value": GOOD}]}  # fmt: skip
    path = tmp_path / "pictures.jsonl"
    path.write_text(json.dumps(row))
    plain = tmp_path / "plain.jsonl"
    plain.write_text(json.dumps({"messages": [user(), bot()]}))
    report = probe([path])
    assert report.media_rows == {"picture": 1}
    assert report.media_uncounted_rows == 1
    assert report.prompt_tokens.range == probe([plain]).prompt_tokens.range


TURN_TABLES = {
    "OpenAssistant": [
        {"message_id": f"m{i}", "parent_id": f"m{i - 1}", "text": f"{ASK} {i}", "role": role}
        for i, role in enumerate(("prompter", "assistant", "prompter"))],
    "a call centre": [
        {"call_id": i // 2, "speaker": ("customer", "agent")[i % 2], "text": f"{ASK} {i}"}
        for i in range(6)],
}  # fmt: skip


@pytest.mark.parametrize("rows", TURN_TABLES.values(), ids=TURN_TABLES)
def test_a_table_of_turns_is_no_training_data(rows):
    with pytest.raises(UsageError, match=r"each row is one turn of a chat.*join the turns"):
        recognise(rows, where="turns.csv")


NAMES = ("toxic", "obscene", "threat")
SETS = st.lists(
    st.sets(st.sampled_from(NAMES)), min_size=12, max_size=30
).filter(lambda sets: len(set().union(*sets)) > 1)  # fmt: skip


def counted(sets):
    return {name: n for name in NAMES if (n := sum(name in labels for labels in sets))}


def as_lists(folder, sets):
    path = folder / "lists.jsonl"
    rows = [{"text": f"{ASK} {i}", "labels": sorted(s)} for i, s in enumerate(sets)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def as_columns(folder, sets):
    path = folder / "columns.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["comment_text", *NAMES])
        for i, labels in enumerate(sets):
            table.writerow([f"{ASK} {i}", *(int(name in labels) for name in NAMES)])
    return path


@settings(max_examples=15, deadline=None)
@given(sets=SETS)
@pytest.mark.parametrize("form", [as_lists, as_columns])
def test_each_of_several_labels_is_counted(tmp_path_factory, form, sets):
    path = form(tmp_path_factory.mktemp("labels"), sets)
    report = probe([path], count_tokens=False)
    assert report.rows == len(sets)
    assert dict(report.labels) == counted(sets)


def test_labels_joined_by_a_mark(tmp_path):
    path = tmp_path / "joined.csv"
    genres = ["Drama|Comedy", "Drama", "Comedy", "Drama|Crime", "Crime", "Comedy|Crime"] * 3
    lines = [f'"{ASK} {i}",{genre}' for i, genre in enumerate(genres)]
    path.write_text("\n".join(["plot,genre", *lines]))
    assert dict(probe([path]).labels) == {"Drama": 9, "Comedy": 9, "Crime": 9}


def test_a_comma_within_one_label_divides_nothing(tmp_path):
    path = tmp_path / "whole.csv"
    kinds = ['"Home, Garden"', '"Toys, Games"'] * 6
    lines = [f'"{ASK} {i}",{kind}' for i, kind in enumerate(kinds)]
    path.write_text("\n".join(["text,category", *lines]))
    assert dict(probe([path]).labels) == {"Home, Garden": 6, "Toys, Games": 6}


def test_tags_of_words_count_as_kinds_of_entities(tmp_path):
    path = tmp_path / "ner.jsonl"
    row = {"tokens": ["Ann", "Lee", "here"], "tags": ["B-PER", "I-PER", "O"]}
    none = {"tokens": ["Nobody", "here"], "tags": ["O", "O"]}
    path.write_text("\n".join([json.dumps(row)] * 12 + [json.dumps(none)]))
    assert dict(probe([path]).labels) == {"PER": 12}


MARKS = {
    "Gemma 4": ("<bos>", "<|turn>user\n{}<turn|>\n", "<|turn>model\n", "{}<turn|>\n"),
    "Llama 4": ("<|begin_of_text|>", "<|header_start|>user<|header_end|>\n\n{}<|eot|>",
                "<|header_start|>assistant<|header_end|>\n\n", "{}<|eot|>"),
    "Phi 4": ("", "<|im_start|>user<|im_sep|>{}<|im_end|>", "<|im_start|>assistant<|im_sep|>",
              "{}<|im_end|>"),
    "Kimi": ("", "<|im_user|>user<|im_middle|>{}<|im_end|>",
             "<|im_assistant|>assistant<|im_middle|>", "{}<|im_end|>"),
    "Cohere": ("", "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{}<|END_OF_TURN_TOKEN|>",
               "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "{}<|END_OF_TURN_TOKEN|>"),
    "DeepSeek": ("", "<｜User｜>{}", "<｜Assistant｜>", "{}<｜end▁of▁sentence｜>"),
    "Granite": ("", "<|start_of_role|>user<|end_of_role|>{}<|end_of_text|>\n",
                "<|start_of_role|>assistant<|end_of_role|>", "{}<|end_of_text|>\n"),
    "Seed": ("", "<seed:bos>user\n{}<seed:eos>", "<seed:bos>assistant\n", "{}<seed:eos>"),
    "EXAONE": ("", "[|user|]{}\n", "[|assistant|]", "{}[|endofturn|]\n"),
    "Nemotron": ("", "<SPECIAL_11>User\n{}\n", "<SPECIAL_11>Assistant\n", "{}\n"),
    "MiniMax": ("", "]~b]user\n{}[e~[\n", "]~b]ai\n", "{}[e~[\n"),
    "nanochat": ("", "<|user_start|>{}<|user_end|>", "<|assistant_start|>", "{}<|assistant_end|>"),
    "User and Assistant": ("", "User: {}\n", "Assistant: ", "{}\n"),
    "Question and Answer": ("", "Question: {}\n", "Answer: ", "{}\n"),
}  # fmt: skip
WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz ,.äß", min_size=1, max_size=20).map(str.strip).filter(bool),
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(asked=WORDS, said=WORDS)
@pytest.mark.parametrize("marks", MARKS.values(), ids=MARKS)
def test_a_chat_written_with_marks_is_divided(marks, asked, said):
    begin, ask, reply, answer = marks
    turns = list(zip(asked, said, strict=False))
    text = begin + "".join(ask.format(a) + reply + answer.format(b) for a, b in turns)
    form = form_of(text)
    found = [(p.role, p.text) for p in pieces(text, form) if p.text]
    wanted = [pair for a, b in turns for pair in (("user", a), ("assistant", b))]
    assert found == wanted
    given_text, learned = divided(text, form)
    assert learned == "".join(answer.format(b) for _, b in turns)
    assert len(given_text) + len(learned) == len(text)


TEXT = "Ann lives in Oslo"
SPANS = {
    "doccano, JSONL": {"text": TEXT, "label": [[0, 3, "PER"], [13, 17, "LOC"]], "id": 4},
    "doccano, relations": {
        "id": 4, "text": TEXT, "relations": [],
        "entities": [{"id": 1, "start_offset": 0, "end_offset": 3, "label": "PER"},
                     {"id": 2, "start_offset": 13, "end_offset": 17, "label": "LOC"}]},
    "Prodigy": {
        "text": TEXT, "_task_hash": 1, "answer": "accept",
        "spans": [{"start": 0, "end": 3, "token_start": 0, "label": "PER"},
                  {"start": 13, "end": 17, "token_start": 3, "label": "LOC"}]},
    "Label Studio without its texts": {
        "data": {"text": TEXT}, "annotations": [{"was_cancelled": False, "result": [
            {"value": {"start": 0, "end": 3, "labels": ["PER"]}},
            {"value": {"start": 13, "end": 17, "labels": ["LOC"]}}]}]},
}  # fmt: skip


@pytest.mark.parametrize("row", SPANS.values(), ids=SPANS)
def test_spans_are_learned_by_their_text_and_counted_by_their_kind(row):
    unfolded = [r.value for r in rows_of_value(1, row)]
    fields = recognise(unfolded, where="data.jsonl")
    learned = [{"text": "Ann", "label": "PER"}, {"text": "Oslo", "label": "LOC"}]
    assert fields.take(unfolded[0]) == (TEXT, json.dumps(learned))
    assert fields.labels is not None
    assert fields.labels(unfolded[0]) == ("PER", "LOC")


@pytest.mark.parametrize("field", ["message", "payload"])
def test_an_agent_s_session_with_an_event_per_line_is_no_training_row(field):
    said = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    rows = [{"type": "x", "uuid": str(at), field: said[at % 2]} for at in range(6)]
    with pytest.raises(UsageError, match=rf"an event of an agent's session \({field} holds"):
        recognise(rows, where="s.jsonl")


def test_a_patient_asks_and_a_doctor_answers():
    rows = [{"Description": f"Q. What is {at}?", "Patient": f"{ASK} {at}", "Doctor": f"{GOOD} {at}"}
            for at in range(12)]  # fmt: skip
    fields = recognise(rows)
    assert (fields.prompt, fields.answer) == ("Patient", "Doctor")
