"""Newer facts from a signed bundle: made by the tool, checked, shown, used, and taken back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("minisign", reason="the extra update is not installed")

from advisor import facts
from advisor.brief.examples import example
from advisor.cli.group import cli
from advisor.core.errors import AdvisorError, UsageError
from advisor.facts.bundle import KEYS, PRICES, read_bundle
from advisor.store.folders import folders

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 27)
HEADER = (ROOT / "profiles" / "gpu_prices.csv").read_text().splitlines()[0]
OFFER = "Nebius,L40S,L40S,{name},1,{usd},{usd},,on-demand,eu,price list,2026-11-27,high,\n"
PRICE = """\
[[prices]]
provider = "anthropic"
model = "claude-sonnet-5-5"
input_usd_per_1m = 0.5
output_usd_per_1m = 1.0
cached_input_usd_per_1m = 0.1
batch_factor = 0.5
source = "price list"
as_of = 2026-11-27
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("advisor.cli.facts_update.today", lambda: date(2026, 12, 1))
    return tmp_path / "home"


@pytest.fixture
def maker(tmp_path: Path):
    """Makes and signs bundles with the tool that the maintainers use."""
    tool = [sys.executable, "-m", "tools.make_facts_bundle"]
    key = tmp_path / "maker.key"

    def make(tables: dict[str, str], name: str = "facts.json", made: str = "2026-12-01") -> Path:
        if not key.exists():
            subprocess.run([*tool, "--generate-key", key], check=True, cwd=ROOT)
        files = []
        for table, text in tables.items():
            (tmp_path / table).write_text(text)
            files.append(tmp_path / table)
        words = ["--secret-key", key, "--made", made, "-o", tmp_path / name]
        subprocess.run([*tool, *files, *words], check=True, cwd=ROOT)
        return tmp_path / name

    return make


def update(bundle: Path | str, *words: str, key: Path | None = None) -> Result:
    keys = ["--public-key", str(key)] if key else []
    words = ("facts", "update", str(bundle), *keys, *words)
    return CliRunner().invoke(cli, words, standalone_mode=False)


def refusal(done: Result) -> str:
    assert isinstance(done.exception, AdvisorError), done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


def offers() -> dict[str, float | None]:
    book = facts.load(folders().config)
    return {offer.offer: offer.usd_per_hour for offer in book.gpu_offers("L40S", "Nebius")}


def test_a_bundle_is_shown_used_and_taken_back(maker, tmp_path: Path) -> None:
    shipped = offers()
    known = next(iter(shipped))
    table = HEADER + "\n" + OFFER.format(name=known, usd=0.5) + OFFER.format(name="new", usd=0.4)
    bundle = maker({"gpu_prices.csv": table})
    public = tmp_path / "maker.pub"
    shown = update(bundle, "--dry-run", key=public)
    assert "gpu_prices.csv: 1 new, 1 changed" in shown.stdout
    assert f"usd_per_hour {shipped[known]:g} → 0.5" in shown.stdout
    assert "facts of 2026-12-01" in shown.stderr
    assert offers() == shipped
    assert update(bundle, key=public).exception is None
    assert offers() == shipped | {known: 0.5, "new": 0.4}
    places = CliRunner().invoke(cli, ["where"]).stdout
    assert f"{folders().updates}  (bundle of 2026-12-01)" in places
    again = json.loads(update(bundle, "--dry-run", "--json", key=public).stdout)
    assert again["rows"] == []
    assert CliRunner().invoke(cli, ["facts", "update", "--remove"]).exit_code == 0
    assert offers() == shipped


def test_rows_of_ones_own_stand_first(maker, tmp_path: Path) -> None:
    known = next(iter(offers()))
    folders().config.mkdir(parents=True)
    own = folders().config / "gpu_prices.csv"
    own.write_text(HEADER + "\n" + OFFER.format(name=known, usd=0.9))
    bundle = maker({"gpu_prices.csv": HEADER + "\n" + OFFER.format(name=known, usd=0.5)})
    done = update(bundle, key=tmp_path / "maker.pub")
    assert "(your own row stands before it)" in done.stdout
    assert offers()[known] == 0.9


def test_token_prices_stand_in_the_place_of_their_provider(maker, tmp_path: Path) -> None:
    book = facts.load(folders().config)
    before = {p.provider: p.input_usd for p in book.token_prices("claude-sonnet-5-5", DAY)}
    later = PRICE.replace("source", "start_date = 2026-12-24\nsource")
    update(maker({PRICES: "schema = 1\n" + PRICE + later}), key=tmp_path / "maker.pub")
    book = facts.load(folders().config)
    after = {p.provider: p.input_usd for p in book.token_prices("claude-sonnet-5-5", DAY)}
    assert after == before | {"anthropic": 0.5}
    assert len(before) > 1


def test_a_later_price_leaves_the_present_one(maker, tmp_path: Path) -> None:
    """A new price is a new row: until it begins, the former one holds."""
    text = "schema = 1\n" + PRICE.replace("source", "start_date = 2026-12-24\nsource")
    update(maker({PRICES: text}), key=tmp_path / "maker.pub")
    book = facts.load(folders().config)

    def price(day: date) -> float | None:
        rows = book.token_prices("claude-sonnet-5-5", day)
        return next(row.input_usd for row in rows if row.provider == "anthropic")

    assert price(date(2026, 12, 23)) == 2.0
    assert price(date(2026, 12, 24)) == 0.5


def test_kept_briefs_are_judged_again_and_past_verdicts_stay(maker, tmp_path: Path) -> None:
    brief = tmp_path / "brief.toml"
    shutil.copy(example("customs-invoices"), brief)
    run = CliRunner()
    assert run.invoke(cli, ["recommend", str(brief)], standalone_mode=False).return_value == 0
    report = run.invoke(cli, ["history", "1", "--format", "json"]).stdout
    done = update(maker({PRICES: "schema = 1\n" + PRICE}), key=tmp_path / "maker.pub")
    assert "the verdict changed: FINE-TUNE" in done.stdout
    assert "now: PROMPT prompt/few-shot@claude-sonnet-5-5+batch" in done.stdout
    assert "price.input of claude-sonnet-5-5 at anthropic: 2 → 0.5 USD/1M tokens" in done.stdout
    assert run.invoke(cli, ["history", "1", "--format", "json"]).stdout == report
    assert len(json.loads(run.invoke(cli, ["history", "--json"]).stdout)) == 1


def test_only_a_trusted_and_unchanged_bundle_is_taken(maker, tmp_path: Path) -> None:
    bundle = maker({"gpu_prices.csv": HEADER + "\n" + OFFER.format(name="new", usd=0.5)})
    assert "no key is trusted yet" in refusal(update(bundle))
    other = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"  # of minisign's own pages
    stranger = CliRunner().invoke(
        cli, ["facts", "update", str(bundle), "--public-key", other], standalone_mode=False
    )
    assert "is not signed by a key you trust" in refusal(stranger)
    public = tmp_path / "maker.pub"
    for changed in (bundle.read_text().replace("0.5", "0.6"), bundle.read_text() + " "):
        forged = tmp_path / "forged.json"
        forged.write_text(changed)
        shutil.copy(f"{bundle}.minisig", f"{forged}.minisig")
        assert "was changed since" in refusal(update(forged, key=public))
    signature = Path(f"{bundle}.minisig")
    comment = signature.read_text().replace("facts of 2026-12-01", "facts of 2026-12-31")
    signature.write_text(comment)
    assert "was changed since" in refusal(update(bundle, key=public))
    signature.write_text("nothing\n")
    assert "is not a minisign signature" in refusal(update(bundle, key=public))
    signature.unlink()
    assert "cannot be read" in refusal(update(bundle, key=public))
    assert "new" not in offers()


def test_a_key_in_the_config_folder_is_trusted(maker, tmp_path: Path) -> None:
    bundle = maker({"gpu_prices.csv": HEADER + "\n" + OFFER.format(name="new", usd=0.5)})
    folders().config.mkdir(parents=True)
    shutil.copy(tmp_path / "maker.pub", folders().config / "facts.pub")
    assert update(bundle).exception is None
    assert offers()["new"] == 0.5


def test_an_older_bundle_is_refused(maker, tmp_path: Path) -> None:
    tables = {"gpu_prices.csv": HEADER + "\n" + OFFER.format(name="new", usd=0.5)}
    public = tmp_path / "maker.pub"
    assert update(maker(tables, made="2026-12-02"), key=public).exception is None
    older = maker(tables, "older.json", made="2026-12-01")
    assert "older than the one in use (2026-12-02)" in refusal(update(older, key=public))
    assert update(older, "--older", key=public).exception is None


def test_a_bundle_of_a_day_to_come_is_refused(
    maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In use, it would have every bundle until that day refused as older."""
    tables = {"gpu_prices.csv": HEADER + "\n" + OFFER.format(name="new", usd=0.5)}
    bundle = maker(tables, made="2026-12-03")
    public = tmp_path / "maker.pub"
    for words in ((), ("--older",)):
        line = refusal(update(bundle, *words, key=public))
        assert line.startswith("the bundle is of 2026-12-03, and today is 2026-12-01; if this")
    assert not (folders().config / "updates").exists()
    monkeypatch.setattr("advisor.cli.facts_update.today", lambda: date(2026, 12, 2))
    assert update(bundle, key=public).exception is None


def test_a_wrong_row_is_named_by_its_place_and_nothing_is_used(maker, tmp_path: Path) -> None:
    row = OFFER.format(name="new", usd="cheap")
    bundle = maker({"gpu_prices.csv": HEADER + "\n" + row})
    line = refusal(update(bundle, key=tmp_path / "maker.pub"))
    assert line.startswith(f"{bundle}: gpu_prices.csv:2: ")
    assert "'cheap' is not a number" in line
    assert not (folders().config / "updates").exists()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"PK\x03\x04", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "schema: must be 1"),
        (b'{"schema": 2}', "schema: must be 1"),
        (b'{"schema": 1, "tables": {}}', "tables: must be an object"),
        (b'{"schema": 1, "tables": {"../x.csv": ""}}', "is not a table that can be updated"),
        (b'{"schema": 1, "tables": {"gpus.csv": 3}}', "must be the text of the table"),
        (b'{"schema": 1, "made": "soon", "tables": {"gpus.csv": ""}}', "made: must be a date"),
        (b" " * (9 << 20), "larger than 8 MiB"),
        (b'{"schema": 1, "tables": {"gpus.csv": "gpu\\ud800"}}', "holds half a character at 3"),
        (b'{"schema": 1, "note": "\\ud800", "tables": {"gpus.csv": ""}}', "note: holds half a"),
    ],
    ids=range(11),
)
def test_what_is_not_a_bundle_is_refused(content: bytes, fault: str) -> None:
    with pytest.raises(UsageError, match=r"b\.json: ") as error:
        read_bundle(content, "b.json")
    assert fault in str(error.value)


def test_every_table_that_is_read_can_be_updated() -> None:
    read_in_code = set()
    for file in (ROOT / "advisor" / "facts").glob("*.py"):
        text = file.read_text()
        read_in_code |= {name for name in KEYS if f'read("{name}"' in text}
    assert read_in_code == set(KEYS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """Serves the folder on this machine and notes every request, headers and all."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.requestline}\n{self.headers}")
            file = tmp_path / self.path.lstrip("/")
            self.send_response(200 if file.is_file() else 404)
            self.end_headers()
            self.wfile.write(file.read_bytes() if file.is_file() else b"")

        def log_message(self, *words: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()
    running.server_close()


def test_an_address_is_announced_and_sent_nothing_but_the_request(
    maker, tmp_path: Path, server
) -> None:
    address, asked = server
    maker({"gpu_prices.csv": HEADER + "\n" + OFFER.format(name="new", usd=0.5)})
    done = update(f"{address}/facts.json", key=tmp_path / "maker.pub")
    assert done.exception is None
    announced = [line for line in done.stderr.splitlines() if line.startswith("fetching ")]
    assert announced == [
        f"fetching {address}/facts.json, by a request without a body",
        f"fetching {address}/facts.json.minisig, by a request without a body",
    ]
    assert [request.split()[1] for request in asked] == ["/facts.json", "/facts.json.minisig"]
    allowed = {"host", "accept", "accept-encoding", "connection", "user-agent"}
    for request in asked:
        names = {line.partition(":")[0].lower() for line in request.splitlines()[1:] if line}
        assert names <= allowed
    assert offers()["new"] == 0.5


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://example.com/facts.json", "goes over https only"),
        ("https://user:key@example.com/f", "not a plain address"),
        ("https://example.com:port/f", "not an address"),
    ],
)
def test_an_unsafe_address_is_refused_before_anything_is_sent(
    tmp_path: Path, url: str, fault: str
) -> None:
    (tmp_path / "k.pub").write_text("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n")
    assert fault in refusal(update(url, key=tmp_path / "k.pub"))
