"""What a run measured, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.calibrate.openings import opening_line, openings_of
from advisor.calibrate.quality_records import (
    Consistency,
    Forgetting,
    LanguageFigures,
    OptionComparison,
    QualityResult,
)
from advisor.calibrate.show_imported import imported_lines
from advisor.calibrate.throughput import Scaling, WholeModel
from advisor.calibrate.throughput_records import PeakMemory, ThroughputResult
from advisor.core import format as fmt
from advisor.core.experiment import JsonObject, RunRecord, Status, TrialOutcome
from advisor.core.text import printable

NOTHING_SHOWN = "–"


def result_lines(record: RunRecord) -> list[str]:
    """What a run measured, and the status of each trial that has no result."""
    head = record.summary
    result = record.result
    lines = [
        f"run {head.id}: {head.kind}, {printable(head.name)}, {head.status.value}, "
        f"{head.done} of {head.trials} answered",
        f"on {printable(head.device)}, {head.started_at}{_origin(record)}",
    ]
    for trial in result.get("trials", ()):
        lines += _trial_lines(trial)
    for whole in result.get("whole_models", ()):
        lines += _whole_lines(WholeModel.from_json(whole))
    lines += [_scaling_line(Scaling(**gain)) for gain in result.get("scaling", ())]
    for comparison in result.get("comparisons", ()):
        lines.append(_comparison_line(OptionComparison.from_json(comparison)))
    lines += imported_lines(record)
    if (opened := openings_of(result.get("opened"))) is not None:
        warning = "warning: " if opened.is_a_new_look else ""
        lines.append(f"  {warning}{opening_line(opened)}")
    lines += [_outcome_line(o) for o in record.outcomes if o.status is not Status.DONE]
    if result.get("enough"):
        lines.append(f"enough: {printable(str(result['enough']))}; --all runs the rest")
    if result.get("carries_over"):
        lines.append(f"carries over: {result['carries_over']}")
    return lines


def _origin(record: RunRecord) -> str:
    """Where a run of another machine came from."""
    source = record.machine.get("imported_from")
    return f", imported from {printable(str(source))}" if source else ""


def _outcome_line(outcome: TrialOutcome) -> str:
    """The status of a trial without a result; why trials were skipped is said once, for all."""
    line = f"  {printable(outcome.label)}: {outcome.status.value}"
    skipped = outcome.status is Status.SKIPPED
    return line if skipped else f"{line}, {printable(outcome.reason)}"


def _scaling_line(gain: Scaling) -> str:
    doubt = "" if gain.steady else ", of unsteady steps"
    return (
        f"  {printable(gain.label)}: {fmt.share(gain.efficiency)} of {gain.processes} times "
        f"one process{doubt}"
    )


def _trial_lines(document: JsonObject) -> Iterator[str]:
    yield f"  {printable(str(document.get('label', '')))}"
    yield from _training_lines(ThroughputResult.from_json(document))
    yield from _quality_lines(QualityResult.from_json(document))


def _training_lines(trial: ThroughputResult) -> Iterator[str]:
    if trial.tokens_per_second is not None:
        yield (
            f"    {rate(trial.tokens_per_second)} tokens/s real, "
            f"{rate(trial.positions_per_second)} with padding "
            f"({fmt.share(trial.padding_share or 0.0)}); "
            f"{printable(trial.steady_why or '')}"
        )
    if trial.law is not None:
        yield (
            f"    a step: {trial.law.fixed_seconds:.4g} s + {trial.law.seconds_per_position:.4g} s "
            f"× positions (R² {trial.law.r2:.2f})"
        )
    if trial.memory is not None:
        yield f"    peak memory: {_memory_text(trial.memory)}"
    if trial.memory_of_each:
        each = ", ".join(f"{peak.process_gib or 0.0:.2f}" for peak in trial.memory_of_each)
        yield f"    of each of {trial.processes} processes ({trial.sharding}): {each} GiB"
    if trial.watts and trial.joules_per_token is not None:
        clock = f", at {trial.gpu_mhz:,.0f} MHz" if trial.gpu_mhz else ""
        energy = f"{trial.joules_per_token:.3g} J per real token"
        yield f"    power: {trial.watts:.0f} W, {energy}{clock}"
    fixed = _fixed_terms(trial)
    if fixed:
        yield f"    {fixed}"
    if trial.search is not None:
        least = "at least " if trial.search.out_of_time else ""
        yield f"    largest safe micro-batch: {least}{trial.search.largest}"
    if trial.architecture_differs:
        yield f"    {printable(trial.architecture_differs)}"


def _memory_text(memory: PeakMemory) -> str:
    return ", ".join(
        f"{name.removesuffix('_gib')} {gib:.2f} GiB" for name, gib in memory.to_json().items()
    )


def _fixed_terms(trial: ThroughputResult) -> str:
    """What a run pays beside its steps."""
    terms = []
    if trial.start_seconds is not None:
        terms.append(f"start {trial.start_seconds:.3g} s")
    if trial.evaluation_seconds_per_position is not None:
        seconds = trial.evaluation_seconds_per_position * 1e3
        terms.append(f"evaluation {seconds:.3g} s for 1,000 positions")
    if trial.save_seconds is not None:
        terms.append(f"a save {trial.save_seconds:.3g} s")
    return ", ".join(terms)


def _quality_lines(trial: QualityResult) -> Iterator[str]:
    if trial.score is None:
        return
    yield _score_line(trial)
    if trial.form:
        yield f"    asked as {trial.form}"
    yield from prompt_lines(trial)
    if trial.language is not None:
        yield f"    language: {_language_text(trial.language)}"
    if trial.forgetting is not None:
        yield _forgetting_line(trial.forgetting)
    elif trial.train_examples and trial.general_why:
        yield f"    forgetting: {printable(trial.general_why)}"
    yield from (f"    warning: {printable(str(text))}" for text in trial.warnings)


MOST_CANDIDATES = 3


def prompt_lines(trial: QualityResult) -> Iterator[str]:
    """Which prompt it was, how it was chosen, and how much its answers change."""
    if trial.prompt_hash:
        words = " ".join((trial.instruction or "").split())
        named = f": {printable(words[:100])}" if words else ""
        examples = f", {trial.shots} shown" if trial.shots else ""
        yield f"    prompt {trial.prompt_hash[:8]}{examples}{named}"
    choice = trial.choice
    if choice is not None:
        cost = f", ${choice.usd:.4f}" if choice.usd is not None else ""
        calls = f"; {choice.calls:,} calls{cost}" if choice.calls else ""
        yield (
            f"    chosen among {len(choice.candidates)} on {choice.items} {choice.by}: "
            f"{choice.score:.3f}{calls}"
        )
        if len(choice.candidates) > 1:
            yield from map(_candidate_line, choice.candidates[:MOST_CANDIDATES])
    if trial.passed_on is not None:
        yield f"    passes on {fmt.share(trial.passed_on)} of the items to the larger model"
    steady = trial.consistency
    if steady is not None:
        yield _consistency_line(steady)
    if trial.embedding is not None:
        yield _embedding_line(trial.embedding)
    if trial.judge is not None:
        yield _judge_line(trial.judge)


def _candidate_line(candidate: JsonObject) -> str:
    words = " ".join(str(candidate["instruction"]).split())
    return (
        f"      {str(candidate['prompt_hash'])[:8]} {candidate['score']:.3f} on "
        f"{candidate['items']}: {printable(str(candidate['label']))}; {printable(words[:60])}"
    )


def _consistency_line(steady: Consistency) -> str:
    parts = []
    if steady.repeats:
        parts.append(
            f"{fmt.share(steady.changed)} of the answers change when asked again, the score by ±"
            f"{steady.sd:.3f} (standard deviation, {steady.repeats + 1} runs)"
        )
    if steady.paraphrase_sd is not None:
        parts.append(f"with other wordings by ±{steady.paraphrase_sd:.3f}")
    return f"    consistency on {steady.items} items: {', '.join(parts)}"


def _embedding_line(embedding: JsonObject) -> str:
    cost = f", ${embedding['usd']:.4f}" if embedding.get("usd") is not None else ""
    texts = fmt.plural(embedding["texts"], "text")
    return (
        f"    {texts} embedded by {printable(str(embedding['model']))}, "
        f"{embedding['tokens']:,} tokens{cost}"
    )


def _judge_line(judge: JsonObject) -> str:
    cost = f", ${judge['usd']:.4f}" if judge.get("usd") is not None else ""
    line = f"    judged by {printable(str(judge['model']))}, {judge['calls']:,} calls{cost}"
    if judge.get("order_decided") is not None:
        line += f"; the order decided {fmt.share(judge['order_decided'])} of the pairs"
    agreed = judge.get("agreement")
    if agreed:
        kappa = f", kappa {agreed['kappa']:.2f}" if agreed.get("kappa") is not None else ""
        share = f"{fmt.share(agreed['same_side'])} of {agreed['items']}"
        line += f"; agrees with your labels on {share}{kappa}"
    return line


def _score_line(trial: QualityResult) -> str:
    low, high = trial.interval or (float("nan"), float("nan"))
    parts = [
        f"    {trial.metric} {trial.score or 0.0:.3f} ({low:.3f} – {high:.3f}) on "
        f"{_items_text(trial.items, trial.groups)}"
    ]
    parts += [f"{printable(name)} {value:.3f}" for name, value in trial.also.items()]
    if trial.usd is not None:
        parts.append(f"${trial.usd:.4f}")
    if trial.latency_seconds:
        latency = trial.latency_seconds
        parts.append(f"latency {latency['p50']:.2f} s, p90 {latency['p90']:.2f} s")
    if trial.prompt_tokens is not None and trial.completion_tokens is not None:
        parts.append(f"{trial.prompt_tokens:,} + {trial.completion_tokens:,} tokens")
    return "; ".join(parts)


def _items_text(items: int, groups: int | None) -> str:
    """So many items, and in how many groups: the interval is then one of groups."""
    return f"{items} items in {groups} groups" if groups else f"{items} items"


def _language_text(language: LanguageFigures) -> str:
    """How likely the model finds the rows and the general text."""
    parts = [
        f"{name} {text.bits_per_byte:.2f} bits per byte, perplexity {text.perplexity_per_token:.3g}"
        for name, text in (("your rows", language.data), ("general text", language.general))
        if text is not None
    ]
    reasons = [why for why in (language.data_why, language.general_why) if why]
    return printable("; ".join([*parts, *reasons]))


def _forgetting_line(lost: Forgetting) -> str:
    low, high = lost.interval
    line = (
        f"    forgetting: {100 * lost.difference:+.1f} points ({100 * low:+.1f} … "
        f"{100 * high:+.1f}) on {lost.items} general items"
    )
    if lost.bits_per_byte_change is None:
        return line
    return f"{line}, text {100 * lost.bits_per_byte_change:+.0f} % bits per byte"


def _comparison_line(comparison: OptionComparison) -> str:
    low, high = comparison.interval
    doubt = "" if comparison.decided else "; cannot be told apart"
    if comparison.items_to_settle:
        doubt += f" ({comparison.items_to_settle:,} items would settle such a difference"
        doubt += f", ${comparison.usd_to_settle:.2f} more)" if comparison.usd_to_settle else ")"
    items = _items_text(comparison.items, comparison.groups)
    return (
        f"  {printable(comparison.arm)} compared with {printable(comparison.against)}: "
        f"{comparison.difference:+.3f} ({low:+.3f} – {high:+.3f}){doubt}; {items} "
        f"can show a difference of {comparison.smallest:.3f}"
    )


def _whole_lines(whole: WholeModel) -> Iterator[str]:
    yield f"  {printable(whole.label)}"
    speed = rate(whole.tokens_per_second)
    yield (
        f"    a step: {whole.step.at_full_depth:.4g} s{_depth_error(whole.step.error)}; {speed} "
        "tokens/s real"
    )
    if whole.memory is not None:
        error = _depth_error(whole.memory.error)
        yield f"    peak memory: {whole.memory.at_full_depth:.2f} GiB{error}"


def _depth_error(error: float | None) -> str:
    if error is None:
        return ", error unknown: two depths only"
    return f", {100 * error:+.1f} % at the deepest slice"


def rate(value: float | None) -> str:
    """Tokens per second and similar: whole from 100 on, three digits below."""
    if value is None:
        return NOTHING_SHOWN
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
