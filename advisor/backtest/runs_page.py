"""The page that states how far the training estimator is off, and why where it is far."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.backtest.runs_scores import TITLES, Summary, markdown

GOAL_P90 = 0.2

HEAD = """# How far estimates of training runs are off

This page is written by `python -m tools.accuracy_runs RUNS.csv...`; a test compares it with the
recorded figures. `advisor backtest runs FILE` gives the same tables for any file with the same
columns.

Errors are |prediction ÷ actual − 1|; coverage is the share of actual values between P10 and P90;
rank is the rank correlation of the stated width with the size of the error. The mean over sources
counts those with at least three answered runs, each once.
"""

UNSEEN = """## On stacks, GPUs and model families that were left out

Each framework, each GPU, and each pair of both together with the families of its models is
predicted by what the rest teaches. The coefficients are documented values (counts of tensors and
kernels, data sheets, library defaults) and are not fitted: fitting them on the rest (second table)
predicts what was left out no better. Only the ranges are fitted, on errors of frameworks and GPUs
that were left out within the rest. What this cannot leave out is the choice of the formulas: they
were written with these sources in view.

"""

FITTED = """
With the coefficients fitted on the rest as well:

"""

UNSEEN_HEAD = """| | runs | sources | mean over sources: median / p90 | inside \
| pooled: median / p90 | inside | P90 ÷ P10 | rank |
|---|---|---|---|---|---|---|---|---|
"""

MATCHED = """## After one matched run of the same source

Runs that share source, GPU, number of GPUs, model, method, quantisation, loss and checkpointing
are a group. Within it one run of each set-up (rank, targets, precision, optimiser, attention,
framework, sharding) corrects the others of that set-up, and a run whose set-up occurs once is
corrected, less, by the most alike of these. The source run is chosen by its inputs: the one most
like the others. Neither it nor a run without a partner is scored: answered counts those that were
corrected.

The goal is 6 / 20 % (median / p90). Beside it the floor, in tokens per second: {floor}.
"""

FLOOR = """runs whose
typed inputs are all identical already differ by {median} / {p90} % (mean over {sources} sources),
and in {above} of these sources by more than 20 % at p90 (last table but one)"""

APART = """## What is left after one matched run

The same errors by what tells a run from the one that corrects it. Where nothing does, the runs
differ in what no column states (kernels for experts, kinds of FP8, whether the loss fuses the
projection, software of another date): that is the floor. What other lengths, batches and settings
add is beyond it. The mean over sources with three such runs or more.

| | the runs differ in | runs | sources | median error | p90 error | inside P10–P90 |
|---|---|---|---|---|---|---|
"""

REPLAYED = """## Records that ship

Every recorded run of a GPU in `calibration/reference`, estimated with its settings by ranges that
were fitted without it (`python -m tools.reference_replay`): measured, estimated, and off by.

| record | trial | memory, GiB | tokens per second |
|---|---|---|---|
"""

ONE_EACH = """## After one run of each group, whatever its set-up

The same where a single source run serves its whole group, other ranks, adapters, precisions and
layouts included: the mean over sources.

| | median error | p90 error | inside P10–P90 | P90 ÷ P10 |
|---|---|---|---|---|
"""

TWINS = """## What no estimate from these inputs can tell

Published runs of one source whose typed inputs are all the same, length and batch included: how
far the one of the middle date misses the others in tokens per second. A calibration with one of
them can do no better on the others: where this p90 is above 20 %, the goal of 20 % after a
calibration is out of reach.

| | runs | median difference | p90 difference |
|---|---|---|---|
"""

CAUSES = """## What is out of reach, and why

| Source | What is far off | Cause |
|---|---|---|
| unslothai/unsloth | memory | neither length nor (mostly) batch is stated; usual ones stand in |
| unslothai/unsloth, georgian-io/LLM-Finetuning-Toolkit | total time, not answered | samples of \
which neither mean nor limit of the length is stated: guessed, 350 tokens were 4 times too many \
in one and 3 times too few in the other |
| huggingface/optimum-habana, karpathy/nanochat and others | total time, not answered | the \
number of samples is not stated |
| axolotl-ai-cloud/axolotl | memory | remarks beside configurations; many models are known by \
size only |
| axolotl-ai-cloud/axolotl | speed | three remarks on first runs of large mixtures (Llama 4 Scout, \
DeepSeek V4 Flash), whose experts in 4 bits run one by one: without them the mean is 16 / 45 % |
| foundation-model-stack/fms-acceleration | memory of some padded and fused-loss runs | lengths \
within a batch, and whether the loss fuses the projection, are not in the columns |
| foundation-model-stack/fms-acceleration | speed of mixtures, also calibrated | kernels for the \
experts that are four times as fast are not in the columns |
| Lightning-AI/litgpt | total time | mean lengths are not stated, and how much of the time is \
evaluation |
| haotian-liu/LLaVA | total time | the tokens of pictures, 576 each, are not in the columns |
| huggingface/peft | speed, also calibrated | adapters called `other` differ by up to five times \
in speed |
| InternLM/xtuner | speed of a large mixture on 256 GPUs | traffic between machines by expert \
layout, which is not in the columns |
| pytorch/torchtitan | speed, also calibrated | software generations and kinds of FP8 scaling \
differ at equal inputs |
| NVIDIA-NeMo/Megatron-Bridge | speed of mixtures, also calibrated | dispatch of experts changed \
between releases at equal inputs |
| modelscope/ms-swift | memory of LoRA and QLoRA at long lengths | reserved memory of batches of \
many lengths: a simulated allocator keeps 1.7 to 2.6 times the logits of such a run, the estimate \
counts 1.1 and doubts it, since others empty their caches |
| foundation-model-stack/fms-acceleration | memory after one matched run | rows whose loss fuses \
the projection as well are typed as those that fuse the loss alone |
| fitcheck-llm | speed of QLoRA with sdpa on a T4 | after k-bit preparation queries, keys and \
values are in fp32: which of PyTorch's attention kernels takes them is not in the columns |
| pytorch/ao | speed of FSDP on B200 | a recipe not tuned for the GPU: 20 % of its peak with a \
batch of one |
| QwenLM/Qwen | speed of small models and short lengths, also calibrated | 0.26 s a pass \
whatever its length, several times what others need to launch as many kernels; four GPUs that \
were in two machines |
| MLPerf submissions | calibrated speed | equal inputs, different vendors' machines |
"""


def page(recorded: Summary) -> str:
    """The page in Markdown from the recorded figures."""
    calibrated = markdown(recorded["calibrated"]).split("### Formulas")[0]
    alike = "".join(
        f"| {source} | {figures['rows']} | {100 * figures['median']:.0f} % "
        f"| {100 * figures['p90']:.0f} % |\n"
        for source, figures in recorded["twins"].items()
    )
    by_group = "".join(
        _mean_line(TITLES[m], figures) for m, figures in recorded["calibrated_by_group"].items()
    )
    unseen = f"{UNSEEN}{_unseen(recorded['unseen'])}{FITTED}{_unseen(recorded['unseen_fitted'])}"
    first = f"{HEAD}\n{unseen}\n## By source\n\n{markdown(dict(recorded))}\n"
    matched = MATCHED.format(floor=_floor(recorded["twins"]))
    left = f"{APART}{_apart(recorded['calibrated_by_difference'])}\n"
    records = f"{REPLAYED}{''.join(map(_record_line, recorded['replayed']))}\n"
    after = f"{matched}\n{calibrated}{left}{ONE_EACH}{by_group}\n{TWINS}{alike}\n"
    return f"{first}{after}{records}{CAUSES}"


def _apart(parts: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """A line per measure and kind of difference; one that no source has three runs of says so."""
    lines = []
    for measure, kinds in parts.items():
        for kind, figures in kinds.items():
            cells = [TITLES[measure], kind, f"{figures['runs']:.0f}", f"{figures['groups']:.0f}"]
            keys = ("median_error", "p90_error", "coverage")
            cells += [f"{100 * figures[k]:.0f} %" if figures["groups"] else "–" for k in keys]
            lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _record_line(cells: Mapping[str, str | float | list[float]]) -> str:
    return (
        f"| {cells['record']} | {cells['label']} "
        f"| {_beside(cells['memory_gib'], cells['estimated_gib'])} "
        f"| {_beside(cells['tokens_per_second'], cells['estimated_tokens_per_second'])} |\n"
    )


def _beside(measured: str | float | list[float], estimated: str | float | list[float]) -> str:
    """Measured, the likely estimate with its range, and how far it is off."""
    assert isinstance(measured, float | int)
    assert isinstance(estimated, list)
    actual, low, likely, high = map(_four_digits, (measured, *estimated))
    return f"{actual}: {likely} ({low} to {high}), {100 * (estimated[1] / measured - 1):+.0f} %"


def _four_digits(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:,.0f}"


def _floor(twins: Mapping[str, Mapping[str, float]]) -> str:
    """How far runs of identical inputs differ, as a mean over sources."""
    count = len(twins)
    return FLOOR.format(
        median=f"{100 * sum(t['median'] for t in twins.values()) / count:.0f}",
        p90=f"{100 * sum(t['p90'] for t in twins.values()) / count:.0f}",
        sources=count,
        above=sum(t["p90"] > GOAL_P90 for t in twins.values()),
    )


def _unseen(parts: Mapping[str, Mapping[str, float]]) -> str:
    return UNSEEN_HEAD + "".join(_unseen_line(name, part) for name, part in parts.items())


def _unseen_line(name: str, part: Mapping[str, float]) -> str:
    of_hundred = {key: 100 * value for key, value in part.items()}
    cells = (
        name,
        f"{part['runs']:.0f}",
        f"{part['sources']:.0f}",
        f"{of_hundred['median']:.0f} / {of_hundred['p90']:.0f} %",
        f"{of_hundred['inside']:.0f} %",
        f"{of_hundred['pooled_median']:.0f} / {of_hundred['pooled_p90']:.0f} %",
        f"{of_hundred['pooled_inside']:.0f} %",
        f"{part['width']:.2f}",
        f"{part['rank']:.2f}",
    )
    return f"| {' | '.join(cells)} |\n"


def _mean_line(title: str, figures: Mapping[str, float]) -> str:
    shares = (f"{100 * figures[key]:.0f} %" for key in ("median_error", "p90_error", "coverage"))
    return f"| {title} | {' | '.join(shares)} | {figures['width']:.2f} |\n"
