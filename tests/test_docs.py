"""Pages that cannot drift: the README's commands run, links lead somewhere, every command is
documented.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import openpyxl
import pytest

from advisor import __version__, pipeline
from advisor.cli.commands import COMMANDS, LATER
from advisor.core.brief import questions

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = [
    line.strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, as after `pip install`, in which commands may write."""
    return tmp_path_factory.mktemp("readme")


def test_the_readme_shows_commands() -> None:
    assert len(SHELL) >= 8
    assert {shlex.split(line)[0] for line in SHELL} == {"advisor"}


@pytest.mark.parametrize("line", SHELL)
def test_a_command_of_the_readme_runs(empty: Path, line: str) -> None:
    words = shlex.split(line, comments=True)
    done = subprocess.run(
        [sys.executable, "-m", "advisor", *words[1:]],
        capture_output=True,
        text=True,
        cwd=empty,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "80"},
    )
    changed = done.returncode == 1 and "the verdict changes from" in done.stderr
    assert done.returncode in (0, 3) or changed, f"exit {done.returncode}: {done.stderr}"
    assert "Traceback" not in done.stderr
    if "-o" in words:
        assert (empty / words[words.index("-o") + 1]).stat().st_size > 0
    else:
        assert done.stdout.strip()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_on_the_front_page(name: str) -> None:
    assert f"advisor {name}" in README


def test_commands_that_are_not_there_yet_are_not_promised() -> None:
    assert [name for name in LATER if f"advisor {name}" in README] == []


def test_the_two_commands_of_the_readme_are_targets_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^ {4}make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert re.findall(r"^ {4}make (\w+)", README, re.MULTILINE) == ["run", "test"]
    assert "exec make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_brief_that_make_run_opens_is_there() -> None:
    (brief,) = re.findall(
        r"^BRIEF \?= (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert (ROOT / brief).is_file()


GUIDE_TO_THE_BRIEF = (ROOT / "docs" / "guide" / "brief.md").read_text(encoding="utf-8")


def test_the_brief_of_the_guide_is_judged(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", GUIDE_TO_THE_BRIEF, re.MULTILINE | re.DOTALL)
    file = tmp_path / "brief.toml"
    file.write_text(example, encoding="utf-8")
    answers = re.findall(r"--set (\S+)", GUIDE_TO_THE_BRIEF.split("## ")[0])
    for words in ((), answers):
        assert pipeline.recommend(file, words, own_runs=False, keep=False).arms


def test_the_keys_of_the_guide_to_the_brief_are_asked() -> None:
    rows = re.findall(r"^\| (`.*?) \|", GUIDE_TO_THE_BRIEF, re.MULTILINE)
    keys = re.findall(r"`([a-z_]+\.[a-z_]+)`", " ".join(rows))
    assert len(keys) >= 10
    assert set(keys) <= {key.replace("[]", "") for key in questions()}


def targets(page: Path) -> list[str]:
    """Links and pictures of a page that point into the repository, code left out."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The anchors that a Markdown page offers: explicit ids, and its headings as GitHub names
    them.
    """
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+?)(?: *\{#[^}]+\})?$", text, re.MULTILINE)
    slugs = {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }
    return slugs | set(re.findall(r"(?:id=\"|\{#)([\w.-]+)", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in targets(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_the_version_is_the_newest_of_the_changelog() -> None:
    """The one place that states the version is `advisor/__init__.py`; the build reads it there."""
    releases = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert releases[0] == __version__


def test_constraints_pin_every_direct_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *(r for extra in project["project"]["optional-dependencies"].values() for r in extra),
        *(r for group in project["dependency-groups"].values() for r in group),
    ]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    names = {re.split(r"[\[<>=!~ ;]", r, maxsplit=1)[0].lower().replace("_", "-") for r in asked}
    assert names - pinned == set()


def test_every_shipped_brief_has_its_example_reports() -> None:
    briefs = {path.stem for path in (ROOT / "profiles" / "briefs").glob("*.toml")}
    for ending, start in ((".pdf", b"%PDF-1."), (".xlsx", b"PK")):
        examples = {path.stem: path for path in (ROOT / "docs" / "examples").glob(f"*{ending}")}
        assert set(examples) == briefs
        assert all(path.read_bytes().startswith(start) for path in examples.values())


@pytest.mark.parametrize(
    "brief", sorted((ROOT / "profiles" / "briefs").glob("*.toml")), ids=lambda p: p.stem
)
def test_the_example_reports_are_current(brief: Path) -> None:
    """The workbook has the options and totals of the engine as it is; else: `make examples`."""
    loaded = pipeline.load(brief)
    verdict = pipeline.judge(loaded, pipeline.look(loaded, own_runs=False), draws=400)
    folder = ROOT / "docs" / "examples"
    book = openpyxl.load_workbook(folder / f"{brief.stem}.xlsx", data_only=True)
    rows = list(book["Options"].iter_rows(min_row=3, values_only=True))
    place = {title: number for number, title in enumerate(rows[0])}
    shown = {row[place["id"]]: row[place["total"]] for row in rows[1:]}
    totals = {o.id: o.figure("horizon.total").value for o in verdict.arms if o.figures}
    assert shown.keys() == totals.keys(), "run `make examples`"
    for option, total in totals.items():
        if total is not None:
            assert shown[option] == pytest.approx(total, rel=1e-4), "run `make examples`"
