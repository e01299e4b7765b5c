"""The score of a model that is served in fewer bits than it was trained in."""

from __future__ import annotations

from advisor.core.figure import Figure
from advisor.core.precision import served_bits
from advisor.core.quantity import Basis
from advisor.estimate.ledger import Ledger
from advisor.estimate.quality.effects import EffectKind, effect
from advisor.estimate.side_effects import effect_figure

FULL_BITS = 16


def score_as_served(ledger: Ledger, quality: Figure) -> None:
    """`quality.score`: where the weights are served in 8 or 4 bits, a predicted score less
    the share that published tests lost by that. A measured score is taken as measured so.

    Formula: docs/reference/formulas.md#quality-effects.
    """
    bits = _bits(ledger)
    loss = effect(EffectKind.QUANTISATION, f"{bits}-bit") if bits < FULL_BITS else None
    if loss is None or quality.basis is Basis.MEASURED:
        ledger["quality.score"] = quality
        return
    whole = ledger.put("quality.score_in_16_bits", "score", quality, "quality-effects")
    lost = effect_figure(ledger, EffectKind.QUANTISATION, loss)
    ledger["quality.quantisation_loss"] = lost
    ledger.put("quality.score", "score", whole * (1.0 - lost), "quality-effects")


def _bits(ledger: Ledger) -> int:
    """The widest weights that fit and answer in time; 16 where the model is served elsewhere, or
    nothing is known.
    """
    model = ledger.setting.model(ledger.option.model)
    gpu = ledger.setting.gpu
    if not ledger.option.is_on_gpus or model is None or gpu is None:
        return FULL_BITS
    return served_bits(model, gpu, ledger.brief) or FULL_BITS
