"""What the look at data and machine found, as panes show it; a missing reading says why."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core.probes import Card, DataReport, HardwareReport, Reading
from advisor.core.quantity import Quantity
from advisor.report import words
from advisor.tui.views.verdict import section

_BAR = 20
_NAME = 17


def data_lines(report: DataReport | None) -> Content:
    """The data pane."""
    if report is None:
        return Content("No data file in this brief.\nName one under Brief, Data, path: a JSONL, CSV or Parquet file.")
    return Content("\n").join(_data(report))


def _data(report: DataReport) -> Iterator[Content]:
    yield from (Content.styled(words.clean(name), "bold") for name in report.files)
    yield _row("rows", f"{report.rows:,}")
    yield _row("distinct", f"{report.distinct_rows:,} + {report.near_duplicate_rows:,} near copies")
    yield _row("bad rows", f"{report.bad_row_count:,}")
    yield from (Content("  ! " + words.clean(f"{b.file}:{b.line} {b.reason}")) for b in report.bad_rows[:3])
    yield _row("prompt, answer", words.clean(f"{report.prompt_field or 'none'}, {report.answer_field or 'none'}"))
    for name, held in (("tokens/row", report.tokens_per_row), ("prompt", report.prompt_tokens)):
        yield _row(name, _span(held))
    yield _row("answer", _span(report.answer_tokens))
    yield _row("longest", f"{report.max_tokens:,} tokens")
    yield _row("counted by", words.clean(report.tokenizer))
    yield _row("test items", _eval(report))
    yield from section("Lengths, rows by tokens", list(_histogram(report)))
    yield from section("Labels", list(_counts(dict(report.labels))))
    yield from section("Personal data, rows", list(_counts(dict(report.personal_data))))
    yield from section("Warnings", [Content(f"! {words.clean(w)}") for w in report.warnings])


def _eval(report: DataReport) -> str:
    if report.eval_rows is None:
        return "no test set given"
    leaked = "" if report.leaked_eval_rows is None else f", leaked into training: {report.leaked_eval_rows:,}"
    return f"{report.eval_rows:,}{leaked}"


def _span(held: Quantity) -> str:
    if not held.range.is_known:
        return f"unknown: {words.clean(held.reason)}"
    return f"{words.number(held.range.p50)}  (80 % within {words.span(held.range)})"


def _histogram(report: DataReport) -> Iterator[Content]:
    most = max((rows for *_, rows in report.histogram), default=1)
    for low, high, rows in report.histogram:
        bar = "█" * round(_BAR * rows / most)
        yield Content.assemble(f"{low:>7,} – {high:<7,} ", (bar, "$text-accent"), f" {rows:,}")


def _counts(counts: dict[str, int]) -> Iterator[Content]:
    most = sorted(counts.items(), key=lambda item: -item[1])
    for name, rows in most[:10]:
        yield Content(words.clean(f"{name}: {rows:,}"))
    if len(most) > 10:
        yield Content(f"and {len(most) - 10} more")


def hardware_lines(report: HardwareReport | None) -> Content:
    """The hardware pane."""
    if report is None:
        return Content("Not looked at: the brief names its card.\nAnswer auto under Brief, Hardware, GPU to look here.")
    return Content("\n").join(_hardware(report))


def _hardware(report: HardwareReport) -> Iterator[Content]:
    if not report.cards:
        yield Content.styled("No GPU", "bold")
        yield Content(words.clean(report.cards_reason))
    for card in report.cards:
        yield from _card(card)
    yield from section("Host", list(_host(report)))
    yield from section("Software", [_row(words.clean(n), words.clean(v)) for n, v in report.software.items()])


def _host(report: HardwareReport) -> Iterator[Content]:
    yield _row("CPU", words.clean(f"{report.cpu}, {report.cores} cores"))
    yield _row("memory", f"{report.memory_gib:.1f} GiB, {report.memory_free_gib:.1f} free")
    yield _row("disk", f"{report.disk_free_gib:.1f} GiB free")
    yield _row("driver", _reading(report.driver))
    yield _row("CUDA", _reading(report.cuda))
    yield _row("system", words.clean(report.platform))


def _card(card: Card) -> Iterator[Content]:
    hidden = " (hidden from programs)" if card.hidden else ""
    yield Content.styled(words.clean(f"GPU {card.index}: {card.name}{hidden}"), "bold")
    yield _row("known as", words.clean(card.gpu or "no product we know"))
    yield _row("memory", f"{_reading(card.memory_total_gib)}, free {_reading(card.memory_free_gib)}")
    yield _row("power", f"{_reading(card.power_watts)} of {_reading(card.power_limit_watts)}")
    yield _row("clock, temperature", f"{_reading(card.clock_mhz)}, {_reading(card.temperature_c)}")
    for process in card.processes:
        memory = "memory unknown" if process.memory_gib is None else f"{process.memory_gib:.1f} GiB"
        yield _row("used by", words.clean(f"{process.name} ({process.pid}): {memory}"))


def _reading(reading: Reading) -> str:
    if reading.value is None:
        return f"unknown: {words.clean(reading.reason)}"
    value = words.number(reading.value) if isinstance(reading.value, float) else words.clean(str(reading.value))
    return f"{value} {reading.unit}".rstrip()


def _row(name: str, value: str) -> Content:
    return Content.assemble((f"{name:<{_NAME}}", "dim"), value)
