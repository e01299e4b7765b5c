"""Labels a tuned model learns from, and those still to be bought.

Formulas: docs/reference/formulas.md#labels.
"""

from __future__ import annotations

import math

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity, Range
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger
from advisor.estimate.options import adapters
from advisor.estimate.sheet import Sheet

FIRST_ROUND = Quantity(
    Range(100, 500, 2000),
    "labels",
    Basis.ASSUMED,
    "none in hand: tuning guides of providers show first gains from 50 to 100 and expect hundreds "
    "to thousands",
    "",
)
"""Labels of a first round for each adapter, where a tuned model has none to learn from."""


def training_examples(sheet: Sheet) -> Figure:
    """Examples a tuned model learns from: those in hand, or, where there are none, a first round
    that is bought.
    """
    have = sheet["data.examples"]
    return algebra.either(algebra.reaches(have, 1.0), lambda: have, lambda: _first_round(sheet))


def own_examples(sheet: Sheet) -> Figure:
    """Examples that one tuned model learns from: its segment's own, or a first round of its own.

    Over several segments: their mean in ln n, weighted by share, since a score is about linear in
    ln n.
    """
    have = sheet["data.examples"]
    return algebra.either(
        algebra.reaches(have, 1.0),
        lambda: have * _own_share(sheet.brief),
        lambda: _round_of_one(sheet),
    )


def _own_share(brief: Brief) -> float:
    """Part of all labels in hand that one tuned model learns from; all of them where there are no
    segments.
    """
    segments = brief.segments
    in_hand = brief.data.examples.likely
    traffic = sum(s.share.likely for s in segments)
    if not segments or traffic == 0:
        return 1.0
    mean = sum(s.share.likely * math.log(max(s.examples.likely, 1.0)) for s in segments) / traffic
    return math.exp(mean) / max(in_hand, 1.0)


def _round_of_one(sheet: Sheet) -> Figure:
    return sheet.figure("labels.first_round", FIRST_ROUND, low=1.0)


def _first_round(sheet: Sheet) -> Figure:
    models = float(adapters(sheet.brief))
    return _round_of_one(sheet) if models == 1 else _round_of_one(sheet) * models


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
    have = ledger.sheet["data.examples"]
    examples = float(ledger.option.shown_examples)
    if ledger.option.approach == "prompt":
        enough = algebra.reaches(have, examples)
        lacking = algebra.highest(examples - have, 0.0)
    else:
        enough = algebra.reaches(have, 1.0)
        lacking = training_examples(ledger.sheet)
    is_enough = enough.rows if isinstance(enough.rows, float) else enough.rows.all()
    if is_enough:
        return None
    none = ledger.sheet.exact(
        "labels.in_hand", 0.0, "labels", Basis.QUOTED, "enough labels are in hand", ""
    )
    return algebra.either(enough, lambda: none, lambda: lacking)
