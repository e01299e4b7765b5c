"""The data to learn from and to test on, and how a model is tuned on them."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly, spread
from advisor.core.sections.words import PLANNING, UNPRICED


@dataclass(frozen=True, slots=True)
class Data:
    """Examples to learn from and items to test on."""

    path: str = ask(
        "Where are the training examples?",
        "A file or folder; its content overrides the three numbers below.",
        "path",
        "",
        "no file",
        basic=True,
        registered=False,
    )
    sample: bool = ask(
        "Is that file only a sample?",
        "If so, the numbers below stay.",
        "yes-no",
        False,
        "all of it",
        registered=False,
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
        "Available to learn from. If there is a file, its rows are counted instead.",
        "number",
        exactly(0.0),
        "none, unless stated",
        unit="examples",
        low=0,
        high=1e10,
        basic=True,
    )
    eval_examples: Range = ask(
        "How many test items are there?",
        "Separate from the examples. Without a test set, no option can be accepted.",
        "number",
        exactly(0.0),
        "none, unless stated",
        unit="items",
        low=0,
        high=1e8,
        basic=True,
    )
    tokens_per_example: Range | None = ask(
        "How many tokens does an example have?",
        "Prompt and answer together, real tokens, no padding.",
        "number",
        None,
        "static prompt of the tuned model + input + output",
        unit="tokens/example",
        low=1,
        high=1e7,
    )
    label_usd: Range = ask(
        "What does one more training label cost?",
        "All annotators together.",
        "number",
        spread(0.05, 0.5, 3.0),
        "crowd with 4 workers 0.05 (SageMaker Ground Truth guide), skilled about 0.5, expert 3",
        unit="USD/label",
        low=0,
        high=1e5,
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
        high=1e5,
    )
    label_setup_usd: Range = ask(
        "What does a labelling round cost to set up?",
        "A fixed price per round.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="USD",
        low=0,
        high=1e8,
    )
    labels_per_week: Range = ask(
        "How many labels per week?",
        "Determines how many weeks labelling takes.",
        "number",
        spread(100, 500, 2000),
        "one to three part-time annotators; " + PLANNING,
        unit="labels/week",
        low=1,
        high=1e8,
    )
    sensitive: bool = ask(
        "Is the data sensitive?",
        "Personal or confidential.",
        "yes-no",
        False,
        "not sensitive, unless stated or detected",
    )


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the tuned model is trained and prompted."""

    epochs: Range = ask(
        "How many passes over the examples?",
        "Each pass adds one full training time.",
        "number",
        exactly(3.0),
        "common practice is 1 to 3: the upper end",
        unit="epochs",
        low=0.01,
        high=1000,
    )
    static_tokens: Range = ask(
        "How many tokens of instructions stay in its prompt?",
        "The static prompt of the tuned model.",
        "number",
        spread(0, 100, 300),
        "instructions mostly move into the weights; " + PLANNING,
        unit="tokens/request",
        low=0,
        high=1e7,
    )
