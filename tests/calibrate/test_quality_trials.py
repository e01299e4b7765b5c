"""Quality trials with small models on the CPU: forms, answers, likelihoods and what training leaves
behind.
"""

from __future__ import annotations

import io
import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from advisor.calibrate import quality  # noqa: E402
from advisor.calibrate.model_folder import model_folder  # noqa: E402
from advisor.calibrate.quality_records import QualitySpec, Training  # noqa: E402
from advisor.calibrate.worker import generation, likelihood  # noqa: E402
from advisor.calibrate.worker.adapters import adapt  # noqa: E402
from advisor.calibrate.worker.answering import answer_tokens  # noqa: E402
from advisor.calibrate.worker.architecture import blueprint  # noqa: E402
from advisor.calibrate.worker.batches import IGNORED, TokenisedExample, collate  # noqa: E402
from advisor.calibrate.worker.device import Device  # noqa: E402
from advisor.calibrate.worker.generation import write  # noqa: E402
from advisor.calibrate.worker.label_choice import choose  # noqa: E402
from advisor.calibrate.worker.language import figures, of_general, of_rows, unknown_share  # noqa: E402
from advisor.calibrate.worker.prompt_format import NO_SYSTEM, PLAIN, TEMPLATE, PromptFormat  # noqa: E402
from advisor.calibrate.worker.quality import measure  # noqa: E402
from advisor.calibrate.worker.reporter import Reporter  # noqa: E402
from advisor.calibrate.worker.stop import Stop, Stopped  # noqa: E402
from advisor.calibrate.worker.training import train, warnings  # noqa: E402
from advisor.calibrate.worker.weights import end_tokens, load  # noqa: E402
from advisor.core.experiment import Status, TrialOutcome  # noqa: E402

pytestmark = [
    pytest.mark.xdist_group("torch"),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning"
    ),
]

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM_TURNS = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% "
    "endif %}"
    "[{{ m['role'] }}]{{ m['content'] | trim }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def device() -> Device:
    torch.manual_seed(0)
    return Device("cpu")


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(io.StringIO())


TOPICS = {
    "billing": ["invoice", "refund", "charge"],
    "shipping": ["parcel", "courier", "late"],
    "technical": ["crash", "error", "login"],
}
FILLER = ["my", "the", "is", "please", "help", "with", "about", "again"]


def rows_of(count: int) -> list[tuple[str, str]]:
    rng = random.Random(4)
    rows = []
    for number in range(count):
        topic = rng.choice(list(TOPICS))
        words = [rng.choice(FILLER) for _ in range(5)]
        words[rng.randrange(5)] = rng.choice(TOPICS[topic])
        rows.append((" ".join([*words, f"n{number}"]), topic))
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of 100,000 parameters with a tokenizer of words, as a local folder of
    safetensors.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("model")
    words = [
        *TOPICS,
        *FILLER,
        *(w for t in TOPICS.values() for w in t),
        "Input",
        "Output",
        ":",
        "Sort",
    ]
    vocabulary = {word: i for i, word in enumerate(["<pad>", "<eos>", "<unk>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    ).save_pretrained(path)
    torch.manual_seed(0)
    config = AutoConfig.for_model(**CONFIG, vocab_size=len(vocabulary))
    AutoModelForCausalLM.from_config(config).save_pretrained(path)
    return path


def plan_for(folder: Path, **settings):
    held = quality.task(rows_of(150), most_items=24)
    fixed = {"shots": 1, "epochs": 8, "learning_rate": 4e-3, "shares": (1.0,), "methods": ("full",)}
    return quality.plan(held, model_folder(folder), **fixed | settings)


def test_tuning_on_labels_beats_the_untrained_prompt_and_proves_that_it_learned(
    folder, device, reporter
) -> None:
    plan = plan_for(folder)
    results = {t.label: measure(t, plan.shared, reporter, Stop(), device) for t in plan.trials}
    zero = results["prompt/zero-shot"]
    tuned = next(r for label, r in results.items() if label.startswith("tune/full"))
    hybrid = next(r for label, r in results.items() if label.startswith("hybrid/full"))
    assert tuned["score"] > zero["score"] + 0.2
    assert tuned["loss_fell"]
    assert tuned["weights_moved"] > 0.0
    assert tuned["supervised_tokens"] > 0
    assert "language" not in zero  # nobody asked how likely the rows are
    assert zero["general_why"] or zero["general"]
    assert zero["static_tokens"] == 0 < hybrid["static_tokens"]
    assert len(zero["item_scores"]) == len(tuned["item_scores"]) == 24
    told = quality.summary(plan, [outcome(plan, t, results[t.label]) for t in plan.trials])
    assert {c["items"] for c in told["comparisons"]} == {24}
    assert all(
        line["interval"][0] <= line["score"] <= line["interval"][1] for line in told["trials"]
    )


def outcome(plan, trial, result):
    return TrialOutcome(plan.trial_digest(trial), trial.label, Status.DONE, 1.0, result)


@pytest.mark.parametrize("method", ["lora", "dora", "qlora", "soft-prompt"])
def test_adapters_train_on_loaded_weights(method: str, folder, device, reporter) -> None:
    if method == "qlora":
        pytest.importorskip("bitsandbytes")
    plan = plan_for(folder, methods=(method,), epochs=1, rank=4, shots=0)
    result = measure(plan.trials[-1], plan.shared, reporter, Stop(), device)
    assert result["weights_moved"] > 0.0
    assert 0.0 <= result["score"] <= 1.0
    assert result["technique"] == method


def bytes_tokenizer(template: str = ""):
    """A token a byte, so that any text can be written and cut anywhere."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    specials = ["<pad>", "<eos>", "<|im_start|>", "<|im_end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({t: i for i, t in enumerate([*specials, *alphabet])}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    held = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        eos_token="<eos>",
        additional_special_tokens=specials[2:],
    )
    if template:
        held.chat_template = template
    return held


WORDS = ["late", "lost", "paid", "open", "shut", "red\nand blue", "two\n\nlines"]


@pytest.fixture(scope="module")
def speller():
    """A model of bytes that learned to repeat words, some of several lines, and to end; with its
    form.
    """
    torch.manual_seed(1)
    form = PromptFormat(bytes_tokenizer(), "", (), 96)
    model = blueprint({"config": CONFIG | {"vocab_size": 260}}, 0, "sdpa").build("fp32", "cpu")
    spec = QualitySpec(method="full", learning_rate=4e-3, batch=16, epochs=20)
    rows = [(f"say {w} {n}", w) for w in WORDS for n in range(10)]
    train(
        adapt(model, "full"), form, rows, spec, Reporter(io.StringIO()), Stop(), Device("cpu"), ""
    )
    model.generation_config.eos_token_id = 1
    return model.eval(), form


def adapted(speller, method: str):
    """The model with an adapter that is not the identity."""
    import copy

    torch.manual_seed(2)
    model = adapt(copy.deepcopy(speller[0]), method, rank=4)
    for name, p in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(p, std=0.02)
    return model.eval()


def naive(model, form: PromptFormat, asked: str, most: int, *, one_line: bool) -> str:
    """The whole prefix again for every token, one item at a time."""
    tokens = form.fitted(asked, most)
    begun = len(tokens)
    with torch.no_grad():
        for _ in range(most):
            ids = torch.tensor([tokens])
            following = int(
                model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1].argmax()
            )
            if following in form.ends:
                break
            tokens.append(following)
            said = form.tokenizer.decode(tokens[begun:])
            if (one_line and "\n" in said.lstrip()) or (
                not one_line and form.stop and form.stop in said
            ):
                break
    return form.text(tokens[begun:])


@pytest.mark.parametrize("one_line", [True, False], ids=["line", "text"])
@pytest.mark.parametrize("method", ["", "lora", "soft-prompt"], ids=["base", "lora", "soft-prompt"])
def test_batches_write_what_a_naive_loop_writes(
    method: str, one_line: bool, speller, monkeypatch
) -> None:
    model, form = speller[0] if not method else adapted(speller, method), speller[1]
    asked = [f"say {w} {n}" + " please" * (n % 3) for n, w in enumerate(WORDS * 2)]
    expected = [naive(model, form, text, 24, one_line=one_line) for text in asked]
    monkeypatch.setattr(generation, "MOST_ROWS", 5)
    assert write(model, form, asked, 24, Stop(), one_line=one_line) == expected
    assert len(set(expected)) > 1
    if not method and not one_line:
        assert any("\n" in text.strip() for text in expected)


def test_an_answer_ends_where_the_model_begins_another_item(speller) -> None:
    """A model that always goes on with the next item: what it writes there is no answer."""
    form = PromptFormat(bytes_tokenizer(), "", (), 200)
    goes_on = form.tokenizer(" 7\nand more\n\nInput: another\nOutput: 9", add_special_tokens=False)[
        "input_ids"
    ]

    class Parrot(torch.nn.Module):
        """Writes one text by its position after the prompt, whatever was asked."""

        def generate(self, input_ids, stopping_criteria, max_new_tokens, **_):
            for token in goes_on[:max_new_tokens]:
                input_ids = torch.cat([input_ids, torch.full((len(input_ids), 1), token)], dim=1)
                if bool(stopping_criteria(input_ids, None).all()):
                    break
            return input_ids

    parrot = Parrot()
    parrot.weight = torch.nn.Parameter(torch.zeros(1))
    assert write(parrot, form, ["a", "bb"], 60, Stop()) == [" 7\nand more"] * 2
    assert [t.strip() for t in write(parrot, form, ["a"], 60, Stop(), one_line=True)] == ["7"]


def test_writing_stops_when_asked_and_recovers_from_a_full_memory(speller, monkeypatch) -> None:
    model, form = speller
    stop = Stop()
    with pytest.raises(Stopped, match="enough"):
        write(
            model, form, ["say late 1"] * 80, 8, stop, on_progress=lambda done: stop.ask("enough")
        )
    whole = generation._generate
    sizes = []

    def tight(model, form, prompts, *rest):
        sizes.append(len(prompts))
        if len(prompts) > 3:
            raise RuntimeError("CUDA out of memory")
        return whole(model, form, prompts, *rest)

    monkeypatch.setattr(generation, "_generate", tight)
    asked = [f"say {w}" for w in WORDS]
    assert len(write(model, form, asked, 8, Stop())) == len(WORDS)
    assert sizes[:2] == [7, 3]


LABELS = [
    "billing",
    "shipping",
    "technical trouble",
    "account",
    "other",
    "lost",
    "late",
    "paid",
    "open",
    "shut",
]


OTHERS = {
    "gpt2": {"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 2, "vocab_size": 260},
    "mistral": CONFIG | {"model_type": "mistral", "vocab_size": 260, "sliding_window": 16},
}


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "mistral"])
@pytest.mark.parametrize("method", ["", "lora", "soft-prompt"], ids=["base", "lora", "soft-prompt"])
def test_answers_that_share_a_prompt_are_as_likely_as_alone(
    method: str, architecture: str, speller
) -> None:
    """Against the model's own loss on each whole row; gpt2 counts positions, llama turns them,
    mistral forgets.
    """
    model, form = speller
    if architecture in OTHERS:
        torch.manual_seed(3)
        model = blueprint({"config": OTHERS[architecture]}, 0, "sdpa").build("fp32", "cpu").eval()
    if method:
        model = adapted((model, form), method)
    examples = [
        form.example("say the word of this long prompt, please, and no other", label)
        for label in LABELS
    ]
    alone = []
    for example in examples:
        batch = collate([example], "cpu", form.pad)
        alone.append(-float(model(**batch.inputs).loss.detach()) * batch.supervised)
    assert likelihood.shares_prompt(examples)
    length = examples[0].prompt_tokens
    answers = [e.tokens[length:] for e in examples]
    shared = likelihood._shared(model, examples[0].tokens[:length], answers, form.pad, Stop())
    assert shared == pytest.approx(alone, abs=2e-3)
    assert likelihood.of_answers(model, examples, form.pad, Stop()) == pytest.approx(
        alone, abs=2e-3
    )
    assert likelihood.log_likelihoods(model, examples, form.pad, Stop()) == pytest.approx(
        alone, abs=2e-3
    )


def test_the_likeliest_label_is_the_one_with_the_smallest_loss(folder, device) -> None:
    """Against the model's own loss on each label, summed by hand."""
    model, tokenizer = load(str(folder), device)
    form = PromptFormat(tokenizer, "Sort", [("parcel late", "shipping")], 128)
    asked = [p for p, _ in rows_of(20)]
    told = []
    said = choose(model.eval(), [(form, text, list(TOPICS)) for text in asked], Stop(), told.append)
    assert told == [20]
    for text, answer in zip(asked, said, strict=True):
        losses = {}
        for label in TOPICS:
            batch = collate([form.example(text, label)], "cpu", form.pad)
            losses[label] = float(model(**batch.inputs).loss.detach()) * batch.supervised
        assert answer == min(losses, key=losses.__getitem__)


def test_free_text_is_written_greedily_and_matched(folder, device, reporter) -> None:
    held = quality.task(rows_of(60), metric="exact match", most_items=10)
    plan = quality.plan(
        held,
        model_folder(folder),
        shots=0,
        epochs=20,
        learning_rate=4e-3,
        shares=(1.0,),
        methods=("full",),
    )
    result = measure(plan.trials[-1], plan.shared, reporter, Stop(), device)
    assert result["metric"] == "exact match"
    assert result["score"] > 0.3  # three topics: chance alone writes none of them exactly
    assert math.isfinite(result["last_loss"])


def test_the_length_of_an_answer_is_told_by_the_training_rows() -> None:
    form = PromptFormat(bytes_tokenizer(), "", (), 96)
    assert answer_tokens(form, ["12345"] * 50) == 8 + round(
        1.5 * 6
    )  # five bytes and the space before them


def test_a_prompt_that_fills_the_length_keeps_its_answer(folder, device) -> None:
    _, tokenizer = load(str(folder), device)
    form = PromptFormat(tokenizer, "", (), 6)
    example = form.example("my the is please help with about again", "billing")
    assert len(example.tokens) == 6
    assert form.text(example.tokens[example.prompt_tokens :]).strip() == "billing"


def test_what_the_tokenizer_puts_before_a_text_stays_before_a_prompt() -> None:
    from tokenizers import processors

    tokenizer = bytes_tokenizer()
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", 2)]
    )
    form = PromptFormat(tokenizer, "", (), 20)
    assert form.asked("a")[0] == 2
    long = form.example("a very long question that cannot fit", "yes")
    assert long.tokens[0] == 2
    assert len(long.tokens) == 20
    assert form.text(long.tokens[long.prompt_tokens :]) == " yes"


def learned(form: PromptFormat, example: TokenisedExample) -> str:
    """What the loss looks at, as text."""
    labels = collate([example], "cpu", form.pad).inputs["labels"][0].tolist()
    return str(form.tokenizer.decode([t for t in labels if t != IGNORED]))


def test_a_chat_template_frames_the_prompt_and_only_the_answer_is_learned() -> None:
    form = PromptFormat(bytes_tokenizer(CHATML), "Be brief.", [("one", "1")], 400)
    assert form.name == TEMPLATE
    asked = (
        "<|im_start|>system\nBe "
        "brief.<|im_end|>\n<|im_start|>user\none<|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n"
        "<|im_start|>user\ntwo<|im_end|>\n<|im_start|>assistant\n"
    )
    assert form.tokenizer.decode(form.asked("two")) == asked
    example = form.example("two", "2")
    assert learned(form, example) == "2<|im_end|>"
    whole = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "2"},
    ]
    rendered = form.tokenizer.apply_chat_template(whole, tokenize=True, return_dict=False)
    assert list(example.tokens) == list(rendered)[: len(example.tokens)]
    assert form.tokenizer.convert_tokens_to_ids("<|im_end|>") in form.ends
    assert form.static_tokens == len(form.asked("")) - len(
        PromptFormat(bytes_tokenizer(CHATML)).asked("")
    )


def test_a_template_without_a_system_turn_takes_the_instruction_in_the_first_question() -> None:
    form = PromptFormat(bytes_tokenizer(NO_SYSTEM_TURNS), "Be brief.", (), 400)
    assert form.name == NO_SYSTEM
    assert form.tokenizer.decode(form.asked("two")) == "[user]Be brief.\n\ntwo<|im_end|>[assistant]"
    assert learned(form, form.example("two", "2")) == "2<|im_end|>"
    assert PromptFormat(bytes_tokenizer(NO_SYSTEM_TURNS)).name == TEMPLATE
    assert PromptFormat(bytes_tokenizer()).name == PLAIN


def test_a_chat_model_trains_and_writes_in_its_own_form(device, reporter, tmp_path: Path) -> None:
    """The whole trial on a folder with a template: the answers end with the turn, not with the end
    of text.
    """
    torch.manual_seed(1)
    bytes_tokenizer(CHATML).save_pretrained(tmp_path)
    blueprint({"config": CONFIG | {"vocab_size": 260}}, 0, "sdpa").build(
        "fp32", "cpu"
    ).save_pretrained(tmp_path)
    rows = [(f"{n} {w}", w) for n in range(12) for w in WORDS[:5]]
    held = quality.task(rows, metric="exact match", instruction="Repeat.", most_items=10)
    plan = quality.plan(
        held,
        model_folder(tmp_path),
        shots=0,
        epochs=16,
        learning_rate=4e-3,
        shares=(1.0,),
        methods=("full",),
    )
    result = measure(plan.trials[-1], plan.shared, reporter, Stop(), device)
    assert result["form"] == TEMPLATE
    assert result["score"] > 0.8


def test_the_end_tokens_are_those_of_folder_and_tokenizer(speller) -> None:
    model, form = speller
    model.generation_config.eos_token_id = [1, 3]
    assert end_tokens(model, form.tokenizer) == {1, 3}
    model.generation_config.eos_token_id = 1
    assert end_tokens(model, form.tokenizer) == {1}


def test_perplexity_is_the_models_own_loss(speller) -> None:
    """Bits a byte by hand: of one row, prompt after the end of text, answer after its prompt."""
    model, form = speller
    told = of_rows(model, form, [("say late 1", "late")], Stop())
    prompt = [1, *form.tokenizer("say late 1")["input_ids"]]
    answer = form.example("say late 1", "late", ended=False)
    nats = {}
    for name, example in (("prompts", TokenisedExample(prompt, 1)), ("answers", answer)):
        batch = collate([example], "cpu", form.pad)
        nats[name] = float(model(**batch.inputs).loss.detach()) * batch.supervised
    assert told.prompts.bits_per_byte == pytest.approx(nats["prompts"] / math.log(2) / 10, rel=1e-4)
    assert told.prompts.perplexity_per_token == pytest.approx(
        math.exp(nats["prompts"] / 10), rel=1e-4
    )
    assert told.answers.bits_per_byte == pytest.approx(nats["answers"] / math.log(2) / 4, rel=1e-4)
    assert told.data.bits_per_byte == pytest.approx(sum(nats.values()) / math.log(2) / 14, rel=1e-4)
    assert told.data.bytes == 14
    assert json.dumps(told.to_json())
    assert figures(0.0, 0, 0).bits_per_byte == 0.0


GENERAL = {
    "name": "of bytes",
    "texts": ["the sun is warm", "ice is cold"],
    "questions": [{"question": "say late 3", "options": ["late", "zzzz"], "answer": "late"}] * 3
    + [
        {
            "instruction": "Hm",
            "question": "say open 3",
            "options": ["qqqq", "xxxx"],
            "answer": "qqqq",
        }
    ],
}


def test_the_general_set_is_the_first_that_the_tokenizer_can_write(speller, folder, device) -> None:
    model, form = speller
    words, _ = load(str(folder), device)[1], None
    assert unknown_share(words, ["the snow fell"]) == pytest.approx(2 / 3)
    assert unknown_share(form.tokenizer, ["the snow fell"]) == 0.0
    held, why = of_general(model, form, [GENERAL], Stop())
    assert why == ""
    assert held.item_scores[:3] == [1.0] * 3
    assert (held.items, held.name, held.bytes) == (4, "of bytes", 26)
    own = {"name": "own", "texts": ["my invoice is late"], "questions": GENERAL["questions"]}
    small, tokenizer = load(str(folder), device)
    assert of_general(small, PromptFormat(tokenizer), [GENERAL, own], Stop())[0].name == "own"
    nothing, why = of_general(small, PromptFormat(tokenizer), [GENERAL], Stop())
    assert nothing is None
    assert "forgetting is not measured" in why
    assert (
        "does not know"
        in of_rows(small, PromptFormat(tokenizer), [("snow fell", "cold")], Stop()).data_why
    )


def test_a_model_in_four_bits_writes_and_is_scored(speller, monkeypatch) -> None:
    """The weights of every layer are four bits; what is written is what a naive loop over them
    writes.
    """
    pytest.importorskip("bitsandbytes")
    model, form = adapted(speller, "qlora"), speller[1]
    held = {type(m).__name__ for m in model.modules()}
    assert "Linear4bit" in held
    asked = [f"say {w}" for w in WORDS]
    assert write(model, form, asked, 12, Stop()) == [
        naive(model, form, text, 12, one_line=False) for text in asked
    ]


def test_a_training_that_learned_nothing_is_warned_of() -> None:
    good = Training(
        first_loss=2.0,
        last_loss=1.0,
        loss_fell=True,
        weights_moved=0.1,
        supervised_tokens=5,
        trained_tokens=50,
        train_tokens_per_second=10.0,
        trainable_params=7,
    )
    assert warnings(None) == warnings(good) == []
    assert (
        "did not fall (1.000 to 2.000)"
        in warnings(replace(good, loss_fell=False, first_loss=1.0, last_loss=2.0))[0]
    )
    assert "no weight moved" in warnings(replace(good, weights_moved=0.0))[0]
    assert "no weight moved" in warnings(replace(good, weights_moved=float("nan")))[0]


def test_a_rate_of_nothing_shows_its_warning_in_the_trial(folder, device, reporter) -> None:
    plan = plan_for(folder, epochs=1, learning_rate=1e-30, shots=0)
    result = measure(plan.trials[-1], plan.shared, reporter, Stop(), device)
    assert any("loss did not fall" in w or "no weight moved" in w for w in result["warnings"])


def test_cut_prompts_are_counted_and_warned_of(folder, device, reporter) -> None:
    plan = plan_for(folder, shots=0, seq_len=8, epochs=1, language=True)
    result = measure(plan.trials[0], plan.shared, reporter, Stop(), device)
    assert {"data_why", "general_why"} <= result["language"].keys()
    assert result["cut_prompts"] == 24
    assert any("lost their beginning" in w for w in result["warnings"])
