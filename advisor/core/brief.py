"""The brief: what a team tells us about its task. Every field carries the question that asks for it.

Ranged fields hold a `Range` (P10, P50, P90); an exact answer is a range of equal values. `None` stands for "left out,
derived elsewhere". `origins` says for every dotted key that was answered where the answer comes from; a key without an
origin holds the question's default and belongs to the assumption register.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.question import Question, ask, exactly, spread

TASK_TYPES = (
    "classification",
    "extraction",
    "qa",
    "summarisation",
    "translation",
    "generation",
    "dialogue",
    "code",
    "reasoning",
)
APPROACHES = ("prompt", "tune", "hybrid")
TECHNIQUES = (
    "zero-shot",
    "one-shot",
    "few-shot",
    "many-shot",
    "retrieved-examples",
    "chain-of-thought",
    "searched",
    "retrieval",
    "lora",
    "qlora",
    "dora",
    "full",
    "soft-prompt",
    "encoder",
    "hosted",
    "tuned-few-shot",
    "tuned-retrieval",
    "cascade",
)


@dataclass(frozen=True, slots=True)
class Task:
    """What the model has to do."""

    type: str = ask(
        "What kind of task is it?",
        "The family of the task; the evidence base is read for it.",
        "choice",
        "generation",
        choices=TASK_TYPES,
    )
    domain: str = ask("Which domain?", "A word or two, such as banking or e-commerce; shown in reports.", "text", "")
    domain_specificity: str = ask(
        "How far is its language from general English?",
        "low, medium or high; auto measures it from the data.",
        "choice",
        "auto",
        "measured from the data where there is any, else medium",
        choices=("low", "medium", "high", "auto"),
    )
    labels: int = ask("How many classes?", "For classification: the number of labels. 0 otherwise.", "whole", 0, low=0)
    output: str = ask(
        "What does it write?",
        "The form of an answer.",
        "choice",
        "short-text",
        choices=("label", "json", "short-text", "long-text"),
    )
    factual_share: Range = ask(
        "Which share of requests rests on facts that can change?",
        "A tuned model keeps old facts until it is tuned again.",
        "share",
        exactly(1.0),
    )
    knowledge_change_per_month: Range = ask(
        "Which share of those facts changes in a month?", "0 where knowledge stands still.", "share", exactly(0.0)
    )
    tasks_sharing_model: int = ask(
        "How many tasks or tenants share one base model?", "Adapters on one base share its hosting.", "whole", 1, low=1
    )


@dataclass(frozen=True, slots=True)
class Current:
    """What is in place today: the as-is option."""

    approach: str = ask(
        "Which approach is in place today?", "prompt, tune or hybrid.", "choice", "prompt", choices=APPROACHES
    )
    technique: str = ask(
        "Which technique?", "As it would stand in the name of an option.", "choice", "zero-shot", choices=TECHNIQUES
    )
    model: str = ask("Which model?", "The model in use today.", "text", "")
    monthly_usd: Range | None = ask(
        "What does it cost a month?",
        "From the bill; left out: computed like any other option.",
        "number",
        None,
        "computed from traffic and prices",
        unit="USD/month",
        low=0,
    )
    ends: date | None = ask(
        "What is its last day?",
        "The day the service or model is switched off, where known.",
        "date",
        None,
        "no end known",
    )


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much is asked, and in what shape."""

    requests_per_month: Range = ask(
        "How many requests a month?",
        "All calls of the finished task; retries come on top.",
        "number",
        spread(10_000, 100_000, 1_000_000),
        "a guess three orders wide: please answer",
        unit="requests/month",
        low=0,
    )
    growth_per_month: Range = ask(
        "How fast does it grow a month?",
        "0.02 is 2 % a month, compounded.",
        "number",
        exactly(0.0),
        unit="share/month",
        low=-0.5,
        high=1,
    )
    active_hours_per_month: Range = ask(
        "In how many hours of a month do requests arrive?",
        "730: round the clock; about 198: office hours.",
        "number",
        exactly(730.0),
        "a month has 730 hours",
        unit="h/month",
        low=1,
        high=744,
    )
    log: str = ask(
        "Is there a request log?",
        "CSV, a row per request: timestamp (ISO 8601, UTC), prefix. Its gaps give the cache hits.",
        "path",
        "",
        "no log",
    )
    distinct_prefixes: Range = ask(
        "How many distinct static prompts?",
        "Tenants, brands: each with its own static prompt.",
        "number",
        exactly(1.0),
        unit="prefixes",
        low=1,
    )
    static_tokens: Range = ask(
        "How long is the static prompt?",
        "Instructions and examples, the same in every request of a prefix.",
        "number",
        spread(300, 1000, 3000),
        "typical few-shot prompts",
        unit="tokens/request",
        low=0,
    )
    shared_tokens: Range | None = ask(
        "How much of it do all prefixes have in common?",
        "Left out: all of it with one prefix, none of it with several.",
        "number",
        None,
        "all of the static prompt with one prefix, else none",
        unit="tokens/request",
        low=0,
    )
    shared_first: bool = ask(
        "Does the common part stand first?", "Then a cache can keep it once for all prefixes.", "yes-no", True
    )
    input_tokens: Range = ask(
        "How long is the fresh input?",
        "The part that differs from request to request.",
        "number",
        spread(100, 300, 1000),
        "typical requests",
        unit="tokens/request",
        low=0,
    )
    output_tokens: Range = ask(
        "How long is an answer?",
        "Tokens written, reasoning included.",
        "number",
        spread(50, 200, 600),
        "typical answers",
        unit="tokens/request",
        low=0,
    )
    cache_hit_rate: Range | None = ask(
        "Which share of requests hits the prompt cache?",
        "Measured online; left out: from the log, else from arrivals.",
        "share",
        None,
        "from the log, else 1 − e^(−λT) from arrivals",
    )
    batch_cache_hit_rate: Range = ask(
        "And in batches?",
        "Providers promise no more than best effort.",
        "share",
        spread(0.3, 0.6, 0.9),
        "batch documentation: best effort, 30 to 98 % seen",
    )
    retry_rate: Range = ask(
        "Which share of requests is repeated?",
        "Invalid or refused answers that are asked again.",
        "share",
        spread(0.01, 0.03, 0.10),
        "practice reports",
    )
    can_wait_24h: bool = ask(
        "May results wait a day?", "Then batch prices and batch serving are open.", "yes-no", False
    )
    max_latency_seconds: Range = ask(
        "How many seconds may an answer take?", "0: no limit.", "number", exactly(0.0), unit="s", low=0
    )


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the traffic that may get its own verdict; `count` alike ones."""

    name: str = ask("What is the segment called?", "Brands, sites, new codes.", "text", "")
    count: int = ask("How many are there, alike?", "Each needs its own adapter where tuned.", "whole", 1, low=1)
    share: Range = ask("Which share of all requests, together?", "Of the whole traffic.", "share", exactly(1.0))
    examples: Range = ask("How many labelled examples has each?", "", "number", exactly(0.0), unit="examples", low=0)
    eval_examples: Range = ask("How many test items has each?", "", "number", exactly(0.0), unit="items", low=0)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Documents looked up for each request."""

    tokens: Range = ask(
        "How many retrieved tokens a request?",
        "Added to the fresh input.",
        "number",
        exactly(1500.0),
        unit="tokens/request",
        low=0,
    )
    usd_per_month: Range = ask(
        "What do index and search cost a month?", "", "number", exactly(0.0), unit="USD/month", low=0
    )
    build_hours: Range = ask("How many hours to build it?", "Once.", "number", exactly(0.0), unit="h", low=0)


@dataclass(frozen=True, slots=True)
class Score:
    """A score the user has already measured."""

    approach: str = ask("Which approach was measured?", "", "choice", "prompt", choices=APPROACHES)
    technique: str = ask("Which technique?", "", "choice", "few-shot", choices=TECHNIQUES)
    model: str = ask("Which model?", "", "text", "")
    score: float = ask("What did it score?", "0 to 1, higher is better.", "score", 0.0, low=0, high=1)
    items: int = ask("On how many test items?", "", "whole", 0, low=1)
    sd: float = ask("Standard deviation between repeated runs?", "0: one run.", "score", 0.0, low=0, high=1)
    train_examples: int = ask(
        "Tuned on, or shown, how many examples?", "Several rows of one option are points of a curve.", "whole", 0, low=0
    )
    static_tokens: Range | None = ask(
        "How long was its static prompt?",
        "Left out: as in traffic or tuning.",
        "number",
        None,
        unit="tokens/request",
        low=0,
    )
    segment: str = ask("Measured on which segment?", "Empty: on the whole traffic.", "text", "")


@dataclass(frozen=True, slots=True)
class Quality:
    """How good it must be, and what is known about that."""

    metric: str = ask(
        "How is quality measured?", "The share of answers that pass, by this measure.", "text", "accuracy"
    )
    target: float = ask(
        "Which score is good enough?",
        "Options with less than a 5 % chance to reach it are excluded. 0: no target.",
        "score",
        0.0,
        "no target",
        low=0,
        high=1,
    )
    human_ceiling: float | None = ask(
        "How often do two annotators agree?",
        "No option is promised more than this.",
        "score",
        None,
        "not measured",
        low=0,
        high=1,
    )
    error_cost_usd: Range = ask(
        "What does one wrong answer cost?",
        "In money: rework, refunds, risk.",
        "number",
        exactly(0.0),
        "errors are not priced",
        unit="USD/error",
        low=0,
    )
    expected_uplift: Range | None = ask(
        "What should tuning add to the best prompt?",
        "In score; left out: the evidence base.",
        "number",
        None,
        "the evidence base",
        unit="score",
        low=-1,
        high=1,
    )
    results: str = ask(
        "Is there a file of scores per item?",
        "CSV: item, then a column per approach/technique@model, scores from 0 to 1.",
        "path",
        "",
        "no file",
    )
    measured: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """Examples to learn from and items to test on."""

    path: str = ask(
        "Where are the training examples?",
        "A file or folder; what it holds overrides the three numbers below.",
        "path",
        "",
    )
    sample: bool = ask("Is that file only a sample?", "Then the numbers below stay.", "yes-no", False)
    eval_path: str = ask("Where is the test set?", "Checked against the training examples for leakage.", "path", "")
    examples: Range = ask("How many labelled examples are there?", "", "number", exactly(0.0), unit="examples", low=0)
    eval_examples: Range = ask("How many test items are there?", "", "number", exactly(0.0), unit="items", low=0)
    tokens_per_example: Range | None = ask(
        "How many tokens has an example?",
        "Prompt and answer together, real tokens.",
        "number",
        None,
        "static prompt of the tuned model + input + output",
        unit="tokens/example",
        low=1,
    )
    label_usd: Range = ask(
        "What does one more training label cost?",
        "",
        "number",
        spread(0.05, 0.5, 3.0),
        "crowd with 4 votes 0.05, skilled about 0.5, expert 3",
        unit="USD/label",
        low=0,
    )
    eval_label_usd: Range | None = ask(
        "What does one more graded test item cost?",
        "All annotators together.",
        "number",
        None,
        "2 × data.label_usd: two annotators",
        unit="USD/item",
        low=0,
    )
    label_setup_usd: Range = ask(
        "What does a labelling round cost to set up?",
        "A fixed price for each round.",
        "number",
        exactly(0.0),
        unit="USD",
        low=0,
    )
    labels_per_week: Range = ask(
        "How many labels a week?",
        "Sets the calendar time of labelling.",
        "number",
        spread(100, 500, 2000),
        "one to three part-time annotators",
        unit="labels/week",
        low=1,
    )
    sensitive: bool = ask("Is the data sensitive?", "Personal or confidential.", "yes-no", False)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the tuned model is trained and prompted."""

    epochs: Range = ask(
        "How many passes over the examples?",
        "",
        "number",
        exactly(3.0),
        "common practice: 1 to 3",
        unit="epochs",
        low=0.01,
        high=1000,
    )
    static_tokens: Range = ask(
        "How many instructions stay in its prompt?",
        "Of the tuned model.",
        "number",
        spread(0, 100, 300),
        "instructions mostly move into the weights",
        unit="tokens/request",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, and by when."""

    one_off_usd: Range | None = ask("What may be spent once?", "", "number", None, "no limit given", unit="USD", low=0)
    monthly_usd: Range | None = ask("And each month?", "", "number", None, "no limit given", unit="USD/month", low=0)
    hard: bool = ask("Are these limits hard?", "Then an option that breaks money or weeks is out.", "yes-no", False)
    weeks: Range | None = ask(
        "By when must it run?", "Weeks from now.", "number", None, "no deadline given", unit="weeks", low=0
    )
    horizon_months: int = ask(
        "Over how many months is it judged?", "", "whole", 12, "the usual budget year", unit="months", low=1, high=120
    )
    discount_rate: Range = ask(
        "At what yearly rate is later money discounted?", "", "number", exactly(0.0), unit="share/year", low=0, high=1
    )


@dataclass(frozen=True, slots=True)
class Team:
    """People: hours and their price."""

    hourly_usd: Range = ask(
        "What does an hour of engineering cost?",
        "Loaded cost.",
        "number",
        spread(65, 95, 150),
        "US median wage 65.4 USD/h (BLS 2025-05) × 1.45 loaded; consultants more",
        unit="USD/h",
        low=0,
    )
    prompt_hours: Range = ask(
        "How many hours to engineer the prompt?", "", "number", spread(16, 40, 100), "practice reports", unit="h", low=0
    )
    tuning_hours: Range = ask(
        "How many hours to tune?",
        "Data, training, evaluation, roll-out.",
        "number",
        spread(80, 160, 320),
        "practice reports",
        unit="h",
        low=0,
    )
    adapter_hours: Range = ask(
        "How many more for each adapter?",
        "As many as segments count, else tasks sharing the model.",
        "number",
        exactly(0.0),
        unit="h",
        low=0,
    )
    evaluation_hours: Range = ask(
        "How many hours to set up the test?",
        "Once, for any new option.",
        "number",
        spread(0, 8, 24),
        "practice reports",
        unit="h",
        low=0,
    )
    retrain_hours: Range = ask(
        "How many hours to tune again?", "Each time.", "number", spread(8, 24, 60), "practice reports", unit="h", low=0
    )
    retrain_every_months: Range = ask(
        "Every how many months is it tuned again?",
        "",
        "number",
        spread(2, 3, 6),
        "quarterly is typical",
        unit="months",
        low=0.1,
    )
    ops_hours_per_month: Range = ask(
        "How many hours a month to run one's own model?",
        "Upkeep of a model one serves.",
        "number",
        spread(4, 20, 60),
        "managed 4 to 10 h, self-hosted a quarter to half a post",
        unit="h/month",
        low=0,
    )
    training_runs: Range = ask(
        "How many runs until one is accepted?", "", "number", spread(3, 5, 10), "practice reports", unit="runs", low=1
    )


@dataclass(frozen=True, slots=True)
class Hardware:
    """Where a tuned open model is trained and served."""

    gpu: str = ask("Which GPU?", "auto: the local one; a name known to `advisor facts gpus`; none.", "text", "auto")
    count: int = ask("How many?", "", "whole", 1, low=1, high=100_000)
    owned: bool = ask("Do you own it?", "Owned cards cost electricity, rented ones by the hour.", "yes-no", False)
    usd_per_hour: Range | None = ask(
        "What does a card cost an hour?",
        "Left out: from the price table, by provider.",
        "number",
        None,
        "GPU price table, by provider",
        unit="USD/h",
        low=0,
    )
    provider: str = ask(
        "Rented from whom?", "A provider of `advisor facts gpus --prices`.", "text", "", "spread over all providers"
    )
    electricity_usd_per_kwh: Range = ask(
        "What does electricity cost?",
        "",
        "number",
        spread(0.108, 0.15, 0.295),
        "EIA commercial: lowest state, average, highest",
        unit="USD/kWh",
        low=0,
    )
    watts: Range | None = ask(
        "How many watts does a card draw?",
        "Measured under load; left out or 0: from the GPU table.",
        "number",
        None,
        "rated power of the GPU table",
        unit="W",
        low=0,
    )
    train_tokens_per_second: Range | None = ask(
        "Measured training speed?",
        "Per card, real tokens; left out or 0: from a calibration, else modelled.",
        "number",
        None,
        "a calibration, else modelled",
        unit="tokens/s",
        low=0,
    )
    prefill_tokens_per_second: Range | None = ask(
        "Measured reading speed?", "Per card, when serving.", "number", None, "not measured", unit="tokens/s", low=0
    )
    decode_tokens_per_second: Range | None = ask(
        "Measured writing speed?",
        "Per card, all requests together.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed."""

    data_may_leave: bool = ask("May data leave your machines?", "If not, hosted models are out.", "yes-no", True)
    zero_retention: bool = ask("Must a provider keep nothing, by contract?", "", "yes-no", False)
    residency: str = ask("Where must data stay?", "eu: at rest and in use stay there. Empty: anywhere.", "text", "")
    open_weights_only: bool = ask("Only models with open weights?", "", "yes-no", False)
    allowed_providers: tuple[str, ...] = ask("Which providers are allowed?", "Empty: any.", "names", ())


@dataclass(frozen=True, slots=True)
class Prices:
    """Own prices."""

    file: str = ask(
        "Is there a file of own prices?", "TOML; its rows override the shipped ones.", "path", "", "shipped prices"
    )


@dataclass(frozen=True, slots=True)
class Models:
    """Candidates. An empty list means no such option; `None` means our candidates."""

    prompt: tuple[str, ...] | None = ask(
        "Which models may be prompted?",
        "Left out: our candidates. Empty: none.",
        "names",
        None,
        "our candidates: see docs/reference/formulas.md",
    )
    tune: tuple[str, ...] | None = ask(
        "Which models may be tuned?",
        "Encoders belong here too. Left out: our candidates.",
        "names",
        None,
        "our candidates: see docs/reference/formulas.md",
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an answer comes from."""

    basis: Basis
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Brief:
    """One question to the advisor, whole."""

    name: str = ask("What is this about?", "The title of the report.", "text", "Untitled")
    client: str = ask("For whom?", "For reports; may stay empty.", "text", "")
    as_of: date | None = ask(
        "As of which day?", "Prices and lifecycles are looked up at it; left out: today.", "date", None, "today"
    )
    task: Task = Task()
    current: Current | None = None
    traffic: Traffic = Traffic()
    segments: tuple[Segment, ...] = ()
    retrieval: Retrieval | None = None
    quality: Quality = Quality()
    data: Data = Data()
    tuning: Tuning = Tuning()
    budget: Budget = Budget()
    team: Team = Team()
    hardware: Hardware = Hardware()
    policy: Policy = Policy()
    prices: Prices = Prices()
    models: Models = Models()
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))
    folder: str = "."  # paths in the brief are relative to it

    def get(self, key: str) -> Any:
        """The value at a dotted key such as `traffic.static_tokens`. Raises KeyError for a key that does not exist."""
        value: Any = self
        for part in key.split("."):
            if not is_dataclass(value) or part not in {f.name for f in fields(value)}:
                raise KeyError(key)
            value = getattr(value, part)
        return value

    def origin(self, key: str) -> Origin:
        """Where the value at `key` comes from; a default is assumed, with the source its question states."""
        if key in self.origins:
            return self.origins[key]
        return Origin(Basis.ASSUMED, questions()[key].source, "")

    def quantity(self, key: str) -> Quantity:
        """The number at `key` with unit and origin. A value left out is unknown, with the reason."""
        question, value, origin = questions()[key], self.get(key), self.origin(key)
        if value is None:
            return Quantity.unknown(question.unit, question.source)
        held = value if isinstance(value, Range) else Range.exact(float(value))
        return Quantity(held, question.unit, origin.basis, origin.source, origin.as_of)

    def answered(self, key: str, value: Any, origin: Origin) -> Brief:
        """This brief with another answer; `value` is not validated here."""
        head, _, tail = key.partition(".")
        origins = MappingProxyType({**self.origins, key: origin})
        if not tail:
            return replace(self, **{head: value, "origins": origins})
        section = getattr(self, head)
        section = section if section is not None else SECTIONS[head]()
        return replace(self, **{head: replace(section, **{tail: value}), "origins": origins})


SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "task": Task,
        "current": Current,
        "traffic": Traffic,
        "retrieval": Retrieval,
        "quality": Quality,
        "data": Data,
        "tuning": Tuning,
        "budget": Budget,
        "team": Team,
        "hardware": Hardware,
        "policy": Policy,
        "prices": Prices,
        "models": Models,
    }
)
"""The tables of the file that stand once; `segments` and `quality.measured` are lists of tables."""

LISTS: Mapping[str, type] = MappingProxyType({"segments": Segment, "quality.measured": Score})


@cache
def questions() -> Mapping[str, Question]:
    """Every question by its dotted key, in the order of the file; those of lists under `segments[].` and the like."""
    found = {q.key: q for q in _questions_of(Brief, "")}
    for name, section in SECTIONS.items():
        found |= {q.key: q for q in _questions_of(section, f"{name}.")}
    for name, row in LISTS.items():
        found |= {q.key: q for q in _questions_of(row, f"{name}[].")}
    return MappingProxyType(found)


def _questions_of(section: type, prefix: str) -> Iterator[Question]:
    for f in fields(section):
        if "question" in f.metadata:
            yield replace(f.metadata["question"], key=prefix + f.name)
