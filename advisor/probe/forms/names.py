"""What data sets call the fields of a row: prompts, answers, labels, what is never a prompt."""

from __future__ import annotations

import re

_REASONING_WORDS = frozenset(("reasoning", "thinking", "think", "cot", "thought", "thoughts"))
ROW_REASONING = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "thought",
    "cot",
    "complex_cot",
    "chain_of_thought",
    "rationale",
    "thinking_trajectories",
    "thinking_trajectory",
)
"""Reasoning in a field beside the answer; it is learned before the answer."""

PROMPTS = (
    "prompt",
    "instruction",
    "instructions",
    "question",
    "questions",
    "query",
    "problem",
    "input",
    "input_text",
    "inputs",
    "text",
    "sentence",
    "sentence1",
    "question1",
    "premise",
    "utterance",
    "article",
    "document",
    "dialogue",
    "dialog",
    "conversation",
    "transcript",
    "ticket",
    "source",
    "src",
    "content",
    "context",
    "message",
    "body",
    "user",
    "human",
    "patient",
    "tweet",
    "review",
    "comment",
    "post",
    "email",
    "ctx",
    "goal",
    "tokens",
    "words",
    "abstract",
    "passage",
    "unanswerable_question",
    "question_stem",
    "q",
    "prefix",
    "问题",
    "提问",
    "指令",
    "输入",
    "質問",
    "質問文",
    "質問内容",
    "질문",
    "вопрос",
    "frage",
    "pregunta",
    "pergunta",
    "domanda",
)
SECOND_PROMPTS = {
    "premise": "hypothesis",
    "sentence1": "sentence2",
    "question1": "question2",
    "inputs": "definition",
    "message": "old_contents",
    "prefix": "suffix",
    "body": "subject",
}
EXTRAS = (
    "input", "context", "passage", "article", "story", "evidence", "hint", "choices", "options",
    "endings",
)  # fmt: skip
"""Fields that stand beside an instruction or a question and belong to the prompt."""

ASKING = (
    "instruction",
    "question",
    "questions",
    "prompt",
    "query",
    "unanswerable_question",
    "question_stem",
    "ctx",
)

ANSWERS = (
    "completion",
    "completions",
    "response",
    "responses",
    "answer",
    "answers",
    "output",
    "output_text",
    "outputs",
    "target",
    "targets",
    "expected",
    "expected_output",
    "expected_answer",
    "referenceresponse",
    "reference_response",
    "reference_answer",
    "label",
    "labels",
    "category",
    "intent",
    "class",
    "sentiment",
    "topic",
    "tag",
    "tags",
    "ner_tags",
    "entities",
    "summary",
    "highlights",
    "chosen",
    "translation",
    "headline",
    "sql",
    "snippet",
    "program",
    "cypher",
    "corrected",
    "correction",
    "paraphrase",
    "code",
    "reply",
    "assistant",
    "doctor",
    "generation",
    "canonical_solution",
    "solution",
    "answerkey",
    "reference",
    "references",
    "ground_truth",
    "gold",
    "ideal",
    "tgt",
    "gpt",
    "bot",
    "ai",
    "solutions",
    "spans",
    "accept",
    "resolution",
    "revision",
    "annotation",
    "middle",
    "new_contents",
    "a",
    "答案",
    "回答",
    "输出",
    "標籤",
    "标签",
    "답변",
    "ответ",
    "antwort",
    "respuesta",
    "resposta",
    "risposta",
    "réponse",
)
LABELS = frozenset(
    (
        "label", "labels", "category", "categories", "intent", "class", "classes", "sentiment",
        "topic", "tag", "tags", "genre", "emotion", "priority", "severity", "department", "kind",
        "queue", "desk", "team",
    )
)  # fmt: skip
"""Fields of which a class is expected: never a prompt."""

NEVER_PROMPTS = frozenset(
    (
        "id", "ids", "idx", "index", "uuid", "guid", "uid", "key", "hash", "md5", "sha", "sha1",
        "sha256", "url", "uri", "link", "href", "date", "time", "datetime", "timestamp",
        "created", "updated", "title", "lang", "language", "locale", "split", "score", "rating",
        "stars", "file", "filename", "path", "author", "username", "version", "license",
        "model", "number", "row", "line", "count", "image", "images", "audio", "audios", "video",
        "videos", *LABELS,
    )
)  # fmt: skip
"""Fields that name, place or judge a row."""


def plain(name: str) -> str:
    """A field's name for comparison: lower case, words joined by underscores."""
    return re.sub(r"[\s.\-]+", "_", name.strip().lower())


def words_of_name(name: str) -> list[str]:
    """`airlineSentiment`, `airline_sentiment` -> airline, sentiment."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z0-9]+", spaced.lower())


GENERIC = frozenset(
    (
        "text",
        "texts",
        "content",
        "body",
        "message",
        "string",
        "str",
        "raw",
        "field",
        "spans",
        "pretokenized",
    )
)
"""Words at the end of a name that say nothing beside the word before them."""


def telling_word(name: str) -> str:
    """The word of a name that says what the field is: `reply_text` -> reply, `clean_text` -> text.

    Empty for a name of one word, which is looked up as it is.
    """
    words = words_of_name(name)
    if len(words) < 2:
        return ""
    known_words = {*PROMPTS, *ANSWERS}
    if words[-1] in GENERIC and words[-2] in known_words:
        return words[-2]
    return words[-1]


def is_row_reasoning(name: str) -> bool:
    """Whether a field beside an answer holds the reasoning before it: `deepseek_reasoning`."""
    return plain(name) in ROW_REASONING or bool(_REASONING_WORDS & set(words_of_name(name)))


def is_never_prompt(name: str) -> bool:
    """Whether a field's name says that it identifies, places or judges a row."""
    words = words_of_name(name)
    return bool(words) and (
        words[-1] in NEVER_PROMPTS or plain(name).replace("_", "") in NEVER_PROMPTS
    )


def is_label_name(name: str) -> bool:
    """Whether a field's name says that it holds a class."""
    words = words_of_name(name)
    return bool(words) and words[-1] in LABELS
