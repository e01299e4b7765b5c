"""The GPUs that train and serve."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask, spread


@dataclass(frozen=True, slots=True)
class Hardware:
    """Where a tuned open model is trained and served."""

    gpu: str = ask(
        "Which GPU?",
        "auto: the local one; none; or a name listed by `advisor facts gpus`.",
        "text",
        "auto",
        "the local GPU, if there is one",
        basic=True,
    )
    count: int = ask(
        "How many GPUs?",
        "To train and serve on.",
        "whole",
        1,
        "a single GPU",
        unit="GPUs",
        low=1,
        high=100_000,
    )
    owned: bool = ask(
        "Do you own them?",
        "Owned GPUs cost electricity; rented ones are paid by the hour.",
        "yes-no",
        False,
        "rented, unless stated",
    )
    purchase_usd: Range | None = ask(
        "What did the purchase of one GPU cost?",
        "With its part of the server. Left out: own GPUs cost electricity alone.",
        "number",
        None,
        "no purchase counted",
        unit="USD/GPU",
        low=0,
        high=1e7,
    )
    life_months: Range = ask(
        "Over how many months is a GPU written off?",
        "In equal parts. Counts where the purchase is stated.",
        "number",
        spread(36, 60, 72),
        "useful lives of servers in annual reports: 5 to 6 years; 3 for the cautious",
        unit="months",
        low=1,
        high=240,
        as_of="2025",
    )
    usd_per_hour: Range | None = ask(
        "What does one GPU cost per hour?",
        "What you pay to rent one. Left out: from the price table, by provider.",
        "number",
        None,
        "GPU price table, by provider",
        unit="USD/h",
        low=0,
        high=10_000,
    )
    provider: str = ask(
        "From which provider?",
        "A provider of `advisor facts gpus --prices`; prices of one GPU differ up to sixfold.",
        "text",
        "",
        "the spread over all providers",
    )
    electricity_usd_per_kwh: Range = ask(
        "What does electricity cost?",
        "For owned GPUs.",
        "number",
        spread(0.108, 0.15, 0.295),
        "EIA, US commercial: lowest state, average, highest state",
        unit="USD/kWh",
        low=0,
        high=100,
        as_of="2026-04-26",
    )
    watts: Range | None = ask(
        "How many watts does one GPU draw?",
        "Measured under load. Left out or 0: from the GPU table.",
        "number",
        None,
        "rated power of the GPU table",
        unit="W",
        low=0,
        high=20_000,
        zero_is_absent=True,
    )
    train_tokens_per_second: Range | None = ask(
        "How fast does one GPU train?",
        "Measured, per GPU, without padding. Left out or 0: from a calibration, else modelled.",
        "number",
        None,
        "a calibration, else modelled",
        unit="tokens/s",
        low=0,
        high=1e9,
        zero_is_absent=True,
    )
    prefill_tokens_per_second: Range | None = ask(
        "How fast does one GPU read a prompt?",
        "Measured per GPU while serving. Left out or 0: not known.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
        high=1e9,
        zero_is_absent=True,
    )
    decode_tokens_per_second: Range | None = ask(
        "How fast does one GPU write?",
        "Measured per GPU, all requests together. Left out or 0: not known.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
        high=1e9,
        zero_is_absent=True,
    )
