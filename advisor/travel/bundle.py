"""A calibration as one file: the plan, the lengths of the rows, and the rows only where asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.calibrate.embeddings import SHARED, embedding_source
from advisor.calibrate.protocol import plan_data, plan_of
from advisor.calibrate.quality_records import ModelWeights, TrialData
from advisor.core import bounded_json
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, JsonObject
from advisor.travel.sealed import check_seal, sealed

if TYPE_CHECKING:
    from advisor.core.brief import Brief

FORM = "bundle"

KINDS = frozenset({"throughput", "quality"})
"""What measures the machine alone. A plan that asks a server names its address and whose key it
gets: a file from elsewhere must not.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What another machine needs to run a calibration.

    `minutes`, `max_usd` and `usd_per_hour` are the limits of the run, None: none. `examples` and
    `epochs` are those of the training it is projected to. `everything`: no trial is left out.
    """

    plan: ExperimentPlan
    minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: float | None = None
    examples: int | None = None
    epochs: float = 1.0
    everything: bool = False

    @property
    def text(self) -> str:
        """The file: one line of JSON."""
        contents = {
            "plan": plan_data(self.plan),
            "minutes": self.minutes,
            "max_usd": self.max_usd,
            "usd_per_hour": self.usd_per_hour,
            "examples": self.examples,
            "epochs": self.epochs,
            "everything": self.everything,
        }
        return json.dumps(sealed(FORM, contents), ensure_ascii=True) + "\n"

    @property
    def holds(self) -> str:
        """What the file holds of the user's, in words."""
        trials = len(self.plan.trials)
        plan = f"the plan ({trials} trial{'s' if trials != 1 else ''})"
        if self.plan.kind == "throughput":
            lengths = len(self.plan.shared["lengths"])
            return f"{plan} and {lengths} row length{'s' if lengths != 1 else ''}, but no rows"
        data = TrialData.from_json(self.plan.shared)
        return (
            f"{plan} and your rows as text: {len(data.train)} to train on, {len(data.items)} test "
            "items"
        )

    @property
    def announcement(self) -> str:
        """How many bytes the file has, what they hold, and their hash."""
        content = self.text.encode()
        name = hashlib.sha256(content).hexdigest()[:12]
        return f"{len(content):,} bytes: {self.holds}; sha256 {name}…"


def bundle_of(
    plan: ExperimentPlan,
    brief: Brief | None,
    *,
    with_rows: bool,
    **limits: float | None,
) -> Bundle:
    """The plan as a bundle; `limits` are fields of Bundle.

    Raises UsageError where the run reads rows and they may not leave.
    """
    if plan.kind != "throughput":
        _check_rows_may_leave(plan, brief, with_rows)
    return Bundle(_without_paths(replace(plan, minutes=None)), **limits)  # type: ignore[arg-type]


def _check_rows_may_leave(plan: ExperimentPlan, brief: Brief | None, with_rows: bool) -> None:
    if not with_rows:
        raise UsageError(
            f"a {plan.kind} run reads your rows and none leave unless you ask: add --with-rows, "
            "or run it on this machine"
        )
    if brief is None:
        return
    reasons = {
        "policy.data_may_leave = false": not brief.policy.data_may_leave,
        "data.sensitive = true": brief.data.sensitive,
    }
    for reason, forbids in reasons.items():
        if forbids:
            raise UsageError(
                f"--with-rows: the brief says {reason}, so its rows stay on this machine; run the "
                "calibration here"
            )


def read_bundle(text: str, name: str) -> Bundle:
    """The bundle in a file's text. Raises UsageError where it is none, or was changed."""
    try:
        document = bounded_json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("form") != FORM:
        raise UsageError(
            f"{name}: not a bundle; write one with `advisor calibrate throughput ... --bundle FILE`"
        )
    check_seal(document, name)
    try:
        plan = plan_of(document["plan"])
        models_of(plan)
        if plan.kind not in KINDS:
            raise UsageError(
                f"{name}: a {plan.kind} run is never taken from a file; plan it on this machine "
                "with advisor calibrate"
            )
        return Bundle(
            plan=plan,
            minutes=_limit(document, "minutes"),
            max_usd=_limit(document, "max_usd"),
            usd_per_hour=_limit(document, "usd_per_hour"),
            examples=document["examples"] and int(document["examples"]),
            epochs=_limit(document, "epochs") or 1.0,
            everything=bool(document["everything"]),
        )
    except DAMAGE as error:
        raise damaged(name, error) from None


DAMAGE = (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError)
"""What working on a plan raises whose parts are not what they should be."""


def damaged(name: str, error: Exception) -> UsageError:
    """One line about a bundle whose hash fits, and whose contents do not."""
    reason = f"{type(error).__name__}: {error}"[:200]
    return UsageError(f"{name}: damaged ({reason}); write the bundle again")


def _limit(document: JsonObject, key: str) -> float | None:
    """A number from 0 or null. Raises ValueError for anything else."""
    value: float | None = document[key]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or (is_number and 0 <= value < 1e12):
        return value
    raise ValueError(f"{key}: {value!r}")


def models_of(plan: ExperimentPlan) -> dict[str, ModelWeights]:
    """The weights that a plan reads, those of its embeddings too, by what identifies them."""
    stated = (trial.spec.get("model") for trial in plan.trials)
    models = [ModelWeights.from_json(model) for model in stated if isinstance(model, Mapping)]
    source = embedding_source(plan.shared)
    models += [source.weights] if source is not None and source.weights is not None else []
    return {model.weights: model for model in models}


def with_folders(plan: ExperimentPlan, folders: Mapping[str, str]) -> ExperimentPlan:
    """The plan with each model in the folder under its name in `folders`."""

    def moved(spec: JsonObject) -> JsonObject:
        model = spec.get("model")
        if not isinstance(model, Mapping) or model["weights"] not in folders:
            return spec
        return {**spec, "model": {**model, "folder": folders[model["weights"]]}}

    trials = tuple(replace(t, spec=moved(t.spec)) for t in plan.trials)
    source = embedding_source(plan.shared)
    if source is None or source.weights is None:
        return replace(plan, trials=trials)
    folder = folders.get(source.weights.weights, source.weights.folder)
    there = replace(source, weights=replace(source.weights, folder=folder))
    return replace(plan, trials=trials, shared={**plan.shared, SHARED: there.to_json()})


def _without_paths(plan: ExperimentPlan) -> ExperimentPlan:
    """The plan with the names of folders only: a path tells a user's name, and nothing there."""
    names = {name: Path(model.folder).name for name, model in models_of(plan).items()}
    return with_folders(plan, names)
