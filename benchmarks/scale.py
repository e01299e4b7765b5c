"""How processor time and memory grow with the size of a question.

Run: python benchmarks/scale.py [NAME…] [--large]. Each line doubles one size and prints processor
seconds, peak memory and the exponent of growth between the first and the last size: 1 is linear.
Goal: no exponent above 1.05. Processor time, so that other work on the machine hardly matters.
"""

from __future__ import annotations

import argparse
import gc
import math
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from advisor import pipeline
from advisor.brief import parse
from advisor.facts import load

FACTS = load()
SURROUNDINGS = pipeline.Surroundings(FACTS, None, None, None, None, (), (), ())
HEAD = """\
schema = 1
as_of = 2026-11-20
name = "scale"
[traffic]
requests_per_month = 60_000
[data]
examples = 3000
eval_examples = 300
[quality]
target = 0.85
error_cost_usd = 2.0
"""
AS_OF = date(2026, 11, 20)
PRICED = [name for name in FACTS.listed_models() if FACTS.token_prices(name, AS_OF)]
WORTH_SECONDS = 0.02
"""Below this much processor time an exponent says nothing."""


def judge(text: str, draws: int = 10_000, deep: bool = False) -> None:
    """One verdict, also where no option is left."""
    brief = parse(HEAD + text, name="scale.toml")
    with suppress(pipeline.NothingLeft):
        pipeline.judge(brief, SURROUNDINGS, draws=draws, deep=deep)


def segments(count: int) -> str:
    """`count` segments of equal share."""
    return "".join(f'[[segments]]\nname = "s{n}"\nshare = {1 / count:.12f}\n' for n in range(count))


def models(count: int) -> str:
    """The first `count` priced models as candidates for prompts."""
    listed = ", ".join(f'"{name}"' for name in PRICED[:count])
    return f"[models]\nprompt = [{listed}]\ntune = []\n"


def parts_by_models(count: int) -> str:
    """`count` pairs of a segment and a model, four times as many segments as models, 10 years."""
    each = math.isqrt(count // 4)
    return f"{models(each)}[budget]\nhorizon_months = 120\n{segments(4 * each)}"


def measured(count: int) -> str:
    """`count` measured rows over the priced models."""
    return "".join(
        f'[[quality.measured]]\napproach = "prompt"\ntechnique = "zero-shot"\n'
        f'model = "{PRICED[n % len(PRICED)]}"\nscore = {0.5 + n % 40 / 100}\nitems = 200\n'
        for n in range(count)
    )


def many_briefs(count: int) -> None:
    """`count` verdicts one after the other, as `advisor recommend FOLDER` makes them."""
    for _ in range(count):
        judge("", draws=1000)


def stored_runs(count: int) -> None:
    """Write `count` runs, then list and read back the newest."""
    from advisor.store import Runs, Store

    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "a.db") as store:
        runs = Runs(store)
        with store.database.atomic():
            for n in range(count):
                runs.begin(
                    kind="throughput",
                    name=f"run {n}",
                    digest=str(n),
                    plan={"n": n},
                    trials=1,
                    device="cpu",
                    forecast={},
                )
        runs.runs(limit=20)


QUESTIONS: dict[str, tuple[Callable[[int], None], tuple[int, ...], tuple[int, ...]]] = {
    "draws": (lambda n: judge("", draws=n), (40_000, 80_000, 160_000), (1_000_000,)),
    "models": (lambda n: judge(models(n)), (6, 12, 24), (50,)),
    "segments": (lambda n: judge(segments(n)), (12, 25, 50), (100, 200)),
    "months": (lambda n: judge(f"[budget]\nhorizon_months = {n}\n"), (15, 30, 60, 120), ()),
    "pairs": (lambda n: judge(parts_by_models(n)), (144, 576, 2500), (10_000,)),
    "measured rows": (lambda n: judge(measured(n)), (50, 100, 200), (400, 800)),
    "briefs": (many_briefs, (10, 20, 40), (500,)),
    "stored runs": (stored_runs, (500, 1000, 2000), (20_000, 100_000)),
}
"""Work by name, its usual sizes, and those added by --large."""


@contextmanager
def peak_mib() -> Iterator[list[float]]:
    """The peak of memory that Python allocates inside, MiB."""
    peak = [0.0]
    gc.collect()
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak[0] = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()


def seconds_of(work: Callable[[int], None], size: int) -> float:
    """Processor seconds of one call."""
    gc.collect()
    start = time.process_time()
    work(size)
    return time.process_time() - start


def exponent(sizes: tuple[int, ...], amounts: list[float]) -> str:
    """Growth between the first and the last size: amount ∝ size^exponent."""
    if amounts[0] <= 0 or amounts[-1] <= 0:
        return "—"
    return f"{math.log(amounts[-1] / amounts[0]) / math.log(sizes[-1] / sizes[0]):.2f}"


def report(name: str, large: bool) -> None:
    """Print a question's sizes, seconds, memory and exponents."""
    work, usual, added = QUESTIONS[name]
    sizes = (*usual, *(added if large else ()))
    work(max(1, sizes[0] // 2))  # imports; a size of its own, as draws of a size are kept
    seconds = [seconds_of(work, size) for size in sizes]
    memory = []
    for size in (usual[0], usual[-1]):
        with peak_mib() as peak:
            work(size)
        memory.append(peak[0])
    cells = "  ".join(f"{s:,}: {t:.2f} s" for s, t in zip(sizes, seconds, strict=True))
    growth = exponent(sizes, seconds) if seconds[0] > WORTH_SECONDS else "—"
    ends = (usual[0], usual[-1])
    print(
        f"{name:<14} {cells}  | time^{growth}  memory {memory[0]:.0f} → {memory[1]:.0f} MiB"
        f" ^{exponent(ends, memory)}",
        flush=True,
    )


def main() -> None:
    """Print a line for each question that is named, or for all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=", ".join(QUESTIONS))
    parser.add_argument(
        "--large",
        action="store_true",
        help="also a million draws, 200 segments × 50 models, 100,000 stored runs …",
    )
    stated = parser.parse_args()
    for name in stated.names or QUESTIONS:
        report(name, stated.large)


if __name__ == "__main__":
    main()
