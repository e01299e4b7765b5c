"""A brief and a setting of our own making, for tests of estimates and of the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from advisor.brief import parse
from advisor.core.brief import Brief
from advisor.core.facts import Cited, Model, TokenPrice
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Mode, Option, Place, Serving
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.estimate.cost import estimate
from advisor.estimate.sheet import Sheet

DAY = date(2026, 11, 20)
CITED = Cited("price list of the test", "2026-11-01")

SONNET = TokenPrice(
    "anthropic",
    "claude-sonnet-5",
    3.0,
    15.0,
    cached_input_usd=0.3,
    cache_write_usd=3.75,
    cache_write_1h_usd=6.0,
    batch_factor=0.5,
    cache_minimum_tokens=1024,
    cache_minutes=(5, 60),
    cited=CITED,
)
TUNED = TokenPrice(
    "azure",
    "ft:gpt-4.1-mini",
    0.4,
    1.6,
    training_usd=5.0,
    hosting_usd_per_hour=1.7,
    cited=CITED,
)

LLAMA = Model(
    "Llama-3.1-8B",
    "Llama 3",
    "decoder",
    8_030_000_000,
    8_030_000_000,
    525_000_000,
    0,
    4096,
    32,
    32,
    8,
    128,
    14_336,
    0,
    0,
    0,
    128_256,
    False,
    131_072,
    "LlamaForCausalLM",
    Cited("its configuration", "2024-07"),
)
ROBERTA = replace(
    LLAMA, name="roberta-base", kind="encoder", params=125_000_000, active_params=125_000_000
)

BRIEF = """
schema = 1
name = "Parcel labels"
as_of = 2026-11-20
[task]
type = "extraction"
domain_specificity = "medium"
output = "json"
[traffic]
requests_per_month = 3_000_000
static_tokens = 1650
input_tokens = 180
output_tokens = 320
batch_cache_hit_rate = 0.6
retry_rate = 0.0
can_wait_24h = true
[quality]
target = 0.9
[data]
examples = 18_000
eval_examples = 600
tokens_per_example = 620
label_usd = 1.2
eval_label_usd = 1.2
labels_per_week = 500
[tuning]
epochs = 3
static_tokens = 120
[team]
hourly_usd = 110
prompt_hours = 0
tuning_hours = 160
evaluation_hours = 0
retrain_hours = 24
retrain_every_months = 3
ops_hours_per_month = 20
training_runs = 6
[hardware]
gpu = "L40S"
usd_per_hour = 1.861
train_tokens_per_second = 2400
prefill_tokens_per_second = 12_000
decode_tokens_per_second = 2500
electricity_usd_per_kwh = 0.3
watts = 300
[models]
prompt = ["claude-sonnet-5"]
tune = ["llama-3.1-8b"]
"""


def brief(**changes: Any) -> Brief:
    """The brief above with other values, `section__key=value`."""
    held = parse(BRIEF, name="test.toml", folder=Path())
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            old = getattr(getattr(held, section), name)
            value = Range.exact(float(value)) if isinstance(old, Range) or old is None else value
        held = replace(held, **{section: replace(getattr(held, section), **{name: value})})
    return held


def setting(
    prices: Mapping[str, TokenPrice] | None = None, tuned: Mapping[str, TokenPrice] | None = None
) -> Setting:
    """Prices by lower-case model name; no GPU is known beyond what the brief states."""
    return Setting(
        DAY,
        {"claude-sonnet-5": SONNET} if prices is None else prices,
        tuned or {},
        {},
        None,
        Quantity.unknown("USD/h", "no GPU"),
    )


def dated(*rows: TokenPrice) -> Setting:
    """Prices of one prompted model: the row in force today, with its tiers and later rows."""
    now = next(r for r in rows if (r.start or date.min) <= DAY and not r.above_tokens)
    return replace(setting({now.model: now}), schedules={(now.provider, now.model): rows})


def score(value: float = 0.9) -> Figure:
    """A score without uncertainty."""
    return Figure(value, "score", "quality.score", basis=Basis.MEASURED, source="test")


def estimated(
    option: Option,
    held: Brief | None = None,
    facts: Setting | None = None,
    *,
    rows: int = 1,
    seed: int | None = None,
    quality: float = 0.9,
    basis: Basis = Basis.MEASURED,
) -> Estimate:
    """One option on a sheet of its own; by default at the likely values alone."""
    own = replace(score(quality), basis=basis)
    return estimate(option, Sheet(held or brief(), rows, seed), facts or setting(), own)


def prompt(*serving: str, technique: str = "few-shot", model: str = "claude-sonnet-5") -> Option:
    """A prompt."""
    return Option("prompt", technique, model, "anthropic", served(*serving))


def served(*suffixes: str) -> Serving:
    """How a prompt is served, by the suffixes of its id."""
    mode, _, lifetime = suffixes[0].partition("-")
    minutes = {"": 0, "5m": 5, "1h": 60}[lifetime]
    return Serving(Place.PROVIDER, Mode(mode), minutes, shared_first="shared-first" in suffixes)


def rented(technique: str = "lora", approach: str = "tune") -> Option:
    """A tuned model on rented GPUs."""
    return Option(approach, technique, "llama-3.1-8b", "", Serving(Place.RENTED))


def still_to_pay(found: Estimate) -> float:
    """What is paid once, without the test items in hand, USD."""
    return found["once.total"].value - found["once.sunk"].value
