"""Marks of answers against values of other libraries, of published rules, or worked out by hand."""

from __future__ import annotations

import json
import math
import random
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.calibrate.metrics.labels import labels_of, macro_f1, marks, named_label
from advisor.calibrate.metrics.numbers import last_number, numeric_match
from advisor.calibrate.metrics.overlap import corpus, rouge_l, sentence
from advisor.calibrate.metrics.scorer import METRICS, Scorer, metric_for, metric_named, scorer_for
from advisor.calibrate.metrics.structured import match, read_schema, valid
from advisor.calibrate.metrics.text import exact, normalised, token_f1
from advisor.core.errors import MissingExtra, UsageError

GSM8K = Path(__file__).parents[3] / "shared" / "data" / "gsm8k_test.jsonl"


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("billing", "Billing"),
        ("  billing. ", "Billing"),
        ("The label is: shipping", "shipping"),
        ("billing or shipping", ""),
        ("late shipping", "late shipping"),
        ("rebilling", ""),
        ("", ""),
    ],
)
def test_a_label_is_found_where_it_alone_is_said(said: str, label: str) -> None:
    assert named_label(said, ["Billing", "shipping", "late shipping"]) == label


def test_labels_are_few_short_and_repeated() -> None:
    assert labels_of(["yes", "no", "yes", "no"]) == ("yes", "no")
    assert labels_of(["one", "two", "three", "four"]) == ()
    assert labels_of(["a very long answer of many words"] * 4 + ["no"] * 4) == ()


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_exact_match_reads_the_line_that_answers_or_all_of_a_long_answer() -> None:
    assert exact("\n The Answer! \nmore", "the  answer") == 1.0
    assert exact("another", "answer") == 0.0
    assert exact("one\ntwo", "One\ntwo.") == 1.0
    assert exact("one", "one\ntwo") == 0.0


@pytest.mark.parametrize(
    ("said", "answer", "f1"),
    [
        ("the cat sat", "a cat sat down", 0.8),  # 2 of 2 said, 2 of 3 wanted
        ("Denver Broncos", "the Denver Broncos!", 1.0),
        ("Broncos", "Panthers", 0.0),
        ("", "", 1.0),
        ("something", "", 0.0),
        ("cat cat", "cat", 2 / 3),
    ],
)
def test_token_f1_is_that_of_squad(said: str, answer: str, f1: float) -> None:
    assert token_f1(said, answer) == pytest.approx(f1)


RIGHT = [
    1,
    1,
    2,
    3,
    0,
    0,
    3,
    2,
    1,
    1,
    3,
    3,
    3,
    1,
    1,
    1,
    3,
    0,
    0,
    1,
    0,
    2,
    0,
    2,
    3,
    3,
    3,
    3,
    3,
    1,
    2,
    0,
    0,
    1,
    3,
    1,
]
RIGHT += [2, 3, 2, 3]
SAID = [
    1,
    1,
    2,
    3,
    0,
    -1,
    3,
    0,
    1,
    3,
    3,
    0,
    3,
    1,
    1,
    1,
    2,
    0,
    2,
    -1,
    0,
    -1,
    0,
    -1,
    3,
    3,
    3,
    1,
    3,
    1,
    2,
    0,
    0,
    2,
    3,
    1,
]
SAID += [1, 3, 2, 3]


def test_macro_f1_is_that_of_scikit_learn() -> None:
    """f1_score(RIGHT, SAID, labels=[0, 1, 2, 3], average="macro") of scikit-learn 1.7; -1: no label
    was said.
    """
    assert macro_f1(list(zip(RIGHT, SAID, strict=True)))[0] == pytest.approx(0.7048992673992674)


def test_macro_f1_counts_rare_labels_like_common_ones() -> None:
    """Nine of ten right, but the rare label never: F1 of 18/19 and 0."""
    marked = Scorer("macro F1", ("a", "b")).score_all(["a"] * 10, ["a"] * 9 + ["b"])
    assert marked.score == pytest.approx(18 / 19 / 2)
    assert marked.also == {"accuracy": 0.9}
    assert marked.item_labels == marks(["a"] * 10, ["a"] * 9 + ["b"], ("a", "b"))
    assert sum(marked.item_scores) == 9.0


@pytest.mark.parametrize(
    ("said", "answer", "reference"),
    [
        (
            "The quick brown fox jumps over the lazy dog",
            "A quick brown dog jumps on the lazy fox",
            0.5555555555555556,
        ),
        ("police killed the gunman", "the gunman was shot dead by police", 0.36363636363636365),
        ("It's 3.5 km away, isn't it?", "it is 3.5 kilometres away", 0.5333333333333333),
        ("", "something", 0.0),
        ("exactly the same", "Exactly the same!", 1.0),
        (
            "Total revenue rose 12% to $4.2bn in the third quarter, the company said.",
            "The company said that third-quarter revenue rose 12% to $4.2 billion.",
            0.3703703703703704,
        ),
    ],
)
def test_rouge_l_is_that_of_rouge_score(said: str, answer: str, reference: float) -> None:
    """rouge-score 0.1.2 (Google), rougeL without stemmer."""
    pytest.importorskip("rapidfuzz")
    assert rouge_l(said, answer) == pytest.approx(reference)


def test_rouge_l_reads_texts_that_are_not_english() -> None:
    pytest.importorskip("rapidfuzz")
    assert rouge_l("Die Straße ist naß", "die Straße ist trocken") == pytest.approx(0.75)
    assert rouge_l("我们去北京", "我去北京") == pytest.approx(8 / 9)


def test_bleu_and_chrf_keep_pairs_and_the_figure_of_the_corpus() -> None:
    """Corpus BLEU by hand: 1-grams 8 of 9, 2-grams 4 of 7, 3-grams 2 of 5, 4-grams 1 of 3, brevity
    exp(1 - 10/9).
    """
    pytest.importorskip("sacrebleu")
    said, answers = (
        ["the cat sat on the mat", "a big dog"],
        ["the cat sat on a mat", "a very big dog"],
    )
    marked = Scorer("BLEU").score_all(said, answers)
    by_hand = (8 / 9 * 4 / 7 * 2 / 5 * 1 / 3) ** 0.25 * math.exp(1 - 10 / 9)
    assert marked.also["corpus BLEU"] == corpus("BLEU", said, answers) == pytest.approx(by_hand)
    assert len(marked.item_scores) == 2
    assert sentence("BLEU", "the same words here", "the same words here") == pytest.approx(1.0)
    assert 0.0 < sentence("chrF", "colour", "color") < 1.0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("She makes 9 * 2 = $18 every day.\n#### 18", Fraction(18)),
        ("so 5 + 5 = 10\n#### 1,234 dollars, not 7", Fraction(1234)),
        ("The answer is **42**.", Fraction(42)),
        ("-3.5 °C", Fraction(-7, 2)),
        ("−7", Fraction(-7)),
        ("about 1 1/2 cups", Fraction(3, 2)),
        ("3/4", Fraction(3, 4)),
        ("1.234.567,5 €", Fraction(2469135, 2)),
        ("1,5 Liter", Fraction(3, 2)),
        ("12\u202f345,6", Fraction(123456, 10)),
        ("1.2 million people", Fraction(1200000)),
        ("2.5e3", Fraction(2500)),
        ("10-5", Fraction(5)),
        ("room B12", None),
        ("1/0", None),
        ("none", None),
        ("5km", Fraction(5)),
        ("50 %.", Fraction(50)),
    ],
)
def test_the_last_number_is_found(text: str, number: Fraction | None) -> None:
    assert last_number(text) == number


@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from(["{:,}", "{}", "${:,}.", "{:,} km", "= {}\n#### {}"]),
)
def test_a_number_survives_its_clothes(number: int, form: str) -> None:
    assert last_number(form.format(number, number)) == number
    assert numeric_match(form.format(number, number), str(number)) == 1.0
    assert numeric_match(form.format(number + 1, number + 1), str(number)) == 0.0


def test_decimals_match_to_a_millionth() -> None:
    assert numeric_match("0.3333333", "1/3") == 1.0
    assert numeric_match("0.333", "1/3") == 0.0
    assert numeric_match("no idea", "1/3") == 0.0


@given(st.text(max_size=60))
def test_any_text_can_be_read_for_numbers_and_json(text: str) -> None:
    last_number(text)
    assert valid(text, None) in (0.0, 1.0)
    assert 0.0 <= match(text, '{"a": 1}', None) <= 1.0


@pytest.mark.skipif(not GSM8K.exists(), reason="the shared data is not here")
def test_every_answer_of_gsm8k_ends_in_its_number() -> None:
    answers = [
        json.loads(line)["answer"] for line in GSM8K.read_text(encoding="utf-8").splitlines()
    ]
    assert metric_for(answers) == "numeric match"
    for answer in answers:
        assert last_number(answer) == Fraction(
            answer.rpartition("####")[2].strip().replace(",", "")
        )


def test_json_is_read_as_a_program_would() -> None:
    assert valid('{"a": 1}', None) == valid('```json\n{"a": 1}\n```', None) == 1.0
    assert valid('{"a": NaN}', None) == valid("Sure! {}", None) == valid("[" * 100_000, None) == 0.0


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ('{"name": " ann ", "age": 5.0, "tags": ["x", "y"]}', 1.0),
        ('{"name": "Ann", "age": 6, "tags": ["x", "y"]}', 0.75),
        ('{"name": "Ann", "age": 5}', 4 / 6),
        (
            '{"name": "Ann", "age": 5, "tags": ["x", "y"], "extra": null, "more": 1, "most": 2}',
            8 / 11,
        ),
        ('{"name": "Ann", "age": true, "tags": []}', 2 / 7),
        ("not json", 0.0),
    ],
)
def test_json_match_is_the_f1_of_fields(said: str, share: float) -> None:
    assert match(said, '{"name": "Ann", "age": 5, "tags": ["x", "y"]}', None) == pytest.approx(
        share
    )


def test_a_schema_is_kept_or_not(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(
        json.dumps({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}})
    )
    schema = read_schema(path)
    assert valid('{"a": 1}', schema) == 1.0
    assert valid('{"a": "1"}', schema) == valid("{}", schema) == 0.0
    assert match('{"a": "1"}', '{"a": 1}', schema) == 0.0
    for text, wrong in (
        ('{"type": "objekt"}', "objekt"),
        ("[1]", "not an object"),
        ("{", "not JSON"),
        ('{"$ref": "https://example.com/s.json"}', "never fetched"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError, match=wrong):
            read_schema(path)


@pytest.mark.parametrize(
    ("answers", "task_type", "metric"),
    [
        (["yes", "no"] * 10, "", "accuracy"),
        (["1", "2", "3"] * 10, "", "accuracy"),
        ([str(n) for n in range(40)] * 2, "", "numeric match"),
        ([f"{n} + 1 = {n + 1}\n#### {n + 1}" for n in range(20)], "", "numeric match"),
        ([f"it takes {n} days" for n in range(20)], "reasoning", "numeric match"),
        ([f'{{"a": {n}}}' for n in range(20)], "extraction", "JSON match"),
        ([f"person {n}" for n in range(20)], "", "exact match"),
        ([f"person {n}" for n in range(20)], "qa", "token F1"),
        ([f"the {n} person who came in by the door" for n in range(20)], "", "token F1"),
        ([f"{n} word" * 30 for n in range(20)], "", "ROUGE-L"),
        ([f"der {n}. Satz" for n in range(20)], "translation", "chrF"),
        ([f"kurz {n}" for n in range(20)], "summarisation", "ROUGE-L"),
    ],
)
def test_the_metric_suits_the_answers(answers: list[str], task_type: str, metric: str) -> None:
    assert metric_for(answers, task_type) == metric


@pytest.mark.parametrize(
    ("text", "labelled", "metric"),
    [
        ("Exact-Match", False, "exact match"),
        ("EM", False, "exact match"),
        ("macro_f1", True, "macro F1"),
        ("F1", True, "macro F1"),
        ("F1", False, "token F1"),
        ("rougeL", False, "ROUGE-L"),
        ("CHRF", False, "chrF"),
        ("json", False, "JSON match"),
        ("numeric accuracy", False, "numeric match"),
    ],
)
def test_a_metric_is_known_in_the_users_spelling(text: str, labelled: bool, metric: str) -> None:
    assert metric_named(text, labelled=labelled) == metric


def test_what_does_not_suit_is_said_in_a_line() -> None:
    texts = [f"a text of its own, number {n}" for n in range(20)]
    for settings, wrong in (
        ({"metric": "METEOR"}, "METEOR"),
        ({"metric": "accuracy"}, "not labels"),
        ({"metric": "JSON match"}, "0 % of the answers"),
        ({"metric": "exact match", "schema": {}}, "--schema"),
    ):
        with pytest.raises(UsageError, match=wrong):
            scorer_for(texts, **settings)
    with pytest.raises(ValueError, match="METEOR"):
        Scorer("METEOR").score("a", "a")


def test_every_metric_marks_the_right_answer_1_and_keeps_to_its_bounds() -> None:
    rng = random.Random(2)
    answers = {
        "accuracy": ["yes", "no"] * 5,
        "macro F1": ["yes", "no"] * 5,
        "numeric match": [f"so it is\n#### {n}" for n in range(10)],
        "JSON validity": [f'{{"n": {n}}}' for n in range(10)],
        "JSON match": [f'{{"n": {n}}}' for n in range(10)],
    }
    for metric in METRICS:
        wanted = answers.get(metric, [f"one two three four five {n}" for n in range(10)])
        held = scorer_for(wanted * 2, metric=metric)
        assert held.score_all(wanted, wanted).score == pytest.approx(1.0)
        mixed = held.score_all(rng.sample(wanted, 10), wanted)
        assert all(0.0 <= s <= 1.0 for s in (mixed.score, *mixed.item_scores, *mixed.also.values()))
        again = Scorer.of(
            {
                "metric": held.metric,
                "labels": list(held.labels),
                "schema": held.schema,
                "one_line": held.one_line,
            }
        )
        assert again == held


def test_a_missing_library_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingExtra, match="pip install sacrebleu"):
        scorer_for(["some words"] * 20, metric="BLEU")


def test_lines_end_an_answer_only_where_answers_are_lines() -> None:
    assert scorer_for([f"person {n}" for n in range(20)]).one_line
    assert not scorer_for(
        [f"person {n}\nand more" for n in range(20)], metric="exact match"
    ).one_line
    assert not scorer_for([f"so\n#### {n}" for n in range(20)]).one_line
    assert not scorer_for([f"{n} word " * 30 for n in range(20)]).one_line
