"""What a quality or prompts trial is asked to measure, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.core.records import KEY, JsonRecord, known_fields


@dataclass(frozen=True, slots=True)
class ModelWeights(JsonRecord):
    """Weights in a local folder, or on the hub (`hub` names repository and commit).

    `weights` identifies their content, `bytes` is the size of the safetensors; `reads_only` marks
    an encoder, which writes no text.
    """

    folder: str
    weights: str
    bytes: int = 0
    hub: str | None = None
    reads_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Workload(JsonRecord):
    """Tokens that a trial will read, write and train on, and its calls: for its price."""

    read_tokens: float = 0.0
    written_tokens: float = 0.0
    learned_tokens: float = 0.0
    calls: float = 0.0


@dataclass(frozen=True, slots=True)
class SearchSpec(JsonRecord):
    """A search over `forms` by successive halving: at most `budget` answers on development items.

    `proposals` instructions are asked of the model itself; `optimiser` names a library's instead.
    """

    budget: int
    proposals: int = 0
    optimiser: str = ""


@dataclass(frozen=True, slots=True)
class PromptChoice(JsonRecord):
    """How a prompt was chosen on development items: `score` of the chosen one, and all candidates.

    `calls` and `usd` are what the choice took, USD None where no price is known.
    """

    items: int
    score: float
    calls: int = 0
    usd: float | None = None
    candidates: Sequence[JsonObject] = ()
    rungs: Sequence[JsonObject] = ()
    by: str = "development items"


@dataclass(frozen=True, slots=True)
class Consistency(JsonRecord):
    """Answers to the same items asked again: the share that changed, and the standard deviation of
    the score between repeats; `paraphrase_sd` between other wordings of the instruction.
    """

    items: int
    repeats: int
    changed: float
    sd: float
    paraphrases: int = 0
    paraphrase_sd: float | None = None


@dataclass(frozen=True, slots=True)
class QualitySpec(JsonRecord):
    """One option of a local model: its prompt, and its training where `train_examples` > 0.

    `language` asks how likely the model finds the rows, beside its score.
    """

    approach: str = "prompt"
    technique: str = "zero-shot"
    shots: int = field(default=0, metadata={KEY: "shown"})
    train_examples: int = 0
    model: ModelWeights | None = None
    seq_len: int = 1024
    seed: int = 0
    batch: int = 8
    demonstration: bool | None = None
    epochs: int | None = None
    rank: int | None = None
    targets: str | None = None
    method: str | None = None
    learning_rate: float | None = None
    expected: Workload | None = None
    forms: Sequence[JsonObject] | None = None
    search: SearchSpec | None = None
    language: bool | None = None

    @classmethod
    def from_json(cls, document: JsonObject) -> QualitySpec:
        """The specification in a trial's JSON object."""
        nested = {"model": ModelWeights, "expected": Workload, "search": SearchSpec}
        return cls(**_with_records(cls, document, **nested))


@dataclass(frozen=True, slots=True)
class PromptsSpec(JsonRecord):
    """One prompt form against an endpoint. Prices in USD per million tokens; None: not known."""

    url: str
    model: str
    approach: str = "prompt"
    technique: str = "zero-shot"
    shots: int = field(default=0, metadata={KEY: "shown"})
    train_examples: int = 0
    key_env: str = "OPENAI_API_KEY"
    input_usd: float | None = None
    output_usd: float | None = None
    at_once: int = 4
    max_tokens: int = 32
    seed: int = 0
    expected: Workload | None = None
    forms: Sequence[JsonObject] | None = None
    search: SearchSpec | None = None
    repeats: int | None = None
    paraphrases: int | None = None

    @classmethod
    def from_json(cls, document: JsonObject) -> PromptsSpec:
        """The specification in a trial's JSON object."""
        return cls(**_with_records(cls, document, expected=Workload, search=SearchSpec))

    @property
    def is_priced(self) -> bool:
        """Whether the price of tokens is known."""
        return self.input_usd is not None and self.output_usd is not None

    def usd(self, read_tokens: float, written_tokens: float) -> float | None:
        """USD for tokens at these prices; None where they are not known."""
        if self.input_usd is None or self.output_usd is None:
            return None
        return (read_tokens * self.input_usd + written_tokens * self.output_usd) / 1e6


@dataclass(frozen=True, slots=True)
class TrialData(JsonRecord):
    """What all trials of a run share: rows to train on, items to score, and how they are scored."""

    train: Sequence[Sequence[str]] = ()
    items: Sequence[Sequence[str]] = ()
    metric: str = ""
    labels: Sequence[str] = ()
    schema: JsonObject | None = None
    one_line: bool = False
    instruction: str = ""
    machine: str | None = None
    general: Sequence[JsonObject] | None = None
    development: Sequence[int] = ()
    passages: Sequence[str] = ()
    judge: JsonObject | None = None
    embedding: JsonObject | None = None
    groups: Sequence[int] = ()

    @property
    def development_pairs(self) -> list[tuple[str, str]]:
        """(prompt, answer) of the rows on which prompts are chosen."""
        rows = self.train_pairs
        return [rows[place] for place in self.development]

    @property
    def pool(self) -> list[tuple[str, str]]:
        """The rows that prompts may show: those for training without the development items."""
        reserved = set(self.development)
        return [row for place, row in enumerate(self.train_pairs) if place not in reserved]

    @property
    def train_pairs(self) -> list[tuple[str, str]]:
        """(prompt, answer) of every training row."""
        return [(str(row[0]), str(row[1])) for row in self.train]

    @property
    def item_pairs(self) -> list[tuple[str, str]]:
        """(prompt, answer) of every test item."""
        return [(str(row[0]), str(row[1])) for row in self.items]


@dataclass(frozen=True, slots=True)
class TextFigures(JsonRecord):
    """How likely a model finds a text: bits per byte of UTF-8, and perplexity per token."""

    bits_per_byte: float = 0.0
    perplexity_per_token: float = 0.0
    tokens: int = 0
    bytes: int = 0
    name: str | None = None


@dataclass(frozen=True, slots=True)
class LanguageFigures(JsonRecord):
    """Of the user's rows (prompts, answers, both together) and of general text; None with why."""

    data: TextFigures | None = None
    prompts: TextFigures | None = None
    answers: TextFigures | None = None
    data_why: str = ""
    general: TextFigures | None = None
    general_why: str = ""

    @classmethod
    def from_json(cls, document: JsonObject) -> LanguageFigures:
        """The figures in a trial's JSON object."""
        nested = dict.fromkeys(("data", "prompts", "answers", "general"), TextFigures)
        return cls(**_with_records(cls, document, **nested))


@dataclass(frozen=True, slots=True)
class GeneralScore(JsonRecord):
    """Score and text figures on the set of general knowledge that shows forgetting."""

    name: str
    score: float
    items: int
    item_scores: Sequence[float]
    bits_per_byte: float = 0.0
    perplexity_per_token: float = 0.0
    tokens: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Training(JsonRecord):
    """What a training showed: losses in nats per token, and whether anything was learned."""

    first_loss: float
    last_loss: float
    loss_fell: bool
    weights_moved: float
    supervised_tokens: int
    trained_tokens: int
    train_tokens_per_second: float
    trainable_params: int


@dataclass(frozen=True, slots=True)
class Comparison(JsonRecord):
    """b − a on the same items: difference, 80 % interval, smallest difference the test can show."""

    difference: float
    interval: Sequence[float]
    smallest: float
    decided: bool
    items: int
    groups: int | None = None
    p_value: float | None = None
    items_to_settle: int | None = None
    usd_to_settle: float | None = None


@dataclass(frozen=True, slots=True)
class Forgetting(Comparison):
    """The comparison on general knowledge, and the relative change of bits per byte."""

    set: str = ""
    base_score: float = 0.0
    bits_per_byte_change: float | None = None


@dataclass(frozen=True, slots=True)
class OptionComparison(Comparison):
    """An option (`arm`) compared with the best prompt (`against`), by their labels."""

    arm: str = ""
    against: str = ""


@dataclass(frozen=True, slots=True)
class ScoredItems(JsonRecord):
    """Scores of all items by one metric; `also` are other measures of the same answers.

    `item_labels` are (right label, predicted label or −1) where the score is one of the whole set.
    """

    metric: str
    score: float
    items: int
    item_scores: Sequence[float]
    also: Mapping[str, float] = field(default_factory=dict)
    item_labels: Sequence[Sequence[int]] | None = None


@dataclass(frozen=True, slots=True)
class QualityResult(JsonRecord):
    """What a quality or prompts trial measured; None is not measured. Money in USD."""

    label: str | None = None
    approach: str = ""
    technique: str = ""
    model: str | None = None
    metric: str = ""
    score: float | None = None
    items: int = 0
    item_scores: Sequence[float] | None = None
    item_labels: Sequence[Sequence[int]] | None = None
    also: Mapping[str, float] = field(default_factory=dict)
    shots: int | None = field(default=None, metadata={KEY: "shown"})
    train_examples: int | None = None
    static_tokens: int | None = None
    form: str | None = None
    cut_prompts: int | None = None
    first_loss: float | None = None
    last_loss: float | None = None
    loss_fell: bool | None = None
    weights_moved: float | None = None
    supervised_tokens: int | None = None
    trained_tokens: int | None = None
    train_tokens_per_second: float | None = None
    trainable_params: int | None = None
    general: GeneralScore | None = None
    general_why: str | None = None
    language: LanguageFigures | None = None
    prompt_hash: str | None = None
    instruction: str | None = None
    artefacts: Mapping[str, int] | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    latency_seconds: Mapping[str, float] | None = None
    usd: float | None = None
    usd_why: str | None = None
    warnings: Sequence[str] = ()
    seconds: Mapping[str, float] | None = None
    interval: Sequence[float] | None = None
    groups: int | None = None
    forgetting: Forgetting | None = None
    prompt: Sequence[JsonObject] | None = None
    choice: PromptChoice | None = None
    consistency: Consistency | None = None
    calls: int | None = None
    confidences: Sequence[float] | None = None
    passed_on: float | None = None
    judge: JsonObject | None = None
    embedding: JsonObject | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON object; money and tokens of an endpoint stay null where they are not known."""
        document = JsonRecord.to_json(self)
        if self.usd_why is not None:
            nulls = dict.fromkeys(("usd", "prompt_tokens", "completion_tokens"))
            document = nulls | document
        return document

    @property
    def artefact_share(self) -> float:
        """Share of the answers that could not be read."""
        return sum((self.artefacts or {}).values()) / self.items if self.items else 0.0

    @classmethod
    def from_json(cls, document: JsonObject) -> QualityResult:
        """The result in a trial's JSON object; keys that it does not know are left out."""
        return cls(
            **_with_records(
                cls,
                document,
                general=GeneralScore,
                language=LanguageFigures,
                forgetting=Forgetting,
                choice=PromptChoice,
                consistency=Consistency,
            )
        )


def _with_records(record: type, document: JsonObject, **nested: type[JsonRecord]) -> dict[str, Any]:
    """The fields of a record, with the JSON objects inside as records."""
    values = known_fields(record, document)
    for key, inner in nested.items():
        if isinstance(values.get(key), Mapping) and values[key]:
            values[key] = inner.from_json(values[key])
    return values
