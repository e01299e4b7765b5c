"""Levels on texts whose level is plain, and the languages of a mix."""

import json

import pytest

from advisor.probe.statistics.languages import language_of
from advisor.probe.statistics.specificity import Vocabulary, _bits, _places

PLAIN = (
    "My sister and I went to the market on Saturday to buy some apples and bread. "
    "The weather was warm, so we walked home slowly and talked about the holidays. How much "
    "money did we have left at the end of the day?"
)
LAW = (
    "The lessee shall indemnify the lessor hereunder notwithstanding severability of the "
    "aforementioned covenants, whereupon arbitration pursuant to subclause five shall be "
    "binding upon assignees and sublessees hereto."
)
CODE = """
def fmt_argv(argv, stdin=None):
    cfg = argparse.Namespace(**kwargs); proc = subprocess.Popen(argv, stdout=PIPE, stderr=STDOUT)
    buf = proc.communicate(stdin)[0].decode("utf8");
    return [int(tok, 16) for tok in buf.split() if tok.isalnum()]
"""


def measured(texts, tokens=None):
    held = Vocabulary()
    held.add(texts * 4, tokens)
    return held.specificity(counted=tokens is not None)


def test_levels_rise_from_plain_language_to_code():
    plain, law, code = measured([PLAIN]), measured([LAW]), measured([CODE])
    assert plain.level == "low"
    assert law.level in ("medium", "high")
    assert code.level == "high"
    assert plain.score < law.score
    assert plain.excess_bits < law.excess_bits


def test_shares_are_those_of_the_words():
    found = measured(["the cat zzqx sat on the mat of qqzv"] * 2)
    assert found.words == 72
    assert found.rare_share == pytest.approx(2 / 9)


def test_addresses_are_no_words_of_a_language():
    assert measured([PLAIN + " Write to zzqx@qqzv.example or see https://zzqx.qqzv/x"]) is not None
    with_address = measured([PLAIN + " zzqx.qqzv@zzqx.qqzv https://zzqx.qqzv/x"])
    assert with_address.score == measured([PLAIN]).score


def test_too_few_words_say_nothing():
    held = Vocabulary()
    held.add(["only a few words"])
    assert held.specificity(counted=False) is None


def test_fertility_is_tokens_a_word():
    found = measured([PLAIN], [50] * 4)
    words = len(list(PLAIN.replace(",", "").replace(".", "").replace("?", "").split()))
    assert found.tokens_per_word == pytest.approx(50 / words)


def test_profile_is_a_distribution():
    places = _places()
    total = sum(2 ** -_bits(place, len(places)) for place in places.values())
    assert total == pytest.approx(0.97)
    assert places["the"] < places["bank"] < places["livelihoods"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("English", PLAIN),
        (
            "German",
            "Ich habe meine Karte verloren und weiß nicht, "
            "wie ich das Geld von der Bank bekommen kann.",
        ),
        (
            "French",
            "Je ne sais pas où est la carte que vous avez envoyée à mon adresse dans le sud.",
        ),
        (
            "Spanish",
            "No sé cuándo llega la tarjeta que me enviaron por correo, y el banco no responde.",
        ),
        ("Japanese", "カードをなくしました。どうすればいいですか。"),
        ("Chinese", "我的银行卡丢了，请问应该怎么办？"),
        ("Korean", "카드를 잃어버렸어요. 어떻게 해야 하나요?"),
        ("Cyrillic script", "Я потерял свою карту, что мне делать?"),
        ("undecided", "12345"),
    ],
)
def test_languages(language, text):
    assert (
        language_of(text, text.casefold().replace(",", " ").replace(".", " ").split()) == language
    )


def test_language_shares_sum_to_one():
    held = Vocabulary()
    held.add([PLAIN, PLAIN, "我的银行卡丢了，请问应该怎么办？", "x"])
    shares = held.languages()
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["English"] == 0.5
    json.dumps(dict(shares))
