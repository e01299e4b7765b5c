"""The scores of predicted decision cells as Markdown tables."""

from __future__ import annotations

from advisor.backtest.outcome_scores import OutcomeSummary
from advisor.backtest.rules import RULES

BY_STUDY = (
    "cover tune",
    "cover hybrid",
    "cover gain",
    "pinball",
    *(f"pinball {rule}" for rule in RULES),
    "regret choice",
    "regret always tune",
)


def markdown(totals: OutcomeSummary) -> str:
    """The summary as Markdown tables."""
    tables = (gains(totals), _regrets(totals), _measures(totals), _bands(totals), _studies(totals))
    return "\n\n".join("\n".join(lines) for lines in tables if lines) + "\n"


def gains(totals: OutcomeSummary) -> list[str]:
    """Our predicted gains beside those of the simple rules."""
    lines = ["| predicted gain of tuning | pinball, studies equal | pinball, cells pooled "]
    lines[0] += "| inside 80 % interval, studies equal | cells pooled |"
    lines += ["|---|---:|---:|---:|---:|"]
    if not totals.mean:
        return lines
    for name, suffix in [("ours", ""), *((rule, f" {rule}") for rule in RULES)]:
        values = [
            table[f"{measure}{suffix}"]
            for measure in ("pinball", "cover gain")
            for table in (totals.mean, totals.pooled)
        ]
        loss, pooled, cover, pooled_cover = values
        lines.append(f"| {name} | {loss:.4f} | {pooled:.4f} | {cover:.3f} | {pooled_cover:.3f} |")
    return lines


def _regrets(totals: OutcomeSummary) -> list[str]:
    lines = ["| rule of choice | regret, studies equal | regret, cells pooled |", "|---|---:|---:|"]
    for name in ("choice", "always tune", "always prompt", "always hybrid"):
        key = f"regret {name}"
        if key in totals.mean:
            label = "ours" if name == "choice" else name
            lines.append(f"| {label} | {totals.mean[key]:.4f} | {totals.pooled[key]:.4f} |")
    return lines


def _measures(totals: OutcomeSummary) -> list[str]:
    lines = ["| measure | studies equal | cells pooled |", "|---|---:|---:|"]
    for name, value in totals.mean.items():
        if name.split()[0] in ("cover", "width", "bias") and "gain" not in name:
            lines.append(f"| {name} | {value:.3f} | {totals.pooled[name]:.3f} |")
    reliability = totals.reliability
    if reliability.brier is not None:
        lines += [f"| Brier score of P(best) | {reliability.brier:.4f} | |"]
        lines += [f"| Brier score of the base rates | {reliability.brier_of_base_rates:.4f} | |"]
    return lines


def _bands(totals: OutcomeSummary) -> list[str]:
    lines = ["| P(best) predicted | events | mean predicted | was best |", "|---|---:|---:|---:|"]
    for b in totals.reliability.bands:
        span = f"{b.low:.1f} to {b.high:.1f}"
        lines.append(f"| {span} | {b.events} | {b.predicted:.3f} | {b.observed:.3f} |")
    return lines


def _studies(totals: OutcomeSummary) -> list[str]:
    lines = [f"| study | cells | {' | '.join(BY_STUDY)} |"]
    lines += [f"|---|---:|{'---:|' * len(BY_STUDY)}"]
    for study, own in totals.studies.items():
        values = [f"{own.measures[n]:.3f}" if n in own.measures else " " for n in BY_STUDY]
        lines.append(f"| {study} | {own.cells} | {' | '.join(values)} |")
    return lines
