"""A beginning that prompts share is read once, and changes no answer."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from advisor.calibrate.worker import generation, label_choice  # noqa: E402
from advisor.calibrate.worker.batches import TokenisedExample  # noqa: E402
from advisor.calibrate.worker.label_choice import chosen_answers  # noqa: E402
from advisor.calibrate.worker.likelihood import log_likelihoods  # noqa: E402
from advisor.calibrate.worker.prefix import (  # noqa: E402
    branches_of,
    common_beginning,
    is_worth_sharing,
    of_branches,
    read_beginning,
)
from advisor.calibrate.worker.stop import Stop  # noqa: E402

pytestmark = pytest.mark.xdist_group("torch")

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 90,
    "max_position_embeddings": 512,
}
MODELS = {
    "llama": SMALL,
    "qwen3": SMALL | {"head_dim": 8},
    "phi3": SMALL | {"pad_token_id": 0},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 90, "n_positions": 512},
    "gpt_neox": {**SMALL, "num_key_value_heads": None},
    "mistral": SMALL | {"sliding_window": 16},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 90},
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 90},
}
SHARED = {"llama", "qwen3", "phi3", "gpt2", "gpt_neox"}
"""Models that keep every position as it is, so that a beginning can serve all items."""


def model_of(kind: str):
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    settings = {k: v for k, v in MODELS[kind].items() if v is not None}
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings)).eval()


def questions(count: int, beginning: int = 100) -> list[list[TokenisedExample]]:
    rng = random.Random(3)
    shared = [rng.randrange(3, 90) for _ in range(beginning)]
    labels = [[5, 6, 1], [7, 1], [8, 9, 10, 1], [5, 1]]
    whole = []
    for _ in range(count):
        prompt = shared + [rng.randrange(3, 90) for _ in range(rng.randint(3, 20))]
        whole.append([TokenisedExample([*prompt, *label], len(prompt)) for label in labels])
    return whole


class Encoded:
    """Stands for a prompt form: questions are numbers of examples."""

    pad = 0

    def __init__(self, whole: list[list[TokenisedExample]]) -> None:
        self.whole = whole

    def examples(self, text: str, options: list[str]) -> list[TokenisedExample]:
        return self.whole[int(text)][: len(options)]


@pytest.mark.parametrize("kind", MODELS)
def test_a_shared_beginning_changes_no_likelihood(kind: str) -> None:
    model = model_of(kind)
    whole = questions(40)
    form = Encoded(whole)
    asked = [(form, str(number), list("abcd")) for number in range(len(whole))]
    beginning = label_choice._Beginning.of(model, asked, Stop())
    assert (beginning is not None) == (kind in SHARED)
    plain = log_likelihoods(model, [e for examples in whole for e in examples], 0, Stop())
    if beginning is not None:
        ours = [value for values in beginning.chances(whole, Stop()) for value in values]
        assert ours == pytest.approx(plain, abs=1e-4)
        assert beginning.cache.get_seq_length() == 100  # as it was: it serves the next batch too
    chosen = chosen_answers(model, asked, Stop())
    best = [max(range(4), key=plain[4 * n : 4 * n + 4].__getitem__) for n in range(len(whole))]
    assert [answer.text for answer in chosen] == ["abcd"[n] for n in best]
    shares = torch.tensor(plain).reshape(-1, 4).softmax(-1).max(-1).values
    assert [answer.share for answer in chosen] == pytest.approx(shares.tolist(), abs=1e-4)


def test_a_question_that_begins_otherwise_is_answered_as_ever() -> None:
    model = model_of("llama")
    whole = questions(40)
    odd = [TokenisedExample([9, *e.tokens[1:]], e.prompt_tokens) for e in whole[7]]
    whole[7] = odd
    form = Encoded(whole)
    asked = [(form, str(number), list("abcd")) for number in range(len(whole))]
    plain = log_likelihoods(model, odd, 0, Stop())
    chosen = chosen_answers(model, asked, Stop())
    assert chosen[7].text == "abcd"[max(range(4), key=plain.__getitem__)]


def test_the_beginning_ends_before_the_shortest_prompt_does() -> None:
    assert common_beginning([[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 5]]) == 2
    assert common_beginning([[1, 2], [2, 2]]) == 0
    assert common_beginning([[1, 2]]) == 0
    assert not is_worth_sharing([[1] * 50] * 3, 49)
    assert is_worth_sharing([[1] * 130] * 3, 100)
    assert not is_worth_sharing([[1] * 300] * 3, 100)


def test_one_answer_of_one_token_needs_no_token_of_its_own() -> None:
    model = model_of("llama")
    prompt = list(range(3, 75))
    examples = [TokenisedExample([*prompt, 80], len(prompt))]
    kept = read_beginning(model, prompt[:70])
    (values,) = of_branches(model, kept, [branches_of(examples, 70)], Stop())
    assert values == pytest.approx(log_likelihoods(model, examples, 0, Stop()), abs=1e-4)


class Writer:
    """A prompt form for generation: questions are token numbers, answers are written as such."""

    pad = 0
    ends = frozenset({1})
    stop = ""

    @property
    def tokenizer(self):
        return self

    def decode(self, tokens: list[int]) -> str:
        return self.text(tokens)

    def fitted(self, text: str, reserve: int) -> list[int]:
        return [int(token) for token in text.split()]

    def text(self, tokens: list[int]) -> str:
        return " ".join(map(str, tokens))


@pytest.mark.parametrize("kind", sorted(SHARED | {"mistral"}))
def test_a_shared_beginning_changes_nothing_that_is_written(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(kind)
    form = Writer()
    texts = [
        " ".join(map(str, examples[0].tokens[: examples[0].prompt_tokens]))
        for examples in questions(11)
    ]
    monkeypatch.setattr(generation, "MOST_ROWS", 4)
    ours = generation.write(model, form, texts, 12, Stop())
    beginnings = []
    monkeypatch.setattr(
        generation, "_kept_beginning", lambda *args: beginnings.append(args) and None
    )
    assert generation.write(model, form, texts, 12, Stop()) == ours
    assert beginnings
    assert len(set(ours)) > 1
