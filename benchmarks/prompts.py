"""Our answers and speed against lm-evaluation-harness: same model, same prompts, same items.

usage: python benchmarks/prompts.py [--venv /tmp/advisor-lm-eval] [--items 40]

Installs lm_eval in an environment of its own beside this one's packages, then prints, for labels
chosen by likelihood and for written answers, zero-shot and 3-shot, which answers differ; and items
per second of process time of one thread (ours, theirs at its best batch size, ratio) with a shared
prefix of 1,500 tokens and without one. Needs the extra `calibrate`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from beside import ROOT, interpreter

SPEED_CONFIG = {
    "model_type": "llama",
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
PREFIX = 1500
BATCHES = (1, 8)


def instances(kind: str, arguments: list[tuple]) -> list:
    """Requests of the harness."""
    from lm_eval.api.instance import Instance

    return [
        Instance(request_type=kind, doc={}, arguments=args, idx=n)
        for n, args in enumerate(arguments)
    ]


class Setting:
    """A model with its tokenizer and a prompt form; both programs get the same texts."""

    def __init__(self, model, tokenizer, form, labels: list[str]) -> None:
        from lm_eval.models.huggingface import HFLM

        self.model, self.tokenizer, self.form, self.labels = model, tokenizer, form, labels
        self.harness = {
            size: HFLM(pretrained=model, tokenizer=tokenizer, batch_size=size, max_length=2048)
            for size in BATCHES
        }

    def text(self, item: str) -> str:
        """The prompt as plain text."""
        from advisor.calibrate.prompts import prompt

        return prompt(self.form._instruction, self.form._shown, item)

    def ours(self, items: list[str], written: bool) -> list[str]:
        from advisor.calibrate.worker.generation import write
        from advisor.calibrate.worker.label_choice import choose
        from advisor.calibrate.worker.stop import Stop

        if written:
            return [
                t.strip() for t in write(self.model, self.form, items, 6, Stop(), one_line=True)
            ]
        return choose(self.model, [(self.form, item, self.labels) for item in items], Stop())

    def theirs(self, items: list[str], written: bool, size: int, end: str = "") -> list[str]:
        harness = self.harness[size]
        if written:
            settings = {"until": ["\n"], "max_gen_toks": 6, "do_sample": False}
            requests = instances("generate_until", [(self.text(i), dict(settings)) for i in items])
            return [t.strip() for t in harness.generate_until(requests, disable_tqdm=True)]
        pairs = [(self.text(i), f" {label}{end}") for i in items for label in self.labels]
        values = harness.loglikelihood(instances("loglikelihood", pairs), disable_tqdm=True)
        chances = [value for value, _ in values]
        count = len(self.labels)
        rows = [chances[n : n + count] for n in range(0, len(chances), count)]
        return [self.labels[max(range(count), key=row.__getitem__)] for row in rows]


def pocket(shots: int) -> tuple[Setting, list[tuple[str, str]]]:
    """The pocket model on its own task."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from advisor.calibrate.prompts import shown_examples
    from advisor.calibrate.worker.prompt_format import PromptFormat
    from advisor.calibrate.worker.weights import end_tokens
    from advisor.experiments.rows import examples
    from advisor.experiments.rows import pocket as sample

    folder, train, test, instruction = sample()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    rows = list(examples(train))
    ends = end_tokens(model, tokenizer)
    form = PromptFormat(tokenizer, instruction, shown_examples(rows, shots), 512, ends)
    labels = list(dict.fromkeys(answer for _, answer in rows))
    items = [*examples(test), *rows[-200:]]
    return Setting(model, tokenizer, form, labels), items


def parity() -> None:
    """Which answers differ, on the pocket model."""
    for shots in (0, 3):
        setting, rows = pocket(shots)
        items = [question for question, _ in rows]
        for written in (False, True):
            ours = setting.ours(items, written)
            for end in ("",) if written else ("", setting.tokenizer.eos_token):
                theirs = setting.theirs(items, written, 8, end)
                other = [n for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
                scores = [
                    sum(a == r for a, (_, r) in zip(s, rows, strict=True)) / len(rows)
                    for s in (ours, theirs)
                ]
                kind = "written" if written else f"likeliest label{' and its end' * bool(end)}"
                print(
                    f"{shots}-shot, {kind}: {len(items) - len(other)} of {len(items)} answers "
                    f"equal; accuracy {scores[0]:.4f} and {scores[1]:.4f}"
                )
                for n in other[:5]:
                    print(f"  {items[n]!r}: ours {ours[n]!r}, theirs {theirs[n]!r}")


def speaking(prefix: int) -> tuple[Setting, list[str]]:
    """A random model that reads words, with an instruction of about so many tokens."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    from advisor.calibrate.worker.prompt_format import PromptFormat

    rng = random.Random(1)
    words = [f"w{n}" for n in range(2000)]
    names = ["alpha", "beta", "gamma", "delta", "Input", "Output", ":"]
    vocabulary = dict.fromkeys(["<pad>", "<eos>", "<unk>", *names, *words])
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(vocabulary)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    torch.manual_seed(0)
    config = AutoConfig.for_model(vocab_size=len(tokenizer), **SPEED_CONFIG)
    model = AutoModelForCausalLM.from_config(config).eval()
    instruction = " ".join(rng.choice(words) for _ in range(prefix))
    form = PromptFormat(tokenizer, instruction, (), 2048, {1})
    items = [" ".join(rng.choice(words) for _ in range(rng.randint(8, 30))) for _ in range(400)]
    return Setting(model, tokenizer, form, names[:4]), items


def speed(count: int) -> None:
    """Items per second with and without a shared beginning."""
    for prefix in (PREFIX, 0):
        setting, items = speaking(prefix)
        for written in (False, True):
            few = items[:count]
            many = items if prefix == 0 else items[: 4 * count]
            setting.ours(few[:4], written)
            begun = time.process_time()
            ours = setting.ours(many, written)
            mine = len(many) / (time.process_time() - begun)
            best = 0.0
            for size in BATCHES:
                begun = time.process_time()
                theirs = setting.theirs(few, written, size, "" if written else "<eos>")
                best = max(best, len(few) / (time.process_time() - begun))
            equal = sum(a == b for a, b in zip(ours, theirs, strict=False))
            print(
                f"prefix {prefix}, {'written' if written else 'labels'}: {mine:.1f} and "
                f"{best:.1f} items per second, {mine / best:.1f} ×; {equal} of {len(few)} equal"
            )


def main() -> None:
    """Prepare the environment, then run inside it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--venv", type=Path, default=Path("/tmp/advisor-lm-eval"))
    parser.add_argument("--items", type=int, default=24)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.inside:
        python = interpreter(arguments.venv, ("lm_eval",))
        command = [str(python), __file__, "--inside", "--items", str(arguments.items)]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        environment |= {"PYTHONPATH": str(ROOT)}
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    import torch

    torch.set_num_threads(1)
    parity()
    speed(arguments.items)


if __name__ == "__main__":
    main()
