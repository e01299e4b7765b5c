"""Make the pocket model and its sample task: everything in calibration/pocket, from one seed, on
one core.

usage: python tools/make_pocket.py [--steps 2000] [--output calibration/pocket]

The model learns to sort short notes by the names of the labels it is offered. The sample task uses
four of those labels, but nearly half of its notes name only products of a house that the model
never saw tied to a label: prompting cannot know them, tuning learns them. In the last steps it also
learns to tell the words of the lessons themselves, so that a perplexity says something. Lessons of
the other topics, held out, are its general set. Needs `calibrate`.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path
from typing import Any

TOPICS = {
    "billing": "invoice refund charge payment price fee receipt bill credit amount",
    "shipping": "parcel courier delivery address late box tracking depot arrived van",
    "technical": "crash error bug screen freeze restart update install broken slow",
    "account": "password login email profile locked username signin reset name settings",
    "travel": "flight hotel visa luggage airport ticket train trip passport booking",
    "food": "recipe lunch soup bread dinner cook taste fruit menu kitchen",
    "health": "doctor pain fever clinic pill cough nurse sleep allergy blood",
    "sport": "match goal coach team score player league race medal training",
    "music": "song guitar concert album band piano singer rhythm chord drum",
    "garden": "plant soil seed flower water tree lawn compost weed root",
    "weather": "rain storm sunny wind cloud snow forecast cold heat fog",
    "school": "teacher exam homework class grade pupil lesson campus essay book",
    "law": "contract court judge clause lawyer claim appeal statute witness fine",
    "housing": "rent landlord lease kitchenette flat roof heating tenant deposit key",
    "cars": "engine tyre brake fuel gearbox mileage garage exhaust battery wheel",
    "pets": "dog cat vet leash puppy kitten feed fur cage bird",
}
PRODUCTS = {
    "billing": "zelmo tarvik pundo",
    "shipping": "quarn oskil brenda9",
    "technical": "vimto7 lazul kromp",
    "account": "narvo diblet ximo",
}
FILLER = [
    *(
        "my",
        "the",
        "is",
        "a",
        "please",
        "help",
        "with",
        "about",
        "again",
        "today",
        "still",
        "for",
        "it",
        "on",
        "i",
    ),
    *(
        "need",
        "was",
        "have",
        "not",
        "this",
        "that",
        "we",
        "our",
        "your",
        "can",
        "since",
        "yesterday",
        "morning",
    ),
    *("week", "very", "and", "but", "of", "to"),
]
HOUSE_SHARE = 0.45
TRAIN_ROWS, TEST_ROWS = 320, 120
GENERAL_QUESTIONS, GENERAL_TEXTS = 60, 60
HIDDEN, LAYERS, HEADS, BATCH = 96, 2, 4, 24
TOLD_FROM, TOLD_EVERY = 0.6, 3
"""Whole lessons are learned, prompts too, in every third step of the last two fifths: earlier,
answers never come.
"""


def note(rng: random.Random, words: list[str], count: int) -> str:
    """A short note with `count` of the given words among filler."""
    text = [rng.choice(FILLER) for _ in range(rng.randint(3, 5))]
    for word in rng.sample(words, count):
        text.insert(rng.randrange(len(text) + 1), word)
    return " ".join(text)


def lesson(rng: random.Random) -> tuple[str, list[tuple[str, str]], str, str]:
    """(instruction, shown examples, note, label) with labels offered by name; products say nothing
    here.
    """
    offered = rng.sample(list(TOPICS), rng.randint(3, 5))
    rows = []
    for _ in range(1 + (rng.randint(1, 2) if rng.random() < 0.15 else 0)):
        label = rng.choice(offered)
        words = note(rng, TOPICS[label].split(), rng.randint(1, 2)).split()
        if rng.random() < 0.3:
            words.insert(rng.randrange(len(words)), rng.choice(" ".join(PRODUCTS.values()).split()))
        rows.append((" ".join(words), label))
    return instruction(offered), rows[1:], *rows[0]


def instruction(labels: list[str]) -> str:
    """What stands before every note: the labels on offer."""
    return "Labels: " + " ".join(labels)


def sample_rows(rng: random.Random, count: int) -> list[dict[str, str]]:
    """Rows of the sample task, no two alike."""
    rows: dict[str, str] = {}
    while len(rows) < count:
        label = rng.choice(list(PRODUCTS))
        house = rng.random() < HOUSE_SHARE
        words = (PRODUCTS if house else TOPICS)[label].split()
        rows.setdefault(note(rng, words, 1 if house else rng.randint(1, 2)), label)
    return [{"note": text, "label": label} for text, label in rows.items()]


def write_general(folder: Path, rng: random.Random) -> None:
    """Lessons of the topics that the sample task does not use, as questions and as texts."""
    others = [topic for topic in TOPICS if topic not in PRODUCTS]

    def held_out() -> tuple[list[str], str, str]:
        offered = rng.sample(others, 4)
        label = rng.choice(offered)
        return offered, note(rng, TOPICS[label].split(), rng.randint(1, 2)), label

    folder.mkdir(parents=True, exist_ok=True)
    rows = [held_out() for _ in range(GENERAL_QUESTIONS)]
    questions = [
        {"instruction": instruction(o), "question": q, "options": o, "answer": a}
        for o, q, a in rows
    ]
    texts = [
        f"{instruction(o)} Input: {q} Output: {a}"
        for o, q, a in (held_out() for _ in range(GENERAL_TEXTS))
    ]
    write_lines(folder / "questions.jsonl", [json.dumps(q) for q in questions])
    write_lines(folder / "texts.txt", texts)


def write_lines(path: Path, lines: list[str]) -> None:
    """A file of these lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def tokenizer() -> Any:
    """Words as tokens; punctuation stands alone."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = [
        *TOPICS,
        *FILLER,
        *" ".join([*TOPICS.values(), *PRODUCTS.values()]).split(),
        "Labels",
        "Input",
        "Output",
        ":",
    ]
    vocabulary = dict.fromkeys(["<pad>", "<eos>", "<unk>", *words])
    inner = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>")
    )
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )


def train(words: Any, steps: int, seed: int) -> Any:
    """The model, trained on `steps` batches of lessons with the program's own loop."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from advisor.calibrate.worker.batches import Batch, TokenisedExample, collate
    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.loop import Trainer
    from advisor.calibrate.worker.prompt_format import PromptFormat

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    settings = {"hidden_size": HIDDEN, "intermediate_size": 3 * HIDDEN, "num_hidden_layers": LAYERS}
    config = AutoConfig.for_model(
        "llama",
        **settings,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        vocab_size=len(words),
        tie_word_embeddings=True,
        max_position_embeddings=512,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=1,
    )
    model = AutoModelForCausalLM.from_config(config)
    trainer = Trainer(model, Device("cpu"), dtype="fp32", optimizer="adamw", learning_rate=1e-3)
    rng = random.Random(seed)

    def batch(whole_text: bool) -> Batch:
        lessons = [lesson(rng) for _ in range(BATCH)]
        examples = [
            PromptFormat(words, i, examples, 256).example(p, a) for i, examples, p, a in lessons
        ]
        if whole_text:
            examples = [TokenisedExample(e.tokens, 0) for e in examples]
        return collate(examples, "cpu")

    for step in range(steps):
        trainer.schedule(3e-3 * min((step + 1) / 50, 0.5 * (1 + math.cos(math.pi * step / steps))))
        report = trainer.step(iter([batch(step >= TOLD_FROM * steps and step % TOLD_EVERY == 0)]))
        if step % 50 == 0 or step == steps - 1:
            print(f"step {step}: loss {report.loss:.3f}", flush=True)
    return model


def main() -> None:
    """Write model, tokenizer and sample task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "pocket")
    arguments = parser.parse_args()
    import torch

    words = tokenizer()
    model = train(words, arguments.steps, arguments.seed)
    words.save_pretrained(arguments.output)
    model.to(torch.bfloat16).save_pretrained(arguments.output)
    rng = random.Random(arguments.seed + 1)
    rows = sample_rows(rng, TRAIN_ROWS + TEST_ROWS)
    for name, part in (("train", rows[:TRAIN_ROWS]), ("test", rows[TRAIN_ROWS:])):
        write_lines(arguments.output / f"{name}.jsonl", [json.dumps(row) for row in part])
    write_general(arguments.output / "general", random.Random(arguments.seed + 2))


if __name__ == "__main__":
    main()
