"""Effects beside the score: they come from the studies, and options carry them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from advisor import shipped
from advisor.core.quantity import Basis
from advisor.estimate.quality.effects import EffectKind, effect, load

ROOT = Path(__file__).parents[3]


def test_the_shipped_table_is_what_the_tool_makes(tmp_path: Path) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "quality_effects.py"))
    out = tmp_path / "effects.csv"
    tool["main"](str(shipped.folder("profiles") / "evidence.csv"), str(out))
    made, kept = (
        p.read_text(encoding="utf-8")
        for p in (out, shipped.folder("profiles") / "quality_effects.csv")
    )
    assert made == kept


def test_every_effect_is_ordered_and_has_a_source() -> None:
    for e in load():
        assert e.size.range.p10 <= e.size.range.p50 <= e.size.range.p90
        assert e.size.source
        assert e.size.as_of
        assert e.size.basis is Basis.PUBLISHED


@pytest.mark.parametrize(
    ("labels", "beyond"), [(25, 0.3), (149, 0.3), (150, None), (1999, None), (2000, 0.15)]
)
def test_few_labels_put_tuning_below_the_prompt_more_often(
    labels: float, beyond: float | None
) -> None:
    share = effect(EffectKind.BELOW_PROMPT, "tune", labels)
    assert share is not None
    if beyond is None:
        assert share.range.likely < 0.1
    else:
        assert share.range.likely > beyond


def test_a_tuned_model_varies_less_with_wording_than_a_prompt() -> None:
    """Steiner 2024: 0.107 against 0.013 in the median, by hand from the notes of the rows."""
    prompt, tuned = (effect(EffectKind.WORDING, a) for a in ("prompt", "tune"))
    assert prompt is not None
    assert tuned is not None
    assert prompt.range.p50 == pytest.approx(0.107)
    assert tuned.range.p50 == pytest.approx(0.013)


def test_an_adapter_forgets_less_than_full_tuning() -> None:
    adapter, full = (effect(EffectKind.FORGETTING, w) for w in ("adapter", "all"))
    assert adapter is not None
    assert full is not None
    assert adapter.range.p90 == pytest.approx(0.653 - 0.609)
    assert full.range.p90 == pytest.approx(0.595 - 0.414)


def test_what_no_study_measured_is_unknown() -> None:
    assert effect(EffectKind.FORGETTING, "provider") is None
