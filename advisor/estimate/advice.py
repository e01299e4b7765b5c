"""What a reader should hear about costs beside the figures: cheaper orders, other bills, limits.

One line each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.constants import HOURS_PER_MONTH, SECONDS_PER_HOUR
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.precision import served_bits, tokens_per_second_alone
from advisor.core.quantity import Basis
from advisor.core.setting import Setting
from advisor.estimate.limits import doubtful
from advisor.estimate.options import may_wait
from advisor.estimate.quality.class_list import TOKENS_PER_CLASS, names_all
from advisor.estimate.scoring import whole_traffic

CENT = 0.01
FROM = "run.inference_from_"
MONTHS_OF_720_HOURS = ("azure",)
"""Providers whose own examples of a month's hosting count 30 days (Azure OpenAI, cost of fine-
tuning).
"""

FAR_BILL = 2.0
"""How many times a bill may differ from the computed cost before a reader should hear of it."""

MOSTLY_IDLE = 0.5
"""Part of a month below which GPUs that need not answer at once had better be switched off."""

PADDING_MATTERS = 1.2
"""Padded over real tokens from which a bill by padded rows is worth a line."""


def cautions(estimates: Sequence[Estimate], brief: Brief, setting: Setting) -> tuple[str, ...]:
    """All lines, each once, in the order of their importance for the bill."""
    lines = [
        *_reorder(estimates),
        *_odd_bill(estimates, brief),
        *_changed_prices(estimates),
        *_overloaded(estimates, brief),
        *_idle(estimates, brief),
        *_latency(estimates, brief, setting),
        *doubtful(brief, setting),
        *_padded(estimates),
        *_provider_months(estimates),
        *_cadence(estimates, brief),
        *_unlisted_classes(estimates, brief),
        *_pairs(estimates),
        *_own_models(brief, setting),
        *_far_scores(estimates, brief),
    ]
    return tuple(_folded(lines, [estimate.option.id for estimate in estimates]))


def _unlisted_classes(estimates: Sequence[Estimate], brief: Brief) -> Iterator[str]:
    """A static prompt that cannot name all classes, where something is prompted with it."""
    classes = brief.task.labels
    static = brief.traffic.static_tokens.likely
    prompted = any(e.option.approach == "prompt" for e in estimates)
    if prompted and brief.task.type == "classification" and not names_all(classes, static):
        yield (
            f"A static prompt of {static:,.0f} tokens cannot name {classes:,} classes, which takes "
            f"about {classes * TOKENS_PER_CLASS:,.0f} tokens. Prompts are expected to answer only "
            "with the classes that they name; set traffic.static_tokens for the whole list, or "
            "retrieve the classes that fit a request ([retrieval])"
        )


def _far_scores(estimates: Sequence[Estimate], brief: Brief) -> Iterator[str]:
    """Tuned options that were scored with far more or fewer labels than those in hand."""
    measured = whole_traffic(brief.quality.measured, brief.segments)
    for skill, estimate in {e.option.skill: e for e in estimates}.items():
        own = [s for s in measured if s.skill == skill.lower() and s.train_examples]
        if not own or estimate["quality.score"].basis is Basis.MEASURED:
            continue
        last = max(own, key=lambda s: s.train_examples)
        yield (
            f"{skill} scored {last.score:g} with {last.train_examples:,} examples, and "
            f"data.examples is {brief.data.examples.likely:,.0f}: too far apart to count as "
            "measured. Where the score is of another data set than data.examples, leave its "
            "train_examples out"
        )


def _pairs(estimates: Sequence[Estimate]) -> Iterator[str]:
    """What preference pairs are taken to add."""
    if any(e.option.technique == "dpo" for e in estimates):
        yield (
            "No published study says what preference pairs (DPO) add to a task's own score, so DPO "
            "is predicted like tuning on the preferred answers. Pairs teach tone and form rather "
            "than facts: tune on answers first, then score DPO beside it"
        )


def _own_models(brief: Brief, setting: Setting) -> Iterator[str]:
    """Which models are compared on the team's own GPUs where the brief names none."""
    ours = [m for m in brief.models.tune or () if not setting.is_encoder(m)]
    if brief.hardware.owned and ours and brief.origin("models.tune").basis is Basis.ASSUMED:
        yield (
            f"On your own GPUs these models are compared: {', '.join(ours)}. They are our "
            "candidates; name others under [models] (advisor facts models lists them)"
        )


def _folded(lines: Sequence[str], ids: Sequence[str]) -> Iterator[str]:
    """Each line once. Of lines that are the same but for the option they are about, the first and
    how many options it also holds for.
    """
    longest_first = sorted(ids, key=len, reverse=True)
    alike: dict[str, dict[str, None]] = {}
    for line in lines:
        named = next((name for name in longest_first if name in line), "")
        alike.setdefault(line.replace(named, ""), {})[line] = None
    for first, *others in alike.values():
        more = f". The same holds for {fmt.plural(len(others), 'further option')}"
        yield f"{first}{more if others else ''}"


def _reorder(estimates: Sequence[Estimate]) -> Iterator[str]:
    """The largest saving of putting first what all prompts share."""
    by_id = {estimate.option.id: estimate for estimate in estimates}
    savings = []
    for estimate in estimates:
        plain = by_id.get(estimate.option.id.removesuffix("+shared-first"))
        if plain is not None and plain is not estimate:
            savings.append(
                (plain["run.total"].value - estimate["run.total"].value, plain, estimate)
            )
    best = max(savings, key=lambda s: s[0], default=None)
    if best is not None and best[0] > CENT:
        saved, plain, first = best
        yield (
            f"Put the part that all prompts share first. {first.option.id} costs "
            f"{fmt.money_rate(first['run.total'].value)}, {fmt.money(saved)} less than "
            f"{plain.option.id}"
        )


def _odd_bill(estimates: Sequence[Estimate], brief: Brief) -> Iterator[str]:
    """A bill of what is in place that is far from what its traffic costs at today's prices, however
    it is served; also where it cannot stay in place.
    """
    current = brief.current
    if current is None or current.monthly_usd is None:
        return
    in_place = Option(current.approach, current.technique, current.model, as_is=True)
    alike = [
        e["run.total"].value
        for e in estimates
        if not e.option.as_is and e.option.skill.lower() == in_place.skill.lower()
    ]
    paid = current.monthly_usd.likely
    if alike and not min(alike) / FAR_BILL <= paid <= max(alike) * FAR_BILL:
        ends = dict.fromkeys((fmt.money(min(alike)), fmt.money(max(alike))))
        yield (
            f"The bill of {in_place.id} is {fmt.money_rate(paid)}, but its traffic would cost "
            f"{' to '.join(ends)} at today's prices. Check current.monthly_usd, which stays as "
            "stated at every volume, or the traffic"
        )


def _changed_prices(estimates: Sequence[Estimate]) -> Iterator[str]:
    """A known change of price inside the horizon, told once for each model and day."""
    announced = set()
    for estimate in estimates:
        for name in (n for n in estimate.figures if n.startswith(FROM)):
            day = name.removeprefix(FROM)
            model = estimate.option.helper or estimate.option.model
            if (model, day) not in announced:
                announced.add((model, day))
                then = fmt.money_rate(estimate[name].value)
                now = fmt.money(estimate["run.inference"].value)
                yield (
                    f"The price of {model} changes on {day}: {estimate.option.id} then costs "
                    f"{then}, not {now}"
                )


def _overloaded(estimates: Sequence[Estimate], brief: Brief) -> Iterator[str]:
    """GPUs whose speeds are not known, and of which the load may fill several."""
    for estimate in estimates:
        sets = estimate.figures.get("serve.deployments")
        what = f"deployments of {estimate.option.provider}"
        if sets is None and "serve.busy_hours" not in estimate.figures:
            sets = estimate.figures.get("serve.replicas")
            what = f"sets of {brief.hardware.count} × {brief.hardware.gpu}"
        if sets is None:
            continue
        low, high = (np.quantile(_draws(sets), q, method="nearest") for q in (0.1, 0.9))
        if high > 1:
            when = "" if may_wait(brief) else " in its busiest hour"
            span = fmt.count(low) if low == high else f"{fmt.count(low)} to {fmt.count(high)}"
            yield (
                f"{estimate.option.id}: the load fills {span} {what}{when}, by the memory "
                "bandwidth and arithmetic that servers reach. The likely number, "
                f"{fmt.count(sets.value)}, is charged: measure prefill and decode"
            )


def _idle(estimates: Sequence[Estimate], brief: Brief) -> Iterator[str]:
    """GPUs that are charged for a whole month though results may wait, as their speeds are not
    known, and that the month's requests would keep busy for a small part of it.
    """
    loads = {
        e.option.id: e["serve.load"].value
        for e in estimates
        if e.option.is_on_gpus and "serve.load" in e.figures and "serve.busy_hours" not in e.figures
    }
    if not may_wait(brief) or not loads:
        return
    option, load = max(loads.items(), key=lambda pair: pair[1])
    busy = load * HOURS_PER_MONTH
    if busy < MOSTLY_IDLE * HOURS_PER_MONTH:
        yield (
            f"{option} is charged for all {HOURS_PER_MONTH:.0f} hours of a month, as its speed is "
            f"not known. At usual shares of the rated speeds its requests take about "
            f"{fmt.duration(busy * SECONDS_PER_HOUR)}. State prefill and decode of [hardware] "
            "(`advisor probe endpoint URL` measures them), and only the hours used are charged"
        )


def _latency(estimates: Sequence[Estimate], brief: Brief, setting: Setting) -> Iterator[str]:
    """An answer that cannot come in time, even alone on the GPU; a goal that nobody has
    measured.
    """
    limit = brief.traffic.max_latency_seconds.likely
    gpu = setting.gpu
    writers = [e for e in estimates if not setting.is_encoder(e.option.model)]
    for estimate in writers if limit > 0 else ():
        model = setting.model(estimate.option.model)
        if model is None or gpu is None or not estimate.option.is_on_gpus:
            continue
        bits = served_bits(model, gpu, brief) or 16
        speed = tokens_per_second_alone(gpu, model, brief.hardware.count, bits)
        if speed is None:
            continue
        least = estimate["tokens.output"].value / speed
        gpus = f"{brief.hardware.count} × {brief.hardware.gpu}"
        if least > limit:
            yield (
                f"{estimate.option.model} on {gpus} takes at least {fmt.duration(least)} to "
                f"write an answer in {bits} bits. That is more than the {limit:g} s of "
                "traffic.max_latency_seconds"
            )
        elif "serve.replicas_in_time" in estimate.figures:
            yield from _in_time(estimate, gpus, limit)
        else:
            yield (
                f"{estimate.option.model} on {gpus} writes an answer in {fmt.duration(least)} at "
                f"best. Whether it keeps to {limit:g} s under load is not known: GPUs are counted "
                "by load, not by latency"
            )


def _in_time(estimate: Estimate, gpus: str, limit: float) -> Iterator[str]:
    """Sets of GPUs that the goal takes by the model of batched serving, where that may be more
    than are charged.
    """
    option = estimate.option.id
    if estimate["serve.at_once"].value < 1:
        yield (
            f"On {gpus}, {option} does not finish one answer alone within {limit:g} s. "
            "The model of serving shows why (explain serve.at_once)"
        )
        return
    charged = estimate.figures.get("serve.replicas")
    paid = charged.value if charged is not None else 1.0
    sets = _draws(estimate["serve.replicas_in_time"])
    in_time = np.broadcast_to(_draws(estimate["serve.at_once"]) >= 1, sets.shape)
    sets = sets[in_time] if in_time.any() else sets
    low, high = (np.quantile(sets, q, method="nearest") for q in (0.1, 0.9))
    if high > paid:
        month = estimate["run.gpus"].value / paid
        yield (
            f"{option} needs {fmt.count(low)} to {fmt.count(high)} sets of {gpus} to answer "
            f"within {limit:g} s. At the busiest hour, by the model of serving, these cost "
            f"{fmt.money(low * month)} to {fmt.money_rate(high * month)} (explain "
            f"serve.replicas_in_time). By load {fmt.count(paid)} is charged: a load test settles "
            "it"
        )


def _draws(figure: Figure) -> NDArray[np.float64]:
    """The draws of a figure; its one value where there are none."""
    rows = np.atleast_1d(np.asarray(figure.rows, dtype=float))
    return rows[1:] if len(rows) > 1 else rows


def _padded(estimates: Sequence[Estimate]) -> Iterator[str]:
    """What a run costs where a provider bills rows × longest row."""
    for estimate in estimates:
        padded = estimate.figures.get("train.run_padded_usd")
        real = estimate.figures.get("train.run_usd")
        if padded is not None and real is not None and padded.value > PADDING_MATTERS * real.value:
            yield (
                f"A run of {estimate.option.id} costs {fmt.money(padded.value)} instead of "
                f"{fmt.money(real.value)} where the provider bills rows × longest row. Together "
                "does so when packing is off: leave packing on"
            )


def _cadence(estimates: Sequence[Estimate], brief: Brief) -> Iterator[str]:
    """An interval that was worked out, since the brief leaves it out and stale answers have a
    price.
    """
    if "team.retrain_every_months" in brief.origins:
        return
    for estimate in estimates:
        if "retrain.optimum_months" in estimate.figures:
            months = estimate["retrain.months"].value
            yield (
                "team.retrain_every_months is left out: tuned models are trained again when stale "
                "answers cost as much as training. That is every "
                f"{fmt.months(months)} for {estimate.option.id}"
            )
            return


def _provider_months(estimates: Sequence[Estimate]) -> Iterator[str]:
    """A deployment fee by the month of 720 hours that a provider reckons with."""
    for estimate in estimates:
        short = estimate.figures.get("run.hosting_720h")
        if short is not None and short.is_known and estimate.option.provider in MONTHS_OF_720_HOURS:
            yield (
                f"Hosting of {estimate.option.model} is counted for 730 hours, "
                f"{fmt.money_rate(estimate['run.hosting'].value)}. With the 720 hours that "
                f"{estimate.option.provider} reckons with it is {fmt.money(short.value)}"
            )
