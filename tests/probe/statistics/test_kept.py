import pytest

from advisor.probe.statistics.kept import added_words


@pytest.mark.parametrize(
    ("prompt", "answer", "added"),
    [
        ("what is 3 plus 4", "The 7", {"the", "7"}),
        ("refund or praise", "refund", set()),
        ("one two", "One, two, three, four and five", {"three", "four", "and", "five"}),
        ("", "word " * 200, {"word"}),
    ],
)
def test_the_words_that_an_answer_adds_are_those_that_its_prompt_lacks(prompt, answer, added):
    assert added_words(prompt.split(), answer) == hash(frozenset(added)) & 0xFFFFFFFF
