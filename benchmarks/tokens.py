"""How fast tokens are counted and data are profiled, as ratios to raw tiktoken in the same run on
this machine.

Run: python benchmarks/tokens.py [FILE.jsonl] [--rows N] [--rounds N]. Goals: counting at 0.9 or
more of raw tiktoken on one thread; one million rows profiled with duplicates and leakage in two
minutes on two cores. CPU time is taken, so that other work on the machine matters less; runs are
interleaved, the best of each is shown.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tiktoken

from advisor.probe import tokens
from advisor.probe.data import probe


def main() -> None:
    """Print one line for each way to count, then one for profiling."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="JSONL; default: made-up text")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.file or _made_up(Path(folder) / "made_up.jsonl", arguments.rows)
        texts = [
            " ".join(map(str, json.loads(line).values()))
            for line in file.read_text("utf-8").splitlines()
        ]
        _count(texts, arguments.rounds)
        _profile(file, len(texts))


def _count(texts: list[str], rounds: int) -> None:
    encoding = tokens._o200k()
    if encoding is None:
        raise SystemExit("the shipped ranks are missing")
    raw = tiktoken.Encoding(
        "raw",
        pat_str=tokens._PATTERN,
        mergeable_ranks=dict(encoding._mergeable_ranks),
        special_tokens={},
    )
    ways: dict[str, Callable[[], int]] = {
        "raw tiktoken, one thread": lambda: sum(len(raw.encode_ordinary(t)) for t in texts),
        "advisor": lambda: sum(tokens.default_counter().counts(texts)),
        "advisor, bytes ÷ 4.1": lambda: sum(tokens.byte_counter().counts(texts)),
    }
    if importlib.util.find_spec("tokenizers"):
        ways["Hugging Face tokenizers"] = _hugging_face(texts)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            best[name] = min(best[name], _cpu_seconds(way))
    cores = os.cpu_count() or 1
    alone, together = _wall_seconds(texts, 1), _wall_seconds(texts, cores)
    size, base = sum(len(t.encode()) for t in texts) / 1e6, best["raw tiktoken, one thread"]
    for name, seconds in best.items():
        print(f"{name:<28} {size / seconds:8.1f} MB/s   {base / seconds:5.2f} × raw")
    print(
        f"by the clock, {cores} threads: {size / together:.1f} MB/s, "
        f"{alone / together:.2f} × one thread"
    )


def _wall_seconds(texts: list[str], workers: int) -> float:
    """By the clock, as `advisor data` counts with that many threads; other work on the machine
    shows here.
    """
    with ThreadPoolExecutor(workers) as pool:
        began = time.perf_counter()
        for start in range(0, len(texts), 512):
            tokens.started(tokens.default_counter(), texts[start : start + 512], pool, workers)()
        return time.perf_counter() - began


def _hugging_face(texts: list[str]) -> Callable[[], int]:
    """Another tool on the same kind of work: byte-level BPE with a small vocabulary learned from
    these texts.
    """
    from tokenizers import ByteLevelBPETokenizer

    other = ByteLevelBPETokenizer()
    other.train_from_iterator(texts[:2000], vocab_size=8000, show_progress=False)
    return lambda: sum(len(other.encode(t).ids) for t in texts)


def _profile(file: Path, rows: int) -> None:
    began = time.perf_counter()
    cpu = _cpu_seconds(lambda: probe([file], eval_paths=[file]).rows)
    wall, peak = (
        time.perf_counter() - began,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
    print(
        f"profiled {rows:,} rows, test set of the same size: {cpu:.1f} s CPU, {wall:.1f} s, "
        f"peak {peak:.0f} MB"
    )
    print(f"CPU per million rows: {cpu / rows * 1e6 / 2:.0f} s")


def _cpu_seconds(work: Callable[[], int]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _made_up(path: Path, rows: int) -> Path:
    rng = random.Random(1)
    words = sorted(
        tokens.shipped_folder("profiles").joinpath("english.md").read_text("utf-8").split()
    )
    with path.open("w", encoding="utf-8") as out:
        for _ in range(rows):
            prompt = " ".join(rng.choices(words, k=rng.randint(15, 60)))
            out.write(json.dumps({"prompt": prompt, "completion": rng.choice(words)}) + "\n")
    return path


if __name__ == "__main__":
    main()
