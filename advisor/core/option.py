"""An option is one way to do the task: approach × technique × model × where and how it is
served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from advisor.core.figure import Figure
from advisor.core.techniques import Technique, technique_of

MINUTES_PER_HOUR = 60

RANKED = (
    "quality.score",
    "quality.stale_share",
    "once.total",
    "run.total",
    "horizon.total",
    "horizon.errors",
    "time.weeks",
    "time.answer_seconds",
    "time.model_ends",
)
"""The figures that options are ranked by."""


class Place(StrEnum):
    """Where a model answers."""

    OWNED = "owned"  # on the team's own GPUs
    RENTED = "rented"  # on GPUs rented by the hour
    CPU = "cpu"  # on a small rented server without a GPU
    OWN_CPU = "own-cpu"  # on such a server of the team's own
    HOSTED = "hosted"  # a tuned model, at the provider that tuned it
    PROVIDER = "provider"  # a model that a provider offers as it is

    @property
    def is_self_hosted(self) -> bool:
        """Whether the team serves the model itself."""
        return self in (Place.OWNED, Place.RENTED, Place.CPU, Place.OWN_CPU)

    @property
    def is_cpu(self) -> bool:
        """Whether it has no GPU."""
        return self in (Place.CPU, Place.OWN_CPU)


class Mode(StrEnum):
    """How a provider charges for the prompt."""

    PLAIN = ""  # the only way there is
    UNCACHED = "uncached"
    CACHED = "cached"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Serving:
    """Where and how an option is served.

    `lifetime_minutes` is how long a provider keeps a prefix in its cache; 0 where it has one
    lifetime only. `shared_first`: the part that all prompts have in common is moved to the front.
    """

    place: Place = Place.PROVIDER
    mode: Mode = Mode.PLAIN
    lifetime_minutes: int = 0
    shared_first: bool = False

    @property
    def uses_cache(self) -> bool:
        """Whether prefixes may be read from a cache; batches take what hits they get."""
        return self.mode in (Mode.CACHED, Mode.BATCH)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The parts of an option's id behind its model, such as `cached-5m` or `hosted`."""
        parts = [*self._place_suffixes(), *self._mode_suffixes()]
        return (*parts, "shared-first") if self.shared_first else tuple(parts)

    def _place_suffixes(self) -> tuple[str, ...]:
        if self.place is Place.PROVIDER:
            return ()
        if self.place.is_cpu:
            return ("rented" if self.place is Place.CPU else "owned", "cpu")
        return (self.place.value,)

    def _mode_suffixes(self) -> tuple[str, ...]:
        if self.mode is Mode.PLAIN:
            return ()
        if not self.lifetime_minutes:
            return (self.mode.value,)
        if self.lifetime_minutes < MINUTES_PER_HOUR:
            return (f"{self.mode.value}-{self.lifetime_minutes}m",)
        return (f"{self.mode.value}-{self.lifetime_minutes // MINUTES_PER_HOUR}h",)


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `shown_examples` is the number of examples in a prompt of a measured curve;
    `helper` the second model of a cascade.
    """

    approach: str
    technique: str
    model: str
    provider: str = ""
    serving: Serving = Serving()
    as_is: bool = False
    shown_examples: int = 0
    helper: str = ""

    @property
    def id(self) -> str:
        head = f"as-is/{self.technique}" if self.as_is else f"{self.approach}/{self.technique}"
        return "+".join((f"{head}@{self.model}", *self.serving.suffixes))

    @property
    def skill(self) -> str:
        """What its quality depends on: options that only differ in how they are served share it."""
        return f"{self.approach}/{self.technique}@{self.model}"

    @property
    def traits(self) -> Technique:
        """The row of its technique. Raises ValueError for one that the table does not have."""
        return technique_of(self.technique, self.shown_examples)

    @property
    def family(self) -> str:
        """The trained model it rests on; options of one family share the price of training.

        Empty for a prompt.
        """
        return "" if self.approach == "prompt" else self.model

    @property
    def is_self_hosted(self) -> bool:
        """Whether the team serves the (first) model itself."""
        return self.serving.place.is_self_hosted

    @property
    def is_on_gpus(self) -> bool:
        """Whether the team serves it on GPUs of its own or rented ones."""
        return self.serving.place in (Place.OWNED, Place.RENTED)

    @property
    def sends_data_out(self) -> bool:
        """Whether requests reach a provider of models, be it only the second step of a cascade."""
        return not self.is_self_hosted or bool(self.helper)

    @property
    def runs_on(self) -> str:
        """Own GPU, rented GPU, rented CPU, or the provider's name."""
        machines = {
            Place.OWNED: "own GPU",
            Place.RENTED: "rented GPU",
            Place.CPU: "rented CPU",
            Place.OWN_CPU: "own CPU",
        }
        return machines.get(self.serving.place, self.provider)


def score_input(skill: str) -> str:
    """The id of a skill's score (`Option.skill`) among the inputs of the decision."""
    return f"quality.score of {skill}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """An option with its figures by id (design: `run.total`, `once.total`, `quality.score`,
    `time.weeks`, ...).
    """

    option: Option
    figures: Mapping[str, Figure]

    def __getitem__(self, id: str) -> Figure:
        return self.figures[id]
