"""The site of the documentation: built strictly, complete, and loading nothing from elsewhere."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.packaging.conftest import ROOT, run
from tools.site_hooks import on_page_markdown

LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
NEVER_LOADED = {"canonical", "next", "prev", "edit"}


@pytest.fixture(scope="module")
def site(package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    mkdocs = package("mkdocs-material")
    out = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "-d", out)
    path = {"PYTHONPATH": str(mkdocs), "NO_MKDOCS_2_WARNING": "1"}
    done = run(*command, cwd=ROOT, **path)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return out


class Loads(HTMLParser):
    """What a browser fetches with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "link" and values.get("rel") in NEVER_LOADED:
            return
        if address := values.get(LOADS.get(tag, "")):
            self.addresses.append(address)


@pytest.mark.slow
def test_the_site_is_whole_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) >= 20
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert loads.addresses
        foreign = [a for a in loads.addresses if re.match(r"(?:[a-z]+:)?//", a)]
        assert foreign == [], page
        for address in loads.addresses:
            file = (page.parent / address.partition("#")[0].partition("?")[0]).resolve()
            if not address.startswith("data:") and page.name != "404.html":
                assert file.exists(), f"{page.name} loads {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", style.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_screenshots_are_on_the_site(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    assert "guide/app.svg" in start
    for picture in (ROOT / "docs" / "guide").glob("*.svg"):
        assert (site / "guide" / picture.name).read_bytes() == picture.read_bytes()


def test_links_into_the_repository_become_text_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "app.md").write_text("")
    page = SimpleNamespace(file=SimpleNamespace(src_uri="guide/index.md"))
    text = (
        "[x](../../README.md) [`y`](../../profiles/briefs) [app](app.md#keys) [z](#here) "
        "[web](https://example.com) ![p](app.svg)"
    )
    assert on_page_markdown(text, page, {"docs_dir": str(tmp_path)}) == (
        "x `y` [app](app.md#keys) [z](#here) [web](https://example.com) ![p](app.svg)"
    )


def test_the_start_page_leads_to_every_guide() -> None:
    start = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs" / "guide").glob("*.md")}
    assert {page for page in pages if f"(guide/{page}" not in start} == set()
