"""Every complete question worked out a second time: plain arithmetic from the formulas page, on the
TOML as it stands.

Nothing of the estimators is used here. Where a figure rests on a model of its own (training speed,
tokens counted in a file), that one figure is taken from the answer and the rest is worked out from
it.
"""

from __future__ import annotations

import csv
import json
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from advisor import pipeline
from advisor.report import json as as_json

SCENARIOS = Path(__file__).parents[2].parent / "shared" / "scenarios"
FOLDERS = sorted(SCENARIOS.glob("s*/brief.toml")) if SCENARIOS.is_dir() else []
M, MONTH = 1e6, 730.0
DEFAULTS = {
    "traffic.retry_rate": 0.03,
    "traffic.batch_cache_hit_rate": 0.6,
    "traffic.active_hours_per_month": 730.0,
    "traffic.distinct_prefixes": 1.0,
    "data.label_setup_usd": 0.0,
    "data.label_usd": 0.5,
    "team.evaluation_hours": 8.0,
    "team.hourly_usd": 95.0,
    "retrieval.build_hours": 0.0,
}

pytestmark = pytest.mark.skipif(not FOLDERS, reason="the acceptance briefs are not here")


@dataclass
class Case:
    """A brief and its prices as plain dictionaries, and the answer of the program by arm and
    figure.
    """

    folder: Path
    brief: dict[str, Any]
    prices: list[dict[str, Any]]
    options: dict[str, dict[str, float | None]]

    def get(self, key: str) -> float:
        """The likely value at a dotted key."""
        section, name = key.split(".")
        value = self.brief.get(section, {}).get(name, DEFAULTS.get(key))
        return float(value["likely"] if isinstance(value, dict) else value)

    def price(self, model: str) -> dict[str, Any] | None:
        """The row in force at the brief's date: the latest that has begun."""
        rows = [p for p in self.prices if p["model"].lower() == model.lower()]
        begun = [p for p in rows if p.get("start_date", date.min) <= self.brief["as_of"]]
        return max(begun, key=lambda p: p.get("start_date", date.min), default=None)

    @property
    def calls(self) -> float:
        return self.get("traffic.requests_per_month") * (1 + self.get("traffic.retry_rate"))

    def measured(self, approach: str, technique: str, shown: int = 0) -> dict[str, Any] | None:
        """The score that says how long the prompt of a technique was."""
        for row in self.brief["quality"].get("measured", []):
            told = (row["approach"], row["technique"], row.get("train_examples", 0))
            if told == (approach, technique, shown):
                return dict(row)
        return None

    def examples(self) -> float:
        """Labels in hand: of the file where it is all of them, without exact copies."""
        if self.brief["data"].get("sample") or "path" not in self.brief["data"]:
            return self.get("data.examples")
        return float(len(set(table(self.folder / self.brief["data"]["path"]))))


def table(path: Path) -> list[str]:
    """The rows of a data file, one text each, without a header."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            return [json.dumps(row) for row in csv.DictReader(file)]
        return file.read().splitlines()


def read(path: Path) -> Case:
    """A folder, and the program's answer to it."""
    brief = tomllib.loads(path.read_text(encoding="utf-8"))
    prices = tomllib.loads((path.parent / brief["prices"]["file"]).read_text(encoding="utf-8"))[
        "prices"
    ]
    answer = json.loads(as_json.render(pipeline.recommend(path)))
    options = {a["id"]: {f["id"]: f["value"] for f in a["figures"]} for a in answer["arms"]}
    return Case(path.parent, brief, prices, options)


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda p: p.parent.name)
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVISOR_HOME", str(tmp_path_factory.mktemp("home")))
        yield read(request.param)


def parts(option: str) -> tuple[str, str, str, list[str]]:
    """Approach, technique, model and servings of an arm's id."""
    head, *serving = option.split("+")
    approach, _, rest = head.partition("/")
    technique, _, model = rest.partition("@")
    return approach, technique, model, serving


def request_usd(case: Case, model: str, static: float, serving: list[str]) -> float:
    """One request at a provider: docs/reference/formulas.md#prompting, #cache."""
    row = case.price(model)
    assert row is not None
    plain, out = row["input_usd_per_1m"], row["output_usd_per_1m"]
    rest = case.get("traffic.input_tokens") * plain + case.get("traffic.output_tokens") * out
    prefix = static * plain
    eligible = (
        "cached_input_usd_per_1m" in row
        and static >= row.get("cache_minimum_tokens", 0)
        and static > 0
    )
    if eligible and serving != ["uncached"] and serving != ["hosted"]:
        hit = hit_rate(case, row, serving)
        write = row.get(
            "cache_write_1h_usd_per_1m" if "cached-1h" in serving else "cache_write_usd_per_1m",
            plain,
        )
        prefix = static * (hit * row["cached_input_usd_per_1m"] + (1 - hit) * write)
    return float((row["batch_factor"] if "batch" in serving else 1.0) * (prefix + rest) / M)


def hit_rate(case: Case, row: dict[str, Any], serving: list[str]) -> float:
    if "batch" in serving:
        return case.get("traffic.batch_cache_hit_rate")
    if "cache_hit_rate" in case.brief["traffic"]:
        return case.get("traffic.cache_hit_rate")
    hours = (60 if "cached-1h" in serving else min(row["cache_minutes"])) / 60
    arrivals = case.get("traffic.requests_per_month") / case.get("traffic.active_hours_per_month")
    return 1 - math.exp(-arrivals / case.get("traffic.distinct_prefixes") * hours)


def test_every_prompt_costs_its_tokens(case: Case) -> None:
    seen = 0
    for option, figures in case.options.items():
        approach, technique, model, serving = parts(option)
        if approach != "prompt" or case.price(model) is None:
            continue
        base, _, shown = (
            technique.rpartition("-")
            if technique.startswith("many-shot-")
            else (technique, "", "0")
        )
        score = case.measured("prompt", base, int(shown))
        static = (score or {}).get("static_tokens", case.get("traffic.static_tokens"))
        expected = case.calls * request_usd(case, model, static, serving)
        assert figures["run.inference"] == pytest.approx(expected), option
        plain = [s for s in serving if s == "batch"]
        full = case.calls * request_usd(case, model, static, ["uncached"])
        factor = case.price(model)["batch_factor"] if plain else 1.0  # type: ignore[index]
        assert figures["run.inference_uncached"] == pytest.approx(factor * full), option
        assert figures["run.total"] == pytest.approx(expected), option
        labels = max(0.0, int(shown) - case.examples())
        assert figures["once.labels"] == pytest.approx(labels * case.get("data.label_usd")), option
        assert figures["once.people"] == pytest.approx(
            case.get("team.prompt_hours") * case.get("team.hourly_usd")
        )
        seen += 1
    assert seen or not case.brief["models"]["prompt"]


def tuned_static(case: Case, technique: str) -> float:
    return case.get(
        "traffic.static_tokens" if technique == "tuned-few-shot" else "tuning.static_tokens"
    )


def gpu_usd(case: Case, figures: dict[str, float | None]) -> float | None:
    """One hour of the GPUs, as far as the brief states it."""
    hardware = case.brief["hardware"]
    if not hardware["owned"]:
        return float(hardware["usd_per_hour"] * hardware["count"])
    if hardware.get("watts"):
        return float(
            hardware["watts"] / 1000 * hardware["count"] * hardware["electricity_usd_per_kwh"]
        )
    return None


FIRST_ROUND_LABELS = 100
"""Fewer labels are topped up before anything is tuned on them."""


def test_every_tuned_model_on_gpus_costs_its_hours(case: Case) -> None:
    hardware = case.brief["hardware"]
    for option, figures in case.options.items():
        approach, technique, _, serving = parts(option)
        if approach == "prompt" or "hosted" in serving:
            continue
        hour = 0.1 if "cpu" in serving else gpu_usd(case, figures)
        if hour is None:
            continue
        if "tokens_per_example" in case.brief["data"]:
            kept = tuned_static(case, technique) - case.get("tuning.static_tokens")
            tokens = (
                max(case.examples(), FIRST_ROUND_LABELS)
                * (case.get("data.tokens_per_example") + max(kept, 0))
                * case.get("tuning.epochs")
            )
            assert figures["train.tokens"] == pytest.approx(tokens), option
        if hardware.get("train_tokens_per_second"):
            hours = (
                0.05
                + figures["train.tokens"]
                / hardware["train_tokens_per_second"]
                / hardware["count"]
                / 3600
            )
            assert figures["train.hours"] == pytest.approx(hours), option
        # an encoder is trained on the GPUs of the brief, and served from a CPU
        run = figures["train.hours"] * (gpu_usd(case, figures) or hour)
        assert figures["once.training"] == pytest.approx(case.get("team.training_runs") * run), (
            option
        )
        assert figures["run.hosting"] == pytest.approx(
            serving_hours(case, technique, serving) * hour
        ), option
        again = case.get("team.retrain_hours") * case.get("team.hourly_usd") + run
        assert figures["run.retraining"] == pytest.approx(
            again / case.get("team.retrain_every_months")
        ), option
        people = case.get("team.ops_hours_per_month") * case.get("team.hourly_usd")
        assert figures["run.people"] == pytest.approx(people), option
        assert figures["run.inference"] == pytest.approx(
            passed_on(case) if technique == "cascade" else 0.0
        ), option


def serving_hours(case: Case, technique: str, serving: list[str]) -> float:
    """docs/reference/formulas.md#serving; the traffic of these briefs keeps an encoder on one small
    server.
    """
    hardware = case.brief["hardware"]
    prefill, decode = (
        hardware.get("prefill_tokens_per_second"),
        hardware.get("decode_tokens_per_second"),
    )
    if "cpu" in serving or not prefill or not decode:
        return MONTH
    prompt = tuned_static(case, technique) + case.get("traffic.input_tokens")
    busy = (
        case.calls
        * (prompt / prefill + case.get("traffic.output_tokens") / decode)
        / 3600
        / hardware["count"]
    )
    if case.brief["traffic"]["can_wait_24h"]:
        return float(busy)
    return MONTH * max(1, math.ceil(busy / case.get("traffic.active_hours_per_month") / 0.65))


def passed_on(case: Case) -> float:
    """A fifth of the requests at the first prompted model: batched where a day may pass, else
    cached where it can.
    """
    model = next(m for m in case.brief["models"]["prompt"] if case.price(m))
    row, static = case.price(model), case.get("traffic.static_tokens")
    assert row is not None
    serving = ["uncached"]
    if static >= row.get("cache_minimum_tokens", 0):
        minutes = row["cache_minutes"]
        serving = ["cached"] if len(minutes) == 1 else ["cached-1h"]
    if case.brief["traffic"]["can_wait_24h"]:
        serving = ["batch"]
    return case.calls * 0.2 * request_usd(case, model, static, serving)


def test_every_hosted_model_costs_its_tokens_and_idle_hours(case: Case) -> None:
    for option, figures in case.options.items():
        approach, technique, model, serving = parts(option)
        row = case.price(f"ft:{model}")
        if approach == "prompt" or "hosted" not in serving or row is None or technique == "cascade":
            continue
        kept = case.measured("tune", technique)
        static = (kept or {}).get("static_tokens", tuned_static(case, technique))
        assert figures["run.inference"] == pytest.approx(
            case.calls * request_usd(case, f"ft:{model}", static, serving)
        )
        assert figures["run.hosting"] == pytest.approx(MONTH * row["hosting_usd_per_hour"])
        assert figures["run.hosting_720h"] == pytest.approx(720 * row["hosting_usd_per_hour"])
        training = (
            case.get("team.training_runs")
            * figures["train.tokens"]
            / M
            * row["training_usd_per_1m_tokens"]
        )
        assert figures["once.training"] == pytest.approx(training)
        assert figures["run.people"] == 0


def test_every_option_pays_for_the_test_and_its_people(case: Case) -> None:
    grade = case.brief["data"].get("eval_label_usd", 2 * case.get("data.label_usd"))
    for option, figures in case.options.items():
        approach, *_ = parts(option)
        items = case.get("data.eval_examples")
        if "eval_path" in case.brief["data"] and not case.brief["data"].get("sample"):
            items = len(table(case.folder / case.brief["data"]["eval_path"]))
        test = items * grade + case.get("team.evaluation_hours") * case.get("team.hourly_usd")
        assert figures["once.evaluation"] == pytest.approx(test), option
        hours = {"prompt": 0.0, "tune": case.get("team.tuning_hours")}.get(
            approach, case.get("team.tuning_hours")
        )
        hours += case.get("team.prompt_hours") if approach != "tune" else 0.0
        assert figures["once.people"] == pytest.approx(hours * case.get("team.hourly_usd")), option


def test_the_year_is_the_one_off_cost_and_twelve_bills(case: Case) -> None:
    """These briefs neither grow, nor discount, nor price errors: the horizon is a plain sum."""
    months = case.brief["budget"]["horizon_months"]
    for option, figures in case.options.items():
        if figures["run.total"] is None or figures["once.total"] is None:
            assert figures["horizon.total"] is None, option
            continue
        move = figures.get("once.move") or 0.0
        assert figures["horizon.total"] == pytest.approx(
            figures["once.total"]
            - (figures.get("once.sunk") or 0.0)
            + months * figures["run.total"]
            + move
        )
