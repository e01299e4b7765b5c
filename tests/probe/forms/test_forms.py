"""Forms of training data as trainers and services document them: what is given, what is learned,
what is the worse answer.
"""

import json

import pytest

from advisor.core.errors import UsageError
from advisor.probe.forms.fields import recognise

ASK = "How do I return a parcel that came broken?"
GOOD = "Print the label from your account and drop the parcel at any shop."
BAD = "No idea, ask somebody else."
RULE = "You are the help desk of a shop."
WHY = "The parcel is broken, so a return label is due first."
TOOL = {"name": "find_order", "description": "Looks an order up", "parameters": {"type": "object"}}
CALL = {"name": "find_order", "arguments": {"number": 7}}


def user(text=ASK, **more):
    return {"role": "user", "content": text, **more}


def bot(text=GOOD, **more):
    return {"role": "assistant", "content": text, **more}


def parts_of(*rows):
    """The parts of the first of some rows, in the form that is told from all."""
    rows = list(rows)
    fields = recognise(rows, where="data.jsonl")
    if fields.read is None:
        prompt, answer = fields.take(rows[0])
        return prompt, answer, ""
    parts = fields.read(rows[0], False)
    return parts.prompt, parts.answer, parts.rejected


SUPERVISED = {
    "openai": {"messages": [user(), bot()]},
    "sharegpt": {"conversations": [{"from": "human", "value": ASK},
                                   {"from": "gpt", "value": GOOD}]},
    "cohere": {"messages": [{"role": "User", "content": ASK},
                            {"role": "Chatbot", "content": GOOD}]},
    "cohere upper": {"chat": [{"role": "USER", "message": ASK},
                              {"role": "CHATBOT", "message": GOOD}]},
    "ai and human": {"chat": [{"role": "human", "content": ASK}, {"role": "ai", "content": GOOD}]},
    "langchain": {"messages": [{"type": "human", "data": {"content": ASK}},
                               {"type": "ai", "data": {"content": GOOD}}]},
    "langchain plain": {"messages": [{"type": "human", "content": ASK},
                                     {"type": "ai", "content": GOOD}]},
    "langchain dumped": {"messages": [
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
         "kwargs": {"content": ASK, "type": "human"}},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"],
         "kwargs": {"content": GOOD}}]},
    "mftcoder": {"id": 0, "data_name": "code", "chat_rounds": [
        {"role": "human", "content": ASK}, {"role": "bot", "content": GOOD}]},
    "xtuner": {"conversation": [{"input": ASK, "output": GOOD}]},
    "firefly": {"conversation_id": 1, "category": "x", "conversation": [
        {"human": ASK, "assistant": GOOD}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": ASK}]},
                            {"role": "model", "parts": [{"text": GOOD}]}]},
    "bedrock": {"schemaVersion": "bedrock-conversation-2024", "messages": [
        {"role": "user", "content": [{"text": ASK}]},
        {"role": "assistant", "content": [{"text": GOOD}]}]},
    "anthropic": {"messages": [{"role": "user", "content": [{"type": "text", "text": ASK}]},
                               {"role": "assistant", "content": [{"type": "text", "text": GOOD}]}]},
    "palm": {"messages": [{"author": "user", "content": ASK},
                          {"author": "assistant", "content": GOOD}]},
    "vertex text": {"input_text": ASK, "output_text": GOOD},
    "bedrock text": {"prompt": ASK, "completion": GOOD},
    "swift query": {"query": ASK, "response": GOOD},
    "oasst": {"INSTRUCTION": ASK, "RESPONSE": GOOD},
    "metharme": {"prompt": ASK, "generation": GOOD},
    "jeopardy": {"question": ASK, "category": "shops", "answer": GOOD},
    "dolly": {"instruction": ASK, "context": "", "response": GOOD, "category": "open_qa"},
    "trl completion": {"prompt": [user()], "completion": [bot()]},
    "trl text and chat": {"prompt": ASK, "completion": [bot()]},
    "chat as json text": {"messages": json.dumps([user(), bot()])},
    "pairs of texts": {"conversations": [[ASK, GOOD]]},
    "texts in turn": {"id": "0", "data": [ASK, GOOD]},
    "openai batch": {"custom_id": "r1", "method": "POST", "body": {"messages": [user(), bot()]}},
    "harmony": {"messages": [user(), bot(channel="final")]},
    "responses api": {"messages": [
        {"role": "user", "content": [{"type": "input_text", "text": ASK}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": GOOD}]}]},
    "answer beside a chat": {"messages": [user()], "reference_answer": GOOD},
    "evals": {"input": [user()], "ideal": GOOD},
    "squad flat": {"id": "5", "question": ASK,
                   "answers": {"text": [GOOD, "x"], "answer_start": [1, 2]}},
    "trivia": {"question": ASK, "answer": {"value": GOOD, "aliases": ["x"]}},
    "natural questions": {"question": ASK, "answer": [GOOD, "another"]},
    "weights": {"messages": [user(), bot("unlearned", weight=0), user("and?"), bot(weight=1)]},
    "python list": {"messages": str([user(), bot()])},
    "within an object": {"data": {"messages": [user(), bot()]}},
    "glm tools": {"conversations": [user(), bot()], "tools": []},
    "slim orca": {"conversations": [{"from": "human", "value": ASK, "weight": 0.0},
                                    {"from": "gpt", "value": GOOD, "weight": 1.0}]},
    "mistral": {"prompt": ASK, "prompt_id": "ea9a", "messages": [user(), bot()]},
    "inputs and targets": {"inputs": ASK, "targets": GOOD, "text": ""},
    "query and solution": {"problem": ASK, "solution": GOOD, "level": "Level 2", "type": "x"},
    "sql": {"question": ASK, "sql": GOOD},
    "distilabel": {"instruction": ASK, "generation": GOOD, "model_name": "x/y"},
    "system answers": {"chat": [{"role": "user", "content": ASK}], "answer": GOOD},
    "glaive": {"chat": f"USER: {ASK}\n\n\nASSISTANT: {GOOD} <|endoftext|>"},
    "openbook": {"id": "7-980", "question_stem": ASK, "answerKey": GOOD},
    "letters": {"q": ASK, "a": GOOD},
    "names of speakers": {"human": ASK, "ai": GOOD},
    "drop": {"question": ASK, "answers_spans": {"spans": [GOOD], "types": ["span"]}},
    "prefixed": {"question": ASK, "final_answer": GOOD, "uuid": "a1b2"},
}  # fmt: skip


@pytest.mark.parametrize("name", SUPERVISED)
def test_supervised_rows(name):
    from advisor.probe.files.envelopes import rows_of_value

    (row,) = rows_of_value(1, SUPERVISED[name])
    prompt, answer, rejected = parts_of(row.value)
    wanted = f"{ASK}\nunlearned\nand?" if name == "weights" else ASK
    assert (prompt, answer, rejected) == (wanted, GOOD, "")


SYSTEM_BESIDE = {
    "text": {"system": RULE, "messages": [user(), bot()]},
    "xtuner": {"conversation": [{"system": RULE, "input": ASK, "output": GOOD}]},
    "bedrock": {"system": [{"text": RULE}], "messages": [user(), bot()]},
    "anthropic blocks": {"system": [{"type": "text", "text": RULE}], "messages": [user(), bot()]},
    "gemini": {"systemInstruction": {"role": "system", "parts": [{"text": RULE}]},
               "contents": [{"role": "user", "parts": [{"text": ASK}]},
                            {"role": "model", "parts": [{"text": GOOD}]}]},
    "gemini snake": {"system_instruction": {"parts": {"text": RULE}},
                     "contents": [{"role": "user", "parts": [{"text": ASK}]},
                                  {"role": "model", "parts": [{"text": GOOD}]}]},
    "palm context": {"context": RULE, "messages": [{"author": "user", "content": ASK},
                                                   {"author": "bot", "content": GOOD}]},
    "alpaca": {"system": RULE, "instruction": ASK, "input": "", "output": GOOD},
    "orca": {"system_prompt": RULE, "question": ASK, "response": GOOD},
    "cohere": {"preamble": RULE, "messages": [{"role": "User", "content": ASK},
                                              {"role": "Chatbot", "content": GOOD}]},
    "in the chat": {"messages": [{"role": "system", "content": RULE}, user(), bot()]},
    "developer": {"messages": [{"role": "developer", "content": RULE}, user(), bot()]},
    "upper": {"messages": [{"role": "SYSTEM", "content": RULE}, user(), bot()]},
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEM_BESIDE)
def test_a_system_prompt_belongs_to_the_prompt(name):
    assert parts_of(SYSTEM_BESIDE[name]) == (f"{RULE}\n{ASK}", GOOD, "")


TOOLS_BESIDE = {
    "tools": {"tools": [{"type": "function", "function": TOOL}], "messages": [user(), bot()]},
    "tools as text": {"tools": json.dumps([TOOL]), "messages": [user(), bot()]},
    "functions": {"functions": [TOOL], "messages": [user(), bot()]},
    "bedrock": {"toolConfig": {"tools": [{"toolSpec": TOOL}]}, "messages": [user(), bot()]},
    "alpaca": {"tools": json.dumps([TOOL]), "instruction": ASK, "output": GOOD},
    "xlam": {"query": ASK, "tools": json.dumps([TOOL]), "answers": GOOD},
    "openai preference": {"input": {"messages": [user()], "tools": [TOOL]},
                          "preferred_output": [bot()], "non_preferred_output": [bot(BAD)]},
    "in a message": {"messages": [{"role": "system", "content": "", "tools": [TOOL]},
                                  user(), bot()]},
}  # fmt: skip


@pytest.mark.parametrize("name", TOOLS_BESIDE)
def test_tools_belong_to_the_prompt(name):
    prompt, answer, _ = parts_of(TOOLS_BESIDE[name])
    assert "Looks an order up" in prompt
    assert prompt.endswith(ASK)
    assert answer == GOOD


@pytest.mark.parametrize("field", ["tools", "functions"])
def test_no_tools_are_no_tokens(field):
    assert parts_of({field: [], "messages": [user(), bot()]}) == (ASK, GOOD, "")


CALLS = {
    "tool_calls": bot(None, tool_calls=[{"id": "c1", "type": "function", "function": CALL}]),
    "function_call": bot(None, function_call={"name": CALL["name"], "arguments": '{"number": 7}'}),
    "role tool_call": {"role": "tool_call", "content": json.dumps(CALL)},
    "role function_call": {"role": "function_call", "content": json.dumps(CALL)},
    "anthropic": bot([{"type": "tool_use", "id": "x", "name": "find_order",
                       "input": {"number": 7}}]),
    "bedrock": bot([{"toolUse": {"toolUseId": "x", "name": "find_order", "input": {"number": 7}}}]),
    "gemini": {"role": "model", "parts": [{"functionCall": {"name": "find_order",
                                                            "args": {"number": 7}}}]},
    "langchain": {"type": "ai", "data": {"content": "", "tool_calls": [CALL]}},
}  # fmt: skip
RESULTS = {
    "tool": {"role": "tool", "tool_call_id": "c1", "content": "sent on Monday"},
    "function": {"role": "function", "name": "find_order", "content": "sent on Monday"},
    "observation": {"role": "observation", "content": "sent on Monday"},
    "tool_response": {"role": "tool_response", "content": "sent on Monday"},
    "anthropic": user([{"type": "tool_result", "tool_use_id": "x", "content": "sent on Monday"}]),
    "bedrock": user([{"toolResult": {"content": [{"text": "sent on Monday"}]}}]),
}


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("call", CALLS)
def test_calls_are_learned_and_results_are_given(call, result):
    row = {"messages": [user(), CALLS[call], RESULTS[result], bot()]}
    prompt, answer, _ = parts_of(row)
    assert prompt == f"{ASK}\nsent on Monday"
    assert "find_order" in answer
    assert '"number"' in answer.replace("\\", "")
    assert answer.endswith(GOOD)


def test_sharegpt_calls():
    row = {"conversations": [
        {"from": "human", "value": ASK}, {"from": "function_call", "value": json.dumps(CALL)},
        {"from": "observation", "value": "sent"}, {"from": "gpt", "value": GOOD}]}  # fmt: skip
    assert parts_of(row) == (f"{ASK}\nsent", f"{json.dumps(CALL)}\n{GOOD}", "")


@pytest.mark.parametrize("arguments", [CALL["arguments"], json.dumps(CALL["arguments"])])
@pytest.mark.parametrize("role", ["tool_call", "function_call"])
def test_a_call_in_json_counts_as_trainers_write_it_again(role, arguments):
    """However its author spaced it: LLaMA-Factory and ms-swift read the call and render it."""
    text = json.dumps(CALL | {"arguments": arguments}, separators=(",", ":"))
    row = {"messages": [user(), {"role": role, "content": text}, bot()]}
    assert parts_of(row) == (ASK, f"{json.dumps(CALL)}\n{GOOD}", "")
    tools = json.dumps([TOOL], separators=(",", ":"))
    assert parts_of({"tools": tools, "messages": [user(), bot()]}) == (
        f"{json.dumps([TOOL])}\n{ASK}", GOOD, "")  # fmt: skip


REASONING = {
    "reasoning_content": bot(reasoning_content=WHY),
    "reasoning": bot(reasoning=WHY),
    "thinking": bot(thinking=WHY),
    "anthropic part": bot([{"type": "thinking", "thinking": WHY, "signature": "xx"},
                           {"type": "text", "text": GOOD}]),
    "reasoning part": bot([{"type": "reasoning", "text": WHY}, {"type": "text", "text": GOOD}]),
    "mistral": bot([{"type": "thinking", "thinking": [{"type": "text", "text": WHY}]},
                    {"type": "text", "text": GOOD}]),
    "bedrock": bot([{"reasoningContent": {"reasoningText": {"text": WHY}}}, {"text": GOOD}]),
    "gemini": {"role": "model", "parts": [{"text": WHY, "thought": True}, {"text": GOOD}]},
}  # fmt: skip


@pytest.mark.parametrize("name", REASONING)
def test_reasoning_is_learned(name):
    assert parts_of({"messages": [user(), REASONING[name]]}) == (ASK, f"{WHY}\n{GOOD}", "")


@pytest.mark.parametrize("field", ["reasoning", "cot", "Complex_CoT", "thinking", "rationale"])
def test_reasoning_beside_the_answer_is_learned(field):
    row = {"Question": ASK, field: WHY, "Response": GOOD}
    assert parts_of(row) == (ASK, f"{WHY}\n{GOOD}", "")


def transcript(answer, *, human="Human", assistant="Assistant"):
    return f"\n\n{human}: {ASK}\n\n{assistant}: {answer}"


PAIRS = {
    "trl explicit": {"prompt": ASK, "chosen": GOOD, "rejected": BAD},
    "trl explicit chat": {"prompt": [user()], "chosen": [bot()], "rejected": [bot(BAD)]},
    "trl implicit": {"chosen": [user(), bot()], "rejected": [user(), bot(BAD)]},
    "ultrafeedback": {"prompt": ASK, "prompt_id": "77", "chosen": [user(), bot()],
                      "rejected": [user(), bot(BAD)], "score_chosen": 8.0, "score_rejected": 2.0},
    "hh": {"chosen": transcript(GOOD), "rejected": transcript(BAD)},
    "llamafactory chat": {"conversations": [{"from": "human", "value": ASK}],
                          "chosen": {"from": "gpt", "value": GOOD},
                          "rejected": {"from": "gpt", "value": BAD}},
    "llamafactory alpaca": {"instruction": ASK, "input": "", "chosen": GOOD, "rejected": BAD},
    "llamafactory list": {"instruction": ASK, "input": "", "output": [GOOD, BAD]},
    "openai": {"input": {"messages": [user()], "tools": [], "parallel_tool_calls": True},
               "preferred_output": [bot()], "non_preferred_output": [bot(BAD)]},
    "swift": {"messages": [user(), bot()], "rejected_response": BAD},
    "swift messages": {"messages": [user(), bot()], "rejected_messages": [user(), bot(BAD)]},
    "swift query": {"query": ASK, "response": GOOD, "rejected_response": BAD},
    "axolotl argilla": {"instruction": ASK, "chosen_response": GOOD, "rejected_response": BAD},
    "axolotl template": {"messages": [user()], "chosen": bot(), "rejected": bot(BAD)},
    "stack exchange": {"qid": 4, "question": ASK, "response_j": GOOD, "response_k": BAD},
    "preferred": {"prompt": ASK, "preferred": GOOD, "dispreferred": BAD},
    "alpacafarm": {"instruction": ASK, "input": "", "output_1": BAD, "output_2": GOOD,
                   "preference": 2},
    "safe rlhf": {"prompt": ASK, "response_0": BAD, "response_1": GOOD, "better_response_id": 1},
    "arena": {"conversation_a": [user(), bot(BAD)], "conversation_b": [user(), bot()],
              "winner": "model_b", "model_a": "x", "model_b": "y"},
    "shp": {"history": ASK, "human_ref_A": GOOD, "human_ref_B": BAD, "labels": 1},
    "helpsteer": {"prompt": ASK, "response_1": GOOD, "response_2": BAD, "preference_strength": -2},
    "webgpt": {"question": {"full_text": ASK}, "answer_0": BAD, "answer_1": GOOD,
               "score_0": -0.5, "score_1": 0.5},
    "scores": {"prompt": ASK, "responses": [BAD, GOOD], "scores": [0.2, 0.9]},
    "ranks": {"prompt": ASK, "responses": [BAD, GOOD], "ranks": [2, 1]},
    "ultrafeedback raw": {"instruction": ASK, "completions": [
        {"response": BAD, "overall_score": 3.0}, {"response": GOOD, "overall_score": 9.0}]},
    "nectar": {"prompt": ASK, "answers": [{"answer": GOOD, "model": "a", "rank": 1.0},
                                          {"answer": BAD, "model": "b", "rank": 4.0}]},
    "summaries": {"post": ASK, "summaries": [{"text": BAD}, {"text": GOOD}], "choice": 1},
    "named alike": {"prompt": ASK, "good_reply": GOOD, "bad_reply": BAD},
    "preferred response": {"prompt": ASK, "preferred_response": GOOD, "rejected_response": BAD},
    "argilla": {"prompt": ASK, "chosen": GOOD, "rejected": BAD, "chosen-model": "a",
                "rejected-model": "b", "chosen-rating": 4.5},
    "positive and negative": {"query": ASK, "positive_answer": GOOD, "negative_answer": BAD},
    "letters": {"prompt": ASK, "completion_a": BAD, "completion_b": GOOD, "winner": "b"},
    "post in an object": {"info": {"post": ASK, "id": "t3"}, "worker": "x1",
                          "summaries": [{"text": BAD}, {"text": GOOD}], "choice": 1},
    "whole chat beside": {"conversation": [{"input": ASK, "output": GOOD}],
                          "chosen": [user(), bot()], "rejected": [user(), bot(BAD)]},
    "best and worst": {"question": ASK, "best": GOOD, "worst": BAD},
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name):
    assert parts_of(PAIRS[name]) == (ASK, GOOD, BAD)


def test_a_pair_of_several_turns_shares_its_begin():
    talk = [user("hi"), bot("hello"), user()]
    row = {"chosen": [*talk, bot()], "rejected": [*talk, bot(BAD)]}
    assert parts_of(row) == (f"hi\nhello\n{ASK}", GOOD, BAD)


def test_a_system_prompt_beside_a_pair():
    row = {"system": RULE, "question": ASK, "chosen": GOOD, "rejected": BAD}
    assert parts_of(row) == (f"{RULE}\n{ASK}", GOOD, BAD)


@pytest.mark.parametrize("winner", ["tie", "tie (bothbad)", "neither", None])
def test_a_tie_is_no_pair(winner):
    rows = [PAIRS["arena"], PAIRS["arena"] | {"winner": winner}]
    read = recognise(rows).read
    with pytest.raises(ValueError, match="tie"):
        read(rows[1], False)


UNPAIRED = {
    "trl": {"prompt": ASK, "completion": GOOD, "label": True},
    "trl chat": {"prompt": [user()], "completion": [bot()], "label": True},
    "llamafactory": {"instruction": ASK, "input": "", "output": GOOD, "kto_tag": True},
    "llamafactory chat": {"messages": [user(), bot()], "label": True},
    "swift": {"messages": [user(), bot()], "label": True},
    "as text": {"prompt": ASK, "completion": GOOD, "label": "true"},
    "as number": {"prompt": ASK, "completion": GOOD, "label": 1},
}


@pytest.mark.parametrize("name", UNPAIRED)
def test_unpaired_preferences(name):
    row = UNPAIRED[name]
    mark = "kto_tag" if "kto_tag" in row else "label"
    unwanted = row | {mark: "false" if row[mark] == "true" else type(row[mark])(0)}
    read = recognise([row, unwanted]).read
    wanted = read(row, False)
    assert (wanted.prompt, wanted.answer, wanted.wanted) == (ASK, GOOD, True)
    parts = read(unwanted, False)
    assert (parts.prompt, parts.answer, parts.wanted) == (ASK, GOOD, False)


CLASSES = {"number": 1, "numbers": [1, 3], "score": 0.8, "name": "spam", "truth": True}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_beside_a_chat_is_its_answer(name):
    row = {"messages": [user()], "label": CLASSES[name]}
    wanted = {"numbers": "1, 3", "number": "1", "score": "0.8", "name": "spam", "truth": "True"}
    assert parts_of(row) == (ASK, wanted[name], "")


def test_a_text_to_go_on_from_has_no_prompt():
    assert parts_of({"messages": [bot()]}) == ("", GOOD, "")
    assert parts_of({"conversation": [{"input": "", "output": GOOD}]}) == ("", GOOD, "")


def test_token_numbers_are_no_text():
    row = {"input_ids": [1, 2], "attention_mask": [1, 1], "labels": [-100, 2]}
    with pytest.raises(UsageError, match="token numbers"):
        recognise([row], where="data.jsonl")


def test_a_call_and_its_result_in_one_turn():
    turn = {"role": "tool", "name": "find", "parameters": {"n": 7}, "observation": "sent"}
    prompt, answer, _ = parts_of({"conversations": [user(), turn, bot()]})
    assert prompt == f"{ASK}\nsent"
    assert answer == f'{{"name": "find", "parameters": {{"n": 7}}}}\n{GOOD}'


def test_tools_within_the_object_of_a_chat():
    row = {"input": {"messages": [user(), bot()], "tools": [TOOL], "system": RULE}}
    prompt, answer, _ = parts_of(row)
    assert prompt.startswith(RULE)
    assert "Looks an order up" in prompt
    assert answer == GOOD


def test_classes_called_label_are_no_preferences():
    rows = [{"text": ASK, "label": 1}, {"text": BAD, "label": 0}]
    assert parts_of(*rows) == (ASK, "1", "")


MASKED = {
    "weight": {"weight": 0},
    "train": {"train": False},
    "training": {"training": False},
    "loss": {"loss": False},
    "mask": {"mask": True},
}


@pytest.mark.parametrize("name", MASKED)
def test_masked_turns_are_given(name):
    row = {"messages": [user(), bot(BAD, **MASKED[name]), user("and now?"), bot()]}
    assert parts_of(row) == (f"{ASK}\n{BAD}\nand now?", GOOD, "")


def test_masks_of_parts_and_segments():
    text = "first second"
    detail = [{"begin_offset": 0, "end_offset": 5, "train": False},
              {"begin_offset": 6, "end_offset": 11, "train": True}]  # fmt: skip
    assert parts_of({"messages": [user(), bot(text, train_detail=detail)]})[1] == "second"
    segments = [{"label": False, "text": "given "}, {"label": True, "text": "learned"}]
    assert parts_of({"segments": segments}) == ("given ", "learned", "")
    xtuner = [
        {"input": "a", "output": "b", "output_with_loss": False},
        {"input": "c", "output": "d"},
    ]
    assert parts_of({"conversation": xtuner}) == ("a\nb\nc", "d", "")


def test_train_on_input_learns_the_prompt_too():
    prompt, answer, _ = parts_of({"messages": [user(), bot()], "train_on_input": True})
    assert (prompt, answer) == ("", f"{ASK}\n{GOOD}")


HISTORY = [["first?", "one."], ["second?", "two."]]


def test_a_history_is_given_and_its_answers_are_learned():
    row = {"instruction": ASK, "input": "", "output": GOOD, "history": HISTORY, "system": RULE}
    assert parts_of(row) == (f"{RULE}\nfirst?\nsecond?\n{ASK}", f"one.\ntwo.\n{GOOD}", "")


STRUCTURED = {
    "ner": ({"tokens": ["a", "b"], "ner_tags": ["O", "B"]}, ("a b", "O, B", "")),
    "numbered tags": ({"tokens": ["a", "b"], "ner_tags": [0, 1]}, ("a b", "0, 1", "")),
    "labels": ({"text": ASK, "labels": ["x", "y"]}, (ASK, "x, y", "")),
    "no labels": ({"text": ASK, "labels": []}, (ASK, "", "")),
    "nan": ({"text": ASK, "label": float("nan")}, (ASK, "", "")),
    "translation": ({"id": 3, "translation": {"en": ASK, "de": GOOD}}, (ASK, GOOD, "")),
    "nli": ({"premise": ASK, "hypothesis": BAD, "label": 2, "idx": 1}, (f"{ASK}\n{BAD}", "2", "")),
    "mmlu": ({"question": ASK, "choices": ["a", "b"], "answer": 1}, (f"{ASK}\na\nb", "1", "")),
    "arc": ({"id": "q1", "question": ASK, "choices": {"text": ["a", "b"], "label": ["A", "B"]},
             "answerKey": "B"}, (f"{ASK}\nA a\nB b", "B", "")),
    "unanswerable": ({"question": ASK, "context": RULE,
                      "answers": {"text": [], "answer_start": []}},
                     (f"{ASK}\n{RULE}", "", "")),
    "amazon": ({"label": 1, "title": "Good", "content": ASK}, (ASK, "1", "")),
    "xsum": ({"document": ASK, "summary": GOOD, "id": "35232142"}, (ASK, GOOD, "")),
    "stepwise": ({"prompt": ASK, "completions": ["one", "two"], "labels": [True, False]},
                 (ASK, "one\ntwo", "")),
}  # fmt: skip


@pytest.mark.parametrize("name", STRUCTURED)
def test_structured_answers(name):
    row, wanted = STRUCTURED[name]
    assert parts_of(row) == wanted


WRITTEN = {
    "guanaco": f"### Human: {ASK}### Assistant: {GOOD}",
    "chatml": f"<|im_start|>user\n{ASK}<|im_end|>\n<|im_start|>assistant\n{GOOD}<|im_end|>\n",
    "llama 2": f"<s>[INST] {ASK} [/INST] {GOOD} </s>",
    "llama 3": (
        f"<|start_header_id|>user<|end_header_id|>\n\n{ASK}<|eot_id|>"
        f"<|start_header_id|>assistant<|end_header_id|>\n\n{GOOD}<|eot_id|>"
    ),
    "gemma": f"<start_of_turn>user\n{ASK}<end_of_turn>\n<start_of_turn>model\n{GOOD}<end_of_turn>",
    "zephyr": f"<|user|>\n{ASK}</s>\n<|assistant|>\n{GOOD}</s>\n",
    "alpaca": f"Below is a task.\n\n### Instruction:\n{ASK}\n\n### Response:\n{GOOD}",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_written_chats_are_divided_without_loss(name):
    text = WRITTEN[name]
    prompt, answer, _ = parts_of({"text": text})
    assert prompt + answer == text
    assert ASK in prompt
    assert answer.startswith(GOOD)


@pytest.mark.parametrize("run", ["\n", " ", "\r\n", "### ", "<|im_start|>", "Human: ", "[INST]"])
def test_long_runs_in_a_written_text_take_no_time(run):
    import time

    began = time.process_time()
    parts_of({"text": f"start {run * 20_000} end"})
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "row",
    [
        {"title": "How to return a parcel", "label": "returns"},
        {"id": 7, "uuid": "6fa459ea-ee8a-3ca4-894e-db77e160355e"},
        {"url": "https://a.example/x", "date": "2026-01-01"},
        {"left": ASK, "right": GOOD},
        {"key": "a", "value": "b"},
        {"hash": "9e107d9d372bb6826bd81d3542a419d6", "score": 3},
    ],
)
def test_a_guess_asks(row):
    with pytest.raises(UsageError, match="--prompt-field"):
        recognise([row] * 5, where="data.csv")


IDENTIFIERS = {
    "uuid": "6fa459ea-ee8a-3ca4-894e-db77e160{:04d}",
    "hash": "9e107d9d372bb6826bd81d3542a4{:04d}",
    "url": "https://shop.example/tickets/{:04d}",
    "date": "2026-01-01T10:{:04d}",
    "number": "{:04d}",
    "ticket_no": "TCK-{:04d}",
    "file": "calls/{:04d}.wav",
}


@pytest.mark.parametrize("name", IDENTIFIERS)
@pytest.mark.parametrize("text", ["transcript", "note_to_agent", "complaint"])
def test_an_identifier_is_never_a_prompt(name, text):
    rows = [{name: IDENTIFIERS[name].format(at), text: f"{ASK} {at}"} for at in range(12)]
    fields = recognise(rows)
    assert (fields.prompt, fields.answer) == (text, "")


def test_names_of_users_are_no_prompts():
    rows = [{"user": f"{'xyz'[at % 3]}anna{'q' * at}", "comment": f"{ASK} {at}", "label": "a"}
            for at in range(9)]  # fmt: skip
    assert recognise(rows).prompt == "comment"


@pytest.mark.parametrize("label", ["airline_sentiment", "queue", "routed_to", "isUrgent"])
def test_a_label_is_told_by_its_values(label):
    rows = [{label: "ab"[at % 2] * 3, "words_of_caller": f"{ASK} {at}"} for at in range(12)]
    fields = recognise(rows)
    assert (fields.prompt, fields.answer) == ("words_of_caller", label)


def test_an_unknown_role_asks_and_can_be_named():
    chat = [{"speaker": "alice", "text": ASK}, {"speaker": "bob", "text": GOOD}]
    with pytest.raises(UsageError, match=r"'alice', 'bob'.*--answer-role"):
        recognise([{"messages": chat}], where="data.jsonl")
    fields = recognise([{"messages": chat}], answer_role="bob")
    assert fields.take({"messages": chat}) == (ASK, GOOD)


def test_a_system_that_answers_asks():
    chat = [{"speaker": "USER", "utterance": ASK}, {"speaker": "SYSTEM", "utterance": GOOD}]
    with pytest.raises(UsageError, match="--answer-role"):
        recognise([{"turns": chat}], where="data.jsonl")
    fields = recognise([{"turns": chat}], answer_role="system")
    assert fields.take({"turns": chat}) == (ASK, GOOD)


def test_a_text_beside_a_picture_is_learned():
    row = {"image": "a.jpg", "text": GOOD}
    fields = recognise([row])
    parts = fields.read(row, False)
    assert (fields.prompt, fields.answer) == ("image", "text")
    assert (parts.prompt, parts.answer, len(parts.media)) == ("", GOOD, 1)


def test_a_prompt_alone_in_a_chat_has_no_answer():
    fields = recognise([{"messages": [user()]}])
    assert fields.answer == ""
    assert fields.take({"messages": [user()]}) == (ASK, "")


def test_what_was_read_is_said():
    row = {"system": RULE, "tools": [TOOL], "messages": [user(), bot(BAD, weight=0), bot()]}
    assumed = recognise([row]).assumed
    assert "system, tools beside it in the prompt" in assumed
    assert "marked as not learned" in assumed
