"""Labels a tuned model learns from, and those still to be bought.

Formulas: docs/reference/formulas.md#labels.
"""

from __future__ import annotations

import math

import numpy as np

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity, Range
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger
from advisor.estimate.options import adapters
from advisor.estimate.sheet import Sheet

FIRST_ROUND = Quantity(
    Range.exact(100.0),
    "labels",
    Basis.ASSUMED,
    "tuning guides of providers show first gains from 50 to 100 labels; fewer are topped up",
    "",
)
"""The fewest labels that each adapter learns from: what is missing is bought."""


def training_examples(sheet: Sheet) -> Figure:
    """Examples that the tuned models learn from: those in hand, topped up to a first round."""
    least = _first_round(sheet)
    in_hand = sheet["data.examples"]
    if not _is_short(in_hand, least.value):
        return in_hand
    return algebra.highest(in_hand, least)


def own_examples(sheet: Sheet) -> Figure:
    """Examples that one tuned model learns from: its segment's own, or a first round of its own.

    Over several segments: their mean in ln n, weighted by share, since a score is about linear in
    ln n. The rest of the traffic counts with the brief's own labels.
    """
    in_hand = sheet["data.examples"] * _own_share(sheet.brief)
    if not _is_short(in_hand, FIRST_ROUND.likely):
        return in_hand
    return algebra.highest(in_hand, sheet.figure("labels.first_round", FIRST_ROUND, low=1.0))


def _is_short(in_hand: Figure, least: float) -> bool:
    """Whether any case has fewer labels than a first round."""
    return bool((np.asarray(in_hand.rows) < least).any())


def _own_share(brief: Brief) -> float:
    """Part of all labels in hand that one tuned model learns from; all of them where there are no
    segments.
    """
    in_hand = brief.data.examples.likely
    parts = [(s.share.likely, s.examples.likely) for s in brief.segments]
    covered = sum(share for share, _ in parts)
    if covered == 0:
        return 1.0
    in_segments = sum(s.count * s.examples.likely for s in brief.segments)
    if in_hand > in_segments:
        parts.append((1 - covered, in_hand))
        covered = 1.0
    mean = sum(share * math.log(max(examples, 1.0)) for share, examples in parts) / covered
    return math.exp(mean) / max(in_hand, 1.0)


def _first_round(sheet: Sheet) -> Figure:
    models = float(adapters(sheet.brief))
    one = sheet.figure("labels.first_round", FIRST_ROUND, low=1.0)
    return one if models == 1 else one * models


def labels(ledger: Ledger) -> None:
    """`labels.missing` and `once.labels`: a many-shot prompt's beyond those in hand, a tuned
    model's first round.
    """
    missing = _missing(ledger)
    if missing is None:
        ledger.put("once.labels", "USD", 0.0, "labels", "labels in hand are not paid again")
        return
    sheet = ledger.sheet
    ledger.put("labels.missing", "labels", missing, "labels")
    bought = algebra.reaches(ledger["labels.missing"], 1.0)
    cost = (
        bought * sheet["data.label_setup_usd"] + ledger["labels.missing"] * sheet["data.label_usd"]
    )
    ledger.put("once.labels", "USD", cost, "labels")


def _missing(ledger: Ledger) -> Figure | None:
    """Labels still to be bought; None where no case needs any."""
    in_hand = ledger.sheet["data.examples"]
    if ledger.option.approach == "prompt":
        wanted: Figure | float = float(ledger.option.shown_examples)
    else:
        wanted = training_examples(ledger.sheet)
    lacking = algebra.highest(wanted - in_hand, 0.0)
    return lacking if (np.asarray(lacking.rows) > 0).any() else None
