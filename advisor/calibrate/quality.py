"""Plans quality and prompt runs: the same held-out items and metric for every arm; reads what they
showed.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from advisor.calibrate.general_knowledge import forgotten, general_sets
from advisor.calibrate.intervals import comparisons, score_interval
from advisor.calibrate.metrics.scorer import Scorer, scorer_for
from advisor.core.errors import MissingExtra, UsageError
from advisor.core.experiment import ExperimentPlan, Status, Trial, TrialOutcome

Pair = tuple[str, str]
HELD_OUT = 0.2
FEWEST_ITEMS = 10
MOST_ITEMS = 500
SHARES = (0.25, 0.5, 1.0)
METHODS = ("full", "lora", "dora", "qlora", "soft-prompt")
CHARACTERS_PER_TOKEN = 4.0
ANSWER_TOKENS = 32
ENDS_BYTES = 1 << 20
"""Read of each weights file at both ends, to tell one model from another."""

WORDS_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
)


@dataclass(frozen=True, slots=True)
class EvaluationTask:
    """The user's data, split once for all arms, and how its answers are marked."""

    train: tuple[Pair, ...]
    items: tuple[Pair, ...]
    scorer: Scorer
    instruction: str = ""

    @property
    def metric(self) -> str:
        return self.scorer.metric

    def shared(self) -> dict[str, Any]:
        """As plain data for the child."""
        return {
            "train": [list(p) for p in self.train],
            "items": [list(p) for p in self.items],
            "metric": self.metric,
            "labels": list(self.scorer.labels),
            "schema": dict(self.scorer.schema) if self.scorer.schema is not None else None,
            "one_line": self.scorer.one_line,
            "instruction": self.instruction,
        }


def task(
    rows: Sequence[Pair],
    held_out: Sequence[Pair] = (),
    *,
    metric: str = "",
    task_type: str = "",
    schema: Mapping[str, Any] | None = None,
    instruction: str = "",
    most_items: int = MOST_ITEMS,
    seed: int = 0,
) -> EvaluationTask:
    """Rows split into train and held-out items, or with a test set of their own.

    A training row whose prompt is also a test item is left out: it would be scored on what it
    learned. The metric is the one named, else the one that suits the answers and the task's type.
    Raises UsageError where too little is left.
    """
    rng = random.Random(seed)
    train = list(dict.fromkeys(r for r in rows if r[1].strip()))
    items = list(dict.fromkeys(held_out))
    rng.shuffle(train)
    if not items:
        count = max(round(len(train) * HELD_OUT), FEWEST_ITEMS)
        items, train = train[:count], train[count:]
    rng.shuffle(items)
    items = items[:most_items]
    tested = {prompt.strip().lower() for prompt, _ in items}
    train = [row for row in train if row[0].strip().lower() not in tested]
    if len(items) < FEWEST_ITEMS or len(train) < FEWEST_ITEMS:
        raise UsageError(
            f"--data: {len(train)} rows to train on and {len(items)} to test on; give at least "
            f"{FEWEST_ITEMS} of each"
        )
    marked = scorer_for(
        [a for _, a in (*train, *items)], metric=metric, task_type=task_type, schema=schema
    )
    return EvaluationTask(tuple(train), tuple(items), marked, instruction)


def model_folder(path: Path) -> dict[str, Any]:
    """What identifies the weights in a folder.

    Raises UsageError where they are not safe to load.
    """
    config = checked_config(path / "config.json", str(path))
    weights = sorted(path.glob("*.safetensors"))
    if not weights:
        raise UsageError(
            f"--model {path}: no .safetensors files; other formats can run code and are never "
            "loaded"
        )
    head = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for weight in weights:
        with weight.open("rb") as file:
            head.update(file.read(ENDS_BYTES))
            file.seek(max(weight.stat().st_size - ENDS_BYTES, 0))
            head.update(file.read(ENDS_BYTES))
    for words in WORDS_FILES:
        if (path / words).is_file():
            head.update((path / words).read_bytes())
    size = sum(w.stat().st_size for w in weights)
    return {"folder": str(path.resolve()), "weights": head.hexdigest()[:16], "bytes": size}


def checked_config(path: Path, model: str) -> dict[str, Any]:
    """The config.json of a model.

    Raises UsageError where there is none, or it asks for code of its own.
    """
    if not path.is_file():
        raise UsageError(
            f"--model {model}: no config.json; give a folder with a model, or org/name on the hub"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise UsageError(f"--model {path}: not JSON; download the model again")
    if "auto_map" in config:
        raise UsageError(
            f"--model {model}: asks for code of its own (auto_map), which is never run; use "
            "another model"
        )
    return config


def plan(
    task: EvaluationTask,
    folder: Mapping[str, Any],
    *,
    methods: Sequence[str] = ("lora",),
    shares: Sequence[float] = SHARES,
    shots: int = 3,
    epochs: int = 3,
    rank: int = 16,
    learning_rate: float = 0.0,
    batch: int = 8,
    seq_len: int = 1024,
    seed: int = 0,
    device: str = "auto",
    machine: str = "",
    demonstration: bool = False,
) -> ExperimentPlan:
    """Zero-shot, few-shot, and each method on growing shares; on the largest share also with
    examples in the prompt.

    `learning_rate` 0 means by method and size; `demonstration` marks a run whose scores say nothing
    about other models. Raises UsageError.
    """
    for method in methods:
        if method not in METHODS:
            raise UsageError(f"--method {method}: not trained here; one of {', '.join(METHODS)}")
        if method == "qlora" and find_spec("bitsandbytes") is None:
            raise MissingExtra(
                "--method qlora needs bitsandbytes: pip install 'prompt-or-tune[qlora]'"
            )
    common = {"model": dict(folder), "seq_len": seq_len, "seed": seed, "batch": batch}
    common |= {"demonstration": True} if demonstration else {}
    trials = [_trial(task, common, "prompt", "zero-shot", 0, 0)]
    if shots:
        trials.append(_trial(task, common, "prompt", "few-shot", shots, 0))
    training = common | {"epochs": epochs, "rank": rank, "targets": "all-linear"}
    for method in methods:
        settings = training | {
            "method": method,
            "learning_rate": learning_rate or usual_rate(method, folder["bytes"]),
        }
        counts = sorted({max(round(len(task.train) * share), FEWEST_ITEMS) for share in shares})
        trials += [_trial(task, settings, "tune", method, 0, count) for count in counts]
        if shots:
            trials.append(_trial(task, settings, "hybrid", method, shots, counts[-1]))
    called = str(folder.get("hub") or Path(str(folder["folder"])).name).partition("@")[0]
    name = f"{called}: {task.metric} on {len(task.items)} items"
    shared = task.shared() | {"machine": machine, "general": general_sets()}
    return ExperimentPlan("quality", name, tuple(trials), shared, device, seed)


SMALL_RATES = {"full": 5e-4, "lora": 2e-3, "dora": 2e-3, "qlora": 2e-3, "soft-prompt": 3e-2}
"""Learning rates of models below `LARGE_BYTES`, for few examples."""

LARGE_RATES = {"full": 1e-5, "lora": 2e-4, "dora": 2e-4, "qlora": 2e-4, "soft-prompt": 3e-2}
"""Of larger ones: QLoRA's 2e-4 up to 13 B (Dettmers et al.

2023, table 9), the 1e-5 to 2e-5 usual in full tuning.
"""

LARGE_BYTES = 6e8
"""Weights of 0.3 billion parameters in 16 bits."""


def usual_rate(method: str, weights_bytes: float) -> float:
    """The learning rate where none is asked for: that of the method and the size of the model."""
    return (LARGE_RATES if weights_bytes >= LARGE_BYTES else SMALL_RATES)[method]


def prompts_plan(
    task: EvaluationTask,
    url: str,
    model: str,
    *,
    shots: Sequence[int] = (0, 3),
    key_env: str = "OPENAI_API_KEY",
    input_usd: float | None = None,
    output_usd: float | None = None,
    at_once: int = 4,
    max_tokens: int = 0,
    max_usd: float | None = None,
    seed: int = 0,
) -> ExperimentPlan:
    """The prompt forms against an OpenAI-compatible endpoint; prices in USD per million tokens.

    Raises UsageError.

    `max_tokens` 0: an answer may be twice as long as the longest known one.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--url {url}: give the base address, such as http://localhost:8000/v1")
    if max_usd is not None and (input_usd is None or output_usd is None):
        raise UsageError(
            "--max-usd: the price of tokens is not known; give --input-usd and --output-usd per "
            "million tokens"
        )
    common = {
        "url": url.rstrip("/"),
        "model": model,
        "key_env": key_env,
        "input_usd": input_usd,
        "output_usd": output_usd,
        "at_once": at_once,
        "seed": seed,
        "max_tokens": max_tokens
        or max(ANSWER_TOKENS, round(2 * max(_tokens(a) for _, a in (*task.train, *task.items)))),
    }
    trials = tuple(
        _trial(task, common, "prompt", "zero-shot" if not k else "few-shot", k, 0, kind="prompts")
        for k in shots
    )
    name = f"{model}: {task.metric} on {len(task.items)} items"
    return ExperimentPlan("prompts", name, trials, task.shared(), "endpoint", seed, max_usd=max_usd)


def _trial(
    task: EvaluationTask,
    settings: Mapping[str, Any],
    approach: str,
    technique: str,
    shots: int,
    train: int,
    kind: str = "quality",
) -> Trial:
    label = (
        f"{approach}/{technique}"
        + (f", {shots} shown" if shots else "")
        + (f", {train} examples" if train else "")
    )
    spec = {
        "approach": approach,
        "technique": technique,
        "shown": shots,
        "train_examples": train,
        **settings,
    }
    return Trial(kind, label, spec | {"expected": _expected(task, spec)})


def _tokens(text: str) -> float:
    return len(text) / CHARACTERS_PER_TOKEN


def _expected(task: EvaluationTask, spec: Mapping[str, Any]) -> dict[str, float]:
    """Tokens this trial will read and learn, by characters: for its price before it starts."""
    row = sum(_tokens(p) + _tokens(a) + 4.0 for p, a in task.train) / len(task.train)
    prompt = (
        _tokens(task.instruction)
        + spec["shown"] * row
        + sum(_tokens(p) + 4.0 for p, _ in task.items) / len(task.items)
    )
    answer = sum(_tokens(a) for _, a in task.items) / len(task.items) + 2.0
    ways = len(task.scorer.labels) if task.scorer.labels and "url" not in spec else 1
    return {
        "read_tokens": round(len(task.items) * (prompt + answer) * ways, 1),
        "written_tokens": round(len(task.items) * answer, 1),
        "learned_tokens": round(
            spec["train_examples"] * spec.get("epochs", 0) * (prompt + answer), 1
        ),
        "calls": float(len(task.items)),
    }


def summary(plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]) -> dict[str, Any]:
    """Scores with their intervals, and every arm against the best prompt on the same items."""
    done = {o.digest: o for o in outcomes if o.status is Status.DONE}
    scored = {d: dict(o.result) for d, o in done.items() if "item_scores" in o.result}
    results = {
        t.label: scored[plan.trial_digest(t)] for t in plan.trials if plan.trial_digest(t) in scored
    }
    base = next((r.get("general") for r in results.values() if "language" in r), None)
    lines = [_line(label, result, base) for label, result in results.items()]
    demonstration = any(t.spec.get("demonstration") for t in plan.trials)
    says = DEMONSTRATION if demonstration else CARRIES_OVER[plan.kind]
    return {
        "trials": lines,
        "comparisons": comparisons(results),
        "carries_over": says,
        "demonstration": demonstration,
    }


def _line(label: str, result: Mapping[str, Any], base: Mapping[str, Any] | None) -> dict[str, Any]:
    """A trial's result without its items, with its interval and what its training made the model
    forget.
    """
    summary = {k: v for k, v in result.items() if not k.startswith("item_") and k != "general"}
    lost = forgotten(base, result.get("general")) if result.get("train_examples") else None
    return {"label": label, **summary, "interval": list(score_interval(result)), "forgetting": lost}


DEMONSTRATION = (
    "a demonstration on the pocket model: it shows the procedure and never enters a verdict"
)


CARRIES_OVER = {
    "quality": (
        "this model on these items; another model, size or kind of data needs a run of its own"
    ),
    "prompts": "this endpoint's model on these items and on this day",
}
