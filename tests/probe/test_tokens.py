"""Token counts against raw tiktoken and hand formulas."""

import importlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import MissingExtra, UsageError
from advisor.core.quantity import Basis
from advisor.probe import tokens


def test_known_counts():
    count = tokens.default_counter().count
    assert count("") == 0
    assert count("hello world") == 2
    assert count("1234567") == 3  # digits go in threes
    assert count("<|endoftext|>") > 1  # a special token in data is only text


def test_needs_no_network_and_no_cache(monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens._o200k.cache_clear()
    assert tokens.default_counter().count("offline") == 1
    assert list(tmp_path.iterdir()) == []
    assert (
        "o200k_base" not in tiktoken.registry.ENCODINGS
    )  # built under our own name, not registered


@given(st.text(max_size=200))
def test_is_a_lossless_encoding(text):
    encoding = tokens._o200k()
    ids = encoding.encode_ordinary(text)
    assert encoding.decode(ids) == text
    assert tokens.default_counter().count(text) == len(ids)


@given(st.lists(st.text(max_size=60), max_size=8))
def test_batch_counts_are_single_counts(texts):
    for counter in (tokens.default_counter(), tokens.byte_counter()):
        assert counter.counts(texts) == [counter.count(t) for t in texts]


@pytest.mark.parametrize("odd", [tokens._SEPARATOR, "\ud800", "", " ", "\n\n", "a" * 5000])
def test_batches_with_odd_texts(odd):
    counter = tokens.default_counter()
    texts = ["one", odd, "two words", odd + odd, odd + " tail"]
    assert counter.counts(texts) == [counter.count(t) for t in texts]
    assert counter.counts([]) == []
    assert counter.counts([odd]) == [counter.count(odd)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_counts_in_threads_are_those_of_one(workers):
    texts = [f"text {'word ' * at}number {at}" for at in range(13)]
    counter = tokens.default_counter()
    with ThreadPoolExecutor(workers) as pool:
        assert tokens.started(counter, texts, pool, workers)() == counter.counts(texts)


def test_splits_text_as_the_library_s_own_vocabulary(monkeypatch):
    library = importlib.import_module("tiktoken_ext.openai_public")
    monkeypatch.setattr(library, "load_tiktoken_bpe", lambda *args, **kwargs: {})
    assert library.o200k_base()["pat_str"] == tokens._PATTERN


@pytest.mark.parametrize(
    "model", ["gpt-4.1-mini", "GPT-5.6-luna", "gpt-6-luna", "ft:gpt-4o-mini", "openai/gpt-4o", "o3"]
)
def test_o200k_models_are_exact(model):
    counter = tokens.counter_for(model)
    assert counter.basis is Basis.MEASURED
    assert counter.band.is_exact


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("llama-3.1-8b", "llama-3"),
        ("meta-llama/Llama-3.2-3B", "llama-3"),
        ("llama-2-7b", "sentencepiece-32k"),
        ("mistral-7b", "sentencepiece-32k"),
        ("claude-sonnet-5", "claude"),
        ("gpt-4-turbo", "cl100k"),
        ("nobody-knows-it", "other"),
    ],
)
def test_stand_ins_say_so(model, family, monkeypatch):
    monkeypatch.setattr(tokens, "_mistral_counter", lambda model: None)
    counter = tokens.counter_for(model)
    assert counter.basis is Basis.MODELLED
    assert counter.band == tokens.band_of(family)
    assert model in counter.source


def test_bands_are_ranges():
    for prefixes, band in tokens.bands().values():
        assert 0.5 < band.p10 <= band.p50 <= band.p90 < 2, prefixes


def test_damaged_ranks_fall_back_to_bytes(monkeypatch, tmp_path):
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "o200k_base.tiktoken.xz").write_bytes(b"not xz")
    (tmp_path / "tokens" / "bands.csv").write_bytes(
        (tokens.shipped_folder("profiles") / "tokens" / "bands.csv").read_bytes()
    )
    monkeypatch.setattr(tokens, "shipped_folder", lambda name: tmp_path)
    tokens._o200k.cache_clear()
    try:
        counter = tokens.default_counter()
        assert (counter.name, counter.basis) == ("bytes", Basis.MODELLED)
        assert counter.count("x" * 41) == 10
        assert not counter.band.is_exact
    finally:
        tokens._o200k.cache_clear()


def local_counter(folder, **changed):
    pytest.importorskip("tokenizers")
    words = {"hello": 0, "world": 1, "[UNK]": 2}
    parts = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "truncation": None,
        "padding": None,
        "model": {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(parts | changed))
    return tokens.counter_for("own", folder)


def test_a_pattern_that_gives_up_on_every_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "MOST_FAILURES", 3)
    pattern = {"type": "Replace", "pattern": {"Regex": "(x+x+)+y"}, "content": "z"}
    counter = local_counter(tmp_path, normalizer=pattern)
    assert counter.counts(["hello world"]) == [2]
    with pytest.raises(UsageError, match=r"tokenizer\.json: its pattern gives up"):
        counter.counts(["x" * 5000])


def test_local_tokenizer_json(tmp_path):
    counter = local_counter(tmp_path)
    assert counter.counts(["hello world", "hello , world"]) == [2, 3]
    assert counter.band.is_exact


def test_tokenizer_folder_without_a_tokenizer(tmp_path):
    with pytest.raises(UsageError, match=r"tokenizer\.json"):
        tokens.counter_for("own", tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises((UsageError, MissingExtra)) as caught:
        tokens.counter_for("own", tmp_path)
    assert "\n" not in str(caught.value)
