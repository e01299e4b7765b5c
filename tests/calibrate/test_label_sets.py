"""Reading a label never merges two labels of a set, nor drops a sign."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.calibrate.metrics.label_reader import LabelReader
from advisor.calibrate.metrics.numbers import numeric_match
from advisor.calibrate.metrics.overlap import rouge_l
from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.metrics.text import normalised, token_f1, words_of

SETS = [
    ["AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"],
    ["C", "C++", "C#", "F#", "Objective-C"],
    ["-5", "5", "+5", "0", "-0.5", "0.5"],
    ["A", "B", "C", "D"],
    ["yes", "no", "not applicable", "n/a"],
    ["1", "2", "3", "10", "11"],
    ["Ω", "ω", "ß", "SS"],
    ["in-stock", "out-of-stock", "stock"],
    ["<50", ">50", "50"],
    [".NET", "NET", "ASP.NET"],
]
TEMPLATES = [
    "{}",
    "  {}  ",
    "**{}**",
    "`{}`",
    '"{}"',
    "The answer is {}.",
    "The answer is **{}**.",
    "First I compare them.\n\nAnswer: {}",
    "<think>it could be anything</think>\n{}",
    "\\boxed{{{}}}",
]


@pytest.mark.parametrize("labels", SETS, ids=lambda labels: labels[0])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_label_of_a_set_is_read_as_itself(labels: list[str], template: str) -> None:
    scorer = Scorer("accuracy", tuple(labels))
    for label in labels:
        read = scorer.extract(template.format(label)).text
        assert scorer.score(read, label) == 1.0, (label, read)
        for other in labels:
            if other != label:
                assert scorer.score(read, other) == 0.0, (label, other, read)


PIECES = st.text(st.sampled_from("ABab12+-#*<>./ "), min_size=1, max_size=5).filter(
    lambda text: text.strip() and any(c.isalnum() for c in text)
)


@given(st.lists(PIECES.map(lambda t: " ".join(t.split())), min_size=2, max_size=6, unique=True))
@settings(max_examples=200, deadline=None)
def test_no_two_labels_of_any_set_are_taken_for_one(labels: list[str]) -> None:
    reader = LabelReader(labels)
    for label in labels:
        assert reader.exactly(label) == label
        assert reader.named(label) == label
        assert reader.labels[reader.number(label)] == label


@given(st.integers(-9999, 9999), st.sampled_from(["{}", "It is {}", "{} €", "({})", "**{}**"]))
def test_a_sign_is_never_dropped(number: int, template: str) -> None:
    text = template.format(number)
    assert numeric_match(text, str(number)) == 1.0
    if number:
        assert numeric_match(text, str(-number)) == 0.0
        assert normalised(str(number)) != normalised(str(-number))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("Привет, мир!", ["привет", "мир"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("我们去北京", list("我们去北京")),
        ("Straße 12_b", ["straße", "12", "b"]),
        ("It's 3.5 km", ["it", "s", "3", "5", "km"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
    ],
)
def test_words_of_every_script_keep_their_marks(text: str, words: list[str]) -> None:
    assert words_of(text) == words
    pytest.importorskip("rapidfuzz")
    assert rouge_l(text, text) == 1.0


def test_overlap_in_scripts_without_blanks_is_by_character() -> None:
    pytest.importorskip("rapidfuzz")
    assert rouge_l("我去北京", "我们去北京") == pytest.approx(8 / 9)
    assert token_f1("我去北京", "我们去北京") == pytest.approx(8 / 9)
    assert token_f1("the cat sat", "a cat sat down") == pytest.approx(4 / 5)
