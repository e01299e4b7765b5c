"""The cards that train and serve."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask, spread


@dataclass(frozen=True, slots=True)
class Hardware:
    """Where a tuned open model is trained and served."""

    gpu: str = ask(
        "Which GPU?",
        "auto: the local one; none; or a name known to `advisor facts gpus`.",
        "text",
        "auto",
        "the local card, where there is one",
        basic=True,
    )
    count: int = ask(
        "How many cards?",
        "To train and serve on.",
        "whole",
        1,
        "a single card",
        unit="cards",
        low=1,
        high=100_000,
    )
    owned: bool = ask(
        "Do you own it?",
        "Owned cards cost electricity, rented ones by the hour.",
        "yes-no",
        False,
        "rented unless told",
    )
    usd_per_hour: Range | None = ask(
        "What does a card cost an hour?",
        "What you pay to rent one. Left out: from the price table, by provider.",
        "number",
        None,
        "GPU price table, by provider",
        unit="USD/h",
        low=0,
    )
    provider: str = ask(
        "Rented from whom?",
        "A provider of `advisor facts gpus --prices`; the same card costs up to six times more elsewhere.",
        "text",
        "",
        "the spread over all providers",
    )
    electricity_usd_per_kwh: Range = ask(
        "What does electricity cost?",
        "For owned cards.",
        "number",
        spread(0.108, 0.15, 0.295),
        "EIA, US commercial: lowest state, average, highest state",
        unit="USD/kWh",
        low=0,
        as_of="2026-04-26",
    )
    watts: Range | None = ask(
        "How many watts does a card draw?",
        "Measured under load. Left out or 0: from the GPU table.",
        "number",
        None,
        "rated power of the GPU table",
        unit="W",
        low=0,
        zero_is_absent=True,
    )
    train_tokens_per_second: Range | None = ask(
        "How fast does a card train?",
        "Measured, per card, real tokens. Left out or 0: from a calibration, else modelled.",
        "number",
        None,
        "a calibration, else modelled",
        unit="tokens/s",
        low=0,
        zero_is_absent=True,
    )
    prefill_tokens_per_second: Range | None = ask(
        "How fast does a card read?",
        "Measured, per card, when serving. Left out or 0: not known.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
        zero_is_absent=True,
    )
    decode_tokens_per_second: Range | None = ask(
        "How fast does a card write?",
        "Measured, per card, all requests together. Left out or 0: not known.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
        zero_is_absent=True,
    )
