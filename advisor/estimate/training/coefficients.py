"""The fitted constants of the training estimator, read once from profiles/training.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from advisor.shipped import folder


@cache
def _profile() -> dict[str, dict[str, float]]:
    path = folder("profiles") / "training.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def fitted(without: str = "") -> Mapping[str, float]:
    """The constants fitted on all published runs, or on all but those of the source `without`.

    The second form serves the back-test alone: a study that is scored is never fitted on. A source
    that was not fitted on leaves nothing out.
    """
    profile = _profile()
    constants = dict(profile["all"])
    constants.update(profile.get(f"without {without}", {}))
    return constants


@cache
def as_of() -> str:
    """The date of the newest run that was fitted on, and what kind of data it was."""
    return str(_profile()["about"]["as_of"])


@cache
def source() -> str:
    """What the constants were fitted on, in words."""
    return str(_profile()["about"]["source"])
