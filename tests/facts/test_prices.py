"""Prices by date: the library's, the user's own, tuned forms, ends and caches."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.core.facts import TokenPrice
from advisor.facts import Facts, in_force, load
from advisor.facts.price_file import read_prices

TODAY = date(2026, 11, 20)


def prices_toml(tmp_path: Path, *rows: str, head: str = "schema = 1\n") -> Path:
    file = tmp_path / "prices.toml"
    base = (
        'provider = "anthropic"\nmodel = "claude-sonnet-5"\nsource = "contract"\n'
        "as_of = 2026-11-01\n"
    )
    file.write_text(
        head + "".join(f"[[prices]]\n{'' if 'provider' in row else base}{row}\n" for row in rows)
    )
    return file


def one(prices: tuple[TokenPrice, ...], provider: str) -> TokenPrice:
    (found,) = [price for price in prices if price.provider == provider]
    return found


def later_starts(facts: Facts, provider: str, model: str, after: date) -> list[date]:
    """The days within two years of `after` on which another price of that provider begins."""
    now = one(facts.token_prices(model, after), provider)
    rows = facts.price_schedule(now, after, after + timedelta(days=730))
    return sorted({row.start for row in rows if row.start is not None and row.start > after})


def test_a_price_holds_from_its_start_date() -> None:
    facts = load()
    before, after = (
        one(facts.token_prices("gpt-5.6-luna", day), "openai")
        for day in (date(2026, 7, 29), date(2026, 7, 30))
    )
    assert (
        before.input_usd,
        before.output_usd,
        before.cached_input_usd,
        before.cache_write_usd,
    ) == (
        1.0,
        6.0,
        0.1,
        1.25,
    )
    assert (after.input_usd, after.output_usd, after.cached_input_usd, after.cache_write_usd) == (
        0.2,
        1.2,
        0.02,
        0.25,
    )
    assert before.batch_factor == after.batch_factor == 0.5
    assert later_starts(facts, "openai", "gpt-5.6-luna", date(2026, 7, 1)) == [date(2026, 7, 30)]
    assert later_starts(facts, "openai", "gpt-5.6-luna", TODAY) == []
    assert later_starts(facts, "google", "gemini-3.8-flash", TODAY) == [date(2027, 1, 1)]


@pytest.mark.parametrize(
    "model", ["gpt-5.6-luna", "claude-haiku-5-5", "gpt-4.1-mini", "claude-sonnet-5"]
)
@pytest.mark.parametrize("day", [date(2026, 6, 1), date(2026, 8, 1), TODAY])
@pytest.mark.parametrize("tokens", [1_000, 99_000, 300_000])
def test_prices_are_what_the_library_bills(model: str, day: date, tokens: int) -> None:
    from genai_prices import Usage, calc_price

    provider = "anthropic" if model.startswith("claude") else "openai"
    price = one(load().token_prices(model, day, input_tokens=tokens), provider)
    bill = calc_price(
        Usage(input_tokens=tokens, output_tokens=1_000),
        model,
        provider_id=provider,
        genai_request_timestamp=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    )
    assert price.input_usd is not None
    assert price.output_usd is not None
    assert (tokens * price.input_usd + 1_000 * price.output_usd) / 1e6 == pytest.approx(
        float(bill.total_price)
    )


def test_names_match_exactly_never_by_beginning() -> None:
    facts = load()
    assert facts.token_prices("GPT-5.6-Luna", TODAY)
    assert facts.token_prices("claude-haiku-4-5-20251001", TODAY)[0].cache_minimum_tokens == 4096
    assert facts.token_prices("gpt-4.1-mini-2025-04-14", TODAY)[0].ends == date(2027, 1, 14)
    for name in ("claude-haiku-4-5-of-mine", "gpt-5.6-lun", "claude-sonnet", "llama", ""):
        assert not facts.is_known_model(name)
        assert not facts.token_prices(name, TODAY)


def test_a_known_model_may_have_no_price() -> None:
    facts = load()
    assert facts.is_known_model("roberta-base")
    assert facts.token_prices("roberta-base", TODAY) == ()


def test_unknown_models_get_the_nearest_names() -> None:
    facts = load()
    with pytest.raises(UsageError, match=r"'lama-3.1-8b': .*did you mean 'Llama-3.1-8B'"):
        facts.model("lama-3.1-8b")
    assert "did you mean 'Llama-3.1-8B'" in str(facts.unknown_model("lama-3.1-8b"))
    with pytest.raises(UsageError, match=r"'gpt-4.1-mini': .*is not public"):
        facts.model("gpt-4.1-mini")
    assert facts.model("meta-llama/Llama-3.1-8B-Instruct").name == "Llama-3.1-8B"
    assert facts.architecture("gpt-4.1-mini") is None


def test_makers_come_first_and_resellers_are_marked() -> None:
    first, second = load().token_prices("gpt-4.1-mini", TODAY)
    assert (first.provider, second.provider) == ("openai", "azure")
    assert first.ends == date(2027, 1, 14)
    assert "eu" in second.regions
    assert second.cited.confidence == "medium"


def test_caches_carry_minimum_and_lifetimes() -> None:
    facts = load()
    for model, provider, minimum, minutes in (
        ("claude-haiku-4-5", "anthropic", 4096, (5, 60)),
        ("claude-sonnet-5", "anthropic", 1024, (5, 60)),
        ("gpt-5.6-luna", "openai", 1024, (30,)),
        ("gpt-4.1-mini", "openai", 1024, (10,)),
        ("gemini-2.5-flash", "google", 1024, ()),
    ):
        price = one(facts.token_prices(model, TODAY), provider)
        assert (price.cache_minimum_tokens, price.cache_minutes) == (minimum, minutes)


def test_open_models_are_priced_where_they_are_sold() -> None:
    prices = load().token_prices("llama-3.1-8b", TODAY)
    assert {p.provider: p.input_usd for p in prices} == {"fireworks": 0.2, "groq": 0.05}
    assert all(p.open_weights and p.model == "llama-3.1-8b" for p in prices)


def test_tuning_goes_by_all_parameters() -> None:
    facts = load()

    def together(model: str, method: str = "") -> float | None:
        return one(facts.tuning_prices(model, TODAY, method), "together").training_usd

    assert together("Llama-3.1-8B") == 0.48
    assert together("Llama-3.1-8B", "full") == 0.54
    assert together("Mixtral-8x7B-v0.1") == 1.5  # 46.7 billion in all, 12.9 in use
    assert together("Llama-3.3-70B-Instruct") == 2.9
    assert together("DeepSeek-V3") is None  # a span of prices is no price
    served = one(facts.tuning_prices("Llama-3.1-8B", TODAY), "together")
    assert (served.hosting_usd_per_hour, served.input_usd, served.training_minimum_usd) == (
        6.49,
        0.0,
        4.0,
    )
    assert "one H100-SXM at 6.49 USD/h" in served.availability
    assert one(facts.tuning_prices("Llama-3.1-8B", TODAY), "ori").availability == ""
    assert facts.tuning_prices("roberta-base", TODAY) == ()
    assert (
        facts.tuning_prices("Mistral-Nemo-Base-2407", TODAY)[0].provider != "mistral"
    )  # not confirmed


def test_closed_tuning_says_since_when_and_until() -> None:
    price = one(load().tuning_prices("gpt-4.1-mini", TODAY), "openai")
    assert (price.model, price.training_usd, price.input_usd, price.output_usd) == (
        "ft:gpt-4.1-mini",
        5.0,
        0.8,
        3.2,
    )
    assert (price.closed, price.ends, price.batch_factor) == (
        date(2026, 5, 7),
        date(2027, 1, 14),
        0.5,
    )
    assert load().token_prices("ft:gpt-4.1-mini", TODAY) == (price,)
    gemini = one(load().tuning_prices("gemini-3.5-flash", TODAY), "google-vertex")
    assert (gemini.training_usd, gemini.output_usd) == (10.0, 13.5)


def test_own_prices_are_the_only_ones_of_their_model(tmp_path: Path) -> None:
    file = prices_toml(
        tmp_path,
        "start_date = 2026-05-01\ninput_usd_per_1m = 2\noutput_usd_per_1m = 10",
        "start_date = 2026-09-01\ninput_usd_per_1m = 3\n"
        "output_usd_per_1m = 15\nbatch_output_usd_per_1m = 7.5",
        'provider = "Azure OpenAI"\nmodel = "ft:gpt-4.1-mini"\n'
        "input_usd_per_1m = 0.4\nhosting_usd_per_hour = 1.7\n"
        'training_usd_per_1m_tokens = 5\nends = 2027-01-14\nsource = "bill"\nas_of = "2026-10"',
    )
    facts = load(price_file=file)
    (old,) = facts.token_prices("Claude-Sonnet-5", date(2026, 8, 31))
    (new,) = facts.token_prices("claude-sonnet-5", TODAY)
    assert (old.input_usd, old.batch_factor, new.input_usd, new.batch_factor) == (
        2.0,
        None,
        3.0,
        0.5,
    )
    assert facts.token_prices("claude-sonnet-5", date(2026, 4, 30)) == ()
    assert later_starts(facts, "anthropic", "claude-sonnet-5", date(2026, 8, 1)) == [
        date(2026, 9, 1)
    ]
    (tuned,) = facts.tuning_prices("gpt-4.1-mini", TODAY)
    assert (tuned.provider, tuned.hosting_usd_per_hour, tuned.ends) == (
        "azure",
        1.7,
        date(2027, 1, 14),
    )
    assert "eu" in tuned.regions
    assert one(facts.token_prices("gpt-5.6-luna", TODAY), "openai").input_usd == 0.2


def test_the_brief_s_prices_stand_before_the_user_s_folder(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    prices_toml(
        folder,
        "input_usd_per_1m = 9",
        'provider = "openai"\nmodel = "gpt-6-luna"\nsource = "x"\n'
        "as_of = 2026-11-01\ninput_usd_per_1m = 8",
    )
    facts = load(folder, prices_toml(tmp_path, "input_usd_per_1m = 7"))
    assert [p.input_usd for p in facts.token_prices("claude-sonnet-5", TODAY)] == [7.0]
    assert [p.input_usd for p in facts.token_prices("gpt-6-luna", TODAY)] == [8.0]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("input_usd_per_1m = -1", r"prices\[0\].input_usd_per_1m: -1 is not a price"),
        ("input_usd_per_1m = nan", r"prices\[0\].input_usd_per_1m: nan is not a price"),
        (
            'input_usd_per_1m = "3"',
            r"prices\[0\].input_usd_per_1m: must be a number in USD, not '3'",
        ),
        ("input_usd_per_1m = true", r"prices\[0\].input_usd_per_1m: must be a number"),
        (
            "input_usd_per_m = 3",
            r"prices\[0\].input_usd_per_m: unknown key; did you mean 'input_usd_per_1m'",
        ),
        ("batch_factor = 2", r"prices\[0\].batch_factor: 2.0 must be above 0 and at most 1"),
        ("cache_minutes = 5", r"prices\[0\].cache_minutes: must be a list"),
        ("cache_minutes = [0]", r"prices\[0\].cache_minutes: must be a list"),
        ("cache_minimum_tokens = 1.5", r"prices\[0\].cache_minimum_tokens: must be a whole number"),
        ('start_date = "2026-09-01"', r"prices\[0\].start_date: must be a date"),
        ("ends = 2026-09-01T00:00:00", r"prices\[0\].ends: must be a date"),
        ("availability = 3", r"prices\[0\].availability: must be text"),
        ('provider = "x"\nmodel = "y"\nas_of = 2026-11-01', r"prices\[0\].source: is missing"),
        ('provider = "x"\nmodel = "y"\nsource = "z"', r"prices\[0\].as_of: is missing"),
        ('provider = ""\nmodel = "y"', r"prices\[0\].provider: is missing"),
    ],
)
def test_a_wrong_price_is_named_by_file_and_key(tmp_path: Path, row: str, complaint: str) -> None:
    file = prices_toml(tmp_path, row)
    with pytest.raises(UsageError, match=complaint) as caught:
        load(price_file=file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "schema: must be 1"),
        (b"schema = 2\n", "schema: must be 1"),
        (b"schema = 1\n", "prices: no rows"),
        (b"schema = 1\nprices = 3\n", "prices: must be a list"),
        (b"schema = 1\nprice = 3\n", "price: unknown key; did you mean 'prices'"),
        (b"schema = [\n", "is not TOML"),
        (b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_a_file_that_is_no_price_file_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "prices.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        load(price_file=file)


def test_missing_files_folders_and_twins_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such price file"):
        load(price_file=tmp_path / "none.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        load(price_file=tmp_path)
    with pytest.raises(
        UsageError, match=r"prices\[1\].start_date: same provider, model and start as prices\[0\]"
    ):
        load(price_file=prices_toml(tmp_path, "input_usd_per_1m = 1", "input_usd_per_1m = 2"))


starts = st.lists(st.integers(0, 1000), min_size=1, max_size=8, unique=True)


@given(starts, st.integers(-50, 1050), st.randoms(use_true_random=False))
def test_the_latest_start_not_after_the_day_holds(
    offsets: list[int], day: int, random: object
) -> None:
    rows = [TokenPrice("p", "m", float(n), 0.0, start=TODAY + timedelta(n)) for n in offsets]
    random.shuffle(rows)  # type: ignore[attr-defined]
    begun = [n for n in offsets if n <= day]
    found = in_force(rows, TODAY + timedelta(day))
    assert [row.input_usd for row in found] == ([float(max(begun))] if begun else [])


@given(st.lists(st.integers(1, 10**6), max_size=4, unique=True), st.integers(0, 2 * 10**6))
def test_a_tier_holds_above_its_limit(limits: list[int], tokens: int) -> None:
    rows = [TokenPrice("p", "m", float(limit), 0.0, above_tokens=limit) for limit in (0, *limits)]
    (row,) = in_force(rows, TODAY, tokens)
    assert row.above_tokens == max([0, *(limit for limit in limits if limit < tokens)])


def test_the_price_library_is_loaded_only_when_it_is_needed(tmp_path: Path) -> None:
    file = prices_toml(tmp_path, "input_usd_per_1m = 3")
    code = (
        "import sys\nfrom datetime import date\nfrom pathlib import Path\n"
        "from advisor.facts import load\n"
        f"facts = load(price_file=Path({str(file)!r}))\nday = date(2026, 11, 20)\n"
        "assert facts.is_known_model('claude-sonnet-5') and facts.is_known_model('llama-3.1-8b')\n"
        "facts.token_prices('claude-sonnet-5', day), facts.tuning_prices('llama-3.1-8b', day)\n"
        "facts.gpu_usd_per_hour('L40S'), facts.candidates(), "
        "facts.constant('electricity_us_commercial')\n"
        "print([m for m in ('genai_prices', 'pydantic', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("input_usd_per_1m = 1e308", "input_usd_per_1m: 1e+308 is not a price in USD; write 0 to"),
        ("input_usd_per_1m = inf", "input_usd_per_1m: inf is not a price"),
        ("input_usd_per_1m = nan", "input_usd_per_1m: nan is not a price"),
        ("input_usd_per_1m = -1", "input_usd_per_1m: -1 is not a price"),
        (f"input_usd_per_1m = 0x{'F' * 400}", "a number with more than 60 digits is not a price"),
        (f"cache_minimum_tokens = 0x{'F' * 400}", "cache_minimum_tokens: must be a whole number"),
        ("cache_minutes = [5, 1000000000]", "cache_minutes: must be a list of whole minutes"),
        (f"note = [{'1, ' * 500}]", "note: must be text in quotes"),
    ],
)
def test_prices_beyond_the_world_are_refused_in_one_line(
    tmp_path: Path, line: str, words: str
) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'schema = 1\n[[prices]]\nprovider = "p"\nmodel = "m"\nsource = "s"\nas_of = 2026-11-01\n'
        f"{line}\n"
    )
    with pytest.raises(UsageError) as caught:
        read_prices(file)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_folder_as_price_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(Is a directory\)"):
        read_prices(tmp_path)


def test_a_provider_that_does_not_sell_a_model_has_no_price_of_it() -> None:
    """OpenAI serves gpt-oss through other hosts only, though the library lists a row of it."""
    sellers = {price.provider for price in load().token_prices("gpt-oss-120b", TODAY)}
    assert {"groq", "together"} <= sellers
    assert not sellers & {"openai", "azure"}


def test_an_unknown_shortest_prefix_is_the_longest_known_of_the_model() -> None:
    """No provider looks cheaper only because nothing is known of its cache."""
    prices = {p.provider: p for p in load().token_prices("claude-haiku-4-5", TODAY)}
    assert prices["aws"].cache_minimum_tokens == prices["anthropic"].cache_minimum_tokens == 4096
