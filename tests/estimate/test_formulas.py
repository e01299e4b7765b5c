"""The code and the formulas page name the same sections."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import advisor
from advisor.core.figure import Figure
from advisor.core.option import Option, Place, Serving
from tests.options import TUNED, brief, estimated, prompt, rented, setting

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formulas.md"
SOURCES = sorted((Path(advisor.__file__).parent / "estimate").glob("*.py"))
HEADINGS = set(re.findall(r"^## (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
PLACE_OF_ANCHOR = {"put": 3, "total": 3, "named": 2}


def anchors(file: Path) -> set[str]:
    """Every section that a call in the file names, by position or by keyword."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            place = PLACE_OF_ANCHOR.get(name)
            given = [k.value for k in node.keywords if k.arg == "anchor"]
            if place is not None and len(node.args) > place:
                given.append(node.args[place])
            found |= {
                g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str)
            }
    return found


def test_every_section_the_code_names_is_on_the_page() -> None:
    named = {file.name: anchors(file) for file in SOURCES}
    assert len(set().union(*named.values())) > 15
    assert {name: found - HEADINGS for name, found in named.items() if found - HEADINGS} == {}


def test_every_section_that_a_docstring_points_at_is_on_the_page() -> None:
    told = {
        a
        for file in SOURCES
        for a in re.findall(r"#([a-z]+(?:-[a-z]+)*)", file.read_text(encoding="utf-8"))
    }
    assert len(told) > 10
    assert told - HEADINGS == set()


def test_every_computed_figure_of_an_option_names_its_section() -> None:
    hosted = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    found = [
        estimated(prompt("batch")),
        estimated(prompt("cached-1h")),
        estimated(rented()),
        estimated(hosted, brief(), setting(tuned={"gpt-4.1-mini": TUNED})),
        estimated(
            Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.OWNED)),
            brief(hardware__owned=True),
        ),
    ]
    lacking = {
        f.id for e in found for f in e.figures.values() if _computed(f) and f.anchor not in HEADINGS
    }
    assert lacking == set()


def _computed(figure: Figure) -> bool:
    return bool(figure.operands)
