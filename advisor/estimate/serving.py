"""What serving a model costs by the month: own or rented GPUs from their offered load, or a
provider's fee.

Idle time follows from the load, it is never typed in. Formulas: docs/reference/formulas.md#serving,
#upkeep.
"""

from __future__ import annotations

from advisor.core.constants import SECONDS_PER_HOUR
from advisor.core.figure import Figure
from advisor.core.option import Place
from advisor.estimate import algebra, gpu_hours
from advisor.estimate.encoders import is_encoder, reading_speed
from advisor.estimate.ledger import Ledger, Period
from advisor.estimate.options import adapters, may_wait
from advisor.estimate.prompting import calls, token_charges
from advisor.estimate.roofline import UTILISATION, load, within_latency
from advisor.estimate.tariffs import periods

PROVIDER_MONTH_HOURS = 720.0
"""Hours of a month as some providers bill it: 30 days."""


def serve_on_gpus(ledger: Ledger) -> None:
    """`run.hosting` on own or rented GPUs: hours used where a day may pass and speeds are known,
    else all hours.
    """
    ledger.put(
        "run.inference", "USD/month", 0.0, "serving", "no charge per token on the team's own GPU"
    )
    ledger.put("serve.hours", "h/month", _serving_hours(ledger), "serving")
    hosting = ledger.put(
        "run.gpus", "USD/month", ledger["serve.hours"] * gpu_hours.hour_usd(ledger), "serving"
    )
    owned = ledger.option.serving.place is Place.OWNED
    depreciation = gpu_hours.depreciation_usd(ledger) if owned else None
    if depreciation is not None:
        hosting = hosting + ledger.put("run.depreciation", "USD/month", depreciation, "owned-gpus")
    ledger.put("run.hosting", "USD/month", _with_index(ledger, hosting), "serving")
    if (
        ledger.brief.traffic.max_latency_seconds.likely > 0
        and ledger.option.is_on_gpus
        and not is_encoder(ledger)
    ):
        within_latency(ledger)
    if owned:
        full = gpu_hours.full_usd(ledger, ledger["run.hosting"])
        ledger.put("run.hosting_full", "USD/month", full, "owned-gpus")


def _with_index(ledger: Ledger, hosting: Figure) -> Figure:
    """Index and search of a retrieval option come on top."""
    return (
        hosting + ledger.sheet["retrieval.usd_per_month"]
        if ledger.option.traits.retrieves
        else hosting
    )


def _serving_hours(ledger: Ledger) -> Figure:
    """Hours a month for which the GPUs are paid, per set of `hardware.count` GPUs, or per small
    server.
    """
    busy = _busy_hours(ledger)
    if busy is None:
        return _unmeasured_hours(ledger)
    busy = ledger.put("serve.busy_hours", "h/month", busy, "serving")
    if may_wait(ledger.brief):
        return busy
    mean = busy / ledger.sheet["traffic.active_hours_per_month"]
    ledger.put("serve.load", "sets of GPUs", mean / UTILISATION, "serving")
    replicas = algebra.highest(algebra.ceil(ledger["serve.load"]), 1.0)
    return ledger.put("serve.replicas", "sets of GPUs", replicas, "serving") * ledger.month_hours()


def _unmeasured_hours(ledger: Ledger) -> Figure:
    """All hours of one set of GPUs, and of more where the load fills it by the model of batched
    serving.
    """
    hours = (
        ledger.month_hours()
        if may_wait(ledger.brief)
        else ledger.sheet["traffic.active_hours_per_month"]
    )
    sets = load(ledger, ledger.setting.gpu, float(ledger.brief.hardware.count), hours)
    if sets is None:
        return ledger.month_hours()
    ledger.put("serve.load", "sets of GPUs", sets, "serving")
    replicas = algebra.highest(algebra.ceil(ledger["serve.load"]), 1.0)
    return ledger.put("serve.replicas", "sets of GPUs", replicas, "serving") * ledger.month_hours()


def _busy_hours(ledger: Ledger) -> Figure | None:
    """Offered load: hours to read and to write all tokens of a month at the speeds of the GPUs;
    None: not known.
    """
    sheet = ledger.sheet
    hardware = ledger.brief.hardware
    prompt = ledger["tokens.static"] + ledger["tokens.fresh"]
    if is_encoder(ledger):
        speed = reading_speed(ledger)
        return calls(ledger) * prompt / speed / SECONDS_PER_HOUR if speed is not None else None
    if hardware.prefill_tokens_per_second is None or hardware.decode_tokens_per_second is None:
        return None
    reading = prompt / sheet["hardware.prefill_tokens_per_second"]
    writing = ledger["tokens.output"] / sheet["hardware.decode_tokens_per_second"]
    return calls(ledger) * (reading + writing) / SECONDS_PER_HOUR / float(hardware.count)


def serve_hosted(ledger: Ledger) -> None:
    """`run.inference` by token and `run.hosting` by the hour of deployment, idle hours included."""
    tariff = ledger.setting.tuned_price(ledger.option.model, ledger.option.provider)
    token_charges(ledger, tariff)
    _deployments(ledger)
    ledger.put("run.hosting", "USD/month", _with_index(ledger, _fees(ledger)), "serving")
    if ledger.tariff is not None and ledger.tariff.hosting_usd_per_hour:
        thirty_days = ledger["run.hosting"] / ledger.month_hours() * PROVIDER_MONTH_HOURS
        ledger.put("run.hosting_720h", "USD/month", thirty_days, "serving")
    ledger.later = tuple(_with_fees(ledger, period) for period in ledger.later)


def _deployments(ledger: Ledger) -> None:
    """`serve.deployments` where a provider's deployment is a known GPU: more than one where the
    load fills it.
    """
    tariff = ledger.tariff
    gpu = ledger.setting.hosted_gpus.get(tariff.gpu) if tariff is not None else None
    filled = load(ledger, gpu, 1.0, ledger.month_hours())
    if filled is not None:
        sets = algebra.highest(algebra.ceil(filled), 1.0)
        ledger.put("serve.deployments", "deployments", sets, "serving")


def _with_fees(ledger: Ledger, period: Period) -> Period:
    """A later period with the fees of its own day."""
    tariff = ledger.setting.tuned_price(ledger.option.model, ledger.option.provider)
    months = ledger.brief.budget.horizon_months
    tiers = next(t for _, day, t in periods(ledger.setting, tariff, months) if day == period.day)
    then = Ledger(ledger.option, ledger.sheet, ledger.setting)
    then.charge_by(tiers)
    if "serve.deployments" in ledger:
        then["serve.deployments"] = ledger["serve.deployments"]
    name = f"run.hosting_from_{period.day}"
    hosting = ledger.put(name, "USD/month", _with_index(ledger, _fees(then)), "price-changes")
    return Period(period.begin, period.day, {**period.parts, "run.hosting": hosting})


def _fees(ledger: Ledger) -> Figure:
    """Deployment and storage fees of a month.

    Storage is paid for each adapter. So is a deployment that also charges by token: it holds one
    tuned model. One whose tokens are free is a GPU of one's own, which all adapters share.
    """
    tariff = ledger.tariff
    fee = ledger.quoted(
        "price.hosting_hour", tariff.hosting_usd_per_hour if tariff else None, "USD/h"
    )
    models = float(adapters(ledger.brief))
    shared = tariff is not None and not tariff.input_usd and not tariff.output_usd
    month = fee * ledger.month_hours()
    if "serve.deployments" in ledger:
        month = ledger["serve.deployments"] * month
    month = month if shared or models == 1 else month * models
    if tariff is None or not tariff.storage_usd_per_month:
        return month
    storage = ledger.quoted("price.storage", tariff.storage_usd_per_month, "USD/month")
    return month + (storage if models == 1 else storage * models)


def people(ledger: Ledger) -> None:
    """`run.people`: the hours of running a model one serves."""
    sheet = ledger.sheet
    if ledger.option.serving.place is Place.HOSTED:
        ledger.put("run.people", "USD/month", 0.0, "upkeep", "the provider serves the model")
    else:
        ledger.put(
            "run.people",
            "USD/month",
            sheet["team.ops_hours_per_month"] * sheet["team.hourly_usd"],
            "upkeep",
        )
