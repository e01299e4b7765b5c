"""An option is one way to do the task: approach × technique × model × where and how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.figure import Figure


@dataclass(frozen=True, slots=True)
class Option:
    """One option; `serving` are the suffixes of its id, such as ("batch",) or ("cached-5m",
    "shared-first").
    """

    approach: str
    technique: str
    model: str
    provider: str = ""
    serving: tuple[str, ...] = ()
    as_is: bool = False
    shown_examples: int = 0  # examples in the prompt, for many-shot points of a curve
    helper: str = ""  # second model of a cascade

    @property
    def id(self) -> str:
        head = f"as-is/{self.technique}" if self.as_is else f"{self.approach}/{self.technique}"
        return "+".join((f"{head}@{self.model}", *self.serving))

    @property
    def skill(self) -> str:
        """What its quality depends on: options that only differ in how they are served share it."""
        return f"{self.approach}/{self.technique}@{self.model}"

    @property
    def family(self) -> str:
        """The trained model it rests on; options of one family share the price of training.

        Empty for a prompt.
        """
        return "" if self.approach == "prompt" else self.model

    @property
    def runs_on(self) -> str:
        """own card, rented card, rented CPU, or the provider's name."""
        own = {"cpu": "rented CPU", "owned": "own card", "rented": "rented card"}
        return next((own[s] for s in own if s in self.serving), self.provider)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An option with its figures by id (design: `run.total`, `once.total`, `quality.score`,
    `time.weeks`, ...).
    """

    option: Option
    figures: Mapping[str, Figure]

    def __getitem__(self, id: str) -> Figure:
        return self.figures[id]
