"""Generated examples in every form: what is counted as given, learned and rejected is what the
generator put in, by tiktoken's count.
"""

import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from advisor.probe.data import probe
from advisor.probe.tokens import _o200k
from tests.probe.forms.written_forms import (
    CHATS,
    FLAT_PAIRS,
    LABELLED,
    MASKS,
    PAIRS,
    PICTURES,
    RATINGS,
    TOOL,
    UNPAIRED,
    Example,
    messages,
    opened,
)

ODD = ("[1, 2]", '{"a": 1}', "7", "none of these", "true", "a | b", "<br>", "# Head\n\n- item",
       " begins with a blank", "ends with one ", "say: yes", "{{ name }}", "3.5 %", "¿Qué?",
       "漢字")  # fmt: skip
WORDS = st.lists(
    st.text(st.characters(categories=["Ll", "Lu", "Nd"], codec="utf-8"), min_size=1, max_size=9),
    min_size=1, max_size=6,
).map(" ".join)  # fmt: skip
TEXT = st.one_of(WORDS, WORDS, st.sampled_from(ODD))
QUESTION = WORDS.map("Where is {}?".format)
TURNS = st.lists(st.tuples(QUESTION, TEXT), min_size=1, max_size=3)
CHAT = st.builds(Example, TURNS, st.one_of(st.just(""), WORDS))
QUICK = settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])


PROMPT_AND_ANSWER = ("responses", "TRL, two chats")
"""Forms in which the earlier answers belong to the prompt."""


def tokens(parts):
    return len(_o200k().encode_ordinary("\n".join(parts)))


def mean(counts):
    return pytest.approx(sum(counts) / len(counts))


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """The report on some rows, written as a file of their own."""
    path = tmp_path_factory.mktemp("forms") / "rows.jsonl"

    def read_rows(rows):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        report = probe([path])
        assert report.bad_row_count == 0, report.bad_rows
        assert report.rows == len(rows)
        return report

    return read_rows


@pytest.mark.parametrize("form", CHATS)
@QUICK
@given(examples=st.lists(CHAT, min_size=1, max_size=3))
def test_a_chat(read, form, examples):
    report = read([CHATS[form](example) for example in examples])
    is_all_given = form in PROMPT_AND_ANSWER
    prompts = [in_order(e) if is_all_given else e.given() for e in examples]
    answers = [[e.answer] if is_all_given else e.learned() for e in examples]
    assert report.prompt_tokens.likely == mean(list(map(tokens, prompts)))
    assert report.answer_tokens.likely == mean(list(map(tokens, answers)))
    assert not report.rejected_rows


@pytest.mark.parametrize("form", PAIRS)
@QUICK
@given(examples=st.lists(st.tuples(CHAT, TEXT), min_size=1, max_size=3))
def test_a_pair_of_chats(read, form, examples):
    pairs = [(Example(e.turns[-1:] if form in ("TRL", "UltraFeedback") else e.turns, e.system), w)
             for e, w in examples if w != e.answer]  # fmt: skip
    if not pairs:
        return
    report = read([PAIRS[form](example, worse) for example, worse in pairs])
    assert report.prompt_tokens.likely == mean([tokens(in_order(e)) for e, _ in pairs])
    assert report.answer_tokens.likely == mean([tokens([e.answer]) for e, _ in pairs])
    assert report.rejected_tokens.likely == mean([tokens([worse]) for _, worse in pairs])


def in_order(example):
    """What is given before the last answer, in the order of the chat."""
    texts = [text for pair in example.turns for text in pair][:-1]
    return [*filter(None, [example.system]), *texts]


@pytest.mark.parametrize("form", FLAT_PAIRS)
@QUICK
@given(rows=st.lists(st.tuples(QUESTION, TEXT, TEXT), min_size=2, max_size=4))
def test_a_pair_of_answers(read, form, rows):
    rows = [(q, f"here: {good}".rstrip(), f"not there: {bad}".rstrip()) for q, good, bad in rows]
    report = read([FLAT_PAIRS[form](*row) for row in rows])
    assert report.rejected_rows == len(rows)
    assert report.prompt_tokens.likely == mean([tokens([row[0]]) for row in rows])
    assert report.answer_tokens.likely == mean([tokens([row[1]]) for row in rows])
    assert report.rejected_tokens.likely == mean([tokens([row[2]]) for row in rows])


@pytest.mark.parametrize("form", UNPAIRED)
@QUICK
@given(rows=st.lists(st.tuples(CHAT, st.booleans()), min_size=2, max_size=4))
def test_an_answer_with_a_mark(read, form, rows):
    report = read([UNPAIRED[form](example, good) for example, good in rows])
    wanted = [tokens([e.answer]) for e, good in rows if good]
    unwanted = [tokens([e.answer]) for e, good in rows if not good]
    assert report.prompt_tokens.likely == mean([tokens([e.question]) for e, _ in rows])
    assert report.unwanted_rows == len(unwanted)
    if wanted:
        assert report.answer_tokens.likely == mean(wanted)
    if unwanted:
        assert report.unwanted_tokens.likely == mean(unwanted)


@pytest.mark.parametrize("form", RATINGS)
@QUICK
@given(data=st.data())
def test_the_best_by_its_marks(read, form, data):
    answers = data.draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
    marks = data.draw(st.permutations(range(len(answers))))
    report = read([RATINGS[form]("Where is my parcel?", answers, marks)])
    best = marks.index(max(marks))
    order = sorted(range(len(answers)), key=lambda at: -marks[at])
    assert report.answer_tokens.likely == tokens([answers[best]])
    assert report.rejected_tokens.likely == tokens([answers[at] for at in order[1:]])


@pytest.mark.parametrize("form", MASKS)
@QUICK
@given(turns=st.lists(st.tuples(WORDS, TEXT, st.booleans()), min_size=1, max_size=4))
def test_answers_that_are_not_learned(read, form, turns):
    row = {"messages": messages([(question, answer) for question, answer, _ in turns])}
    for message, (_, _, learned) in zip(row["messages"][1::2], turns, strict=True):
        message.update(MASKS[form](learned))
    seen = {"messages": messages([("A question", "An answer")])}  # so that something is learned
    report = read([row, seen])
    learned = [answer for _, answer, is_learned in turns if is_learned]
    given_texts = [
        text for question, answer, is_learned in turns
        for text in ([question] if is_learned else [question, answer])
    ]  # fmt: skip
    assert report.answer_tokens.likely == mean([tokens(learned), tokens(["An answer"])])
    assert report.prompt_tokens.likely == mean([tokens(given_texts), tokens(["A question"])])


@pytest.mark.parametrize("form", LABELLED)
@QUICK
@given(rows=st.lists(
    st.tuples(WORDS, st.sampled_from(["returns", "billing"])), min_size=6, max_size=12,
).filter(lambda rows: len({label for _, label in rows}) == 2))  # fmt: skip
def test_labels(read, form, rows):
    rows = [(f"It is about {text} {at}", label) for at, (text, label) in enumerate(rows)]
    report = read([LABELLED[form](text, label) for text, label in rows])
    counts = {label: sum(label == other for _, other in rows) for _, label in rows}
    assert dict(report.labels) == counts
    assert report.prompt_tokens.likely == mean([tokens([text]) for text, _ in rows])


MISSING = (None, "", " ", float("nan"), "nan", "NaN", "null", "N/A", "<NA>")


@QUICK
@given(rows=st.lists(
    st.tuples(WORDS, st.sampled_from(["returns", "billing", *MISSING])), min_size=8, max_size=16,
).filter(lambda rows: {"returns", "billing"} <= {label for _, label in rows}))  # fmt: skip
def test_a_missing_label_is_no_class(read, rows):
    report = read([{"text": f"{t} {at} is here", "label": lb} for at, (t, lb) in enumerate(rows)])
    there = [label for _, label in rows if label in ("returns", "billing")]
    labels = {label: n for label, n in report.labels.items() if label}
    assert labels == {label: there.count(label) for label in ("returns", "billing")}
    assert report.empty_answers == len(rows) - len(there)


@pytest.mark.parametrize("form", PICTURES)
@QUICK
@given(examples=st.lists(st.tuples(WORDS, WORDS, st.integers(0, 2)), min_size=1, max_size=4))
def test_pictures_are_no_text(read, form, examples):
    key = "parts" if form.startswith("Gemini") else "content"
    rows = [
        {"contents" if key == "parts" else "messages": [
            {"role": "user", key: [*[PICTURES[form]] * count, {"text": question, "type": "text"}]},
            {"role": "model", key: [{"text": answer, "type": "text"}]}]}
        for question, answer, count in examples
    ]  # fmt: skip
    report = read(rows)
    with_pictures = sum(count > 0 for _, _, count in examples)
    assert report.media_rows == ({"picture": with_pictures} if with_pictures else {})
    assert report.prompt_tokens.likely == mean([tokens([question]) for question, _, _ in examples])
    assert report.answer_tokens.likely == mean([tokens([answer]) for _, answer, _ in examples])


ASKED = st.lists(st.tuples(QUESTION, st.one_of(st.none(), WORDS)), min_size=1, max_size=3)
ARTICLES = st.lists(st.tuples(WORDS.map("It is at {}.".format), ASKED), min_size=1, max_size=3)


def squad(articles):
    return [
        {"title": f"t{at}", "paragraphs": [{"context": context, "qas": [
            {"id": str(n), "question": question, "is_impossible": answer is None,
             "answers": [] if answer is None else [{"text": answer, "answer_start": 0}]}
            for n, (question, answer) in enumerate(asked)]}]}
        for at, (context, asked) in enumerate(articles)
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["one object", "an article per line"])
@QUICK
@given(articles=ARTICLES)
def test_articles_with_questions(tmp_path_factory, form, articles):
    path = tmp_path_factory.mktemp("squad") / "train.json"
    if form == "one object":
        path.write_text(json.dumps({"version": "v2.0", "data": squad(articles)}))
    else:
        path.write_text("\n".join(json.dumps(article) for article in squad(articles)))
    questions = [(context, *pair) for context, asked in articles for pair in asked]
    report = probe([path])
    assert report.rows == len(questions)
    assert report.prompt_tokens.likely == mean([tokens([q, c]) for c, q, _ in questions])
    assert report.answer_tokens.likely == mean([tokens([a] if a else []) for _, _, a in questions])


def written(value):
    return json.dumps(value, ensure_ascii=False)


CALLS = {
    "tool_calls": lambda call: {"role": "assistant", "tool_calls": [
        {"type": "function", "function": call}]},
    "function_call": lambda call: {"role": "assistant", "function_call": call},
    "a role": lambda call: {"role": "tool_call", "content": written(call)},
    "a role of LLaMA-Factory": lambda call: {"role": "function_call", "content": written(call)},
    "Anthropic": lambda call: {"role": "assistant", "content": [
        {"type": "tool_use", "id": "t1", "name": call["name"], "input": call["arguments"]}]},
    "Bedrock": lambda call: {"role": "assistant", "content": [
        {"toolUse": {"toolUseId": "t", "name": call["name"], "input": call["arguments"]}}]},
    "Gemini": lambda call: {"role": "model", "parts": [
        {"functionCall": {"name": call["name"], "args": call["arguments"]}}]},
    "responses": lambda call: {"type": "function_call", "call_id": "c",
                               "name": call["name"], "arguments": json.dumps(call["arguments"])},
}  # fmt: skip
WRITTEN = {
    "tool_calls": lambda call: [{"type": "function", "function": call}],
    "Anthropic": lambda call: {"name": call["name"], "input": call["arguments"]},
    "Bedrock": lambda call: {"name": call["name"], "input": call["arguments"]},
    "Gemini": lambda call: {"name": call["name"], "args": call["arguments"]},
}
RESULTS = {
    "Anthropic": lambda text: {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": text}]},
    "Bedrock": lambda text: {"role": "user", "content": [
        {"toolResult": {"toolUseId": "t", "content": [{"text": text}]}}]},
    "Gemini": lambda text: {"role": "user", "parts": [{"functionResponse": {
        "name": "f", "response": {"result": text}}}]},
    "a role of LLaMA-Factory": lambda text: {"role": "observation", "content": text},
    "a role": lambda text: {"role": "tool_response", "content": text},
    "responses": lambda text: {"type": "function_call_output", "call_id": "c", "output": text},
}  # fmt: skip


@pytest.mark.parametrize("form", CALLS)
@QUICK
@given(
    example=CHAT, name=WORDS, arguments=st.dictionaries(WORDS, TEXT, max_size=2), result=WORDS,
    has_tools=st.booleans(),
)  # fmt: skip
def test_a_call_is_learned_and_its_result_given(read, form, example, name, arguments, result,
                                                has_tools):  # fmt: skip
    call = {"name": name, "arguments": arguments}
    chat = opened(example)
    given_back = RESULTS.get(form, lambda text: {"role": "tool", "content": text})(result)
    row = {"messages": [*chat[:-1], CALLS[form](call), given_back, chat[-1]]}
    row |= {"tools": [TOOL]} if has_tools else {}
    report = read([row])
    shown = WRITTEN.get(form, lambda call: call)(call)
    back = result if form != "Gemini" else written({"result": result})
    given_texts = [json.dumps([TOOL])] * has_tools + [*example.given(), back]
    learned = [a for _, a in example.before]
    learned += [written(shown), example.answer]
    assert report.prompt_tokens.likely == tokens(given_texts)
    assert report.answer_tokens.likely == tokens(learned)
