"""A plug-in is listed under the package and version that it came with."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from advisor.core.plugins import PriceProvider
from advisor.core.plugins.loading import _loaded

RECORD = PriceProvider("theirs", "a page", "2026-01-01", list)


@pytest.mark.parametrize(
    ("dist", "listed"),
    [(SimpleNamespace(name="package", version="1.2"), ("package", "1.2")), (None, ("", ""))],
)
def test_its_package_and_version_are_those_of_its_distribution(
    dist: object, listed: tuple[str, str]
) -> None:
    point = SimpleNamespace(
        name="entry", value="theirs:RECORD", group="advisor.prices", dist=dist, load=lambda: RECORD
    )
    plugin = _loaded(point, PriceProvider, set())  # type: ignore[arg-type]
    assert (plugin.package, plugin.version, plugin.fault) == (*listed, "")
    assert plugin.record is RECORD
