"""GPU names as people write them: the bare number of a product (`4090`), its memory or its form
beside the name (`T4 16GB`, `L40S PCIe`), words in another order (`RTX Ada 6000`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from advisor.core.errors import UsageError
from advisor.core.facts import Gpu
from advisor.facts.gpu_names import SIZE_TOLERANCE, listed, without_maker

_SERIES = frozenset(("rtx", "gtx", "rx", "arc", "quadro", "tesla", "apple"))
_GENERATIONS = frozenset(("ada", "blackwell", "pro"))
"""Words that tell apart products of one number: `RTX 6000 Ada`, `Quadro RTX 6000`."""

_FORM = re.compile(r"(pcie|sxm|nvl)\d*")
_MEMORY = re.compile(r"(\d{1,3}) ?gi?b?")
_GROUPED = re.compile(r"(\d)(ti|super|xtx|xt|gre|gb|d)\b")
_COUNT = re.compile(r"\s*(\d{1,3})(?:x|\s+x\s|\s*[×*])\s*(?=\D*\d)", re.IGNORECASE)
_LAPTOP = "laptop"
_MOBILE = re.compile(r"\b(mobile|notebook|laptop gpu)\b")
LEAST_DIGITS = 4
_ASIDE = re.compile(r"\((?!\s*\d+ ?gi?b)[^)]*\)", re.IGNORECASE)
_BRACKETS = str.maketrans("()", "  ")


def alike(name: str, names: Mapping[str, tuple[str, ...]], gpus: Mapping[str, Gpu]) -> list[str]:
    """The ids of the GPUs that a name means, by its words without those of the maker and series.

    `names` are the ids by each name. A desktop part is meant where no laptop is named; memory and
    form that are named have to be those of the GPU.
    """
    name = _one(name)
    parts = listed(name)
    if parts:
        return list(dict.fromkeys(gpu for part in parts for gpu in alike(part, names, gpus)))
    wanted = _words(name)
    product = _product(wanted)
    if not any(character.isdigit() for word in product for character in word):
        return []
    products = [(_product(_words(other)), ids) for other, ids in names.items()]
    meant = dict.fromkeys(gpu for p, ids in products if _is(p, product) for gpu in ids)
    fitting = [gpu for gpu in meant if _fits(wanted, gpu, gpus[gpu])]
    return fitting or _of_number(product, products)


def _one(name: str) -> str:
    """The name of one GPU. Raises UsageError for `2x RTX 4090`: the count has its own place."""
    counted = _COUNT.match(name)
    one = name[counted.end() :].strip() if counted else name
    if counted and counted[1] != "1":
        raise UsageError(
            f"GPU {name!r}: {counted[1]} is how many; name one GPU as {one!r} and state the count "
            "beside it (--gpus, [hardware] count, --set gpu_count)"
        )
    return one


def _words(name: str) -> list[str]:
    plain = _ASIDE.sub(" ", name.replace("_", " ")).translate(_BRACKETS)
    plain = _MOBILE.sub(_LAPTOP, without_maker(plain))
    plain = _GROUPED.sub(r"\1 \2", plain)
    return re.split(r"[\s-]+", re.sub(r"(\d) gb\b", r"\1gb", plain).strip(" -"))


def _product(words: list[str]) -> frozenset[str]:
    """What is left of a name without series, memory and form."""
    return frozenset(
        word
        for word in words
        if word not in _SERIES and not _FORM.fullmatch(word) and not _MEMORY.fullmatch(word)
    ) or frozenset(word for word in words if word.isdecimal())


def _is(product: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether a name means a product; where it has a number, the generation may be left out."""
    if not any(word.isdecimal() for word in wanted):
        return product == wanted
    return wanted <= product and product - wanted <= _GENERATIONS


def _of_number(
    wanted: frozenset[str], products: list[tuple[frozenset[str], tuple[str, ...]]]
) -> list[str]:
    """The desktop parts of a bare number that no single product has (`7900`); nothing for one."""
    if not all(word.isdecimal() and len(word) >= LEAST_DIGITS for word in wanted):
        return []
    holding = [ids for product, ids in products if wanted < product and _LAPTOP not in product]
    every = list(dict.fromkeys(gpu for ids in holding for gpu in ids))
    return every if len(every) > 1 else []


def _fits(wanted: list[str], gpu: str, product: Gpu) -> bool:
    """Whether a GPU has the memory and the form that a name states, if any."""
    for word in wanted:
        memory = _MEMORY.fullmatch(word)
        if memory and not _has_memory(product, float(memory[1])):
            return False
        form = _FORM.fullmatch(word)
        forms = [f[1] for part in _words(gpu) if (f := _FORM.fullmatch(part))]
        if form and forms and form[1] not in forms:
            return False
    return True


def _has_memory(product: Gpu, gigabytes: float) -> bool:
    size = product.memory_gb
    return size is not None and abs(gigabytes / size - 1) <= SIZE_TOLERANCE
