"""The estimators, bound to a brief and its options: what the decision draws its cases from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option, score_input
from advisor.core.quantity import Quantity, Range
from advisor.core.setting import Setting
from advisor.core.verdict import ProviderOffer
from advisor.judging.enriching import inform
from advisor.judging.offers import one_provider_each, with_chosen_first
from advisor.judging.surroundings import Surroundings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from advisor.decide.evaluator import Cases
    from advisor.estimate.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Cases that were evaluated: an estimate per option, and the inputs behind them."""

    size: int
    estimates: tuple[Estimate, ...]
    inputs: Mapping[str, Figure]
    spreads: Mapping[str, Range]
    quality: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The estimators, bound to a brief, its setting and its options."""

    brief: Brief
    setting: Setting
    options: tuple[Option, ...]
    offers: tuple[ProviderOffer, ...] = ()

    def draws(self, count: int, seed: int) -> Evaluated:
        """Row 0 at the likely value of every input, then joint draws."""
        from advisor.estimate.sheet import Sheet

        return self._on(Sheet(self.brief, count + 1, seed))

    def searched(self, count: int, seed: int) -> Mapping[str, Figure]:
        """The score that a searched prompt would reach, by model, in the same draws; nothing where
        quality is free.
        """
        from advisor.estimate.scoring import quality_figures
        from advisor.estimate.sheet import Sheet

        quality = self.brief.quality
        if quality.target == 0 and (quality.error_cost_usd.p90 or 0) == 0:
            return {}
        models = dict.fromkeys(
            option.model for option in self.options if option.approach == "prompt"
        )
        tried = {model: Option("prompt", "searched", model) for model in models}
        stated = {option.skill for option in self.options}
        new = {model: option for model, option in tried.items() if option.skill not in stated}
        figures = quality_figures(
            tuple(new.values()), Sheet(self.brief, count + 1, seed), self.setting
        )
        return {model: figures[option.skill] for model, option in new.items()}

    def labels_needed(self, count: int, seed: int) -> Mapping[str, Quantity]:
        """Labels in all at which each tuned option reaches the target, by skill; empty without a
        target.
        """
        if self.brief.quality.target == 0:
            return {}
        from advisor.estimate.scoring import labels_needed
        from advisor.estimate.sheet import Sheet

        return labels_needed(self.options, Sheet(self.brief, count + 1, seed), self.setting)

    def what_if(self, changes: Sequence[tuple[str, float]]) -> Evaluated:
        """Row 0 changes nothing, row i the i-th input, or the score of a skill, to its value."""
        from advisor.estimate.scoring import quality_figures
        from advisor.estimate.sheet import what_if

        sheet = what_if(self.brief, changes)
        scores = quality_figures(self.options, sheet, self.setting)
        quality = {skill: sheet.put(score_input(skill), one) for skill, one in scores.items()}
        return self._scored(sheet, quality)

    def drawn_what_if(
        self,
        changes: Sequence[tuple[str, float]],
        draws: int,
        seed: int,
        which: Sequence[int],
        cases: Cases,
    ) -> tuple[Estimate, ...]:
        """The options `which` in a block per change: row 0 at the likely values, then the draws of
        `cases` in every block.
        """
        from advisor.estimate.scoring import moves_scores
        from advisor.estimate.sheet import drawn_what_if

        some = replace(self, options=tuple(self.options[i] for i in which))
        sheet = drawn_what_if(self.brief, changes, draws, seed, cases)
        moved = any(moves_scores(key) for key, _ in changes)
        return (some._on(sheet) if moved else some._with_scores(sheet, cases)).estimates

    def scored_at(self, labels: float, which: Sequence[int]) -> tuple[bool, ...]:
        """Whether the score of each of the options `which`, tuned models, rests on its own
        measurements with so many labels in hand.
        """
        from advisor.estimate.scoring import scored_at

        return tuple(scored_at(self.options[i], self.brief, labels) for i in which)

    def over(self, months: int, draws: int, seed: int, cases: Cases) -> Evaluated:
        """The first draws of `cases` with another horizon, in months."""
        from advisor.estimate.sheet import Sheet

        budget = replace(self.brief.budget, horizon_months=months)
        other = replace(self, brief=replace(self.brief, budget=budget))
        sheet = Sheet(other.brief, draws + 1, seed, earlier=cases, lean=True)
        return other._with_scores(sheet, cases)

    def priced_at(self, error_cost_usd: float) -> Evaluation:
        """The same with another cost of a wrong answer."""
        quality = replace(self.brief.quality, error_cost_usd=Range.exact(error_cost_usd))
        return replace(self, brief=replace(self.brief, quality=quality))

    def at(
        self, cases: Cases, which: Sequence[int], key: str, rows: NDArray[np.float64]
    ) -> tuple[Estimate, ...]:
        """The options `which` in the first `len(rows)` of these cases, with the input `key` at
        `rows`; all else equal.
        """
        from advisor.estimate.cost import estimate_all
        from advisor.estimate.sheet import Sheet

        size = len(rows)
        options = [self.options[i] for i in which]
        inputs = {name: figure.first(size) for name, figure in cases.inputs.items()}
        inputs[key] = replace(inputs[key], rows=rows)
        skills = {self.options[i].skill for i in which}
        quality = {skill: cases.quality[skill].first(size) for skill in skills}
        return estimate_all(options, Sheet(self.brief, size, figures=inputs), self.setting, quality)

    def _on(self, sheet: Sheet) -> Evaluated:
        from advisor.estimate.scoring import quality_figures

        return self._scored(sheet, quality_figures(self.options, sheet, self.setting))

    def _with_scores(self, sheet: Sheet, cases: Cases) -> Evaluated:
        """On this sheet, with the scores of the first of these cases."""
        skills = dict.fromkeys(option.skill for option in self.options)
        quality = {skill: cases.quality[skill].first(sheet.size) for skill in skills}
        return self._scored(sheet, quality)

    def _scored(self, sheet: Sheet, quality: Mapping[str, Figure]) -> Evaluated:
        from advisor.estimate.cost import estimate_all

        estimates = estimate_all(self.options, sheet, self.setting, quality)
        return Evaluated(sheet.size, estimates, sheet.figures, sheet.spreads, quality)


def evaluation(brief: Brief, surroundings: Surroundings) -> Evaluation:
    """The estimators bound to a brief, with every option, also those a rule takes out.

    Raises UsageError.
    """
    from advisor.estimate.limits import refuse_impossible
    from advisor.estimate.options import options
    from advisor.judging.unknown_names import refuse_unknown_names

    informed = inform(brief, surroundings)
    setting = _setting(informed, surroundings)
    refuse_impossible(informed, setting)
    possible = options(informed, setting)
    refuse_unknown_names(informed, surroundings.facts, possible)
    every, offers = one_provider_each(possible, informed, setting)
    return Evaluation(informed, with_chosen_first(setting, every), every, offers)


def _setting(brief: Brief, surroundings: Surroundings) -> Setting:
    """Facts resolved for the brief, with an estimate of the training run of every open model."""
    from advisor.estimate.planned import training_estimates
    from advisor.facts.setting import setting_of

    setting = setting_of(brief, surroundings.facts)
    setting = replace(
        setting, data=surroundings.data, traffic=surroundings.traffic, results=surroundings.results
    )
    training = training_estimates(brief, setting, surroundings.measured, surroundings.actual_hours)
    return replace(setting, training=training)
