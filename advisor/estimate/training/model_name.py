"""What a name tells of a model whose architecture is not known: its size, kind and family."""

from __future__ import annotations

import re

ATTENDING_BY_NAME = (
    (re.compile(r"mamba-?2?-|falcon-?mamba|codestral-mamba|rwkv|xlstm", re.IGNORECASE), 0.0),
    (re.compile(r"nemotron-?h|nemotron-nano-\d+b-v2", re.IGNORECASE), 0.08),
    (re.compile(r"zamba", re.IGNORECASE), 0.15),
    (re.compile(r"bamba|granite-?4\S*-h", re.IGNORECASE), 0.1),
    (re.compile(r"nemotron-3-(?:nano|super|ultra)", re.IGNORECASE), 0.115),
    (re.compile(r"jamba|minimax-(?:text|m1)", re.IGNORECASE), 0.125),
    (re.compile(r"qwen3-next|qwen-?3\.[56]|kimi-linear", re.IGNORECASE), 0.25),
    (re.compile(r"lfm-?2", re.IGNORECASE), 0.375),
)
"""Share of the layers that attend to all positions, by name, where the architecture is not in the
tables: state-space and other recurrent models, and hybrids (layers_block_type,
hybrid_override_pattern or full_attn_idxs of their config.json: Zamba2 a shared block at 9 to 13 of
its 38 to 81 layers, Nemotron-H 4 of 52, Bamba 3 of 32, Granite 4.0 H 4 of 40, Nemotron 3 Nano 6 of
52, Jamba 1 of 8, LFM2 6 of 16).
"""

BOTH_IN_EVERY_LAYER = re.compile(r"falcon-?h1|hymba", re.IGNORECASE)
"""Names of models whose layers attend and scan side by side."""

EMBEDDER = re.compile(r"embed|(?<![a-z])(?:bge|gte|e5|minilm|reranker)(?![a-z])", re.IGNORECASE)
"""Names of models that are trained for embeddings: they have no vocabulary head."""

ACTIVE_BY_NAME = (
    (re.compile(r"nemotron-3-nano", re.IGNORECASE), 3.2e9),
    (re.compile(r"nemotron-3-super", re.IGNORECASE), 1.2e10),
    (re.compile(r"nemotron-3-ultra", re.IGNORECASE), 5.5e10),
)
"""Active parameters of mixtures whose names leave them out (model cards of NVIDIA)."""

VOCABULARIES = (
    (r"gemma", 262_144),
    (r"bloom|mt0|mt5", 250_880),
    (r"qwen|glm|internvl|mimo", 151_936),
    (r"llama-?[34](?![\db])|mistral-small|ministral|magistral|devstral|apertus|nemotron", 131_072),
    (r"granite-?4|ernie|olmo-?3|moe-7b", 100_352),
    (r"lfm|falcon|yi-", 65_536),
    (r"gpt|neox|santacoder|starcoder|bert|phi|opt|nanochat", 50_304),
    (r"llama|llava|vicuna|mistral|mixtral|tiny|deepseek-coder|codellama", 32_000),
)
"""Vocabularies by family, as their model cards state them, where the architecture is not known."""

ENCODER_DECODER = re.compile(
    r"(?<![a-z])(?:flan-?|m|u|um|by|long|code)?-?(?:t5|t0|ul2|bart)(?![a-z])", re.IGNORECASE
)
"""Names of encoder-decoders: T5 and its relatives, UL2, BART."""

MULTILINGUAL = re.compile(r"u?m(?:t5|t0|bart)", re.IGNORECASE)

_SIZE_WORD = re.compile(r"(?<![a-z])(small|base|large|xxl|xl)(?![a-z])", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"(?<![a-z\d._])(\d+(?:[._]\d+)?)([bm])(?![a-z\d])", re.IGNORECASE)
_SIZES_T5 = {"small": 7.7e7, "base": 2.48e8, "large": 7.83e8, "xl": 2.85e9, "xxl": 1.114e10}
_SIZES_MT5 = {"small": 3.0e8, "base": 5.8e8, "large": 1.23e9, "xl": 3.74e9, "xxl": 1.292e10}
_SIZES_BART = {"base": 1.39e8, "large": 4.06e8}
"""Parameters by the word for the size: T5 1.1 and FLAN-T5, mT5, BART, as their model cards state
them.
"""

TYPICAL_VOCABULARY = 100_000


def attending_by_name(name: str) -> float:
    """Share of the layers that attend to all positions, by the name of the model; 1 unless it is
    known to be recurrent.
    """
    return next((share for named, share in ATTENDING_BY_NAME if named.search(name)), 1.0)


def size_by_name(name: str) -> float | None:
    """Parameters of an encoder-decoder that is named with its size, such as flan-t5-large; None of
    other names.
    """
    word = _SIZE_WORD.search(name)
    if word is None or not is_encoder_decoder(name):
        return None
    size = word[1].lower()
    if "bart" in name.lower():
        return _SIZES_BART.get(size)
    if MULTILINGUAL.search(name):
        return _SIZES_MT5.get(size)
    return _SIZES_T5.get(size)


def size_in_name(name: str) -> float | None:
    """Parameters that a name states: all of `granite-7b` and `Qwen3-30B-A3B`, or the word of an
    encoder-decoder; None where it states none, or only the size of an expert (`8x7B`).
    """
    stated = _SIZE_IN_NAME.search(name)
    if stated is None:
        return size_by_name(name)
    return float(stated[1].replace("_", ".")) * (1e9 if stated[2].lower() == "b" else 1e6)


def is_embedder(name: str) -> bool:
    """Whether a model's name says that it is trained for embeddings."""
    return EMBEDDER.search(name) is not None


def vocabulary_by_name(name: str) -> int:
    """The vocabulary of the family that the name tells, else a typical one."""
    for pattern, vocabulary in VOCABULARIES:
        if re.search(pattern, name, re.IGNORECASE):
            return vocabulary
    return TYPICAL_VOCABULARY


ACTIVE = re.compile(r"-A(\d+(?:\.\d+)?)([BM])(?![a-z0-9])", re.IGNORECASE)


def active_by_name(name: str) -> float | None:
    """Active parameters of a mixture whose name states them, such as 30B-A3B or 3b-a800m; else
    None.
    """
    stated = ACTIVE.search(name)
    if stated:
        return float(stated[1]) * (1e9 if stated[2] in "bB" else 1e6)
    return next((active for named, active in ACTIVE_BY_NAME if named.search(name)), None)


def is_encoder_decoder(name: str) -> bool:
    """Whether a model's name is that of a known family of encoder-decoders."""
    return ENCODER_DECODER.search(name) is not None
