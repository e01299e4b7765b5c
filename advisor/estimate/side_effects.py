"""Figures of what an option does beside its score: how far it varies, and what tuning may harm.

They enter no total. Formulas: docs/reference/formulas-quality.md#quality-effects.
"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core.figure import Figure
from advisor.core.quantity import Quantity
from advisor.core.techniques import Weights
from advisor.estimate.labels import own_examples
from advisor.estimate.ledger import Ledger
from advisor.estimate.quality.effects import EffectKind, effect
from advisor.estimate.sheet import two_piece


def side_effects(ledger: Ledger) -> None:
    """Adds `quality.wording_spread` and similar figures, as far as a study measured them."""
    for kind, size in _effects(ledger):
        if size is not None:
            ledger[f"quality.{kind}"] = effect_figure(ledger, kind, size)


def _effects(ledger: Ledger) -> Iterator[tuple[EffectKind, Quantity | None]]:
    option = ledger.option
    yield EffectKind.WORDING, effect(EffectKind.WORDING, option.approach)
    if option.approach == "prompt":
        if option.traits.shown_examples:
            demonstrations = option.shown_examples or option.traits.shown_examples
            yield EffectKind.REPEATS, effect(EffectKind.REPEATS, "prompt", demonstrations)
        yield EffectKind.REASONING, effect(EffectKind.REASONING, option.traits.evidence)
        yield EffectKind.VOTING, effect(EffectKind.VOTING, option.technique)
        return
    sheet = ledger.sheet
    labels = sheet.shared("quality|own examples", lambda: own_examples(sheet)).value
    yield EffectKind.REPEATS, effect(EffectKind.REPEATS, "tune", labels)
    if option.technique != "encoder":  # a classifier has no other skill to lose
        weights = option.traits.weights
        trained = Weights.ADAPTER if weights is Weights.PROVIDER else weights
        yield EffectKind.FORGETTING, effect(EffectKind.FORGETTING, trained)
    if option.approach == "tune":
        yield EffectKind.BELOW_PROMPT, effect(EffectKind.BELOW_PROMPT, "tune", labels)


def effect_figure(ledger: Ledger, kind: EffectKind, size: Quantity) -> Figure:
    """An effect as a figure that is the same for every option that it applies to."""
    name = f"quality.{kind}"
    sheet = ledger.sheet

    def make() -> Figure:
        rows = two_piece(size.range, sheet.normals(name), positive=False)
        if kind is not EffectKind.REASONING:
            rows = rows.clip(min=0.0)
        return Figure(
            rows,
            size.unit,
            name,
            basis=size.basis,
            source=size.source,
            as_of=size.as_of,
            anchor="quality",
        )

    return sheet.shared(f"{name}|{size.source}|{size.range.p50}", make)
