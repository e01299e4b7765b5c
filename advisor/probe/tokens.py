"""How many tokens a text has: exactly where the vocabulary is at hand, else by a stand-in that
carries an error band.

Nothing here touches the network. The shipped vocabulary is o200k_base; other exact counts come from
a local `tokenizer.json` (library `tokenizers`) or from `mistral-common`, where these are installed.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import lzma
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from itertools import count, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from advisor.core.errors import MissingExtra, UsageError
from advisor.core.quantity import Basis, Range
from advisor.probe.token_parts import (
    BYTES_PER_TOKEN,
    count_bytes,
    count_in_parts,
    has_long_run,
    raise_unless_of_the_pattern,
)
from advisor.shipped import folder as shipped_folder

if TYPE_CHECKING:
    import tiktoken

EXACT = Range.exact(1.0)

MOST_FAILURES = 50
"""Texts, or parts of one, on which the pattern of a tokenizer may give up; each takes a moment."""

RANKS_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

O200K_FAMILIES = (
    "gpt-4o",
    "gpt-4.1",
    "gpt-4.5",
    "gpt-5",
    "gpt-6",
    "gpt-oss",
    "chatgpt-4o",
    "o1",
    "o3",
    "o4-mini",
)
"""Models whose text vocabulary is o200k_base (tiktoken's own table; gpt-6 as its successor)."""

_SEPARATOR = "\U0010fffe\ue0ff"
_SEPARATOR_ID = 200_100
"""A special token of our own, of code points that stand for nothing, above all numbers of the
vocabulary.
"""

_PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


class Counter(Protocol):
    """Counts the tokens of texts.

    `band` multiplies a count to give its P10, P50 and P90 under the real tokenizer.
    """

    @property
    def name(self) -> str: ...

    @property
    def basis(self) -> Basis: ...

    @property
    def band(self) -> Range: ...

    @property
    def source(self) -> str: ...

    def count(self, text: str) -> int: ...

    def counts(self, texts: list[str]) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class TextCounter:
    """A counter made from two functions; see `Counter` for the meaning of its fields."""

    name: str
    basis: Basis
    band: Range
    source: str
    count: Callable[[str], int]
    counts: Callable[[list[str]], list[int]]


def default_counter() -> Counter:
    """Exact for o200k_base; where the shipped ranks are missing or damaged, bytes with a band."""
    encoding = _o200k()
    if encoding is None:
        return byte_counter("the shipped ranks are missing")
    return _tiktoken_counter(
        encoding, "o200k_base", Basis.MEASURED, EXACT, "counted with o200k_base"
    )


def byte_counter(why: str = "") -> Counter:
    """UTF-8 bytes ÷ 4.1: fast, needs nothing, wide band."""
    band = band_of("bytes")
    source = f"bytes ÷ {BYTES_PER_TOKEN}" + (f": {why}" if why else "")
    one = count_bytes
    return TextCounter(
        "bytes", Basis.MODELLED, band, source, one, lambda texts: [one(t) for t in texts]
    )


def counter_for(model: str, folder: Path | str | None = None) -> Counter:
    """The best counter at hand for `model`; `folder` may hold its tokenizer.json (or be that file).

    Raises UsageError where `folder` holds no readable tokenizer, MissingExtra where the library for
    it is missing.
    """
    if folder is not None:
        return _json_counter(Path(folder))
    wanted = model.lower().removeprefix("ft:").rpartition("/")[2]
    if not wanted or wanted.startswith(O200K_FAMILIES):
        return default_counter()
    if wanted.startswith(
        ("mistral", "ministral", "mixtral", "magistral", "codestral", "devstral", "pixtral")
    ):
        exact = _mistral_counter(wanted)
        if exact is not None:
            return exact
    return _stand_in(model, wanted)


def started(
    counter: Counter, texts: list[str], pool: Executor, workers: int
) -> Callable[[], list[int]]:
    """Begin to count in as many threads, each a fair part; what is given back waits for all and has
    them in order.
    """
    parts = [pool.submit(counter.counts, texts[at::workers]) for at in range(workers)]

    def joined() -> list[int]:
        counted = [0] * len(texts)
        for at, part in enumerate(parts):
            counted[at::workers] = part.result()
        return counted

    return joined


@cache
def bands() -> dict[str, tuple[str, Range]]:
    """Family -> (how its model names begin, its own count ÷ the o200k_base count), from
    profiles/tokens/bands.csv.
    """
    import csv

    with (shipped_folder("profiles") / "tokens" / "bands.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return {
            row["family"]: (
                row["prefixes"],
                Range(float(row["p10"]), float(row["p50"]), float(row["p90"])),
            )
            for row in csv.DictReader(file)
        }


def band_of(family: str) -> Range:
    """The fitted multipliers of a tokenizer family; an unknown family has the widest."""
    return bands().get(family, bands()["other"])[1]


def _stand_in(model: str, wanted: str) -> Counter:
    named = ((family, prefixes.split()) for family, (prefixes, _) in bands().items())
    family = next(
        (f for f, prefixes in named if any(wanted.startswith(p) for p in prefixes)), "other"
    )
    band = band_of(family)
    encoding = _o200k()
    if encoding is None:
        return byte_counter("the shipped ranks are missing")
    factor = f"× {band.p10:.2f} to {band.p90:.2f} (profiles/tokens/bands.csv)"
    source = f"o200k_base as a stand-in for {model}, {factor}"
    return _tiktoken_counter(encoding, f"o200k_base for {model}", Basis.MODELLED, band, source)


@cache
def _o200k() -> tiktoken.Encoding | None:
    """The shipped vocabulary as an encoding under our own name; None where the file is missing or
    damaged.
    """
    try:
        packed = (shipped_folder("profiles") / "tokens" / "o200k_base.tiktoken.xz").read_bytes()
        ranks = lzma.decompress(packed)
    except (OSError, lzma.LZMAError):
        return None
    if hashlib.sha256(ranks).hexdigest() != RANKS_SHA256:
        return None
    return _encoding(ranks)


def _encoding(ranks: bytes) -> tiktoken.Encoding:
    from binascii import a2b_base64

    import tiktoken

    cells = ranks.split()
    table = dict(zip(map(a2b_base64, cells[0::2]), map(int, cells[1::2]), strict=True))
    return tiktoken.Encoding(
        "advisor_o200k_base",
        pat_str=_PATTERN,
        mergeable_ranks=table,
        special_tokens={_SEPARATOR: _SEPARATOR_ID},
    )


def _tiktoken_counter(
    encoding: tiktoken.Encoding, name: str, basis: Basis, band: Range, source: str
) -> Counter:
    def one(text: str) -> int:
        return count_in_parts(lambda part: len(encoding.encode_ordinary(part)), text)

    return TextCounter(
        name, basis, band, source, one, lambda texts: _batch_counts(encoding, one, texts)
    )


def _batch_counts(
    encoding: tiktoken.Encoding, one: Callable[[str], int], texts: list[str]
) -> list[int]:
    """Tokens of each text by one call for all: they are joined by a special token, at which the
    library always splits.

    One call makes no list of tokens per text and leaves other threads alone meanwhile. Texts that
    hold the separator, or a run that the pattern cannot take, or what no UTF-8 can hold, are
    encoded one by one.
    """
    import numpy as np

    joined = _SEPARATOR.join(texts)
    if joined.count(_SEPARATOR) != len(texts) - 1 or has_long_run(joined):
        return [one(text) for text in texts]
    try:
        ids = encoding.encode_to_numpy(joined, allowed_special={_SEPARATOR})
    except UnicodeEncodeError:
        return [one(text) for text in texts]
    except BaseException as error:
        raise_unless_of_the_pattern(error)
        return [one(text) for text in texts]
    ends = np.append(np.flatnonzero(ids == _SEPARATOR_ID), len(ids))
    counts: list[int] = np.diff(ends, prepend=-1).tolist()
    return [count - 1 for count in counts]


def _json_counter(path: Path) -> Counter:
    """A Hugging Face `tokenizer.json`."""
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{path}: no tokenizer.json there; name a folder or file that holds one")
    if importlib.util.find_spec("tokenizers") is None:
        raise MissingExtra(f"{file}: reading it needs a library: pip install tokenizers")
    library: Any = importlib.import_module("tokenizers")
    try:
        tokenizer: Any = library.Tokenizer.from_file(str(file))
    except Exception as error:
        raise UsageError(
            f"{file}: not a tokenizer.json: {str(error).splitlines()[0][:120]}; fetch it again"
        ) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()

    failures = count(1)

    def of_part(part: str) -> int:
        try:
            return len(tokenizer.encode(part, add_special_tokens=False).ids)
        except BaseException as error:
            raise_unless_of_the_pattern(error)
            if next(failures) > MOST_FAILURES:
                raise UsageError(
                    f"{file}: its pattern gives up on too many texts; check where it comes from, "
                    "or count with --model"
                ) from None
            raise

    def one(text: str) -> int:
        return count_in_parts(of_part, text)

    def counts(texts: list[str]) -> list[int]:
        if any(has_long_run(text) for text in texts):
            return [one(text) for text in texts]
        try:
            encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        except BaseException as error:
            if not isinstance(error, TypeError | UnicodeEncodeError):
                raise_unless_of_the_pattern(error)
            return [one(_valid(text)) for text in texts]
        return [len(e.ids) for e in encodings]

    return TextCounter(
        str(file.parent.name or file),
        Basis.MEASURED,
        EXACT,
        f"counted with {file.name}",
        one,
        counts,
    )


def _valid(text: str) -> str:
    """A text without halves of pairs, which no UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _mistral_counter(model: str) -> Counter | None:
    """Mistral's own tokenizer where mistral-common is installed and knows the model."""
    if importlib.util.find_spec("mistral_common") is None:
        return None
    try:
        library: Any = importlib.import_module("mistral_common.tokens.tokenizers.mistral")
        raw: Any = library.MistralTokenizer.from_model(
            model, strict=False
        ).instruct_tokenizer.tokenizer
    except Exception:  # the library knows other names than the market; its errors share no base
        return None
    return TextCounter(
        f"mistral-common for {model}",
        Basis.MEASURED,
        EXACT,
        "counted with mistral-common",
        lambda text: len(raw.encode(text, bos=False, eos=False)),
        lambda texts: list(map(len, map(raw.encode, texts, repeat(False), repeat(False)))),
    )
