"""The German catalogue: well formed, and enough of it for the shipped briefs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from advisor import pipeline
from advisor.core import format as fmt
from advisor.core.brief import questions
from advisor.core.naming import input_name
from advisor.report.catalogue import FOLDER, Catalogue
from advisor.report.chapters.summary import recommendation
from advisor.report.document import document
from advisor.report.look import LANGUAGES, Look
from advisor.report.page import Bullets, Callout, Chart, Code, Heading, Paragraph, Stated, Table
from advisor.report.terms import Terms
from tests.estimate.test_limits import SIZE, brief, facts, rented, told

BRIEFS = Path(__file__).parents[2] / "profiles" / "briefs"
SAME = 0.05
"""The largest share of texts before the appendix that may stay as they are: names and warnings."""


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_message_keeps_its_places(language: str) -> None:
    with (FOLDER / f"{language}.po").open("rb") as file:
        messages = [m for m in read_po(file, locale=language) if m.id]
    assert len(messages) > 500
    for message in messages:
        assert message.string, message.id
        places = [sorted(re.findall(r"\{(\w+)\}", str(t))) for t in (message.id, message.string)]
        assert places[0] == places[1], message.id
        assert len(set(places[0])) == len(places[0]), message.id


def test_every_basic_question_and_input_has_its_words() -> None:
    german = Catalogue.of("de", [])
    keys = [key for key, question in questions().items() if question.basic]
    for text in (questions()[key].text for key in keys):
        assert german.say(text) != text
    for key in ("traffic.requests_per_month", "team.hourly_usd", "quality.error_cost_usd"):
        assert german.say(input_name(key)) != input_name(key)


def texts_of(page) -> list[str]:
    """Sentences, titles and cells before the appendix."""
    texts: list[str] = []
    for section in page.sections:
        if section.id == "appendix":
            continue
        for block in section.blocks:
            if isinstance(block, Heading | Paragraph | Callout):
                texts.append(block.text)
            elif isinstance(block, Bullets):
                texts += block.items
            elif isinstance(block, Chart):
                texts.append(block.title)
            elif isinstance(block, Table):
                texts += [c.title for c in block.columns]
                cells = [c for row in block.rows for c in row]
                texts += [
                    c for c in cells if isinstance(c, str) and not isinstance(c, Code | Stated)
                ]
    return texts


SHIPPED = sorted(path.stem for path in BRIEFS.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_brief_is_said_in_german(name: str) -> None:
    brief = pipeline.load(BRIEFS / f"{name}.toml")
    verdict = pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=400)
    english = texts_of(document(verdict))
    german = texts_of(document(verdict, look=Look(language="de")))
    pairs = [(a, b) for a, b in zip(english, german, strict=True) if re.search("[A-Za-z]{4}", a)]
    untouched = [a for a, b in pairs if a == b]
    assert len(untouched) <= SAME * len(pairs), untouched
    summary = recommendation(verdict, Terms.of(verdict))
    said = next(b for a, b in pairs if a == summary)
    assert not re.search(r"\b(?:It|costs|over|less|more|than|best|futures|would)\b", said), said


def test_a_name_with_a_point_in_it_ends_where_the_sentence_goes_on() -> None:
    name = "Tuned Qwen3-0.6B with examples in the prompt"
    said = Catalogue.of("de", [name]).say(f"{name} keeps the limits in 60 of 100 draws.")
    assert said.startswith("Feinabgestimmtes Qwen3-0.6B mit Beispielen")
    assert said.endswith("hält die Grenzen in 60 von 100 Ziehungen ein.")


def test_cautions_are_said_in_german() -> None:
    german = Catalogue.of("de", [])
    unknown = {f"hardware__{task}_tokens_per_second": None for task in ("prefill", "decode")}
    held = [
        brief(traffic__max_latency_seconds=0.001),
        brief(traffic__max_latency_seconds=320 / (864e9 / (2 * SIZE)) * 1.1),
        brief(traffic__max_latency_seconds=20.0, traffic__requests_per_month=3e7),
        brief(**unknown, traffic__requests_per_month=3e7),
        brief(**unknown, traffic__max_latency_seconds=60.0),
        brief(hardware__decode_tokens_per_second=362e12 / (2 * SIZE) * 1.5),
    ]
    lines = {line for one in held for line in told(one, facts(), rented())}
    assert len(lines) >= 4
    for line in map(fmt.clean, lines):
        english = re.findall(r"\b(?:the|is|are|not|than|that|takes|by|at)\b", german.say(line))
        assert not english, german.say(line)


def test_a_place_never_holds_the_end_of_a_sentence() -> None:
    german = Catalogue.of("de", ["Prompted X"])
    both = german.say("We recommend Prompted X. Something that nobody translates.")
    assert both == "Wir empfehlen: X mit Prompt. Something that nobody translates."


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "Tuned ModernBERT base as a classifier, on rented CPUs",
            "Feinabgestimmtes ModernBERT base als Klassifikator, auf gemieteten CPUs",
        ),
        (
            "Residency in eu is not known at google and fireworks: ask before any data is sent",
            "Ob Daten in eu bleiben, ist nicht bekannt bei google und fireworks: "
            "vor dem Senden fragen",
        ),
        (
            "Expected score 0.668 against 0.682, from the evidence base.",
            "Erwarteter Wert 0.668 gegenüber 0.682, aus Studien.",
        ),
        ("≥ $681, 1 unknown", "≥ $681, 1 unbekannt"),
    ],
)
def test_no_english_is_left_in_a_german_sentence(english: str, german: str) -> None:
    assert Catalogue.of("de", []).say(english) == german
