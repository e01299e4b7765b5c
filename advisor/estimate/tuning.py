"""What tuning costs: training tokens, hours and runs, serving, upkeep, retraining.

Formulas: docs/reference/formulas.md#tuning.
"""

from __future__ import annotations

from advisor.core.arm import Arm
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity
from advisor.core.setting import Setting
from advisor.estimate import algebra
from advisor.estimate.ledger import HOURS_PER_MONTH, PER_MILLION, Ledger
from advisor.estimate.prompting import prompt_tokens, token_charges

UTILISATION = 0.65
"""Highest mean load of a replica that still answers in time: u_max 0.6 to 0.7, queueing practice."""

SECONDS_PER_HOUR = 3600.0


def tuned_tokens(ledger: Ledger) -> None:
    """Tokens per request of a tuned model: its own instructions, or the whole prompt for a hybrid that keeps it."""
    prompt_tokens(ledger)
    if ledger.arm.technique != "tuned-few-shot":
        ledger.put("tokens.static", "tokens/request", ledger.sheet["tuning.static_tokens"], "tokens")


def train_tokens(ledger: Ledger) -> Figure:
    """Real tokens of one run: examples × tokens per example × epochs; a hybrid is trained on the prompt it keeps."""
    sheet = ledger.sheet
    if ledger.brief.data.tokens_per_example is not None:
        per_example = sheet["data.tokens_per_example"]
    else:
        per_example = sheet["tuning.static_tokens"] + sheet["traffic.input_tokens"] + sheet["traffic.output_tokens"]
    if ledger.arm.technique == "tuned-few-shot":
        per_example = per_example + algebra.highest(ledger["tokens.static"] - sheet["tuning.static_tokens"], 0.0)
    if ledger.arm.technique == "tuned-retrieval":
        per_example = per_example + sheet["retrieval.tokens"]
    tokens = sheet["data.examples"] * per_example * sheet["tuning.epochs"]
    return ledger.put("train.tokens", "tokens", tokens, "train-tokens")


def train_on_cards(ledger: Ledger) -> None:
    """`train.hours` of one run and `once.training` of all runs, on own or rented cards or a rented CPU."""
    tokens = train_tokens(ledger)
    start = ledger.assumed("train.start_hours", 0.02, 0.05, 0.15, "h", "load, first steps and saving: published runs")
    speed = _train_speed(ledger)
    hours = start + tokens / speed / SECONDS_PER_HOUR
    ledger.put("train.hours", "h", hours, "train-time")
    one = ledger.put("train.run_usd", "USD/run", ledger["train.hours"] * _card_hour_usd(ledger), "train-cost")
    ledger.put("once.training", "USD", ledger.sheet["team.training_runs"] * one, "train-cost")


def _train_speed(ledger: Ledger) -> Figure:
    """Real tokens a second of all cards together: measured, else modelled, else unknown."""
    hardware, arm = ledger.brief.hardware, ledger.arm
    if "cpu" in arm.serving:
        return _encoder_speed(ledger)
    if hardware.train_tokens_per_second is not None:
        return ledger.sheet["hardware.train_tokens_per_second"] * float(hardware.count)
    technique = training_technique(arm, ledger.setting)
    found = ledger.setting.training.get((arm.model.lower(), technique))
    reason = f"no training speed known for {arm.model} on {hardware.gpu}"
    quantity = found.tokens_per_second if found is not None else Quantity.unknown("tokens/s", reason)
    return ledger.sheet.figure(f"train.tokens_per_second@{arm.model}/{technique}", quantity, low=0.0)


def training_technique(arm: Arm, setting: Setting) -> str:
    """The technique a run of this arm uses: its own, or for a hybrid LoRA, or QLoRA where only that fits."""
    if (arm.model.lower(), arm.technique) in setting.training:
        return arm.technique
    lora = setting.training.get((arm.model.lower(), "lora"))
    return "qlora" if lora is not None and lora.fits == "no" else "lora"


def _encoder_speed(ledger: Ledger) -> Figure:
    """CPU rate of an encoder: 6 operations per parameter and token over what a small server sustains."""
    model = ledger.setting.model(ledger.arm.model)
    assert model is not None
    rate = ledger.assumed(
        "cpu.gflops", 50, 150, 400, "GFLOP/s", "4 to 8 server cores in fp32 at a third of peak: vendor data sheets"
    )
    size = ledger.sheet.exact(
        "model.active_params", model.active_params, "parameters", Basis.PUBLISHED, model.cited.source, model.cited.as_of
    )
    return rate * 1e9 / (6.0 * size)


def _card_hour_usd(ledger: Ledger) -> Figure:
    """Price of one hour of all cards: rent, or electricity where they are owned."""
    sheet, hardware = ledger.sheet, ledger.brief.hardware
    if "cpu" in ledger.arm.serving:
        return ledger.assumed(
            "cpu.usd_per_hour", 0.05, 0.1, 0.2, "USD/h", "2 to 4 virtual cores on demand: list prices"
        )
    if not hardware.owned:
        rent = sheet["hardware.usd_per_hour"]
        if hardware.usd_per_hour is None:
            rent = sheet.figure("gpu.usd_per_hour", ledger.setting.gpu_usd_per_hour, low=0.0)
        return rent * float(hardware.count)
    watts = sheet["hardware.watts"]
    gpu = ledger.setting.gpu
    if hardware.watts is None:
        power = gpu.power_watts if gpu is not None else None
        source = gpu.cited.source if gpu is not None else f"no power known for {hardware.gpu}"
        watts = sheet.exact("gpu.power_watts", power, "W", Basis.PUBLISHED, source, gpu.cited.as_of if gpu else "")
    return watts * float(hardware.count) / 1000.0 * sheet["hardware.electricity_usd_per_kwh"]


def train_hosted(ledger: Ledger) -> None:
    """`once.training` at a provider: tokens × price per run, never below the minimum charge of a job."""
    ledger.tariff = ledger.setting.tuned_price(ledger.arm.model)
    tokens = train_tokens(ledger)
    ledger.put(
        "train.hours",
        "h",
        ledger.assumed("provider.hours", 0.2, 1.0, 4.0, "h", "provider job times seen"),
        "train-time",
    )
    if (
        ledger.tariff is not None
        and ledger.tariff.training_usd is None
        and ledger.tariff.training_usd_per_hour is not None
    ):
        price = ledger.quoted("price.training_hour", ledger.tariff.training_usd_per_hour, "USD/h")
        charge = ledger["train.hours"] * price
    else:
        price = ledger.quoted("price.training", ledger.tariff.training_usd if ledger.tariff else None)
        charge = tokens * price / PER_MILLION
    minimum = ledger.tariff.training_minimum_usd if ledger.tariff is not None else 0.0
    if minimum:
        charge = algebra.highest(charge, ledger.quoted("price.training_minimum", minimum, "USD/run"))
    one = ledger.put("train.run_usd", "USD/run", charge, "train-cost")
    ledger.put("once.training", "USD", ledger.sheet["team.training_runs"] * one, "train-cost")


def serve_on_cards(ledger: Ledger) -> None:
    """`run.hosting` on own or rented cards: hours used where a day may pass and speeds are known, else all hours."""
    ledger.put("run.inference", "USD/month", 0.0, "serving", "no charge per token on one's own card")
    hours = _serving_hours(ledger)
    ledger.put("serve.hours", "h/month", hours, "serving")
    hosting = ledger["serve.hours"] * _card_hour_usd(ledger)
    ledger.put("run.hosting", "USD/month", _with_index(ledger, hosting), "serving")


def _with_index(ledger: Ledger, hosting: Figure) -> Figure:
    """Index and search of a retrieval arm come on top."""
    return hosting + ledger.sheet["retrieval.usd_per_month"] if "retrieval" in ledger.arm.technique else hosting


def _serving_hours(ledger: Ledger) -> Figure:
    """Hours a month for which the cards are paid, per set of `hardware.count` cards."""
    hardware, traffic = ledger.brief.hardware, ledger.brief.traffic
    known = hardware.prefill_tokens_per_second is not None and hardware.decode_tokens_per_second is not None
    month = ledger.sheet.exact("hours_per_month", HOURS_PER_MONTH, "h/month", Basis.QUOTED, "a month has 730 hours", "")
    if "cpu" in ledger.arm.serving or not known:
        return month
    busy = ledger.put("serve.busy_hours", "h/month", _busy_hours(ledger), "serving")
    if traffic.can_wait_24h:
        return busy
    load = busy / ledger.sheet["traffic.active_hours_per_month"] / UTILISATION
    replicas = algebra.highest(algebra.ceil(load), 1.0)
    return ledger.put("serve.replicas", "sets of cards", replicas, "serving") * month


def _busy_hours(ledger: Ledger) -> Figure:
    """Offered load: hours to read and to write all tokens of a month at the measured speeds of the cards."""
    sheet, count = ledger.sheet, float(ledger.brief.hardware.count)
    calls = sheet["traffic.requests_per_month"] * (1 + sheet["traffic.retry_rate"])
    reading = (ledger["tokens.static"] + ledger["tokens.fresh"]) / sheet["hardware.prefill_tokens_per_second"]
    writing = ledger["tokens.output"] / sheet["hardware.decode_tokens_per_second"]
    return calls * (reading + writing) / SECONDS_PER_HOUR / count


def serve_hosted(ledger: Ledger) -> None:
    """`run.inference` by token and `run.hosting` by the hour of deployment, idle hours included."""
    tariff = ledger.setting.tuned_price(ledger.arm.model)
    token_charges(ledger, tariff)
    fee = ledger.quoted("price.hosting_hour", tariff.hosting_usd_per_hour if tariff else None, "USD/h")
    month = ledger.sheet.exact("hours_per_month", HOURS_PER_MONTH, "h/month", Basis.QUOTED, "a month has 730 hours", "")
    storage = ledger.quoted("price.storage", tariff.storage_usd_per_month if tariff else None, "USD/month")
    hosting = fee * month + storage if tariff is not None and tariff.storage_usd_per_month else fee * month
    ledger.put("run.hosting", "USD/month", _with_index(ledger, hosting), "serving")


def people(ledger: Ledger) -> None:
    """`run.people`: the hours of running a model one serves."""
    sheet = ledger.sheet
    if "hosted" in ledger.arm.serving:
        ledger.put("run.people", "USD/month", 0.0, "upkeep", "the provider serves the model")
    else:
        ledger.put("run.people", "USD/month", sheet["team.ops_hours_per_month"] * sheet["team.hourly_usd"], "upkeep")


def upkeep(ledger: Ledger) -> None:
    """`run.people`, and `run.retraining`: hours and one training, spread over its interval."""
    sheet = ledger.sheet
    people(ledger)
    once = sheet["team.retrain_hours"] * sheet["team.hourly_usd"] + ledger["train.run_usd"]
    ledger.put("run.retraining", "USD/month", once / sheet["team.retrain_every_months"], "retraining")
