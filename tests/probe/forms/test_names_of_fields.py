"""The same thing under each of the names that people give it is counted alike."""

import json

import pytest

from advisor.core.errors import UsageError
from advisor.probe.data import probe
from advisor.probe.files.envelopes import rows_of_value
from advisor.probe.forms.fields import recognise

ASK = "How do I return a parcel that came broken?"
GOOD = "Print the label from your account and drop the parcel at any shop."
BAD = "No idea, ask somebody else."
RULE = "You are the help desk of a shop."
NOTE = "Returns are free within thirty days of the delivery."
WHY = "The parcel is broken, so the customer may return it."
TOOL = {"name": "find_order", "parameters": {"type": "object"}}
CHAT = [{"role": "user", "content": ASK}, {"role": "assistant", "content": GOOD}]


def parts(row):
    rows = [r.value for r in rows_of_value(1, json.loads(json.dumps(row)))]
    fields = recognise(rows, where="rows.jsonl")
    if fields.read is None:
        return (*fields.take(rows[0]), "")
    read = fields.read(rows[0], False)
    return read.prompt, read.answer, read.rejected


@pytest.mark.parametrize("name", [
    "tools", "functions", "apis", "api_list", "tool_list", "tool_schemas", "available_functions",
    "available_tools", "function_definitions", "functionDefinitions",
])  # fmt: skip
def test_definitions_of_tools(name):
    expected = (f"{json.dumps([TOOL])}\n{ASK}", GOOD, "")
    assert parts({"messages": CHAT, name: [TOOL]}) == expected
    assert parts({"messages": CHAT, name: json.dumps([TOOL])}) == expected


@pytest.mark.parametrize("name", [
    "documents", "docs", "passages", "contexts", "context", "retrieved_docs", "retrieved_contexts",
    "chunks", "knowledge",
])  # fmt: skip
def test_documents(name):
    assert parts({"messages": CHAT, name: [NOTE]}) == (f"{NOTE}\n{ASK}", GOOD, "")


@pytest.mark.parametrize("name", [
    "system", "system_prompt", "systemPrompt", "sys", "sys_prompt", "system_msg", "system_message",
    "preamble", "developer", "instructions", "instruction", "System",
])  # fmt: skip
def test_system_prompts(name):
    assert parts({"messages": CHAT, name: RULE}) == (f"{RULE}\n{ASK}", GOOD, "")


@pytest.mark.parametrize("row", [
    {"sys_prompt": RULE, "user_prompt": ASK, "assistant_response": GOOD},
    {"system_prompt": RULE, "user_prompt": ASK, "response": GOOD},
    {"system_message": RULE, "user_message": ASK, "assistant_message": GOOD},
], ids=lambda row: next(iter(row)))  # fmt: skip
def test_columns_that_name_who_speaks(row):
    assert parts(row) == (f"{RULE}\n{ASK}", GOOD, "")


@pytest.mark.parametrize("name", [
    "reasoning_content", "reasoning", "thinking", "think", "thought", "thinking_content",
    "reasoning_text", "tool_plan",
])  # fmt: skip
def test_reasoning_in_a_message(name):
    row = {"messages": [CHAT[0], CHAT[1] | {name: WHY}]}
    assert parts(row) == (ASK, f"{WHY}\n{GOOD}", "")


@pytest.mark.parametrize("name", [
    "reasoning", "thinking", "think", "cot", "Complex_CoT", "thought_process", "rationale",
    "deepseek_reasoning", "reasoning_steps",
])  # fmt: skip
def test_reasoning_beside_an_answer(name):
    assert parts({"question": ASK, name: WHY, "answer": GOOD}) == (ASK, f"{WHY}\n{GOOD}", "")


@pytest.mark.parametrize(("call", "result"), [
    ("function_call", "observation"), ("tool_call", "tool_response"), ("tool-call", "tool-result"),
    ("action", "observation"), ("tool_code", "tool_outputs"), ("functionCall", "function"),
])  # fmt: skip
def test_roles_of_calls(call, result):
    turns = [(CHAT[0]["content"], "human"), ("{}", call), (NOTE, result), (GOOD, "gpt")]
    row = {"conversations": [{"from": role, "value": text} for text, role in turns]}
    assert parts(row) == (f"{ASK}\n{NOTE}", f"{{}}\n{GOOD}", "")


@pytest.mark.parametrize(("good", "bad"), [
    ("chosen", "rejected"), ("y_w", "y_l"), ("accepted", "rejected"), ("pos", "neg"),
    ("correct_answer", "incorrect_answer"), ("right_answer", "wrong_answer"), ("win", "lose"),
    ("preferred_answer", "dispreferred_answer"), ("response_chosen", "response_rejected"),
    ("chosen", "rejected_text"),
])  # fmt: skip
def test_names_of_a_pair(good, bad):
    assert parts({"prompt": ASK, good: GOOD, bad: BAD}) == (ASK, GOOD, BAD)


def test_all_rejected_answers_of_a_row_count():
    assert parts({"prompt": ASK, "chosen": GOOD, "rejected": [BAD, WHY]})[2] == f"{BAD}\n{WHY}"


def test_a_chat_of_chatgpts_export():
    def node(at, role, text):
        said = {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}
        return {"id": str(at), "parent": str(at - 1), "children": [], "message": said}

    mapping = {"0": {"id": "0", "message": None, "parent": None, "children": ["1", "3"]},
               "1": node(1, "user", ASK), "2": node(2, "assistant", GOOD),
               "3": node(1, "user", "another branch") | {"id": "3", "parent": "0"}}  # fmt: skip
    row = {"title": "Returns", "mapping": mapping, "current_node": "2"}
    assert parts(row) == (ASK, GOOD, "")


LOGS = {
    "Bedrock's batches": ("modelInput", "modelOutput"),
    "a proxy": ("request", "response"),
    "bodies": ("request_body", "response_body"),
}


@pytest.mark.parametrize(("request_name", "reply_name"), LOGS.values(), ids=LOGS)
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"body": v}, json.dumps])
def test_logged_requests(request_name, reply_name, wrap):
    row = {
        request_name: wrap({"messages": CHAT[:1], "tools": [TOOL]}),
        reply_name: wrap({"choices": [{"message": CHAT[1]}]}),
    }
    assert parts(row) == (f"{json.dumps([TOOL])}\n{ASK}", GOOD, "")


def test_logged_requests_in_a_table(tmp_path):
    path = tmp_path / "log.csv"
    cells = [json.dumps({"messages": CHAT[:1]}), json.dumps({"choices": [{"message": CHAT[1]}]})]
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    path.write_text(f"request,response\n{quoted}\n{quoted}\n")
    plain = tmp_path / "plain.jsonl"
    plain.write_text(json.dumps({"messages": CHAT}))
    assert probe([path]).answer_tokens.likely == probe([plain]).answer_tokens.likely
    assert probe([path]).prompt_tokens.likely == probe([plain]).prompt_tokens.likely


@pytest.mark.parametrize("name", ["weight", "sample_weight", "example_weight"])
def test_a_row_that_weighs_nothing_is_left_out(tmp_path, name):
    path = tmp_path / "weighted.jsonl"
    weights = [1.0, 0.0, 0.5, 0, 2]
    path.write_text("\n".join(json.dumps({"messages": CHAT, name: w}) for w in weights))
    report = probe([path])
    assert (report.rows, report.bad_row_count) == (3, 2)
    assert [row.line for row in report.bad_rows] == [2, 4]
    assert f"{name} is 0" in report.bad_rows[0].reason
    assert f"{name} weighs rows" in report.assumed


def test_a_weight_in_a_table_is_a_thing_of_its_own(tmp_path):
    path = tmp_path / "parcels.csv"
    path.write_text("text,label,weight\n" + "\n".join(f"{ASK} {i},x,{i}" for i in range(4)))
    assert probe([path]).rows == 4


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_an_annotator_did_not_accept_is_listed(tmp_path, answer):
    path = tmp_path / "prodigy.jsonl"
    row = {"text": ASK, "label": "returns", "_task_hash": 1, "_input_hash": 2}
    rows = [row | {"answer": a} for a in ("accept", answer, "accept")]
    path.write_text("\n".join(map(json.dumps, rows)))
    report = probe([path])
    assert (report.rows, report.bad_row_count) == (2, 1)
    assert "by its annotator" in report.bad_rows[0].reason


def test_a_tree_of_messages_is_refused():
    tree = {"prompt": {"text": ASK, "role": "prompter", "replies": [
        {"text": GOOD, "role": "assistant", "replies": []}]}}  # fmt: skip
    with pytest.raises(UsageError, match=r"a tree of messages .*branches"):
        recognise([tree], where="trees.jsonl")


@pytest.mark.parametrize("name", ["conversations", "data", "messages", "chats"])
def test_a_list_of_chats_within_an_object_is_its_rows(tmp_path, name):
    path = tmp_path / "export.json"
    path.write_text(json.dumps({name: [{"id": i, "messages": CHAT} for i in range(3)]}))
    report = probe([path])
    assert (report.rows, report.bad_row_count) == (3, 0)
