"""A plug-in is listed under the package and version that it came with."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.core import techniques
from advisor.core.plugins import (
    GROUPS,
    DataFormat,
    Estimator,
    PluggedReport,
    PluggedTechnique,
    Plugin,
    PriceProvider,
    host,
    loading,
)
from advisor.core.plugins.loading import _loaded

CITED = ("theirs", "a page", "2026-01-01")
RECORD = PriceProvider(*CITED, list)
ESTIMATOR = Estimator(*CITED, 0.15, lambda run: None)
REPORT = PluggedReport("theirs", (".org", ".o2"), *CITED[1:], lambda verdict: "")
FORMAT = DataFormat("theirs", (".jsonx",), *CITED[1:], lambda path: [])
TECHNIQUE = PluggedTechnique(techniques.ROWS[0], *CITED[1:])
EVERY_KIND = (RECORD, ESTIMATOR, TECHNIQUE, REPORT, FORMAT)


@pytest.mark.parametrize(
    ("dist", "listed"),
    [(SimpleNamespace(name="package", version="1.2"), ("package", "1.2")), (None, ("", ""))],
)
def test_its_package_and_version_are_those_of_its_distribution(
    dist: object, listed: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "loaded", lambda point, kind: RECORD)
    point = SimpleNamespace(name="entry", value="theirs:RECORD", group="advisor.prices", dist=dist)
    plugin = _loaded(point, PriceProvider, set())  # type: ignore[arg-type]
    assert (plugin.package, plugin.version, plugin.fault) == (*listed, "")
    assert plugin.record is RECORD


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (RECORD, ""),
        (replace(RECORD, name="Theirs"), "name"),
        (replace(RECORD, source=" "), "source"),
        (replace(RECORD, as_of="2026-13-01"), "as_of"),
        (replace(RECORD, as_of="2026"), "as_of"),
        (ESTIMATOR, ""),
        (replace(ESTIMATOR, error=0), "error"),
        (replace(ESTIMATOR, error=0.01), ""),
        (replace(ESTIMATOR, error=9.9), ""),
        (replace(ESTIMATOR, error=10), "error"),
        (replace(ESTIMATOR, error="0.1"), "error"),
        (replace(ESTIMATOR, source=""), "source"),
        (REPORT, ""),
        (replace(REPORT, endings=()), "endings"),
        (replace(REPORT, endings=("org",)), "endings"),
        (replace(REPORT, endings=(".org", ".O")), "endings"),
        (replace(REPORT, endings=[".org"]), "endings"),
        (replace(REPORT, as_of=""), "as_of"),
        (replace(FORMAT, endings=(1,)), "endings"),
        (replace(FORMAT, name=""), "name"),
        (FORMAT, ""),
        (TECHNIQUE, ""),
        (replace(TECHNIQUE, row=replace(TECHNIQUE.row, approach="hybrid")), "approach"),
        (replace(TECHNIQUE, as_of="soon"), "as_of"),
    ],
)
def test_a_faulty_record_names_its_field(record: Any, fault: str) -> None:
    assert record.fault().partition(":")[0] == fault


def test_records_are_those_of_their_kind_that_are_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = {
        kind: (Plugin(group, "a", "", "", None, "broken"), Plugin(group, "b", "", "", record))
        for (group, kind), record in zip(GROUPS.items(), EVERY_KIND, strict=True)
    }
    kinds = {group: groups[kind] for group, kind in GROUPS.items()}
    monkeypatch.setattr(loading, "_of_group", kinds.__getitem__)
    for kind, record in zip(GROUPS.values(), EVERY_KIND, strict=True):
        assert isinstance(record, kind)
        assert loading.records(kind) == (record,)
