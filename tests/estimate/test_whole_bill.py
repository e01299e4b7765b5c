"""The whole way from a file to its costs: options do not disturb each other, and nobody's prices
are taken on trust.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor import pipeline
from advisor.core.errors import UsageError
from advisor.core.verdict import OptionRecord, Verdict
from tests.options import BRIEF, estimated, prompt

PRICES = """
schema = 1
[[prices]]
provider = "anthropic"
model = "claude-sonnet-5"
input_usd_per_1m = 3.0
cached_input_usd_per_1m = 0.3
cache_write_usd_per_1m = 3.75
output_usd_per_1m = 15.0
batch_factor = 0.5
cache_minimum_tokens = 1024
cache_minutes = [5]
source = "a list"
as_of = 2026-11-01
"""
USELESS = (
    PRICES.replace("schema = 1\n", "")
    .replace("claude-sonnet-5", "claude-haiku-4-5")
    .replace("input_usd_per_1m = 3.0", "input_usd_per_1m = 3000.0")
    .replace("output_usd_per_1m = 15.0", "output_usd_per_1m = 15000.0")
)
UNSURE = ["traffic.requests_per_month=2M..5M", "quality.target=0", "team.tuning_hours=80..400"]


def verdict(folder: Path, prices: str, *answers: str) -> Verdict:
    """The answer to the brief of the tests at these prices."""
    (folder / "prices.toml").write_text(prices, encoding="utf-8")
    brief = folder / "brief.toml"
    brief.write_text(BRIEF + '[prices]\nfile = "prices.toml"\n', encoding="utf-8")
    loaded = pipeline.load(brief, [*UNSURE, *answers])
    return pipeline.judge(loaded, pipeline.look(loaded), draws=500, deep=True)


def costs(option: OptionRecord) -> dict[str, tuple[float | None, ...]]:
    return {
        f.id: (f.value, f.p10, f.p50, f.p90) for f in option.figures if f.unit.startswith("USD")
    }


def test_a_useless_option_leaves_every_other_as_it_was(tmp_path: Path) -> None:
    alone = verdict(tmp_path, PRICES)
    both = verdict(tmp_path, PRICES + USELESS, "models.prompt=claude-sonnet-5, claude-haiku-4-5")
    assert len(both.arms) > len(alone.arms)
    found = {option.id: option for option in both.arms}
    for option in alone.arms:
        before, after = costs(option), costs(found[option.id])
        assert before.keys() == after.keys()
        assert all(
            after[k] == pytest.approx(before[k], rel=1e-9, nan_ok=True)
            for k in before
            if None not in before[k]
        )
        assert found[option.id].p_best == pytest.approx(option.p_best)
    assert (both.arm, both.verdict) == (alone.arm, alone.verdict)
    order = [a.id for a in sorted(alone.arms, key=lambda a: a.horizon_usd.p50 or 0)]
    ranked = [a.id for a in sorted(both.arms, key=lambda a: a.horizon_usd.p50 or 0)]
    assert [i for i in ranked if i in order] == order


def test_a_price_that_begins_inside_the_horizon_is_paid_from_its_day_and_told(
    tmp_path: Path,
) -> None:
    rise = PRICES.replace("schema = 1\n", "").replace(
        "input_usd_per_1m = 3.0", "start_date = 2027-05-20\ninput_usd_per_1m = 6.0"
    )
    now, then = verdict(tmp_path, PRICES), verdict(tmp_path, PRICES + rise)
    option = "prompt/few-shot@claude-sonnet-5+uncached"
    before, after = (next(a for a in v.arms if a.id == option) for v in (now, then))
    before_usd = before.figure("run.inference").value  # type: ignore[union-attr]
    assert before_usd is not None
    assert before_usd == after.figure("run.inference").value  # type: ignore[union-attr]
    month, months = before_usd * 3 / (3 + 320 * 15 / 1830), 12 - 181 / (730 / 24)
    rise_usd = after.figure("horizon.total").value - before.figure("horizon.total").value  # type: ignore[union-attr, operator]
    assert rise_usd == pytest.approx(month * months)
    assert any("2027-05-20" in line for line in then.warnings)


def test_an_impossible_speed_is_refused_with_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"decode_tokens_per_second.*at most"):
        verdict(tmp_path, PRICES, "hardware.decode_tokens_per_second=900000")


def test_lengths_that_the_brief_leaves_out_come_from_its_data(tmp_path: Path) -> None:
    rows = "\n".join(
        f'{{"prompt": "Parcel {i} to the {i}th street", "completion": "label {i}"}}'
        for i in range(40)
    )
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    text = BRIEF.replace("input_tokens = 180\noutput_tokens = 320\n", "").replace(
        "[data]\n", '[data]\npath = "rows.jsonl"\n'
    )
    (tmp_path / "brief.toml").write_text(text, encoding="utf-8")
    loaded = pipeline.load(tmp_path / "brief.toml")
    around = pipeline.look(loaded)
    informed = pipeline.inform(loaded, around)
    assert around.data is not None
    assert informed.traffic.input_tokens.likely == pytest.approx(around.data.prompt_tokens.likely)
    assert informed.traffic.output_tokens.likely == pytest.approx(around.data.answer_tokens.likely)
    assert 3 < informed.traffic.input_tokens.likely < 30
    assert informed.origin("traffic.input_tokens").source


@pytest.mark.parametrize("technique", ["zero-shot", "few-shot", "chain-of-thought", "searched"])
def test_only_a_searched_prompt_pays_for_a_search(technique: str) -> None:
    found = estimated(prompt("batch", technique=technique))
    price = found["run.request"].value
    paid = found["once.training"].value if "once.training" in found.figures else 0.0
    assert paid == pytest.approx(3200 * price if technique == "searched" else 0.0)
