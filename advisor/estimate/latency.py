"""How long one answer takes, where the brief sets a limit: on GPUs alone in its batch, at a
provider by a planning range, of an encoder by its reading speed.

Formulas: docs/reference/formulas.md#latency.
"""

from __future__ import annotations

from advisor.core.figure import Figure
from advisor.core.option import Mode, Place
from advisor.estimate.encoders import is_encoder, reading_speed
from advisor.estimate.ledger import Ledger


def answer_seconds(ledger: Ledger) -> None:
    """`time.answer_seconds`: the median wait for a whole answer, network included for a provider.

    Nothing where the brief sets no limit, or where too little is known of the GPU. Calls of one
    request that vote run side by side. A cascade waits for both models.
    """
    option = ledger.option
    if ledger.brief.traffic.max_latency_seconds.likely == 0 or option.serving.mode is Mode.BATCH:
        return
    seconds = _of_model(ledger)
    if seconds is not None and option.helper:
        seconds = seconds + _of_provider(ledger)
    if seconds is not None:
        ledger.put("time.answer_seconds", "s", seconds, "latency")


def _of_model(ledger: Ledger) -> Figure | None:
    place = ledger.option.serving.place
    if is_encoder(ledger):
        speed = reading_speed(ledger)
        tokens = ledger["tokens.static"] + ledger["tokens.fresh"]
        return tokens / speed if speed is not None else None
    if place in (Place.PROVIDER, Place.HOSTED):
        return _of_provider(ledger)
    if "serve.further_seconds" not in ledger:
        return None
    return ledger["serve.write_seconds"] + ledger["serve.further_seconds"]


def _of_provider(ledger: Ledger) -> Figure:
    first = ledger.assumed(
        "provider.first_token_seconds",
        0.3,
        0.6,
        1.5,
        "s",
        "wait for the first token of a hosted model; planning range, no survey",
    )
    speed = ledger.assumed(
        "provider.tokens_per_second",
        40,
        80,
        150,
        "tokens/s",
        "writing speed of one answer of a hosted model; planning range, no survey",
    )
    return first + ledger["tokens.output"] / speed
