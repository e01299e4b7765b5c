"""The questions that people bring to the choice between prompting and tuning, each with a number
from the figures of this verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.naming import sentence_start
from advisor.core.option import Estimate
from advisor.core.quantity import Quantity
from advisor.core.verdict import Consideration
from advisor.decide.quantiles import middle
from advisor.decide.ranking import Ranking


@dataclass(frozen=True, slots=True)
class Matter:
    """What the answers are taken from; `labels` to reach the target are by skill."""

    brief: Brief
    ranking: Ranking
    estimates: Sequence[Estimate]
    labels: Mapping[str, Quantity] = field(default_factory=dict)

    def best(self, *approaches: str) -> Estimate | None:
        """The option of these approaches that is named, or that the decision rule would name; None
        without one.
        """
        own = [o.approach in approaches and not o.as_is for o in self.ranking.options]
        if own[self.ranking.pick]:
            return self.estimates[self.ranking.pick]
        allowed = self.ranking.rankable & own
        return self.estimates[self.ranking.best_among(allowed)] if allowed.any() else None

    def odds(self, estimate: Estimate) -> str:
        """In how many of 100 draws an option keeps every limit."""
        return fmt.of_hundred(float(self.ranking.p_meets[list(self.estimates).index(estimate)]))


def considerations(matter: Matter) -> tuple[Consideration, ...]:
    """Every question that the options give an answer to."""
    prompted = matter.best("prompt")
    tuned = matter.best("tune", "hybrid")
    answers: list[Consideration | None] = [_cost(matter), _knowledge(matter, prompted, tuned)]
    if prompted is not None:
        answers.insert(0, _quick(matter, prompted))
    if prompted is not None and tuned is not None:
        answers.insert(1, _domain(matter, prompted, tuned))
    if tuned is not None:
        answers += [_data(matter, tuned), _tasks(matter, tuned)]
    answers += [_consistency(prompted, tuned)]
    answers += [_overfitting(tuned), _forgetting(tuned)]
    return tuple(
        replace(answer, answer=sentence_start(answer.answer))
        for answer in answers
        if answer is not None
    )


def _quick(matter: Matter, prompted: Estimate) -> Consideration:
    weeks = middle(prompted["time.weeks"])
    answer = (
        f"{prompted.option.id} is ready in {fmt.weeks_long(weeks)}, with an expected score of "
        f"{fmt.score(middle(prompted['quality.score']))}"
    )
    if matter.brief.quality.target > 0:
        answer += f"; it keeps the limits in {matter.odds(prompted)} of 100 draws"
    return Consideration("Is a quick customisation enough?", answer, weeks, "weeks")


def _domain(matter: Matter, prompted: Estimate, tuned: Estimate) -> Consideration:
    gain = middle(tuned["quality.score"]) - middle(prompted["quality.score"])
    specificity = matter.brief.task.domain_specificity
    described = "not measured" if specificity == "auto" else f"called {specificity}"
    verb = "gain" if gain >= 0 else "lose"
    answer = (
        f"its language is {described}; training is expected to {verb} {fmt.points(abs(gain))} over "
        "the best prompt"
    )
    return Consideration("Is the domain specialised?", answer, gain, "score")


def _data(matter: Matter, tuned: Estimate) -> Consideration:
    in_hand = matter.brief.data.examples.likely
    answer = f"{fmt.count(in_hand)} labels are in hand"
    if matter.brief.quality.target > 0:
        answer += f"; {tuned.option.id} keeps the limits in {matter.odds(tuned)} of 100 draws"
    needed = matter.labels.get(tuned.option.skill)
    if needed is not None and needed.range.p50 is not None and needed.range.p50 > in_hand:
        answer += f"; the target takes about {fmt.count(fmt.about(needed.range.p50))}"
    return Consideration("Are there enough good data?", answer, in_hand, "labels")


def _cost(matter: Matter) -> Consideration | None:
    pick = matter.estimates[matter.ranking.pick]
    month = pick["run.total"]
    if not month.is_known:
        return None
    limit = matter.brief.budget.monthly_usd
    costs = {
        e.option.id: middle(e["run.total"]) for e in matter.estimates if e["run.total"].is_known
    }
    cheapest = min(costs, key=costs.__getitem__)
    answer = f"{pick.option.id} costs {fmt.money_rate(middle(month))}"
    answer += (
        f", {fmt.share(middle(month) / limit.likely)} of the monthly budget"
        if limit is not None and limit.likely > 0
        else "; no monthly budget is set"
    )
    if cheapest != pick.option.id:
        answer += f"; the cheapest is {cheapest}, at {fmt.money(costs[cheapest])}"
    return Consideration("Is it bound by cost?", answer, middle(month), "USD/month")


def _knowledge(
    matter: Matter, prompted: Estimate | None, tuned: Estimate | None
) -> Consideration | None:
    task = matter.brief.task
    change = task.factual_share.likely * task.knowledge_change_per_month.likely
    question = "Does its knowledge change?"
    if change == 0:
        return Consideration(question, "0 % of the answers change per month", 0.0, "share/month")
    answer = f"{fmt.share(change, 1)} of the answers go out of date per month"
    stale = tuned.figures.get("quality.stale_share") if tuned is not None else None
    if stale is not None and tuned is not None:
        answer += f"; {fmt.share(stale.value, 1)} of those of {tuned.option.id} are out of date"
    if prompted is not None:
        answer += "; a prompt, or documents that are looked up, can follow each change"
    return Consideration(question, answer, change, "share/month")


def _tasks(matter: Matter, tuned: Estimate) -> Consideration:
    count = matter.brief.tuned_models
    hours = matter.brief.team.adapter_hours.likely * matter.brief.team.hourly_usd.likely
    run = tuned.figures.get("train.run_usd")
    job = run.value if run is not None and run.is_known else 0.0
    answer = (
        f"{fmt.count(count)} tuned {'model' if count == 1 else 'models'} on one base; a further "
        f"one takes {fmt.money(hours)} of people and {fmt.money(job / count)} for each run"
    )
    return Consideration("Do several tasks share one model?", answer, float(count), "models")


def _consistency(prompted: Estimate | None, tuned: Estimate | None) -> Consideration | None:
    """Standard deviation of the score over wordings, and over repeats."""
    parts = []
    for subject, estimate in (("a prompt", prompted), ("a tuned model", tuned)):
        spreads = [
            f"{fmt.points(figure.value)} between {what}"
            for name, what in (
                ("quality.wording_spread", "wordings"),
                ("quality.repeat_spread", "repeats"),
            )
            if estimate is not None and (figure := estimate.figures.get(name)) is not None
        ]
        if spreads:
            parts.append(f"the score of {subject} varies by {' and '.join(spreads)}")
    first = prompted or tuned
    spread = first.figures.get("quality.wording_spread") if first is not None else None
    if spread is None or not parts:
        return None
    question = "How consistent is it?"
    return Consideration(question, "; ".join(parts), spread.value, "score")


def _overfitting(tuned: Estimate | None) -> Consideration | None:
    return _effect(
        tuned,
        "quality.below_prompt",
        "Will it overfit?",
        lambda figure: (
            f"with so many labels, training ended below the best prompt in "
            f"{fmt.share(figure.value)} of cases"
        ),
    )


def _forgetting(tuned: Estimate | None) -> Consideration | None:
    return _effect(
        tuned,
        "quality.forgetting",
        "Will it forget other skills?",
        lambda figure: f"{fmt.points(figure.value)} were lost on general tests",
    )


def _effect(
    tuned: Estimate | None, id: str, question: str, words: Callable[[Figure], str]
) -> Consideration | None:
    figure = tuned.figures.get(id) if tuned is not None else None
    if figure is None:
        return None
    return Consideration(
        question, f"{words(figure)}; source: {figure.source}", figure.value, figure.unit
    )
