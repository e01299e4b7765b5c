"""Risks of the recommended option, each with who should look after it and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from advisor.core import format as fmt
from advisor.core.verdict import Risk, Verdict
from advisor.report.page import Block, Cell, Table, TableColumn
from advisor.report.terms import Terms

CARE = MappingProxyType(
    {
        "lifecycle": ("product owner", "Watch the provider's notices; budget one migration."),
        "price": ("procurement", "Watch the price; run the comparison again when it moves."),
        "lock-in": ("procurement", "Keep data and test set; agree on an exit."),
        "forgetting": ("engineering", "Score a general test set before each release."),
        "drift": ("engineering", "Score fresh items every month; retrain on schedule."),
        "privacy": ("legal", "Check the terms for retention and training on your data."),
    }
)
"""For each kind of risk the usual owner and a mitigation; a proposal, to be confirmed."""


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """A table; owners are proposals."""
    if verdict.risks:
        titles = ("risk", "what may happen", "owner (proposed)", "mitigation")
        columns = tuple(TableColumn(title) for title in titles)
        yield Table("risks", columns, tuple(_row(risk, terms) for risk in verdict.risks))


def _row(risk: Risk, terms: Terms) -> tuple[Cell, ...]:
    owner, mitigation = CARE.get(risk.name, ("to be named", ""))
    return fmt.clean(risk.name), terms.sentence(risk.detail), owner, mitigation
