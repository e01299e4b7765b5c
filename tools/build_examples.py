"""Writes the reports of the shipped briefs to docs/examples: `make examples`."""

from __future__ import annotations

import sys
from pathlib import Path

from advisor import pipeline, shipped
from advisor.report import formats

FORMATS = ("pdf", "xlsx")
"""What a client gets; the other formats hold the same figures."""


def build(folder: Path) -> list[Path]:
    """The files written, a report of each brief in each of `FORMATS`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted((shipped.folder("profiles") / "briefs").glob("*.toml")):
        brief = pipeline.load(path)
        try:
            verdict = pipeline.judge(brief, pipeline.look(brief, own_runs=False))
        except pipeline.NothingLeft as stop:
            verdict = stop.verdict
        for report_format in map(formats.by_name, FORMATS):
            target = folder / f"{path.stem}{report_format.endings[0]}"
            target.write_bytes(report_format.render(verdict))
            written.append(target)
    return written


if __name__ == "__main__":
    for file in build(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/examples")):
        print(file)
