"""Which prompts are measured, with their tokens and calls by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from advisor.calibrate.embeddings import EmbeddingSource
from advisor.calibrate.judge import JudgeSpec
from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.prompting.instructions import variants
from advisor.calibrate.prompts_plan import PromptOptions, many_shots, prompt_groups, prompts_plan
from advisor.calibrate.quality import EvaluationTask
from advisor.calibrate.quality_records import ModelWeights, PromptsSpec, SearchSpec, Workload
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan

URL = "http://models.example/v1"
TRAIN = tuple(("q" * 36, "a" * 8) for _ in range(20))
"""9 tokens, 2, and 4 around: 15 a row."""

ITEMS = tuple(("q" * 40, "a" * 12) for _ in range(10))
"""10 and 4 tokens of a question; an answer of 3 and 2."""

TASK = EvaluationTask(TRAIN, ITEMS, Scorer("exact match"), "i" * 24)
CHOSEN_ON = replace(TASK, development=(0, 1, 2, 3))
SHOWN = 15.0
ASKED = 6 + 14.0
ANSWER = 3 + 2.0
EMBEDDER = EmbeddingSource(PromptsSpec(URL, "e", input_usd=0.1, output_usd=0.0))
FREE_EMBEDDER = EmbeddingSource(weights=ModelWeights("folder/e", "w"))


def plan(task: EvaluationTask = TASK, **given: Any) -> ExperimentPlan:
    names = ("input_usd", "output_usd", "max_usd", "max_tokens", "at_once", "seed")
    settings = {name: given.pop(name) for name in names if name in given}
    return prompts_plan(task, URL, "m", options=PromptOptions(**given), **settings)


def specs(task: EvaluationTask = TASK, **given: Any) -> dict[str, PromptsSpec]:
    return {t.label: PromptsSpec.from_json(t.spec) for t in plan(task, **given).trials}


def work(shots: int, items: float = 10.0) -> Workload:
    """Of so many items with so many examples shown."""
    read = items * (ASKED + shots * SHOWN + ANSWER)
    return Workload(read, items * ANSWER, 0.0, items)


def total(*parts: Workload) -> Workload:
    names = ("read_tokens", "written_tokens", "learned_tokens", "calls")
    return Workload(*(sum(getattr(part, name) for part in parts) for name in names))


def test_each_number_of_examples_is_an_option_with_its_own_work() -> None:
    found = specs(shots=(0, 3, 5))
    assert list(found) == [
        "prompt/zero-shot",
        "prompt/few-shot, 3 shown",
        "prompt/few-shot, 5 shown",
    ]
    assert [s.shots for s in found.values()] == [0, 3, 5]
    assert [s.expected for s in found.values()] == [work(0), work(3), work(5)]
    assert [s.forms for s in found.values()] == [None, None, None]


def test_with_items_to_choose_on_the_numbers_are_candidates_of_one_option() -> None:
    """4 items for each of the candidates; the test is priced at the longest of them."""
    (spec,) = specs(CHOSEN_ON, techniques=("few-shot",), shots=(2, 3)).values()
    assert spec.expected == total(work(2, 4), work(3, 4), work(3))
    assert spec.shots == 3
    assert len(spec.forms or ()) == 2


@pytest.mark.parametrize("budget", [1000, 12])
def test_a_search_takes_what_all_candidates_answer_or_its_budget_and_the_test(budget: int) -> None:
    count = len(variants(TASK.instruction)) + 1
    found = specs(CHOSEN_ON, shots=(0,), search=SearchSpec(budget), instructions=["another one"])
    spec = found["prompt/searched"]
    assert (spec.shots, len(spec.forms or ())) == (0, count)
    expected = total(*[work(0, min(4.0, budget / count))] * count, work(0))
    assert spec.expected is not None
    assert spec.expected.calls == pytest.approx(expected.calls, abs=0.05)
    assert spec.expected.read_tokens == pytest.approx(expected.read_tokens, abs=0.05)


def test_an_optimiser_spends_its_whole_budget_on_one_form() -> None:
    search = SearchSpec(300, optimiser="gepa")
    spec = specs(CHOSEN_ON, shots=(0,), search=search)["prompt/searched"]
    assert spec.expected == total(work(0, 300), work(0))
    assert spec.forms is None  # the plain prompt


def test_repeats_and_paraphrases_take_three_tenths_of_the_test_each() -> None:
    spec = specs(shots=(3,), repeats=2, paraphrases=1)["prompt/few-shot, 3 shown"]
    assert spec.expected == total(work(3), work(3, 9.0))
    assert (spec.repeats, spec.paraphrases) == (2, 1)
    once = specs(shots=(3,))["prompt/few-shot, 3 shown"]
    assert (once.repeats, once.paraphrases) == (None, None)


def test_written_thoughts_and_votes_are_priced() -> None:
    (spec,) = specs(techniques=("self-consistency",)).values()
    samples = (spec.forms or ())[0]["samples"]
    alone = work(0)
    assert samples > 1
    assert spec.expected is not None
    assert spec.expected.calls == 10 * samples
    thoughts = 0.3 * 512 * 10 * samples
    assert spec.expected.written_tokens == pytest.approx(alone.written_tokens * samples + thoughts)
    assert spec.expected.read_tokens == pytest.approx(alone.read_tokens * samples)


@pytest.mark.parametrize(("longest", "tokens"), [(12, 32), (64, 32), (80, 40), (400, 200)])
def test_an_answer_may_be_twice_as_long_as_the_longest_reference(longest: int, tokens: int) -> None:
    """Of 4 characters a token, and 32 at least; it may stand among the rows or the items."""
    for changed in ("train", "items"):
        rows = (*getattr(TASK, changed)[1:], ("q", "a" * longest))
        assert specs(replace(TASK, **{changed: rows}))["prompt/zero-shot"].max_tokens == tokens
    assert specs(max_tokens=7)["prompt/zero-shot"].max_tokens == 7


@pytest.mark.parametrize(
    ("context", "shots"),
    [
        (1000, 20),  # all rows
        (300, 15),  # (0.9 · 300 − 2 · 13 − 6) ÷ 15 = 15.9
        (40, 1),  # at least one
    ],
)
def test_many_shots_fill_nine_tenths_of_the_context(context: int, shots: int) -> None:
    assert many_shots(TASK, context) == shots
    (spec,) = specs(techniques=("many-shot",), context_tokens=context).values()
    assert spec.shots == shots


def test_many_shots_have_an_end_and_show_no_item_to_choose_on() -> None:
    rows = tuple((f"{i:036d}", "a" * 8) for i in range(600))
    assert many_shots(replace(TASK, train=rows), 10**6) == 500
    assert many_shots(CHOSEN_ON, 10**6) == 16


def test_no_more_examples_are_shown_than_there_are() -> None:
    (group,) = prompt_groups(TASK, PromptOptions(shots=(99,)), 0)
    assert group.forms[0].shots == 20


def test_a_search_tries_every_instruction_with_every_set() -> None:
    """No examples, and of each number a balanced set, three at random, and the nearest."""
    options = PromptOptions(shots=(0, 3, 99), search=SearchSpec(1000), structured=True)
    groups = prompt_groups(CHOSEN_ON, options, 5)
    forms = groups[-1].forms
    texts = variants(TASK.instruction)
    assert Counter(f.instruction for f in forms) == dict.fromkeys(texts, 11)
    by_set = Counter((f.shots, f.choice) for f in forms)
    each = len(texts)
    assert by_set == {
        (0, "balanced"): each,
        **{(n, "balanced"): each for n in (3, 16)},
        **{(n, "random"): 3 * each for n in (3, 16)},
        **{(n, "nearest"): each for n in (3, 16)},
    }
    assert all(form.structured for form in forms)
    seeds = {f.seed for f in forms if f.choice == "random"}
    assert len(seeds) == 6
    assert max(seeds) > 10**6  # of two thousand million: none comes twice
    assert forms == prompt_groups(CHOSEN_ON, options, 5)[-1].forms
    assert forms != prompt_groups(CHOSEN_ON, options, 6)[-1].forms
    both = replace(options, embedding=FREE_EMBEDDER)
    assert Counter(f.embeddings for f in prompt_groups(CHOSEN_ON, both, 5)[-1].forms) == {
        None: 11 * each,
        "e": 2 * each,
    }


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"search": SearchSpec(4, proposals=3)}, "--proposals 3 leaves too few"),
        ({"search": SearchSpec(47, optimiser="gepa")}, "an optimiser needs 48 with 4"),
        ({"techniques": ("retrieval",)}, "--documents FOLDER"),
        ({"techniques": ("few-shot",), "shots": (0, 1)}, "no number of examples above 1"),
        ({"embedding": EMBEDDER}, "no prompt compares texts"),
    ],
)
def test_what_cannot_be_compared_is_refused(options: dict[str, Any], wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        plan(CHOSEN_ON, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"search": SearchSpec(5, proposals=3)},
        {"search": SearchSpec(48, optimiser="gepa")},
        {"techniques": ("retrieval",), "passages": ("one",)},
        {"techniques": ("retrieved-examples",), "embedding": EMBEDDER},
        {"instructions": ("another",)},
    ],
)
def test_what_just_can_be_is_planned(options: dict[str, Any]) -> None:
    assert plan(CHOSEN_ON, **options).trials


def test_without_items_to_choose_on_nothing_is_searched_and_no_instruction_compared() -> None:
    with pytest.raises(UsageError, match="--search: needs development items"):
        plan(search=SearchSpec(100))
    with pytest.raises(UsageError, match="2 prompts to choose from"):
        plan(instructions=("another",))
    assert plan(instructions=(TASK.instruction,)).trials  # the same is one


def judge(usd: float | None, url: str = URL) -> JudgeSpec:
    return JudgeSpec(PromptsSpec(url, "j", input_usd=usd, output_usd=usd))


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"input_usd": 1.0}, "--input-usd"),
        ({"output_usd": 1.0}, "--input-usd"),
        ({"input_usd": 1.0, "output_usd": 2.0, "judge": judge(None)}, "--judge-input-usd"),
        (
            {
                "input_usd": 1.0,
                "output_usd": 2.0,
                "techniques": ("retrieved-examples",),
                "embedding": EmbeddingSource(PromptsSpec(URL, "e")),
            },
            "--embedding-usd",
        ),
        ({"input_usd": 1.0, "output_usd": 2.0, "judge": judge(1.0)}, ""),
        ({"input_usd": 1.0, "output_usd": 2.0, "judge": judge(None, "http://127.0.0.1:9/v1")}, ""),
        ({"input_usd": 1.0, "output_usd": 2.0}, ""),
    ],
)
def test_a_limit_of_money_needs_every_price_that_is_charged(
    settings: dict[str, Any], wrong: str
) -> None:
    if not wrong:
        assert plan(max_usd=1.0, **settings).max_usd == 1.0
        return
    with pytest.raises(UsageError, match=wrong):
        plan(max_usd=1.0, **settings)
    assert plan(**settings).max_usd is None


@pytest.mark.parametrize(
    ("pairwise", "metric"), [(False, "judge rubric"), (True, "judge pairwise")]
)
def test_a_judge_has_a_metric_of_its_own(pairwise: bool, metric: str) -> None:
    found = plan(judge=replace(judge(1.0), pairwise=pairwise))
    assert found.name == f"m: {metric} on 10 items"
    assert (found.shared["metric"], found.shared["labels"]) == (metric, [])
    assert found.shared["judge"]["pairwise"] is pairwise
    usual = plan()
    assert usual.name == "m: exact match on 10 items"
    assert not {"judge", "passages", "embedding"} & set(usual.shared)


def test_templates_are_one_option_and_names_are_those_of_options() -> None:
    template = PromptForm("own prompt", template=[{"role": "user", "content": "{question}"}])
    found = plan(techniques=("random few-shot",), shots=(3,), templates=(template,))
    first, second = (PromptsSpec.from_json(trial.spec) for trial in found.trials)
    assert first.technique == "few-shot"
    assert second.technique == "own prompt"
    assert [len(s.forms or ()) for s in (first, second)] == [1, 1]
    assert found.shared.get("passages") is None
