"""The executive summary: the answer, four numbers, how sure, the biggest risk, the next step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from advisor.core import format as fmt
from advisor.core.naming import input_name, sentence_start
from advisor.core.quantity import UNKNOWN
from advisor.core.verdict import FlipPoint, NextStep, OptionRecord, Verdict
from advisor.report import extract
from advisor.report.cash import still_to_pay
from advisor.report.cautions import MOST_IN_SUMMARY, cautions
from advisor.report.charts import chances
from advisor.report.headline import horizon, is_hopeless, tile
from advisor.report.page import Block, Bullets, Callout, Heading, KeyFigure, Paragraph, Tiles
from advisor.report.phrases import is_near, step_sentence
from advisor.report.terms import Terms

TODAY = "Today: "

NO_END = "no end of "
"""How the risk begins that a model ends on a day nobody has announced: never the biggest."""


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """One page for the reader who decides."""
    chosen = verdict.chosen
    if chosen is None:
        yield Callout(f"{fmt.plural(len(verdict.excluded), 'option')} excluded; no option is left.")
        yield from _why(verdict, terms)
        return
    yield Callout(recommendation(verdict, terms))
    hopeless = is_hopeless(verdict) and verdict.next_step.action
    yield Tiles(tuple(_of_next_step(verdict) if hopeless else _four_numbers(chosen)))
    chart = chances.approaches(
        extract.approach_chances(verdict), extract.named_approach(verdict, chosen)[0]
    )
    if chart is not None:
        yield chart
    yield from _asked(verdict, chosen, terms)
    yield from _why(verdict, terms)


def recommendation(verdict: Verdict, terms: Terms) -> str:
    """The sentences that sum the report up, each with the numbers of the record."""
    chosen = verdict.chosen
    if chosen is None:
        return "No option is left."
    sentences = [_first(verdict, chosen, terms), _price(verdict, chosen, terms)]
    flip = first_flip(verdict)
    if flip is not None:
        side = "below" if flip.now is not None and flip.value < flip.now else "beyond"
        limit = fmt.bare(fmt.about(flip.value), flip.unit)
        driver = sentence_start(input_name(flip.input))
        sentences.append(f"{driver} {side} {limit} would overturn this.")
    return fmt.clean(" ".join(sentences))


def first_flip(verdict: Verdict) -> FlipPoint | None:
    """The flip point nearest to today's value, as a ratio; one that leads to another choice before
    one that leaves the choice open. One that only settles on what is used anyway is none.
    """
    near = [f for f in verdict.flip_points if is_near(f) and f.arm != verdict.arm]
    other = [flip for flip in near if flip.verdict_becomes != "undecided"]
    return min(other or near, key=_distance, default=None)


def _distance(flip: FlipPoint) -> float:
    """How many times larger or smaller than now; far away where the sign changes."""
    if not flip.now or not flip.value or flip.value / flip.now < 0:
        return math.inf
    return max(flip.value / flip.now, flip.now / flip.value)


def _first(verdict: Verdict, chosen: OptionRecord, terms: Terms) -> str:
    name = terms.option(chosen.id)
    if verdict.meanwhile:
        return f"The evidence does not decide yet. {terms.sentence(verdict.meanwhile)}"
    if is_hopeless(verdict):
        return f"The evidence does not decide yet. Stay as you are; {name} comes nearest."
    if verdict.verdict == "undecided":
        return f"The evidence does not decide yet. Meanwhile, use {name}."
    return f"We recommend {name}."


def _price(verdict: Verdict, chosen: OptionRecord, terms: Terms) -> str:
    """What it costs, how much less than the runner-up, and how sure the approach is."""
    cost = f"It costs {fmt.money(extract.cash(chosen).p50)} in cash over {horizon(verdict)}"
    name, chance = extract.named_approach(verdict, chosen)
    sure = f"{name.lower()} is best in {fmt.of_hundred(chance)} of 100 simulated futures"
    return f"{cost}{_saving(verdict, terms)}; {sure}."


def _saving(verdict: Verdict, terms: Terms) -> str:
    other = extract.runner_up(verdict)
    saved = extract.cash_saved(verdict, other) if other is not None else None
    if other is None or saved is None:
        return ""
    word = "less" if saved >= 0 else "more"
    name = terms.option(other.id)
    own = f"today's {name.removeprefix(TODAY)}" if name.startswith(TODAY) else name
    return f", {fmt.money(abs(saved))} {word} than {own}"


def _of_next_step(verdict: Verdict) -> Iterator[KeyFigure]:
    """What to remember where no option may be used yet: the step that is asked for, and the chance
    of what comes nearest.
    """
    step = _above_its_error(verdict.next_step)
    yield _plain("Next step costs", fmt.money(step.cost_usd))
    yield _plain("It takes", fmt.days(step.days) if step.days else "–")
    yield _plain("It is worth", fmt.money(step.worth_usd) if step.worth_usd > 0 else "not known")
    nearest = verdict.chosen.p_meets_constraints if verdict.chosen else 0.0
    yield _plain("Nearest keeps all limits", f"{fmt.share(nearest)} chance")


def _plain(label: str, value: str) -> KeyFigure:
    return KeyFigure(label, value, "", UNKNOWN, "", "", "")


def _four_numbers(chosen: OptionRecord) -> Iterator[KeyFigure]:
    yield tile("Invest", chosen, "once.total", chosen.one_off_usd, "once")
    yield tile("Run", chosen, "run.total", chosen.monthly_usd, "per month")
    errors = extract.interval(chosen, "run.errors")
    if errors.p90:
        yield tile("Cost of errors", chosen, "run.errors", errors, "per month")
    else:
        yield _plain("Cost of errors", "not priced")
    yield tile("Quality", chosen, "quality.score", chosen.quality, "", show=fmt.score)


def _asked(verdict: Verdict, chosen: OptionRecord, terms: Terms) -> Iterator[Block]:
    yield Heading("What is asked of you")
    items = [_decision(verdict, chosen)]
    risk = next((risk for risk in verdict.risks if not risk.detail.startswith(NO_END)), None)
    if risk is not None:
        items.append(f"Biggest risk: {fmt.clean(risk.name)} — {terms.sentence(risk.detail)}.")
    if verdict.next_step.action:
        step = _above_its_error(verdict.next_step)
        items.append(f"Next step: {terms.sentence(step_sentence(step))}.")
        owner = extract.answer(verdict, "plan.owner") or "to be named"
        by = extract.day_after(verdict, step.days / 7) if step.days else ""
        items.append(f"Owner of the next step: {owner}{f'; done by {by}' if by else ''}.")
    yield Bullets(tuple(items))


def _above_its_error(step: NextStep) -> NextStep:
    """The step; a worth below its own standard error is not shown."""
    error = step.worth_standard_error_usd or 0.0
    return step if step.worth_usd >= error else replace(step, worth_usd=math.nan)


def _decision(verdict: Verdict, chosen: OptionRecord) -> str:
    if verdict.verdict == "undecided":
        return "Decision: release the next step below; the choice follows from its result."
    once = fmt.money(still_to_pay(chosen))
    month = fmt.money_rate(chosen.monthly_usd.p50)
    return f"Decision: approve {once} once and {month} from go-live."


def _why(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    if verdict.why:
        yield Heading("Why")
        yield Bullets(tuple(terms.sentence(reason) for reason in verdict.why))
    if verdict.warnings:
        yield Heading("Warnings")
        first = cautions(verdict)[:MOST_IN_SUMMARY]
        items = tuple(terms.sentence(warning) for warning in first)
        yield Bullets(items, ("!",) * len(items))
        more = len(verdict.warnings) - len(first)
        if more:
            yield Paragraph(f"{fmt.plural(more, 'further warning')} in the appendix.")
    if not verdict.arms and not verdict.why:
        yield Paragraph("The appendix lists which rule excluded which option.")
