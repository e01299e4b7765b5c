"""Reports of the probes about the data and the machine. A missing reading gives its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from advisor.core.quantity import Quantity

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be used: where it stands and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class LengthFit:
    """What a sequence length of `tokens` does to the data: rows cut, share of tokens lost, share of
    padding.

    `padding` is the share of positions left empty where each row is padded to that length,
    `packed_padding` where rows are laid end to end without being split.
    """

    tokens: int
    rows_cut: int
    tokens_lost: float
    padding: float
    packed_padding: float


@dataclass(frozen=True, slots=True)
class Specificity:
    """How far the language is from general English. `level` is low, medium or high.

    `rare_share` is the share of words outside the common ones, `excess_bits` how many more bits
    per word it has under the general profile than general English has, `tokens_per_word` the
    fertility (None: tokens were not counted). `non_latin_share` is the share of letters outside
    the Latin script.
    """

    level: str
    score: float
    rare_share: float
    excess_bits: float
    tokens_per_word: float | None
    non_latin_share: float
    words: int
    meaning: str


@dataclass(frozen=True, slots=True)
class BaseModelReading:
    """How likely a base model finds the rows, by a calibration on the same data, in bits per byte:
    less is more familiar.

    `general_bits` is that of general text (None: not measured, `general_why` says why); `run` is
    the calibration.
    """

    model: str
    data_bits: float
    general_bits: float | None
    general_why: str
    perplexity: float
    run: int
    as_of: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SuspectLabel:
    """A row whose label a model of the other rows would not give; `likelier` is what it would say
    instead.

    `margin` is by how many nats of log-likelihood `likelier` beats the label, ÷ √(words and pairs
    of words).
    """

    file: str
    line: int
    label: str
    likelier: str
    margin: float


@dataclass(frozen=True, slots=True)
class UnusualRow:
    """A row whose language is far from general English: where it stands and its score, as in
    `Specificity`.
    """

    file: str
    line: int
    score: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the brief that the data suggests: key, present value, proposed value, reason."""

    key: str
    now: str
    proposed: str
    why: str


@dataclass(frozen=True, slots=True)
class DataReport:
    """What a data set holds.

    Token counts are per row; `tokenizer` names what counted and how exact it is.

    `rows` are the readable ones, `distinct_rows` those left without exact duplicates.
    `leaked_eval_rows` are test items that are exact or near copies of training rows (None: no test
    set was given). `personal_data` counts rows by kind; the texts themselves are never kept.
    `effective_rows` are those left without near duplicates too. `conflicting_rows` have the same
    input as another row and another label (None: not a labelling task). `assumed` says how the
    fields were read. `prompt_tokens` are all that the model is given (system, tools, documents and
    countable pictures with it), `answer_tokens` what it learns, without the answers that are marked
    as bad ones (`unwanted_tokens`) and without the worse ones of pairs (`rejected_tokens`).
    """

    files: tuple[str, ...]
    rows: int
    distinct_rows: int
    near_duplicate_rows: int
    bad_rows: tuple[BadRow, ...]
    bad_row_count: int
    prompt_field: str
    answer_field: str
    tokenizer: str
    tokens_per_row: Quantity
    prompt_tokens: Quantity
    answer_tokens: Quantity
    max_tokens: int
    percentiles: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    histogram: tuple[tuple[int, int, int], ...] = ()  # (from tokens, below tokens, rows)
    labels: Mapping[str, int] = field(default_factory=lambda: _NONE)
    eval_rows: int | None = None
    leaked_eval_rows: int | None = None
    personal_data: Mapping[str, int] = field(default_factory=lambda: _NONE)
    warnings: tuple[str, ...] = ()
    assumed: str = ""
    empty_answers: int = 0
    effective_rows: int | None = None
    conflicting_rows: int | None = None
    near_conflicting_rows: int | None = None  # in a group of near duplicates with several labels
    same_answer_rows: int = 0  # that share the commonest answer
    leaked_exact_rows: int | None = None
    lengths: tuple[LengthFit, ...] = ()
    specificity: Specificity | None = None
    languages: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )  # share of rows
    human_ceiling: float | None = None  # agreement of a second column of labels
    chat_tokens: Quantity = Quantity.unknown(
        "tokens/row", "not counted"
    )  # what a chat template adds; not in the above
    chat_template: str = ""  # what stands around the texts, and how that is known
    suspect_labels: tuple[SuspectLabel, ...] = ()  # the plainest first
    suspect_label_rows: int | None = None  # None: not looked for, or not a labelling task
    unusual_rows: tuple[UnusualRow, ...] = ()  # the most unusual first
    row_specificity: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType({})
    )  # percent of rows: score
    effective_labels: float | None = None  # as many equally frequent labels would be as even
    rare_labels: int = 0  # labels with fewer rows than can be learned from
    boilerplate_answers: int = 0  # that begin as refusals and set phrases do
    as_of: str = ""
    base_model: BaseModelReading | None = None  # None: no calibration on these data has read them
    rejected_tokens: Quantity = Quantity.unknown("tokens/row", "no preference data")
    rejected_rows: int = 0  # with a worse answer beside the chosen one
    unwanted_tokens: Quantity = Quantity.unknown("tokens/row", "no preference data")
    unwanted_rows: int = 0  # whose answer is marked as a bad one (KTO)
    media_rows: Mapping[str, int] = field(default_factory=lambda: _NONE)  # picture, sound, video
    media_tokens: Quantity = Quantity.unknown("tokens/row", "no pictures or sound")
    media_uncounted_rows: int = 0  # with a medium that no published rule or known size covers


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a device: a value with its unit, or the reason why there is none."""

    value: float | str | None
    unit: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A process on a GPU."""

    pid: int
    name: str
    memory_gib: float | None


@dataclass(frozen=True, slots=True)
class MigSlice:
    """A part of a GPU that a program sees as a GPU of its own."""

    name: str
    memory_total_gib: Reading
    memory_free_gib: Reading
    uuid: str = ""
    hidden: bool = False  # CUDA_VISIBLE_DEVICES names other slices of this GPU


@dataclass(frozen=True, slots=True)
class LocalGpu:
    """One accelerator as the driver reports it.

    `product` is the id in profiles; empty: not a known product.

    `hidden`: programs started here do not see it. `slices`: with MIG on, programs see these and not
    the whole GPU.
    """

    index: int
    name: str
    product: str
    memory_total_gib: Reading
    memory_free_gib: Reading
    power_watts: Reading
    power_limit_watts: Reading
    clock_mhz: Reading
    temperature_c: Reading
    processes: tuple[Process, ...] = ()
    hidden: bool = False
    utilisation: Reading = Reading(None, "share", "not asked")
    mig: Reading = Reading(None, "", "not asked")  # on or off
    slices: tuple[MigSlice, ...] = ()
    uuid: str = ""
    vendor: str = "NVIDIA"
    nvlink: Reading = Reading(None, "", "not asked")  # number of active links
    memory_clock_mhz: Reading = Reading(None, "MHz", "not asked")
    bandwidth: Quantity = Quantity.unknown("GB/s", "not measured: `advisor probe --measure`")
    matrix_rate: Quantity = Quantity.unknown("TFLOP/s", "not measured: `advisor probe --measure`")


@dataclass(frozen=True, slots=True)
class HardwareReport:
    """The machine: GPUs, host, software. `gpus_reason` says why no GPU could be read."""

    gpus: tuple[LocalGpu, ...]
    gpus_reason: str
    driver: Reading
    cuda: Reading
    cpu: str
    cores: int
    memory_gib: float
    memory_free_gib: float
    disk_free_gib: float
    platform: str
    software: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    as_of: str = ""
    warnings: tuple[str, ...] = ()
    memory_bandwidth: Quantity = Quantity.unknown("GB/s", "not measured: `advisor probe --measure`")
    matrix_rate: Quantity = Quantity.unknown("GFLOP/s", "not measured: `advisor probe --measure`")
    processor_use: Reading = Reading(None, "share", "not asked")


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """What an OpenAI-compatible server showed in a few requests; times in seconds.

    `cached_tokens` is what the server says it read from its cache when a long prefix came a second
    time (None: it says nothing about caching). `spent_usd` is None where the price is not known.
    """

    url: str
    model: str
    models: tuple[str, ...]
    requests: int
    failed: tuple[str, ...]
    first_token_seconds: Quantity
    total_seconds: Quantity
    tokens_per_second: Quantity
    input_tokens: int | None
    output_tokens: int | None
    prefix_tokens: int | None
    cached_tokens: int | None
    cache_note: str
    price: str
    spent_usd: float | None
    as_of: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What a request log shows.

    Hit shares by lifetime in minutes: hits ÷ all requests, first requests count as misses.

    `own_hits` look at the gaps within a prefix, `shared_hits` at the gaps over all prefixes
    together.
    """

    file: str
    requests: int
    prefixes: int
    own_hits: Mapping[int, float]
    shared_hits: Mapping[int, float]
    as_of: str


@dataclass(frozen=True, slots=True)
class ResultsReport:
    """Scores of several options on the same test items, by `approach/technique@model` in lower
    case.

    `pairs` holds, for two options, the standard deviation of their difference per item and the
    number of common items.
    """

    file: str
    means: Mapping[str, float]
    items: Mapping[str, int]
    pairs: Mapping[frozenset[str], tuple[float, int]]
