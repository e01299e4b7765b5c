"""The same example written in every form that services, trainers and tools have for it.

An example is (system, history, question, answer); a pair adds a worse answer. What each form says
is thus known without reading it.
"""

import json
from typing import NamedTuple

TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}


class Example(NamedTuple):
    """A chat: `turns` are (question, answer), the last one is the one that is asked."""

    turns: list[tuple[str, str]]
    system: str = ""

    @property
    def question(self):
        return self.turns[-1][0]

    @property
    def answer(self):
        return self.turns[-1][1]

    @property
    def before(self):
        return self.turns[:-1]

    def given(self):
        """What the model is given, in order."""
        return [*filter(None, [self.system]), *(question for question, _ in self.turns)]

    def learned(self):
        """What the model learns to say, in order."""
        return [answer for _, answer in self.turns]


def messages(turns, user="user", assistant="assistant", role="role", content="content"):
    """A list of turns under any names."""
    return [
        {role: name, content: text}
        for pair in turns
        for name, text in zip((user, assistant), pair, strict=True)
    ]


def parted(turns, assistant="assistant", key="parts", typed=False):
    """Turns whose texts are parts."""
    return [
        {"role": m["role"],
         key: [({"type": "text"} if typed else {}) | {"text": m["content"]}]}
        for m in messages(turns, assistant=assistant)
    ]  # fmt: skip


def opened(example, **names):
    """Turns with the system's first."""
    first = messages([(example.system, "")], "system", "system", **names)[:1]
    return (first if example.system else []) + messages(example.turns, **names)


def asked(example):
    """The turns up to the last answer."""
    return opened(example)[:-1]


def reply(text):
    return {"role": "assistant", "content": text}


def beside(example, name="system"):
    """The system prompt in a field beside the chat."""
    return {name: example.system} if example.system else {}


def langchain(example, inner="data"):
    kinds = {"system": "system", "user": "human", "assistant": "ai"}
    return [{"type": kinds[m["role"]], inner: {"content": m["content"]}} for m in opened(example)]


def columns(turns):
    """A list of objects as lists, as Parquet has a sequence of objects."""
    return {key: [turn[key] for turn in turns] for key in turns[0]}


CHATS = {
    "OpenAI": lambda e: {"messages": opened(e)},
    "OpenAI, parts": lambda e: {"messages": parted(e.turns, key="content", typed=True),
                                **beside(e)},
    "OpenAI, developer": lambda e: {"messages": [
        m | ({"role": "developer"} if m["role"] == "system" else {}) for m in opened(e)]},
    "OpenAI batch": lambda e: {"custom_id": "1", "body": {"messages": opened(e)}},
    "stored completions": lambda e: {
        "request": {"model": "m", "messages": asked(e)},
        "response": {"choices": [{"message": reply(e.answer)}], "usage": {"total_tokens": 3}}},
    "a batch and its result": lambda e: {
        "body": {"messages": asked(e)},
        "response": {"status_code": 200, "body": {"choices": [{"message": reply(e.answer)}]}}},
    "a log with texts": lambda e: {
        "id": "r1", "request_body": json.dumps({"messages": asked(e), "temperature": 0}),
        "response_body": json.dumps({"choices": [{"message": reply(e.answer)}]})},
    "responses": lambda e: {"input": asked(e), "output": [
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": e.answer}]}]},
    "LangSmith": lambda e: {"inputs": {"messages": [asked(e)]}, "outputs": {
        "generations": [[{"text": e.answer, "message": reply(e.answer)}]]}},
    "Langfuse": lambda e: {"input": {"messages": asked(e)}, "output": reply(e.answer)},
    "Anthropic log": lambda e: {
        "request": {**beside(e), "messages": asked(Example(e.turns)), "max_tokens": 9},
        "response": {"type": "message", "role": "assistant",
                     "content": [{"type": "text", "text": e.answer}]}},
    "Gemini log": lambda e: {
        "request": {"contents": parted(e.turns, "model")[:-1],
                    **({"systemInstruction": {"parts": [{"text": e.system}]}} if e.system else {})},
        "response": {"candidates": [
            {"content": {"role": "model", "parts": [{"text": e.answer}]}}]}},
    "Gemini": lambda e: {"contents": parted(e.turns, "model"),
                         **({"systemInstruction": {"role": "system", "parts": [
                             {"text": e.system}]}} if e.system else {})},
    "Bedrock": lambda e: {"schemaVersion": "bedrock-conversation-2024",
                          "messages": parted(e.turns, key="content"),
                          **({"system": [{"text": e.system}]} if e.system else {})},
    "Anthropic": lambda e: {"messages": messages(e.turns), **beside(e)},
    "ShareGPT": lambda e: {"conversations": messages(e.turns, "human", "gpt", "from", "value"),
                           **beside(e)},
    "ShareGPT, system within": lambda e: {
        "conversations": [
            {"from": {"user": "human", "assistant": "gpt"}.get(m["role"], m["role"]),
             "value": m["content"]} for m in opened(e)]},
    "Pygmalion": lambda e: {"conversations": [
        {"role": {"user": "human", "assistant": "bot"}.get(m["role"], m["role"]),
         "value": m["content"]} for m in opened(e)]},
    "Cohere": lambda e: {"messages": messages(e.turns, "User", "Chatbot"),
                         **beside(e, "preamble")},
    "Cohere's request": lambda e: {
        **beside(e, "preamble"), "message": e.question, "response": e.answer,
        "chat_history": messages(e.before, "USER", "CHATBOT", content="message")},
    "PaLM": lambda e: {"messages": messages(e.turns, role="author"), **beside(e, "context")},
    "LangChain": lambda e: {"messages": langchain(e)},
    "LangChain, written": lambda e: {"messages": [
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name],
         "kwargs": {"content": m["content"]}}
        for m in opened(e)
        for name in [{"system": "SystemMessage", "user": "HumanMessage"}.get(
            m["role"], "AIMessage")]]},
    "MFTCoder": lambda e: {"id": 1, "data_name": "x", "chat_rounds": [
        {"role": {"user": "human", "assistant": "bot"}.get(m["role"], m["role"]),
         "content": m["content"]} for m in opened(e)]},
    "XTuner": lambda e: {"conversation": [
        {**(beside(e) if at == 0 else {}), "input": question, "output": answer}
        for at, (question, answer) in enumerate(e.turns)]},
    "Firefly": lambda e: {"conversation": [
        {"human": question, "assistant": answer} for question, answer in e.turns], **beside(e)},
    "ms-swift": lambda e: {**beside(e), "query": e.question, "response": e.answer,
                           "history": [list(pair) for pair in e.before]},
    "Alpaca": lambda e: {**beside(e), "instruction": e.question, "input": "", "output": e.answer,
                         "history": [list(pair) for pair in e.before]},
    "MOSS": lambda e: {**beside(e, "meta_instruction"), "num_turns": len(e.turns), "chat": {
        f"turn_{at}": {"Human": question, "MOSS": answer}
        for at, (question, answer) in enumerate(e.turns, 1)}},
    "pairs in turn": lambda e: {"conversations": [list(pair) for pair in e.turns], **beside(e)},
    "TRL, two chats": lambda e: {"prompt": asked(e), "completion": [reply(e.answer)]},
    "a sequence of objects": lambda e: {"messages": columns(opened(e))},
    "ShareGPT as a sequence": lambda e: {
        "conversations": columns(messages(e.turns, "human", "gpt", "from", "value")), **beside(e)},
    "JSON in a text": lambda e: {"messages": json.dumps(opened(e))},
    "a list in Python's form": lambda e: {"messages": str(opened(e))},
    "an object around": lambda e: {"data": {"messages": opened(e)}},
    "a row of the datasets server": lambda e: {"row_idx": 0, "row": {"messages": opened(e)},
                                               "truncated_cells": []},
    "with what else is logged": lambda e: {
        "conversation_id": "c7", "model": "m", "turn": 2, "language": "English",
        "conversation": [m | {"toxic": False, "hashed_ip": "f00"} for m in opened(e)]},
}  # fmt: skip


def answered(example):
    """The whole chat with its answer, as a list."""
    return [*asked(example), reply(example.answer)]


def whole(example, worse):
    return [*asked(example), reply(worse)]


PAIRS = {
    "TRL": lambda e, w: {"prompt": e.question, "chosen": e.answer, "rejected": w, **beside(e)},
    "TRL, chats": lambda e, w: {"prompt": asked(e), "chosen": [reply(e.answer)],
                                "rejected": [reply(w)]},
    "TRL, implicit": lambda e, w: {"chosen": answered(e), "rejected": whole(e, w)},
    "UltraFeedback": lambda e, w: {"prompt": e.question, "prompt_id": "ab12", "messages":
        answered(e), "chosen": answered(e), "rejected": whole(e, w), "score_chosen": 8.0,
        "score_rejected": 3.0},
    "OpenAI": lambda e, w: {"input": {"messages": asked(e), "tools": []},
                            "preferred_output": [reply(e.answer)],
                            "non_preferred_output": [reply(w)]},
    "LLaMA-Factory": lambda e, w: {
        "conversations": messages(e.turns, "human", "gpt", "from", "value")[:-1], **beside(e),
        "chosen": {"from": "gpt", "value": e.answer}, "rejected": {"from": "gpt", "value": w}},
    "axolotl": lambda e, w: {"messages": asked(e), "chosen": reply(e.answer),
                             "rejected": reply(w)},
    "ms-swift": lambda e, w: {"messages": answered(e), "rejected_response": w},
    "ms-swift, messages": lambda e, w: {"messages": answered(e), "rejected_messages": whole(e, w)},
    "OpenRLHF": lambda e, w: {"context_messages": asked(e), "chosen": e.answer, "rejected": w},
    "NeMo RL": lambda e, w: {"context": asked(e), "task_name": "t", "completions": [
        {"rank": 1, "completion": [reply(w)]}, {"rank": 0, "completion": [reply(e.answer)]}]},
    "Gemini": lambda e, w: {
        "contents": parted(e.turns, "model")[:-1],
        **({"systemInstruction": {"parts": [{"text": e.system}]}} if e.system else {}),
        "completions": [
            {"score": 0.0, "completion": {"role": "model", "parts": [{"text": w}]}},
            {"score": 1.0, "completion": {"role": "model", "parts": [{"text": e.answer}]}}]},
    "Bedrock": lambda e, w: {**beside(e), "messages": [
        *parted(e.turns, key="content")[:-1],
        {"role": "assistant", "candidates": [
            {"content": [{"text": w}], "preferenceLabel": "non-preferred"},
            {"content": [{"text": e.answer}], "preferenceLabel": "preferred"}]}]},
    "Chatbot Arena": lambda e, w: {"conversation_a": whole(e, w), "conversation_b": answered(e),
                                   "winner": "model_b", "language": "English"},
}  # fmt: skip

FLAT_PAIRS = {
    "Alpaca": lambda q, a, w: {"instruction": q, "input": "", "chosen": a, "rejected": w},
    "Alpaca, listed": lambda q, a, w: {"instruction": q, "input": "", "output": [a, w]},
    "AutoTrain": lambda q, a, w: {"prompt": q, "chosen": a, "rejected_text": w},
    "HH-RLHF": lambda q, a, w: {"chosen": f"\n\nHuman: {q}\n\nAssistant: {a}",
                                "rejected": f"\n\nHuman: {q}\n\nAssistant: {w}"},
    "Argilla": lambda q, a, w: {"instruction": q, "chosen_response": a, "rejected_response": w},
    "ms-swift": lambda q, a, w: {"query": q, "response": a, "rejected_response": w},
    "Stack Exchange": lambda q, a, w: {"qid": 3, "question": q, "response_j": a, "response_k": w},
    "named alike": lambda q, a, w: {"question": q, "good_reply": a, "bad_reply": w},
    "best and worst": lambda q, a, w: {"question": q, "best": a, "worst": w},
    "triplets": lambda q, a, w: {"anchor": q, "positive": a, "negative": w},
    "passages": lambda q, a, w: {"query": q, "positive_passages": [{"docid": "1", "text": a}],
                                 "negative_passages": [{"docid": "2", "text": w}]},
    "a reranker": lambda q, a, w: {"query": q, "positive": [a], "negative": [w]},
    "Cohere's reranker": lambda q, a, w: {"query": q, "relevant_passages": [a],
                                          "hard_negatives": [w]},
    "HelpSteer": lambda q, a, w: {"prompt": q, "response_1": w, "response_2": a,
                                  "preference_strength": 2},
    "AlpacaFarm": lambda q, a, w: {"instruction": q, "input": "", "output_1": a, "output_2": w,
                                   "preference": 1},
    "Safe-RLHF": lambda q, a, w: {"prompt": q, "response_0": w, "response_1": a,
                                  "better_response_id": 1},
    "SHP": lambda q, a, w: {"history": q, "human_ref_A": w, "human_ref_B": a, "labels": 0},
    "WebGPT": lambda q, a, w: {"question": {"full_text": q}, "answer_0": a, "answer_1": w,
                               "score_0": 0.5, "score_1": -0.5},
    "Label Studio": lambda q, a, w: {
        "id": 5, "data": {"prompt": q, "answer1": a, "answer2": w},
        "annotations": [{"result": [{"type": "pairwise", "value": {"selected": "left"}}]}]},
    "votes per model": lambda q, a, w: {"prompt": q, "response_a": w, "response_b": a,
                                        "winner_model_a": 0, "winner_model_b": 1},
    "summaries": lambda q, a, w: {"post": q, "summaries": [{"text": w}, {"text": a}], "choice": 1},
}  # fmt: skip
"""Pairs of a question and two answers, without a chat."""

UNPAIRED = {
    "TRL": lambda e, good: {"prompt": e.question, "completion": e.answer, "label": good},
    "TRL, chats": lambda e, good: {"prompt": asked(Example(e.turns[-1:])),
                                   "completion": [reply(e.answer)], "label": good},
    "LLaMA-Factory": lambda e, good: {"instruction": e.question, "input": "", "output": e.answer,
                                      "kto_tag": good},
    "LLaMA-Factory, chats": lambda e, good: {"messages": messages(e.turns[-1:]), "label": good},
    "ShareGPT": lambda e, good: {
        "conversations": messages(e.turns[-1:], "human", "gpt", "from", "value"), "kto_tag": good},
    "as a word": lambda e, good: {"prompt": e.question, "completion": e.answer,
                                  "label": str(good)},
    "as a number": lambda e, good: {"prompt": e.question, "completion": e.answer,
                                    "label": int(good)},
}  # fmt: skip

RATINGS = {
    "a list of scores": lambda q, answers, marks: {
        "prompt": q, "responses": answers, "scores": marks},
    "ranks": lambda q, answers, marks: {
        "prompt": q, "responses": answers,
        "ranks": [1 + sum(other > mark for other in marks) for mark in marks]},
    "a score per answer": lambda q, answers, marks: {"instruction": q, "completions": [
        {"model": f"m{at}", "response": answer, "overall_score": mark}
        for at, (answer, mark) in enumerate(zip(answers, marks, strict=True))]},
    "a rank per answer": lambda q, answers, marks: {"prompt": q, "answers": [
        {"answer": answer, "rank": 1.0 + sum(other > mark for other in marks)}
        for answer, mark in zip(answers, marks, strict=True)]},
    "by model": lambda q, answers, marks: {
        "prompt": q, "responses": {f"m{at}": a for at, a in enumerate(answers)},
        "scores": {f"m{at}": m for at, m in enumerate(marks)}},
    "Gemini": lambda q, answers, marks: {
        "contents": parted([(q, "")], "model")[:1], "completions": [
            {"score": mark, "completion": {"role": "model", "parts": [{"text": answer}]}}
            for answer, mark in zip(answers, marks, strict=True)]},
}  # fmt: skip

MASKS = {
    "weight": lambda learned: {"weight": int(learned)},
    "weight, as a fraction": lambda learned: {"weight": 0.5 if learned else 0.0},
    "train": lambda learned: {"train": learned},
    "training": lambda learned: {"training": learned},
    "loss": lambda learned: {"loss": learned},
    "loss_weight": lambda learned: {"loss_weight": float(learned)},
    "mask": lambda learned: {"mask": not learned},
    "as a word": lambda learned: {"train": str(learned).lower()},
}

LABELLED = {
    "label": lambda text, label: {"text": text, "label": label},
    "a class": lambda text, label: {"id": "00a7", "sentence": text, "class": label},
    "intent": lambda text, label: {"text": text, "intent": label, "entities": []},
    "a chat": lambda text, label: {"messages": [{"role": "user", "content": text}],
                                   "label": label},
    "Label Studio": lambda text, label: {"data": {"text": text}, "annotations": [
        {"result": [{"type": "choices", "value": {"choices": [label]}}]}]},
    "Prodigy, a choice": lambda text, label: {
        "text": text, "options": [{"id": "returns"}, {"id": "billing"}], "accept": [label],
        "answer": "accept", "_task_hash": 7, "_input_hash": 8},
    "Prodigy, confirmed": lambda text, label: {
        "text": text, "label": label, "answer": "accept", "_task_hash": 7, "_input_hash": 8},
    "doccano": lambda text, label: {"id": 1, "text": text, "label": [label], "Comments": []},
    "Argilla 1": lambda text, label: {"text": text, "label": [
        {"user_id": "u", "value": label, "status": "submitted"}],
        "label-suggestion": None, "external_id": "1"},
    "Argilla 2": lambda text, label: {
        "id": "5", "status": "completed", "_server_id": "a", "text": text,
        "label.responses": [label], "label.responses.users": ["u"], "label.suggestion": "other"},
    "Argilla's first": lambda text, label: {
        "inputs": {"text": text}, "annotation": label, "status": "Validated"},
    "spaCy": lambda text, label: {"text": text, "cats": {
        name: float(name == label) for name in ("returns", "billing", "delivery")}},
    "SageMaker Ground Truth": lambda text, label: {
        "source": text, "job": 1, "job-metadata": {"class-name": label, "confidence": 0.9}},
    "Vertex AI": lambda text, label: {"textContent": text, "classificationAnnotation": {
        "displayName": label}, "dataItemResourceLabels": {}},
}  # fmt: skip

PICTURES = {
    "OpenAI": {"type": "image_url", "image_url": {"url": "https://shop.example/a.png"}},
    "OpenAI, input": {"type": "input_image", "image_url": "https://shop.example/a.png"},
    "Anthropic": {"type": "image", "source": {"type": "url", "url": "https://shop.example/a"}},
    "Hugging Face": {"type": "image"},
    "a path": {"type": "image", "image": "a.png"},
    "Bedrock": {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://a/b.png"}}}},
    "Gemini": {"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b.png"}},
    "Gemini, inline": {"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}},
}
