"""A desk with a stand-in for the engine: a fixed verdict, at once, with every request
remembered.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from advisor import experiments
from advisor.core.brief import Brief
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken, ignore
from advisor.core.experiment import RunRecord
from advisor.core.probes import (
    BadRow,
    DataReport,
    HardwareReport,
    LocalGpu,
    Process,
    Reading,
    Specificity,
    SuspectLabel,
    UnusualRow,
)
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.verdict import (
    Assumption,
    BreakEven,
    Excluded,
    FigureInput,
    FigureRecord,
    FlipPoint,
    NextStep,
    OptionRecord,
    Readiness,
    Sensitivity,
    SourceRecord,
    Verdict,
)
from advisor.tui.app import AdvisorApp
from advisor.tui.controllers import judging
from advisor.tui.model.draft import Draft
from advisor.tui.model.run_request import CalibrationRequest
from advisor.tui.widgets import hardware_pane
from advisor.tui.work import judge_jobs, run_jobs
from advisor.tui.work.engine import PipelineEngine
from tests.calibrate.fake_worker import PRETEND, plan_of

BRIEF = """\
# The shop wants attributes.
schema = 1
name = "Catalogue attribute extraction"
as_of = 2026-11-20

[task]
type = "extraction"

[traffic]
requests_per_month = 3_000_000  # from the log
can_wait_24h = true

[quality]
target = 0.9
"""


def figure(id: str, value: float, unit: str, basis: str, spread: float = 0.2) -> FigureRecord:
    volume = FigureInput(
        "traffic.requests_per_month",
        3e6,
        "requests/month",
        "quoted",
        "brief shop.toml: traffic",
        "2026-11-20",
    )
    low, high = value * (1 - spread), value * (1 + spread)
    formula, filled = f"{id} = volume × rate", f"3,000,000 × {value / 3e6:.6f}"
    return FigureRecord(
        id,
        value,
        low,
        value,
        high,
        unit,
        basis,
        formula,
        filled,
        (volume,),
        "price list",
        "2026-11-08",
        "anchor",
    )


def around(value: float, spread: float = 0.2) -> Range:
    return Range(value * (1 - spread), value, value * (1 + spread))


def option(
    id: str, monthly: float, once: float, score: float, weeks: float, p_best: float
) -> OptionRecord:
    approach, _, rest = id.partition("/")
    technique, _, model = rest.partition("@")
    figures = (
        figure("run.total", monthly, "USD/month", "modelled"),
        figure("once.total", once, "USD", "quoted"),
        figure("quality.score", score, "score", "measured", 0.02),
        figure("time.weeks", weeks, "weeks", "assumed"),
    )
    ranges = (
        around(once),
        around(monthly),
        around(once + 12 * monthly),
        around(weeks),
        around(score, 0.02),
    )
    return OptionRecord(
        id,
        approach,
        technique,
        model.partition("+")[0],
        "rented GPU",
        *ranges,
        0.9,
        p_best,
        figures,
    )


def make_verdict() -> Verdict:
    tune = option("tune/lora@llama-3.1-8b+batch+rented", 3317, 18363, 0.912, 7, 0.91)
    prompt = option("prompt/few-shot@claude-sonnet-5+batch", 12168, 720, 0.905, 2, 0.09)
    return Verdict(
        schema=1,
        name="Catalogue attribute extraction",
        client="",
        as_of="2026-11-20",
        seed=20261120,
        draws=10_000,
        verdict="tune",
        arm=tune.id,
        p_best=0.91,
        expected_regret_usd=1100.0,
        why=(
            "Equal quality: 0.912 and 0.905 cannot be told apart on 600 items.",
            "27 % of the batched prompt's bill.",
        ),
        arms=(prompt, tune),
        excluded=(
            Excluded("prompt/few-shot@claude-haiku-4-5", "quality.target", "0.842 is below 0.9"),
        ),
        break_even=BreakEven(2.0, 1_150_000, 0.27, None),
        flip_points=(
            FlipPoint("traffic.requests_per_month", 1_150_000, "prompt", 3e6, "requests/month"),
        ),
        sensitivity=(
            Sensitivity("traffic.requests_per_month", 62_000, 121_500, 59_500),
            Sensitivity("team.tuning_hours", 91_000, -1_200, 92_200),
        ),
        next_step=NextStep("Decide now: no measurement is worth its price", 0, 0, 0),
        readiness=(
            Readiness("test set", "ok", "600 items"),
            Readiness("leakage", "warn", "40 near-copies"),
        ),
        assumptions=(
            Assumption("team.hourly_usd", "65 – 150", "assumed", "US median wage", "2025-05"),
        ),
        warnings=("gpt-4.1-mini ends on 2027-01-14",),
        sources=(SourceRecord("price list", "quoted", "2026-11-08", ("price.input",)),),
        alternative=prompt.id,
    )


def tokens(value: float) -> Quantity:
    return Quantity(around(value), "tokens", Basis.MEASURED, "train.jsonl", "2026-11-20")


@dataclass(frozen=True)
class FakeObservations:
    """A small data set and a machine with one GPU whose power cannot be read."""

    data: DataReport | None = field(
        default_factory=lambda: DataReport(
            files=("train.jsonl",),
            rows=3000,
            distinct_rows=2990,
            near_duplicate_rows=12,
            bad_rows=(BadRow("train.jsonl", 17, "no JSON"),),
            bad_row_count=1,
            prompt_field="prompt",
            answer_field="completion",
            tokenizer="o200k_base, exact",
            tokens_per_row=tokens(620),
            prompt_tokens=tokens(300),
            answer_tokens=tokens(320),
            max_tokens=2048,
            histogram=((0, 500, 1000), (500, 1000, 2000)),
            eval_rows=600,
            leaked_eval_rows=40,
            personal_data={"e-mail address": 3},
            leaked_exact_rows=30,
            assumed="prompt = prompt, answer = completion",
            labels={"card": 2000, "refund": 1000},
            conflicting_rows=4,
            near_conflicting_rows=2,
            suspect_label_rows=9,
            suspect_labels=(SuspectLabel("train.jsonl", 311, "card", "refund", 5.5),),
            unusual_rows=(UnusualRow("train.jsonl", 42, 3.1),),
            specificity=Specificity(
                "high", 2.4, 0.3, 1.5, 1.6, 0.0, 90_000, "far from general English"
            ),
            chat_tokens=tokens(9),
            chat_template="the template of the model",
            as_of="2026-11-20",
        )
    )
    hardware: HardwareReport | None = field(
        default_factory=lambda: HardwareReport(
            gpus=(
                LocalGpu(
                    index=0,
                    name="NVIDIA L40S",
                    product="L40S",
                    memory_total_gib=Reading(44.7, "GiB"),
                    memory_free_gib=Reading(44.0, "GiB"),
                    power_watts=Reading(None, "W", "not supported"),
                    power_limit_watts=Reading(350.0, "W"),
                    clock_mhz=Reading(2520.0, "MHz"),
                    temperature_c=Reading(41.0, "°C"),
                    processes=(Process(7, "python[/]", None),),
                ),
            ),
            gpus_reason="",
            driver=Reading("580.1"),
            cuda=Reading("13.0"),
            cpu="a processor",
            cores=8,
            memory_gib=64.0,
            memory_free_gib=40.0,
            disk_free_gib=100.0,
            platform="Linux",
        )
    )
    warnings: tuple[str, ...] = ()


@dataclass
class FakeEngine(PipelineEngine):
    """Plans `trials` of the pretended child and really runs them.

    Answers with `verdict` named after the brief, or raises `error`; `gates` hold judgements of a
    volume back.
    """

    verdict: Verdict = field(default_factory=make_verdict)
    error: AdvisorError | None = None
    blind: AdvisorError | None = None
    asked: list[tuple[Brief, bool]] = field(default_factory=list)
    looks: int = 0
    readings: int = 0
    unreadable: AdvisorError | None = None
    gates: dict[float, threading.Event] = field(default_factory=dict)
    trials: list[dict] = field(
        default_factory=lambda: [{"does": "wait", "value": n} for n in range(3)]
    )
    requests: list[CalibrationRequest] = field(default_factory=list)
    refusal: AdvisorError | None = None
    lacks: str = ""

    def look(self, brief: Brief, cancel: CancelToken, events=ignore) -> FakeObservations:
        self.looks += 1
        if self.blind:
            raise self.blind
        return FakeObservations()

    def machine(self) -> HardwareReport:
        self.readings += 1
        if self.unreadable:
            raise self.unreadable
        use = Reading(0.1 * (self.readings % 10), "share")
        return replace(FakeObservations().hardware, processor_use=use)

    def plan(
        self, request: CalibrationRequest, brief: Brief, observations: FakeObservations
    ) -> experiments.Prepared:
        self.requests.append(request)
        if self.refusal and not request.allow_busy:
            raise self.refusal
        held = replace(plan_of(*self.trials), kind="quality")
        hour = request.usd_per_hour or Range.exact(0.0)
        bounds = experiments.Limits(request.minutes, request.max_usd, hour, request.allow_busy)
        return experiments.prepare(
            held, experiments.Machine("this CPU", "cpu"), bounds, again=request.again
        )

    def models(self) -> tuple[str, ...]:
        return ("claude-sonnet-5", "claude-haiku-4-5", "gpt-6-luna", "Llama-3.1-8B")

    def gpus(self) -> tuple[str, ...]:
        return ("L40S", "H100-SXM")

    def missing(self, request: CalibrationRequest) -> str:
        return self.lacks

    def run(self, prepared: experiments.Prepared, events, cancel: CancelToken) -> RunRecord:
        return experiments.run(prepared, events=events, cancel=cancel, command=PRETEND)

    def judge(self, brief: Brief, observations: FakeObservations, *, deep: bool) -> Verdict:
        self.asked.append((brief, deep))
        volume = brief.traffic.requests_per_month.p50
        if volume in self.gates:
            self.gates[volume].wait(5)
        if self.error:
            raise self.error
        return replace(
            self.verdict, name=brief.name, why=(f"{volume:,.0f} requests.", *self.verdict.why)
        )


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input rests sooner, so that tests need not wait; the machine is read once, so that none
    depends on time.
    """
    monkeypatch.setattr(judge_jobs, "REST_SECONDS", 0.05)
    monkeypatch.setattr(run_jobs, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(judging, "REST_SECONDS", 0.05)
    monkeypatch.setattr(hardware_pane, "EVERY_SECONDS", 1000.0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are kept in a folder of the test's own."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


APPS_PER_SEARCH = 8
"""An app that has ended leaves 8 MB of objects that refer to each other."""
_apps = count(1)


@pytest.fixture(autouse=True)
def _tidy(request: pytest.FixtureRequest) -> Iterator[None]:
    """Search for garbage after every few apps: Python itself waits until there is a gigabyte."""
    yield
    if "engine" in request.fixturenames and next(_apps) % APPS_PER_SEARCH == 0:
        gc.collect()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def brief_file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(BRIEF, encoding="utf-8")
    return path


@pytest.fixture
def app(engine: FakeEngine, brief_file: Path) -> AdvisorApp:
    return AdvisorApp(Draft.read(brief_file), engine)


@pytest.fixture(scope="session")
def verdict() -> Verdict:
    return make_verdict()


@pytest.fixture(scope="session")
def observations() -> FakeObservations:
    return FakeObservations()
