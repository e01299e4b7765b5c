"""One option, estimated: cost, time and quality as figures. The order of the formulas stands
here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.core.constants import DAYS_PER_MONTH
from advisor.core.figure import Figure, outlined
from advisor.core.lifecycle import ends_within_horizon
from advisor.core.option import RANKED, Estimate, Option, Place
from advisor.core.quantity import Basis, Quantity, share_range
from advisor.core.setting import Setting
from advisor.estimate import horizon, money, serving, tuning
from advisor.estimate.latency import answer_seconds
from advisor.estimate.ledger import Ledger, Period
from advisor.estimate.options import cascade_of, search_of, servings
from advisor.estimate.prompting import calls, prompt_tokens, token_charges
from advisor.estimate.quantised import score_as_served
from advisor.estimate.sheet import Sheet
from advisor.estimate.side_effects import side_effects


def estimate_all(
    options: Sequence[Option], sheet: Sheet, setting: Setting, quality: Mapping[str, Figure]
) -> tuple[Estimate, ...]:
    """Every option on the same sheet; `quality` by skill."""
    estimates = tuple(estimate(option, sheet, setting, quality[option.skill]) for option in options)
    sheet.ledgers.clear()  # each holds the sheet: without them it is freed at once
    return estimates


def estimate(option: Option, sheet: Sheet, setting: Setting, quality: Figure) -> Estimate:
    """All figures of one option."""
    ledger = Ledger(option, sheet, setting)
    score_as_served(ledger, quality)
    if (
        option.as_is
        and sheet.brief.current is not None
        and sheet.brief.current.monthly_usd is not None
    ):
        _bill(ledger)
    elif option.approach == "prompt":
        _prompted(ledger)
    else:
        _tuned(ledger)
    money.run_total(ledger)
    money.errors(ledger)
    money.once_total(ledger)
    money.weeks(ledger)
    answer_seconds(ledger)
    end = ends_within_horizon(option, sheet.brief, setting)
    if end is not None and not option.as_is:
        months = (end.day - setting.as_of).days / DAYS_PER_MONTH
        horizon.move(ledger, months, f"{end.model} ends {end.day:%Y-%m-%d}")
    horizon.horizon(ledger)
    if sheet.lean:
        ranked = (ledger[name] for name in RANKED if name in ledger)
        return Estimate(option, {figure.id: figure.on(figure.rows) for figure in ranked})
    money.per_accepted(ledger)
    side_effects(ledger)
    return Estimate(option, outlined(ledger))


def _bill(ledger: Ledger) -> None:
    """The option in place at its present bill."""
    prompt_tokens(ledger)
    ledger.put("run.inference", "USD/month", ledger.sheet["current.monthly_usd"], "as-is")


def _prompted(ledger: Ledger) -> None:
    """A prompt pays by token, or, on one's own GPUs, for the GPUs and their upkeep."""
    prompt_tokens(ledger)
    if ledger.option.is_self_hosted:
        serving.serve_on_gpus(ledger)
        serving.people(ledger)
        return
    token_charges(ledger, ledger.setting.price(ledger.option.model, ledger.option.provider))
    if ledger.option.traits.retrieves:
        ledger.put("run.hosting", "USD/month", ledger.sheet["retrieval.usd_per_month"], "run")
    if ledger.option.technique == "searched":
        _search(ledger)


def _search(ledger: Ledger) -> None:
    """`once.training` of a searched prompt: what its search cost, else the calls of a usual one,
    each the price of a request.
    """
    score = search_of(ledger.sheet.brief, ledger.option.model)
    if score is not None and score.search_usd is not None:
        name = f"search.usd@{score.model}"
        source = score.source or "quality.measured"
        cost = Quantity(score.search_usd, "USD", Basis.MEASURED, source, score.as_of)
        spent = ledger.sheet.figure(name, cost, low=0.0)
        ledger.put("once.training", "USD", spent, "prompt-search")
        return
    source = "prompt optimisers report 1,000 to 10,000 calls a search, a usual run about 3,200"
    searched = ledger.assumed("search.calls", 1000, 3200, 10_000, "requests", source)
    ledger.put("once.training", "USD", searched * ledger["run.request"], "prompt-search")


def _tuned(ledger: Ledger) -> None:
    tuning.tuned_tokens(ledger)
    if ledger.option.serving.place is Place.HOSTED:
        tuning.train_hosted(ledger)
        serving.serve_hosted(ledger)
    else:
        tuning.train_on_machines(ledger)
        serving.serve_on_gpus(ledger)
    if ledger.option.helper:
        _cascade(ledger)
    tuning.upkeep(ledger)


def _cascade(ledger: Ledger) -> None:
    """Charges of the prompted model for the share of requests that the tuned one passes on."""
    helper = ledger.sheet.shared_ledger(ledger.option.helper, lambda: _helper(ledger))
    passed_on = _passed_on(ledger)
    request = helper["run.request"].named("helper.request", "USD/request", "cascade")
    own = ledger["run.inference"]
    escalated = calls(ledger) * passed_on * request
    charges = escalated
    if own.operands:
        # Under a name of its own, so that the sum does not explain itself by itself.
        charges = ledger.put("run.tuned_inference", "USD/month", own, "cascade") + escalated
    ledger.put("run.inference", "USD/month", charges, "cascade")
    ledger["helper.request"] = request
    ledger["cascade.passed_on"] = passed_on
    ledger.later = _passed_on_later(ledger, helper, own, passed_on)


def _passed_on(ledger: Ledger) -> Figure:
    """The share that the larger model answers: as measured, within Wilson's interval for so many
    items, else as published.
    """
    score = cascade_of(ledger.sheet.brief, ledger.option.model)
    if score is None or score.passed_on is None:
        source = "confidence cascades in public reports pass on 10 to 35 %"
        return ledger.assumed("cascade.passed_on", 0.1, 0.2, 0.35, "share", source)
    source = score.source or "quality.measured"
    share = share_range(score.passed_on, score.items)
    measured = Quantity(share, "share", Basis.MEASURED, source, score.as_of)
    name = f"cascade.passed_on@{score.model}"
    return ledger.sheet.figure(name, measured, low=0.0, high=1.0)


def _helper(ledger: Ledger) -> Ledger:
    """The prompted model behind a cascade, served the way that is cheapest at the likely values."""
    model = ledger.option.helper
    setting = ledger.setting
    likely = Sheet(ledger.brief, 1)
    options = (
        _charged(Ledger(Option("prompt", "few-shot", model, serving=serving), likely, setting))
        for serving in servings(ledger.brief, setting.price(model))
    )
    best = min(options, key=lambda option: option["run.request"].value)
    return _charged(Ledger(best.option, ledger.sheet, setting))


def _charged(helper: Ledger) -> Ledger:
    prompt_tokens(helper)
    token_charges(helper, helper.setting.price(helper.option.model))
    return helper


def _passed_on_later(
    ledger: Ledger, helper: Ledger, own: Figure, passed_on: Figure
) -> tuple[Period, ...]:
    """Both models at each later price: whichever did not change keeps its last one."""
    later = []
    first = own
    second = helper["run.inference"]
    days = {p.day: p for p in (*helper.later, *ledger.later)}
    mine = {p.day: p for p in ledger.later}
    theirs = {p.day: p for p in helper.later}
    for period in sorted(days.values(), key=lambda p: p.begin):
        first = mine[period.day].parts["run.inference"] if period.day in mine else first
        second = theirs[period.day].parts["run.inference"] if period.day in theirs else second
        charges = passed_on * second if not own.operands else first + passed_on * second
        parts = dict(mine[period.day].parts) if period.day in mine else {}
        parts["run.inference"] = ledger.put(
            f"run.inference_from_{period.day}", "USD/month", charges, "price-changes"
        )
        later.append(Period(period.begin, period.day, parts))
    return tuple(later)
