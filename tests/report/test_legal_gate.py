"""Whose terms the lawyers read: a GPU provider has none where the machines are one's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.verdict import Verdict
from advisor.report.chapters import plan
from advisor.report.page import Table
from advisor.report.terms import Terms


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("owned", "the terms of the model's licence allow"),
        ("own-cpu", "the terms of the model's licence allow"),
        ("rented", "licences of the model and of the GPUs' provider allow"),
    ],
)
def test_own_machines_have_no_provider_of_gpus(verdict: Verdict, place: str, words: str) -> None:
    chosen = verdict.chosen
    assert chosen is not None
    moved = replace(chosen, id=f"{chosen.id.partition('+')[0]}+{place}")
    arms = tuple(moved if o.id == chosen.id else o for o in verdict.arms)
    there = replace(verdict, arm=moved.id, arms=arms)
    tables = [b for b in plan.blocks(there, Terms.of(there)) if isinstance(b, Table)]
    cells = [cell for table in tables for row in table.rows for cell in row]
    assert any(isinstance(cell, str) and cell.startswith(words) for cell in cells)
