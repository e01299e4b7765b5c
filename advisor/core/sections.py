"""The tables of a brief. Every field carries the question that asks for it, declared here and nowhere else.

Ranged fields hold a `Range` (P10, P50, P90); an exact answer is a range of equal values. `None` stands for "left out,
derived elsewhere".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly, spread

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


PLANNING = "planning range, no survey"
UNPRICED = "not priced unless told"


@dataclass(frozen=True, slots=True)
class Task:
    """What the model has to do."""

    type: str = ask(
        "What kind of task is it?",
        "The family of the task; the evidence base is read for it.",
        "choice",
        "generation",
        "the most general family",
        choices=TASK_TYPES,
        basic=True,
    )
    domain: str = ask(
        "Which domain?",
        "A word or two, such as banking or e-commerce; shown in reports.",
        "text",
        "",
        "not stated",
        registered=False,
    )
    domain_specificity: str = ask(
        "How far is its language from general English?",
        "The further, the more tuning has to teach. auto: measured from the data.",
        "choice",
        "auto",
        "measured from the data where there is any, else medium",
        choices=("low", "medium", "high", "auto"),
    )
    labels: int = ask(
        "How many classes?",
        "For classification: the number of labels. 0: not a classification.",
        "whole",
        0,
        "not stated: taken as few classes",
        unit="classes",
        low=0,
        basic=True,
    )
    output: str = ask(
        "What does it write?",
        "The form of an answer. Labels open the door to small classifiers.",
        "choice",
        "short-text",
        "the most common form",
        choices=("label", "json", "short-text", "long-text"),
        basic=True,
    )
    factual_share: Range = ask(
        "Which share of requests rests on facts that can change?",
        "A tuned model keeps old facts until it is tuned again; a prompt or retrieval takes new ones at once.",
        "share",
        exactly(1.0),
        "cautious: every request",
    )
    knowledge_change_per_month: Range = ask(
        "Which share of those facts changes in a month?",
        "0 where knowledge stands still.",
        "share",
        exactly(0.0),
        "knowledge stands still unless told",
    )
    tasks_sharing_model: int = ask(
        "How many tasks or tenants share one base model?",
        "Adapters on one base share its hosting.",
        "whole",
        1,
        "this task alone",
        unit="tasks",
        low=1,
    )


@dataclass(frozen=True, slots=True)
class Current:
    """What is in place today: the as-is option."""

    approach: str = ask(
        "Which approach is in place today?",
        "prompt, tune or hybrid.",
        "choice",
        "prompt",
        "the usual first step",
        choices=APPROACHES,
    )
    technique: str = ask(
        "Which technique is in place?",
        "As it would stand in the name of an option.",
        "choice",
        "zero-shot",
        "the usual first step",
        choices=TECHNIQUES,
    )
    model: str = ask(
        "Which model is in use today?",
        "A name known to `advisor facts models` or `advisor facts prices`.",
        "text",
        "",
        "not stated",
        required=True,
    )
    monthly_usd: Range | None = ask(
        "What does it cost a month?",
        "From the bill. Left out: computed like any other option.",
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
        "the known end of its model, where there is one",
    )


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much is asked, and in what shape."""

    requests_per_month: Range = ask(
        "How many requests a month?",
        "All calls of the finished task; repeated calls come on top.",
        "number",
        spread(10_000, 100_000, 1_000_000),
        "a guess two orders of magnitude wide: please answer",
        unit="requests/month",
        low=0,
        basic=True,
    )
    growth_per_month: Range = ask(
        "How fast does it grow a month?",
        "0.02 is 2 % a month, compounded; negative where it shrinks.",
        "number",
        exactly(0.0),
        "no growth unless told",
        unit="share/month",
        low=-0.5,
        high=1,
    )
    active_hours_per_month: Range = ask(
        "In how many hours of a month do requests arrive?",
        "730: round the clock; about 198: office hours. Fewer hours, denser arrivals, more cache hits.",
        "number",
        exactly(730.0),
        "round the clock: a month has 730 hours",
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
        registered=False,
    )
    distinct_prefixes: Range = ask(
        "How many distinct static prompts?",
        "Tenants, brands: each with its own static prompt.",
        "number",
        exactly(1.0),
        "one prompt for all",
        unit="prefixes",
        low=1,
    )
    static_tokens: Range = ask(
        "How long is the static prompt?",
        "Instructions and examples, the same in every request of a prefix.",
        "number",
        spread(300, 1000, 3000),
        "from bare instructions to a dozen examples; " + PLANNING,
        unit="tokens/request",
        low=0,
        basic=True,
    )
    shared_tokens: Range | None = ask(
        "How much of it do all prefixes have in common?",
        "At most the static prompt. Left out: all of it with one prefix, none of it with several.",
        "number",
        None,
        "all of the static prompt with one prefix, else none",
        unit="tokens/request",
        low=0,
    )
    shared_first: bool = ask(
        "Does the common part stand first?",
        "Then a cache can keep it once for all prefixes.",
        "yes-no",
        True,
        "the usual order of a prompt",
    )
    input_tokens: Range = ask(
        "How long is the fresh input?",
        "The part that differs from request to request.",
        "number",
        spread(100, 300, 1000),
        "from a sentence to a page; " + PLANNING,
        unit="tokens/request",
        low=0,
        basic=True,
    )
    output_tokens: Range = ask(
        "How long is an answer?",
        "Tokens written, reasoning included.",
        "number",
        spread(50, 200, 600),
        "from a record to a page; " + PLANNING,
        unit="tokens/request",
        low=0,
        basic=True,
    )
    cache_hit_rate: Range | None = ask(
        "Which share of requests hits the prompt cache?",
        "Measured online. Left out: from the log, else from arrivals.",
        "share",
        None,
        "from the log, else 1 − e^(−λT) from arrivals",
    )
    batch_cache_hit_rate: Range = ask(
        "Which share of requests hits the cache in batches?",
        "Measured in batches. Providers promise no more than best effort.",
        "share",
        spread(0.3, 0.6, 0.9),
        "batch documentation of providers: best effort, 30 to 98 % seen",
        as_of="2026-08",
    )
    retry_rate: Range = ask(
        "Which share of requests is repeated?",
        "Invalid or refused answers that are asked again.",
        "share",
        spread(0.01, 0.03, 0.10),
        PLANNING,
    )
    can_wait_24h: bool = ask(
        "May results wait a day?",
        "Then batch prices and batch serving are open.",
        "yes-no",
        False,
        "cautious: answers are wanted at once",
        basic=True,
    )
    max_latency_seconds: Range = ask(
        "How many seconds may an answer take?",
        "0: no limit.",
        "number",
        exactly(0.0),
        "no limit given",
        unit="s",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the traffic that may get its own verdict; `count` alike ones."""

    name: str = ask(
        "What is the segment called?", "Brands, sites, new codes; each name once.", "text", "", "", required=True
    )
    count: int = ask(
        "How many are there, alike?",
        "Each needs its own adapter where tuned.",
        "whole",
        1,
        "a single one",
        unit="segments",
        low=1,
    )
    share: Range = ask(
        "Which share of all requests do they have, together?",
        "Of the whole traffic; the shares of all segments add up to 1 at most.",
        "share",
        exactly(1.0),
        "the whole traffic",
    )
    examples: Range = ask(
        "How many labelled examples has each?",
        "To learn from, its own only.",
        "number",
        exactly(0.0),
        "none in hand",
        unit="examples",
        low=0,
    )
    eval_examples: Range = ask(
        "How many test items has each?",
        "To test on, its own only.",
        "number",
        exactly(0.0),
        "none in hand",
        unit="items",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Documents looked up for each request."""

    tokens: Range = ask(
        "How many retrieved tokens a request?",
        "Added to the fresh input.",
        "number",
        exactly(1500.0),
        "three passages of a page each; " + PLANNING,
        unit="tokens/request",
        low=0,
    )
    usd_per_month: Range = ask(
        "What do index and search cost a month?",
        "Index, storage and search service together.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="USD/month",
        low=0,
    )
    build_hours: Range = ask(
        "How many hours to build the retrieval?",
        "Once; 0 where it stands already.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="h",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Score:
    """A score the user has already measured."""

    approach: str = ask(
        "Which approach was measured?",
        "prompt, tune or hybrid.",
        "choice",
        "prompt",
        "",
        choices=APPROACHES,
        required=True,
    )
    technique: str = ask(
        "Which technique was measured?",
        "As it stands in the name of an option.",
        "choice",
        "few-shot",
        "",
        choices=TECHNIQUES,
        required=True,
    )
    model: str = ask(
        "Which model was measured?", "As it stands in the name of an option.", "text", "", "", required=True
    )
    score: float = ask("What did it score?", "0 to 1, higher is better.", "score", 0.0, "", required=True)
    items: int = ask(
        "On how many test items?",
        "The size of the test set: it says how far the score can be trusted.",
        "whole",
        0,
        "",
        unit="items",
        low=1,
        required=True,
    )
    sd: float = ask(
        "Standard deviation between repeated runs?",
        "Where there were several runs. 0: one run.",
        "score",
        0.0,
        "one run",
        registered=False,
    )
    train_examples: int = ask(
        "Tuned on, or shown, how many examples?",
        "Several rows of one option are points of a curve.",
        "whole",
        0,
        "not stated",
        unit="examples",
        low=0,
        registered=False,
    )
    static_tokens: Range | None = ask(
        "How long was its static prompt?",
        "Left out: as in traffic or tuning.",
        "number",
        None,
        "as in traffic or tuning",
        unit="tokens/request",
        low=0,
        registered=False,
    )
    segment: str = ask(
        "Measured on which segment?",
        "The name of a segment. Left out: the whole traffic.",
        "text",
        "",
        "whole traffic",
        registered=False,
    )


@dataclass(frozen=True, slots=True)
class Quality:
    """How good it must be, and what is known about that."""

    metric: str = ask(
        "How is quality measured?",
        "The share of answers that pass, by this measure.",
        "text",
        "accuracy",
        "the share of right answers",
        registered=False,
    )
    target: float = ask(
        "Which score is good enough?",
        "Options with less than a 5 % chance to reach it are excluded. 0: no target.",
        "score",
        0.0,
        "no target",
        basic=True,
    )
    human_ceiling: float | None = ask(
        "How often do two annotators agree?",
        "No option is promised more than this.",
        "score",
        None,
        "no ceiling: not measured",
    )
    error_cost_usd: Range = ask(
        "What does one wrong answer cost?",
        "In money: rework, refunds, risk.",
        "number",
        exactly(0.0),
        "errors are not priced unless told",
        unit="USD/error",
        low=0,
        basic=True,
    )
    expected_uplift: Range | None = ask(
        "What should tuning add to the best prompt?",
        "In score, from -1 to 1. Left out: the evidence base.",
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
        registered=False,
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
        "no file",
        basic=True,
        registered=False,
    )
    sample: bool = ask(
        "Is that file only a sample?", "Then the numbers below stay.", "yes-no", False, "all of it", registered=False
    )
    eval_path: str = ask(
        "Where is the test set?",
        "Checked against the training examples for leakage.",
        "path",
        "",
        "no file",
        registered=False,
    )
    examples: Range = ask(
        "How many labelled examples are there?",
        "In hand, to learn from. What is in the file counts where there is one.",
        "number",
        exactly(0.0),
        "none in hand unless told",
        unit="examples",
        low=0,
        basic=True,
    )
    eval_examples: Range = ask(
        "How many test items are there?",
        "Kept apart from the examples. Without a test set no option can be accepted.",
        "number",
        exactly(0.0),
        "none in hand unless told",
        unit="items",
        low=0,
        basic=True,
    )
    tokens_per_example: Range | None = ask(
        "How many tokens has an example?",
        "Prompt and answer together, real tokens, no padding.",
        "number",
        None,
        "static prompt of the tuned model + input + output",
        unit="tokens/example",
        low=1,
    )
    label_usd: Range = ask(
        "What does one more training label cost?",
        "All annotators together.",
        "number",
        spread(0.05, 0.5, 3.0),
        "crowd with 4 workers 0.05 (SageMaker Ground Truth guide), skilled about 0.5, expert 3",
        unit="USD/label",
        low=0,
        as_of="2026-03-15",
    )
    eval_label_usd: Range | None = ask(
        "What does one more graded test item cost?",
        "All annotators together. Left out: twice a training label.",
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
        UNPRICED,
        unit="USD",
        low=0,
    )
    labels_per_week: Range = ask(
        "How many labels a week?",
        "Sets the calendar time of labelling.",
        "number",
        spread(100, 500, 2000),
        "one to three part-time annotators; " + PLANNING,
        unit="labels/week",
        low=1,
    )
    sensitive: bool = ask(
        "Is the data sensitive?", "Personal or confidential.", "yes-no", False, "not sensitive unless told or found"
    )


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the tuned model is trained and prompted."""

    epochs: Range = ask(
        "How many passes over the examples?",
        "Each pass costs the whole training time once.",
        "number",
        exactly(3.0),
        "common practice is 1 to 3: the upper end",
        unit="epochs",
        low=0.01,
        high=1000,
    )
    static_tokens: Range = ask(
        "How many instructions stay in its prompt?",
        "The static prompt of the tuned model.",
        "number",
        spread(0, 100, 300),
        "instructions mostly move into the weights; " + PLANNING,
        unit="tokens/request",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, and by when."""

    one_off_usd: Range | None = ask(
        "What may be spent once?",
        "Labels, training, evaluation and people until it runs. Left out: no limit.",
        "number",
        None,
        "no limit given",
        unit="USD",
        low=0,
        basic=True,
    )
    monthly_usd: Range | None = ask(
        "What may be spent each month?",
        "Inference, hosting, upkeep and retraining. Left out: no limit.",
        "number",
        None,
        "no limit given",
        unit="USD/month",
        low=0,
        basic=True,
    )
    hard: bool = ask(
        "Are these limits hard?",
        "Then an option that breaks money or weeks is out.",
        "yes-no",
        False,
        "limits are wishes unless told",
    )
    weeks: Range | None = ask(
        "In how many weeks must it run?",
        "Counted from the day of the decision. Left out: no deadline.",
        "number",
        None,
        "no deadline given",
        unit="weeks",
        low=0,
    )
    horizon_months: int = ask(
        "Over how many months is it judged?",
        "One-off costs must pay back within it.",
        "whole",
        12,
        "the usual budget year",
        unit="months",
        low=1,
        high=120,
    )
    discount_rate: Range = ask(
        "At what yearly rate is later money discounted?",
        "0.08 is 8 % a year; 0: a dollar next year counts like one today.",
        "number",
        exactly(0.0),
        "no discounting within a year",
        unit="share/year",
        low=0,
        high=1,
    )


@dataclass(frozen=True, slots=True)
class Team:
    """People: hours and their price."""

    hourly_usd: Range = ask(
        "What does an hour of engineering cost?",
        "Loaded: salary with everything on top. 0 where the hours are free.",
        "number",
        spread(65, 95, 150),
        "US median wage 65.4 USD/h (BLS) × 1.45 loaded; consultants more",
        unit="USD/h",
        low=0,
        as_of="2025-05",
    )
    prompt_hours: Range = ask(
        "How many hours to engineer the prompt?",
        "Until a prompt is accepted; 0 where it is written already.",
        "number",
        spread(16, 40, 100),
        PLANNING,
        unit="h",
        low=0,
    )
    tuning_hours: Range = ask(
        "How many hours to tune?",
        "Data work, training, evaluation and roll-out.",
        "number",
        spread(80, 160, 320),
        "data preparation is 40 to 60 % of it; " + PLANNING,
        unit="h",
        low=0,
    )
    adapter_hours: Range = ask(
        "How many hours more for each adapter?",
        "As many adapters as segments count, else tasks sharing the model.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="h",
        low=0,
    )
    evaluation_hours: Range = ask(
        "How many hours to set up the test?",
        "Once, for any new option.",
        "number",
        spread(0, 8, 24),
        PLANNING,
        unit="h",
        low=0,
    )
    retrain_hours: Range = ask(
        "How many hours to tune again?",
        "Each time: new data, a run, a test, a roll-out.",
        "number",
        spread(8, 24, 60),
        PLANNING,
        unit="h",
        low=0,
    )
    retrain_every_months: Range = ask(
        "Every how many months is it tuned again?",
        "As often as the task drifts, and whenever its base model retires.",
        "number",
        spread(2, 3, 6),
        "quarterly is typical; " + PLANNING,
        unit="months",
        low=0.1,
    )
    ops_hours_per_month: Range = ask(
        "How many hours a month to run one's own model?",
        "Upkeep of a model one serves; hosted models need none of it.",
        "number",
        spread(4, 20, 60),
        "self-host cost pages: managed 4 to 10 h, self-hosted a quarter to half a post",
        unit="h/month",
        low=0,
        as_of="2026",
    )
    training_runs: Range = ask(
        "How many runs until one is accepted?",
        "Each costs a whole training.",
        "number",
        spread(3, 5, 10),
        PLANNING,
        unit="runs",
        low=1,
    )


@dataclass(frozen=True, slots=True)
class Hardware:
    """Where a tuned open model is trained and served."""

    gpu: str = ask(
        "Which GPU?",
        "auto: the local one; none; or a name known to `advisor facts gpus`.",
        "text",
        "auto",
        "the local card, where there is one",
        basic=True,
    )
    count: int = ask(
        "How many cards?", "To train and serve on.", "whole", 1, "a single card", unit="cards", low=1, high=100_000
    )
    owned: bool = ask(
        "Do you own it?",
        "Owned cards cost electricity, rented ones by the hour.",
        "yes-no",
        False,
        "rented unless told",
    )
    usd_per_hour: Range | None = ask(
        "What does a card cost an hour?",
        "What you pay to rent one. Left out: from the price table, by provider.",
        "number",
        None,
        "GPU price table, by provider",
        unit="USD/h",
        low=0,
    )
    provider: str = ask(
        "Rented from whom?",
        "A provider of `advisor facts gpus --prices`; the same card costs up to six times more elsewhere.",
        "text",
        "",
        "the spread over all providers",
    )
    electricity_usd_per_kwh: Range = ask(
        "What does electricity cost?",
        "For owned cards.",
        "number",
        spread(0.108, 0.15, 0.295),
        "EIA, US commercial: lowest state, average, highest state",
        unit="USD/kWh",
        low=0,
        as_of="2026-04-26",
    )
    watts: Range | None = ask(
        "How many watts does a card draw?",
        "Measured under load. Left out or 0: from the GPU table.",
        "number",
        None,
        "rated power of the GPU table",
        unit="W",
        low=0,
        zero_is_absent=True,
    )
    train_tokens_per_second: Range | None = ask(
        "How fast does a card train?",
        "Measured, per card, real tokens. Left out or 0: from a calibration, else modelled.",
        "number",
        None,
        "a calibration, else modelled",
        unit="tokens/s",
        low=0,
        zero_is_absent=True,
    )
    prefill_tokens_per_second: Range | None = ask(
        "How fast does a card read?",
        "Measured, per card, when serving. Left out or 0: not known.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
        zero_is_absent=True,
    )
    decode_tokens_per_second: Range | None = ask(
        "How fast does a card write?",
        "Measured, per card, all requests together. Left out or 0: not known.",
        "number",
        None,
        "not measured",
        unit="tokens/s",
        low=0,
        zero_is_absent=True,
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed."""

    data_may_leave: bool = ask(
        "May data leave your machines?",
        "If not, hosted models are out.",
        "yes-no",
        True,
        "allowed unless told",
        basic=True,
    )
    zero_retention: bool = ask(
        "Must a provider keep nothing?",
        "By contract: providers that do not offer it are out.",
        "yes-no",
        False,
        "not demanded unless told",
    )
    residency: str = ask(
        "Where must data stay?",
        "eu: at rest and in use stay there. Left out: anywhere.",
        "text",
        "",
        "anywhere unless told",
    )
    open_weights_only: bool = ask(
        "Only models with open weights?",
        "Then closed models are out, prompted or tuned.",
        "yes-no",
        False,
        "not demanded unless told",
    )
    allowed_providers: tuple[str, ...] = ask(
        "Which providers are allowed?", "Names, such as azure. Empty: any.", "names", (), "any unless told"
    )


@dataclass(frozen=True, slots=True)
class Prices:
    """Own prices."""

    file: str = ask(
        "Is there a file of own prices?",
        "TOML; its rows override the shipped ones.",
        "path",
        "",
        "shipped prices",
        registered=False,
    )


@dataclass(frozen=True, slots=True)
class Models:
    """Candidates. An empty list means no such option; `None` means our candidates."""

    prompt: tuple[str, ...] | None = ask(
        "Which models may be prompted?",
        "Left out: our candidates. An empty list: none.",
        "names",
        None,
        "our candidates: see docs/reference/formulas.md",
    )
    tune: tuple[str, ...] | None = ask(
        "Which models may be tuned?",
        "Encoders belong here too. Left out: our candidates. An empty list: none.",
        "names",
        None,
        "our candidates: see docs/reference/formulas.md",
    )
