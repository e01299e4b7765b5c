"""Measures on published studies what else prompting and tuning do to scores: how far they vary, how
often tuning on few labels hurts, what reasoning adds. Writes profiles/quality_effects.csv.

usage: python tools/quality_effects.py EVIDENCE.csv OUT.csv

Effects that our studies do not measure are rows of `LITERATURE`, with their source.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from advisor.backtest.decision_cells import published_decisions
from advisor.backtest.studies import Result, read
from advisor.core.constants import QUANTILES

COLUMNS = (
    "effect",
    "applies_to",
    "examples_from",
    "examples_below",
    "p10",
    "p50",
    "p90",
    "unit",
    "source",
    "as_of",
)
BANDS = ((0, 150), (150, 2000), (2000, None))
FEW = 100  # labels or demonstrations up to which repeats vary more
DEVIATION = re.compile(r"\bsd (\d*\.?\d+)(?: over (\d+) (?:runs|seeds))?")
LEAST_REPEATS = 3
RESAMPLES = 4000
WORDINGS = "TailorMatch (Steiner 2024, arXiv 2409.08185): 4 wordings of {} options"
REPEATS = "Bertsch 2024 (arXiv 2405.00200): 3 to 10 repeats of {} points"
REASONING = "Zhong 2023 (arXiv 2302.10198): ChatGPT with and without, {} pairs, GLUE"
FORGETTING = (
    "Biderman 2024 (arXiv 2405.09673): mean of 3 general tests, least against most training"
)
VOTING = (
    "Wang 2022 (arXiv 2203.11171): 5 reasoning tests, up to 40 answers, beyond chain of thought"
)
EIGHT_BITS = (
    "Kurtic 2024 (arXiv 2411.02355): FP8 without loss, INT8 1 to 3 %; model cards of RedHatAI: "
    "Llama-3 8B and 70B w8a16 lose 0.2 and 1.6 %"
)
FOUR_BITS = (
    "model cards of RedHatAI: Llama-3.1-8B w4a16 keeps 93.0 to 99.7 % on 5 tests, granite-3.1-8b "
    "99.3 % on OpenLLM"
)
LITERATURE = (
    ("forgetting", "adapter", "", "", 0.0, 0.022, 0.044, "score", FORGETTING, "2024"),
    ("forgetting", "all", "", "", 0.0, 0.09, 0.181, "score", FORGETTING, "2024"),
    ("voting_gain", "self-consistency", "", "", 0.039, 0.11, 0.179, "score", VOTING, "2022"),
    ("quantisation_loss", "8-bit", "", "", 0.0, 0.005, 0.02, "share of score", EIGHT_BITS, "2024"),
    (
        "quantisation_loss",
        "4-bit",
        "",
        "",
        0.005,
        0.018,
        0.054,
        "share of score",
        FOUR_BITS,
        "2025",
    ),
)

Row = tuple[str | float, ...]


def main(evidence: str, out: str) -> None:
    """Writes the table."""
    path = Path(evidence)
    with path.open(newline="", encoding="utf-8") as file:
        noted = list(zip(csv.DictReader(file), read(path), strict=True))
    results = [result for _, result in noted]
    rows = [*_variation(noted), *_overfitting(results), _reasoning(results), *LITERATURE]
    with Path(out).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _variation(noted: Sequence[tuple[dict[str, str], Result]]) -> Iterator[Row]:
    """Standard deviations that the notes state: over wordings, and over repeats."""
    wordings: dict[str, list[float]] = defaultdict(list)
    repeats: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for row, result in noted:
        match = DEVIATION.search(row["notes"])
        if match is None:
            continue
        deviation = float(match.group(1)) / result.scale
        if "wording" in row["notes"]:
            wordings[result.family].append(deviation)
        elif int(match.group(2) or 0) >= LEAST_REPEATS and "retrieved" not in row["notes"]:
            repeats[result.family, (result.examples or 0) <= FEW].append(deviation)
    for family, values in wordings.items():
        source = WORDINGS.format(len(values))
        yield ("wording_spread", family, "", "", *_quantiles(values), "score", source, "2024")
    for (family, few), values in repeats.items():
        limits = ("", FEW + 1) if few else (FEW + 1, "")
        source = REPEATS.format(len(values))
        yield ("repeat_spread", family, *limits, *_quantiles(values), "score", source, "2024")


def _overfitting(results: Sequence[Result]) -> Iterator[Row]:
    """Share of decisions in which tuning fell below the best prompt, by number of labels.

    Studies weigh the same; the interval is that of studies drawn again with replacement.
    """
    decisions = [d for d in published_decisions(results) if not d.about.weak]
    rng = np.random.default_rng(7)
    for low, high in BANDS:
        shares: dict[str, list[bool]] = defaultdict(list)
        for d in decisions:
            if low <= d.about.labels < (high or np.inf):
                shares[d.study].append(d.tuned < d.about.prompt)
        means = np.array([np.mean(v) for v in shares.values()])
        drawn = rng.choice(means, (RESAMPLES, len(means))).mean(axis=1)
        p10, _, p90 = _quantiles(drawn)
        cells = sum(len(v) for v in shares.values())
        source = f"{cells} published decisions of {len(means)} studies (profiles/evidence.csv)"
        middle = round(float(means.mean()), 3)
        yield (
            "below_prompt",
            "tune",
            low or "",
            high or "",
            p10,
            middle,
            p90,
            "share",
            source,
            "2025",
        )


def _reasoning(results: Sequence[Result]) -> Row:
    """What chain of thought adds to the same prompt of the same model."""
    plain: dict[tuple[str, ...], float] = {}
    thought: dict[tuple[str, ...], float] = {}
    for r in results:
        key = (r.study, r.task, r.metric, r.skill.model, f"{r.examples or 0:g}")
        if r.value is None or "optim" in r.raw_approach:
            continue
        if r.raw_approach == "cot":
            thought[key] = r.value
        elif r.raw_approach in ("zero_shot", "few_shot"):
            plain[key] = r.value
    gains = [thought[key] - plain[key] for key in thought.keys() & plain.keys()]
    source = REASONING.format(len(gains))
    gain = _quantiles(gains)
    return ("reasoning_gain", "chain-of-thought", "", "", *gain, "score", source, "2023")


def _quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    p10, p50, p90 = (round(float(q), 3) for q in np.quantile(values, QUANTILES))
    return p10, p50, p90


if __name__ == "__main__":
    main(*sys.argv[1:3])
