"""One arm, estimated: cost, time and quality as figures. The order of the formulas stands here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from advisor.core.arm import Arm, Estimate
from advisor.core.figure import Figure
from advisor.core.setting import Setting
from advisor.estimate import money, tuning
from advisor.estimate.arms import servings
from advisor.estimate.ledger import Ledger
from advisor.estimate.prompting import prompt_tokens, token_charges
from advisor.estimate.sheet import Sheet


def estimate_all(
    arms: Sequence[Arm], sheet: Sheet, setting: Setting, quality: Mapping[str, Figure]
) -> tuple[Estimate, ...]:
    """Every arm on the same sheet; `quality` by skill."""
    return tuple(estimate(arm, sheet, setting, quality[arm.skill]) for arm in arms)


def estimate(arm: Arm, sheet: Sheet, setting: Setting, quality: Figure) -> Estimate:
    """All figures of one arm."""
    ledger = Ledger(arm, sheet, setting)
    ledger["quality.score"] = quality
    if arm.as_is and sheet.brief.current is not None and sheet.brief.current.monthly_usd is not None:
        _bill(ledger)
    elif arm.approach == "prompt":
        _prompted(ledger)
    else:
        _tuned(ledger)
    money.run_total(ledger)
    money.errors(ledger)
    money.once_total(ledger)
    money.weeks(ledger)
    ends = ending(arm, sheet, setting)
    if ends is not None and not arm.as_is and within_horizon(ends, setting.as_of, sheet.brief.budget.horizon_months):
        money.move(ledger, f"{arm.model} ends {ends:%Y-%m-%d}")
    money.horizon(ledger)
    return Estimate(arm, dict(ledger))


def ending(arm: Arm, sheet: Sheet, setting: Setting) -> date | None:
    """The last day of the model behind an arm, where one is known."""
    current = sheet.brief.current
    if arm.as_is and current is not None and current.ends is not None:
        return current.ends
    price = setting.tuned_price(arm.model) if "hosted" in arm.serving else setting.price(arm.model)
    return price.ends if price is not None and not on_cards(arm) else None


def within_horizon(day: date, as_of: date, months: int) -> bool:
    """Whether a day falls inside the horizon; a month counts 30.4 days (730 hours)."""
    return (day - as_of).days < months * 730 / 24


def _bill(ledger: Ledger) -> None:
    """The arm in place at its present bill."""
    prompt_tokens(ledger)
    ledger.put("run.inference", "USD/month", ledger.sheet["current.monthly_usd"], "as-is")


def _prompted(ledger: Ledger) -> None:
    """A prompt pays by token, or, on one's own cards, for the cards and their upkeep."""
    prompt_tokens(ledger)
    if on_cards(ledger.arm):
        tuning.serve_on_cards(ledger)
        tuning.people(ledger)
        return
    token_charges(ledger, ledger.setting.price(ledger.arm.model))
    if "retrieval" in ledger.arm.technique:
        ledger.put("run.hosting", "USD/month", ledger.sheet["retrieval.usd_per_month"], "run")


def on_cards(arm: Arm) -> bool:
    """Whether the team serves the model itself."""
    return "owned" in arm.serving or "rented" in arm.serving


def _tuned(ledger: Ledger) -> None:
    tuning.tuned_tokens(ledger)
    if "hosted" in ledger.arm.serving:
        tuning.train_hosted(ledger)
        tuning.serve_hosted(ledger)
    else:
        tuning.train_on_cards(ledger)
        tuning.serve_on_cards(ledger)
    if ledger.arm.helper:
        _cascade(ledger)
    tuning.upkeep(ledger)


def _cascade(ledger: Ledger) -> None:
    """Charges of the prompted model for the share of requests that the tuned one passes on."""
    sheet, setting, arm = ledger.sheet, ledger.setting, ledger.arm
    price = setting.price(arm.helper)
    serving = servings(sheet.brief, price)[-1]
    helper = Ledger(Arm("prompt", "few-shot", arm.helper, serving=serving), sheet, setting)
    prompt_tokens(helper)
    token_charges(helper, price)
    passed_on = ledger.assumed(
        "cascade.passed_on", 0.1, 0.2, 0.35, "share", "confidence cascades in public reports pass on 10 to 35 %"
    )
    request = helper["run.request"].named("helper.request", "USD/request", "cascade")
    calls = sheet["traffic.requests_per_month"] * (1 + sheet["traffic.retry_rate"])
    own = ledger["run.inference"]
    escalated = calls * passed_on * request
    ledger.put("run.inference", "USD/month", own + escalated if own.operands else escalated, "cascade")
    ledger["helper.request"], ledger["cascade.passed_on"] = request, passed_on
