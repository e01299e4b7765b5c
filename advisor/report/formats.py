"""The formats of a report, registered once: name, endings, and the module that writes it.

To add a format, write a module with `render(verdict, look) -> str | bytes` and add a row here; the
command line and the app both read this table.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from advisor.core.errors import AdvisorError, UsageError, did_you_mean
from advisor.report.look import PLAIN, Look

if TYPE_CHECKING:
    from advisor.core.plugins import PluggedReport
    from advisor.core.verdict import Verdict
    from advisor.report.page import Page


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format: `module` is imported only when it is written, as some need heavy libraries."""

    name: str
    endings: tuple[str, ...]
    module: str
    draws_pages: bool = field(default=False, kw_only=True)  # also draws what is of no record

    def render(self, verdict: Verdict, look: Look = PLAIN) -> bytes:
        """The report as the bytes of a file; text as UTF-8. Raises MissingExtra."""
        module = importlib.import_module(f"advisor.report.{self.module}")
        render = cast(Callable[..., str | bytes], module.render)
        return _as_bytes(render(verdict, look=look))

    def draw(self, page: Page, look: Look = PLAIN) -> bytes:
        """A page as the bytes of a file. Raises MissingExtra."""
        module = importlib.import_module(f"advisor.report.{self.module}")
        return _as_bytes(cast(Callable[..., str | bytes], module.draw)(page, look))


@dataclass(frozen=True, slots=True)
class PluggedFormat(ReportFormat):
    """A format that a plug-in draws; `module` is the plug-in's name."""

    plugin: PluggedReport

    def render(self, verdict: Verdict, look: Look = PLAIN) -> bytes:
        """The report as the bytes of a file. Raises PluginError where the plug-in fails."""
        from advisor.core.plugins import FAILURES, reason_of

        try:
            report = self.plugin.render(verdict)
            if not isinstance(report, str | bytes):
                raise TypeError(f"it returned {type(report).__name__}, not text or bytes")
            return _as_bytes(report)
        except FAILURES as error:
            raise PluginError(
                f"plug-in {self.name} could not write the report ({reason_of(error)}); update or "
                "remove it, or choose another format"
            ) from error


class PluginError(AdvisorError):
    """The code of a plug-in failed."""


def _as_bytes(report: str | bytes) -> bytes:
    return report.encode() if isinstance(report, str) else report


FORMATS = (
    ReportFormat("text", (".txt",), "text", draws_pages=True),
    ReportFormat("md", (".md", ".markdown"), "markdown", draws_pages=True),
    ReportFormat("html", (".html", ".htm"), "html", draws_pages=True),
    ReportFormat("pdf", (".pdf",), "pdf", draws_pages=True),
    ReportFormat("docx", (".docx",), "docx", draws_pages=True),
    ReportFormat("pptx", (".pptx",), "pptx"),
    ReportFormat("xlsx", (".xlsx",), "xlsx"),
    ReportFormat("csv", (".csv",), "csv"),
    ReportFormat("json", (".json",), "json"),
)
"""Every format, in the order in which they are listed to users."""


def plugged() -> Iterator[ReportFormat]:
    """The formats of plug-ins, looked for when ours do not have what is asked for."""
    from advisor.core.plugins import PluggedReport, add_fault, records

    ours = {form.name for form in FORMATS}
    for plugin in records(PluggedReport):
        if plugin.name in ours:
            add_fault(plugin.name, f"{plugin.name!r} is one of our formats; rename the plug-in's")
            continue
        yield PluggedFormat(plugin.name, plugin.endings, plugin.name, plugin)


def every() -> tuple[ReportFormat, ...]:
    """Every format, those of plug-ins last."""
    return (*FORMATS, *plugged())


def names() -> str:
    """The names of all formats, for help and errors: `text, md, html and json`."""
    return _listed([form.name for form in FORMATS])


def endings() -> str:
    """The first ending of every format, for help and errors."""
    return _listed([form.endings[0] for form in FORMATS])


def by_name(name: str) -> ReportFormat:
    """The format of that name. Raises UsageError with the nearest names."""
    wanted = name.lower().lstrip(".")
    for form in every():
        if wanted == form.name or f".{wanted}" in form.endings:
            return form
    hint = did_you_mean(wanted, [form.name for form in every()])
    raise UsageError(f"--format {name}: not a report format{hint}; use {names()}")


def by_path(path: Path) -> ReportFormat:
    """The format that a file's ending stands for; text without one. Raises UsageError."""
    ending = path.suffix.lower()
    if not ending:
        return by_name("text")
    for form in every():
        if ending in form.endings:
            return form
    raise UsageError(
        f"-o {path}: {ending} is not a report format; end it in {endings()}, or add --format"
    )


def of_pages() -> str:
    """The names of the formats in which a comparison or a portfolio can be drawn."""
    return _listed([*(form.name for form in FORMATS if form.draws_pages), "json"])


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
