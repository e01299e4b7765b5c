"""What a release is made of is written down: hashes of its pins, licences of its packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import supply_chain

ROOT = Path(__file__).parents[1]
PINS = supply_chain.pins((ROOT / "constraints.txt").read_text())
HASHED = supply_chain.HASHES.read_text()
LISTED = supply_chain.LICENCES.read_text()
TEST_EXTRAS = {"core", "calibrate", "cluster", "report"}

COPYLEFT = re.compile(r"\bA?GPL|GNU (?:Affero )?General Public")


def test_the_hashes_are_of_the_pinned_versions() -> None:
    hashed = supply_chain.pins(HASHED)
    assert hashed.items() <= PINS.items()
    for block in re.split(r"^(?=[a-z0-9])", HASHED, flags=re.MULTILINE)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_every_package_of_the_test_environment_has_them() -> None:
    hashed = supply_chain.pins(HASHED)
    needed = {name for name, parts in supply_chain.needed().items() if parts & TEST_EXTRAS}
    assert needed - hashed.keys() - {*supply_chain.BUILT_PER_INDEX, "pip", "setuptools"} == set()


def test_the_set_up_asks_for_the_hashes() -> None:
    assert "--require-hashes -r requirements-test.txt" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("name", sorted(supply_chain.needed()))
def test_every_package_is_listed_with_its_licence(name: str) -> None:
    licence = supply_chain.licence_of(supply_chain.distribution(name))
    assert f"| {name} | {licence} |" in LISTED


def test_no_package_binds_those_who_hand_the_program_on() -> None:
    """MIT stays possible: no GPL or AGPL among what we need."""
    assert [line for line in LISTED.splitlines() if COPYLEFT.search(line)] == []
    assert "not stated" not in LISTED


def test_pins_of_any_spelling_are_read() -> None:
    text = (
        "# a==1\nTyping_Extensions==4.1 \\\n    --hash=sha256:0\nray==2.9 ; python_version < '4'\n"
    )
    assert supply_chain.pins(text) == {"typing-extensions": "4.1", "ray": "2.9"}
