"""What tuning costs: training tokens, hours and runs, labels, and training again.

Formulas: docs/reference/formulas.md#train-tokens, #train-time, #train-cost, #retraining.
"""

from __future__ import annotations

from advisor.core.constants import SECONDS_PER_HOUR
from advisor.core.figure import Figure
from advisor.core.option import Option
from advisor.core.quantity import Quantity
from advisor.core.setting import Setting
from advisor.estimate import algebra, gpu_hours
from advisor.estimate.encoders import cpu_speed, is_encoder
from advisor.estimate.labels import training_examples
from advisor.estimate.ledger import PER_MILLION, Ledger
from advisor.estimate.options import adapters, score_of_tuned
from advisor.estimate.planned import longest_row
from advisor.estimate.prompting import measured_static, prompt_tokens
from advisor.estimate.serving import people
from advisor.estimate.tariffs import today

TRAINING_OPERATIONS = 6.0
"""Operations per parameter and token of forward and backward pass (Kaplan et al. 2020)."""

ANSWERS_OF_A_PAIR = 2.0
"""DPO reads the prompt with the preferred answer and with the rejected one (Rafailov et al. 2023);
its reference model is in the training speed and in the memory.
"""

LONGEST_INTERVAL_MONTHS = 120.0
"""An interval of ten years, the longest horizon, stands for never."""

SHORTEST_INTERVAL_MONTHS = 0.1


def tuned_tokens(ledger: Ledger) -> None:
    """Tokens per request of a tuned model: its own instructions, or the whole prompt for a hybrid
    that keeps it.
    """
    prompt_tokens(ledger)
    if is_encoder(ledger):
        why = "a classifier reads the input alone"
        ledger.put("tokens.static", "tokens/request", 0.0, "tokens", why)
        return
    static = measured_static(ledger, score_of_tuned(ledger.brief, ledger.option))
    if static is None and not ledger.option.traits.keeps_prompt:
        static = ledger.sheet["tuning.static_tokens"]
    if static is not None:
        ledger.put("tokens.static", "tokens/request", static, "tokens")


def train_tokens(ledger: Ledger) -> Figure:
    """Real tokens of one run: examples × tokens per example × epochs; a hybrid is trained on the
    prompt it keeps.
    """
    sheet = ledger.sheet
    if ledger.brief.data.tokens_per_example is not None:
        per_example = sheet["data.tokens_per_example"]
    elif is_encoder(ledger):
        per_example = sheet["traffic.input_tokens"]  # it reads the input alone and writes nothing
    else:
        per_example = (
            sheet["tuning.static_tokens"] + sheet["traffic.input_tokens"] + ledger["tokens.output"]
        )
    tokens = training_examples(sheet) * _with_prompt(ledger, per_example) * sheet["tuning.epochs"]
    if ledger.option.technique == "dpo":
        tokens = tokens * ANSWERS_OF_A_PAIR
    return ledger.put("train.tokens", "tokens", tokens, "train-tokens")


def _with_prompt(ledger: Ledger, per_example: Figure) -> Figure:
    """Tokens of an example with what a hybrid keeps in its prompt."""
    if ledger.option.traits.keeps_prompt:
        prompt = ledger["tokens.static"] - ledger.sheet["tuning.static_tokens"]
        return per_example + algebra.highest(prompt, 0.0)
    if ledger.option.traits.retrieves:
        return per_example + ledger.sheet["retrieval.tokens"]
    return per_example


def train_on_machines(ledger: Ledger) -> None:
    """`train.hours` of one run and `once.training` of all runs, on own or rented GPUs; on a CPU
    where there are none and the model is an encoder.
    """
    tokens = train_tokens(ledger)
    start = ledger.assumed(
        "train.start_hours", 0.02, 0.05, 0.15, "h", "load, first steps and saving: published runs"
    )
    speed = _train_speed(ledger)
    ledger.put("train.hours", "h", start + tokens / speed / SECONDS_PER_HOUR, "train-time")
    one = ledger.put(
        "train.run_usd",
        "USD/run",
        ledger["train.hours"] * gpu_hours.training_hour_usd(ledger),
        "train-cost",
    )
    ledger.put("once.training", "USD", ledger.sheet["team.training_runs"] * one, "train-cost")


def _train_speed(ledger: Ledger) -> Figure:
    """Real tokens a second of all GPUs together: measured, else modelled, else unknown."""
    hardware = ledger.brief.hardware
    option = ledger.option
    if not gpu_hours.trains_on_gpus(ledger):
        return cpu_speed(ledger, TRAINING_OPERATIONS)
    if not is_encoder(ledger) and hardware.train_tokens_per_second is not None:
        return ledger.sheet["hardware.train_tokens_per_second"] * float(hardware.count)
    technique = training_technique(option, ledger.setting)
    training = ledger.setting.training.get((option.model.lower(), technique))
    reason = f"no training speed known for {option.model} on {hardware.gpu}"
    quantity = (
        training.tokens_per_second if training is not None else Quantity.unknown("tokens/s", reason)
    )
    return ledger.sheet.figure(
        f"train.tokens_per_second@{option.model}/{technique}", quantity, low=0.0
    )


def training_technique(option: Option, setting: Setting) -> str:
    """The technique a run of this option uses: its own, or for a hybrid LoRA, or QLoRA where only
    that fits.
    """
    if (option.model.lower(), option.technique) in setting.training:
        return option.technique
    lora = setting.training.get((option.model.lower(), "lora"))
    return "qlora" if lora is not None and lora.fits == "no" else "lora"


def train_hosted(ledger: Ledger) -> None:
    """`once.training` at a provider: tokens × price per run, never below the minimum charge of a
    job.

    Each adapter is a job of its own. Where the longest example is known, `train.run_padded_usd`
    says what a run costs with a provider that bills rows × longest row when packing is off.
    """
    tariff = ledger.setting.tuned_price(ledger.option.model, ledger.option.provider)
    ledger.charge_by(today(ledger.setting, tariff))
    tokens = train_tokens(ledger)
    hours = ledger.assumed("provider.hours", 0.2, 1.0, 4.0, "h", "provider job times seen")
    ledger.put("train.hours", "h", hours, "train-time")
    one = ledger.put("train.run_usd", "USD/run", _job_usd(ledger, tokens), "train-cost")
    ledger.put("once.training", "USD", ledger.sheet["team.training_runs"] * one, "train-cost")
    padded = _padded_tokens(ledger)
    if padded is not None:
        ledger.put("train.padded_tokens", "tokens", padded, "train-tokens")
        ledger.put(
            "train.run_padded_usd",
            "USD/run",
            _job_usd(ledger, ledger["train.padded_tokens"]),
            "train-cost",
        )


def _job_usd(ledger: Ledger, tokens: Figure) -> Figure:
    """One run at a provider: by token, or by the hour where that is how it bills; never below the
    minimum.
    """
    tariff = ledger.tariff
    if (
        tariff is not None
        and tariff.training_usd is None
        and tariff.training_usd_per_hour is not None
    ):
        charge = ledger["train.hours"] * ledger.quoted(
            "price.training_hour", tariff.training_usd_per_hour, "USD/h"
        )
    else:
        price = ledger.quoted("price.training", tariff.training_usd if tariff is not None else None)
        charge = tokens * price / PER_MILLION
    if tariff is None or not tariff.training_minimum_usd:
        return charge
    minimum = ledger.quoted("price.training_minimum", tariff.training_minimum_usd, "USD/run")
    jobs = float(adapters(ledger.brief))
    return algebra.highest(charge, minimum if jobs == 1 else minimum * jobs)


def _padded_tokens(ledger: Ledger) -> Figure | None:
    """Rows × longest row × epochs, where the data were looked at and something is billed by
    token.
    """
    report = ledger.setting.data
    tariff = ledger.tariff
    row_tokens = longest_row(ledger.brief, ledger.setting)
    if report is None or row_tokens is None or tariff is None or tariff.training_usd is None:
        return None
    longest = ledger.sheet.exact(
        "data.longest_tokens",
        row_tokens,
        "tokens/example",
        report.tokens_per_row.basis,
        report.tokens_per_row.source,
        report.as_of,
    )
    return (
        training_examples(ledger.sheet)
        * _with_prompt(ledger, longest)
        * ledger.sheet["tuning.epochs"]
    )


def upkeep(ledger: Ledger) -> None:
    """`run.people`, and `run.retraining`: hours and one training, spread over its interval."""
    sheet = ledger.sheet
    people(ledger)
    once = sheet["team.retrain_hours"] * sheet["team.hourly_usd"] + ledger["train.run_usd"]
    ledger.put("retrain.once_usd", "USD", once, "retraining")
    _interval(ledger)
    ledger.put(
        "run.retraining",
        "USD/month",
        ledger["retrain.once_usd"] / ledger["retrain.months"],
        "retraining",
    )


def _interval(ledger: Ledger) -> None:
    """`retrain.months`: as given, else the optimum where stale facts have a price, else the
    usual.
    """
    sheet = ledger.sheet
    key = "team.retrain_every_months"
    _optimum(ledger)
    if key in ledger.brief.origins or "retrain.optimum_months" not in ledger:
        ledger.put("retrain.months", "months", sheet[key], "retraining")
        return
    longest = algebra.lowest(
        ledger["retrain.optimum_months"], float(ledger.brief.budget.horizon_months)
    )
    months = algebra.highest(longest, SHORTEST_INTERVAL_MONTHS)
    put = sheet.is_put(key)
    if put.any():
        months = algebra.either(Figure(put.astype(float)), lambda: sheet[key], lambda: months)
    ledger.put("retrain.months", "months", months, "retraining")


def goes_stale(option: Option) -> bool:
    """A tuned model keeps the facts of its training until the next one, unless it looks them up."""
    return option.traits.goes_stale


def _optimum(ledger: Ledger) -> None:
    """`retrain.optimum_months`: √(2C ÷ d), where errors have a price and facts change (peers:
    economic interval).
    """
    sheet = ledger.sheet
    task = ledger.brief.task
    worth = (
        ledger.brief.quality.error_cost_usd,
        task.knowledge_change_per_month,
        task.factual_share,
    )
    if not goes_stale(ledger.option) or not all(spread.likely > 0 for spread in worth):
        return
    stale = sheet["task.factual_share"] * sheet["task.knowledge_change_per_month"]
    growth = sheet["traffic.requests_per_month"] * stale * sheet["quality.error_cost_usd"]
    ledger.put("retrain.loss_growth", "USD/month per month", growth, "retraining")
    square = algebra.quotient(
        2.0 * ledger["retrain.once_usd"], ledger["retrain.loss_growth"], LONGEST_INTERVAL_MONTHS**2
    )
    best = algebra.lowest(algebra.sqrt(square), LONGEST_INTERVAL_MONTHS)
    ledger.put("retrain.optimum_months", "months", best, "retraining")
