"""Prompts are chosen on development items, searched within a budget, and tested once."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate import quality
from advisor.calibrate.prompting.forms import PromptForm, technique_forms
from advisor.calibrate.prompting.halving import halving
from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.prompts_plan import PromptOptions, prompts_plan, searched_forms
from advisor.calibrate.quality_records import QualityResult, SearchSpec
from advisor.calibrate.scores import own_scores
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import KeptTrial, RunRecord, Status
from advisor.core.quantity import Range
from tests.calibrate.model_server import ModelServer, Reply, said

LABELS = ("red", "green", "blue")
ROWS = [(f"case {i} of {LABELS[i % 3]} kind", LABELS[i % 3]) for i in range(240)]
RIGHT = dict(ROWS)


def chance(*parts: object) -> float:
    """A number from 0 to 1 that depends on these alone: a server without a state."""
    text = "|".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def skilled(skill, seed: object = 0):
    """A server that answers right as often as `skill(messages)` says."""

    def behave(body: dict) -> Reply:
        item = body["messages"][-1]["content"]
        right = RIGHT[item]
        draw = chance(seed, body["messages"], body.get("temperature"))
        wrong = next(label for label in LABELS if label != right)
        return 200, said(right if draw < skill(body["messages"]) else wrong), {}

    return behave


@pytest.fixture
def serve():
    servers: list[ModelServer] = []

    def start(behave) -> ModelServer:
        servers.append(ModelServer(behave))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key-1")


def task(seed: int = 0, **changes):
    settings = {"most_items": 10, "instruction": "Sort it.", "development": 40, "seed": seed}
    return quality.task(ROWS, **(settings | changes))


def run(server: ModelServer, options: PromptOptions, *, seed: int = 0, **changes) -> RunRecord:
    own = changes.pop("task", task(seed))
    settings = {"input_usd": 1.0, "output_usd": 10.0, "at_once": 4, **changes}
    plan = prompts_plan(own, server.url, "m", options=options, seed=seed, **settings)
    bounds = experiments.Limits(max_usd=plan.max_usd)
    prepared = experiments.prepare(plan, experiments.endpoint(server.url), bounds)
    return experiments.run(prepared, events=lambda e: None, cancel=CancelToken())


def system(messages: list[dict]) -> str:
    return messages[0]["content"] if messages[0]["role"] == "system" else ""


def test_the_number_of_examples_is_chosen_on_development_items_and_tested_once(serve) -> None:
    server = serve(skilled(lambda messages: 0.95 if len(messages) == 2 + 2 * 5 else 0.3))
    own = task()
    record = run(server, PromptOptions(shots=(0, 2, 5)), task=own)
    few = next(line for line in record.result["trials"] if line["technique"] == "few-shot")
    assert few["shown"] == 5
    assert [c["items"] for c in few["choice"]["candidates"]] == [38, 38]
    tested = {question for question, _ in own.items}
    chosen_on = {own.train[place][0] for place in own.development}
    assert not tested & chosen_on
    shown = [m["content"] for c in server.calls for m in c["messages"][1:-1]]
    assert not (tested | chosen_on) & set(shown)  # examples come from the other rows
    for question in tested:
        asked = [c for c in server.calls if c["messages"][-1]["content"] == question]
        assert sorted(len(c["messages"]) for c in asked) == [2, 12]  # once per option


def test_the_best_prompt_is_that_of_the_development_items_not_of_the_test(serve) -> None:
    """Zero-shot is lucky on the test items alone; the comparison must not follow that luck."""
    own = task()
    tested = {question for question, _ in own.items}

    def behave(body: dict) -> Reply:
        item = body["messages"][-1]["content"]
        few = len(body["messages"]) > 2
        good = few if item not in tested else (not few or chance(item) < 0.7)
        return 200, said(RIGHT[item] if good else "red"), {}

    record = run(serve(behave), PromptOptions(), task=own)
    scores = {line["technique"]: line["score"] for line in record.result["trials"]}
    assert scores["zero-shot"] > scores["few-shot"]
    (comparison,) = record.result["comparisons"]
    assert comparison["against"].startswith("prompt/few-shot")


def test_a_score_of_the_better_prompt_on_development_items_counts_whatever_the_test_says(
    serve,
) -> None:
    own = task()
    tested = {question for question, _ in own.items}

    def behave(body: dict) -> Reply:
        item = body["messages"][-1]["content"]
        lucky = system(body["messages"]).startswith("Lucky")
        good = lucky == (item in tested) or chance(item, "both") < 0.5
        return 200, said(RIGHT[item] if good else "red"), {}

    server = serve(behave)
    records = [
        run(server, PromptOptions(shots=(0,)), task=task(instruction=text))
        for text in ("Lucky one.", "Good one.")
    ]
    kept = [
        KeptTrial(number, "prompts", "", {"model": "m"}, {}, record.outcomes[0])
        for number, record in enumerate(records, 1)
    ]
    lines = [QualityResult.from_json(r.outcomes[0].result) for r in records]
    assert lines[0].score > lines[1].score
    assert lines[0].choice.score < lines[1].choice.score
    for order in (kept, kept[::-1]):
        (score,) = own_scores(order)
        assert score.score == lines[1].score
        assert "best of 2 prompts on development items" in score.source


KEY = "Look at the colour word"
INSTRUCTIONS = (
    "Name the group.",
    f"{KEY} and answer with it.",
    "Say which one it is.",
    "Decide with care.",
)


class KnownTask:
    """A better instruction and a better example set exist: both together reach 0.95."""

    def __init__(self, own: quality.EvaluationTask, options: PromptOptions, seed: int) -> None:
        self.prompters = [Prompter(form, own.pool) for form in searched_forms(own, options, seed)]
        sets = [p.choice.fixed for p in self.prompters if p.form.choice == "random"]
        self.best_set = [question for question, _ in sets[seed % len(sets)]]

    def skill(self, messages: list[dict]) -> float:
        good_words = system(messages).startswith(KEY)
        shown = [m["content"] for m in messages[1:-1] if m["role"] == "user"]
        good_set = shown == self.best_set
        return 0.35 + 0.25 * good_words + 0.15 * good_set + 0.20 * (good_words and good_set)


def test_a_search_finds_the_known_better_prompt_within_its_budget(serve) -> None:
    own = task(most_items=10)
    options = PromptOptions(
        techniques=("zero-shot",),
        shots=(3,),
        instructions=INSTRUCTIONS[:2],
        search=SearchSpec(budget=240),
    )
    known = KnownTask(own, options, 0)
    server = serve(skilled(known.skill))
    record = run(server, options, task=own)
    searched = record.result["trials"][-1]
    assert searched["technique"] == "searched"
    assert known.skill(searched["prompt"]) == pytest.approx(0.95)
    choice = searched["choice"]
    assert choice["calls"] <= 240
    assert choice["usd"] == pytest.approx(choice["calls"] * (20 * 1.0 + 3 * 10.0) / 1e6)
    kept = [
        KeptTrial(1, "prompts", "", {"model": "m"}, {}, o)
        for o in record.outcomes
        if o.result["technique"] == "searched"
    ]
    (score,) = own_scores(kept)
    assert score.search_usd == Range.exact(
        choice["usd"]
    )  # what the search cost goes with its score


def test_the_known_better_prompt_is_found_in_nine_of_ten_seeds() -> None:
    """The same search without a server: the candidates, the race and its budget are the real
    ones.
    """
    successes = 0
    for seed in range(10):
        own = task(seed)
        budget = 700
        options = PromptOptions(
            shots=(3,), instructions=INSTRUCTIONS, search=SearchSpec(budget=budget)
        )
        known = KnownTask(own, options, seed)
        pairs = [own.train[place] for place in own.development]

        def score(number: int, places, known=known, pairs=pairs, seed=seed) -> list[float]:
            asked = [known.prompters[number].messages(pairs[place][0]) for place in places]
            return [float(chance(seed, m) < known.skill(m)) for m in asked]

        race = halving(len(known.prompters), len(pairs), budget - len(pairs), score)
        assert race.spent <= budget
        longest = max(map(len, race.scores.values()))
        finalists = [n for n, row in race.scores.items() if len(row) == longest]
        best = known.prompters[max(finalists, key=race.mean)]
        successes += known.skill(best.messages(pairs[0][0])) >= 0.95
    assert successes >= 9


def test_halving_spends_no_more_than_its_budget_and_compares_on_the_same_items() -> None:
    rng = random.Random(5)
    for _ in range(200):
        candidates, items, budget = rng.randint(1, 40), rng.randint(1, 60), rng.randint(1, 900)
        asked: dict[int, list[int]] = {}

        def score(number: int, places, asked=asked) -> list[float]:
            asked.setdefault(number, []).extend(places)
            return [chance(number, place) for place in places]

        race = halving(candidates, items, budget, score)
        assert race.spent == sum(map(len, asked.values())) <= max(budget, candidates)
        assert race.spent <= budget or budget < candidates
        for places in asked.values():
            assert places == list(range(len(places)))  # everybody answers from the first item on
        assert max(map(len, asked.values())) <= items


def test_without_development_items_nothing_is_chosen() -> None:
    own = task(development=0)
    with pytest.raises(UsageError, match="--development"):
        prompts_plan(own, "http://localhost:1", "m", options=PromptOptions(instructions=("B",)))
    with pytest.raises(UsageError, match="--development"):
        searched_forms(own, PromptOptions(search=SearchSpec(10)), 0)


def test_techniques_ask_as_their_names_say(serve) -> None:
    server = serve(skilled(lambda messages: 1.0))
    names = ("one-shot", "retrieved-examples", "chain-of-thought", "self-consistency", "many-shot")
    record = run(server, PromptOptions(techniques=names, shots=(0, 4)), task=task(development=0))
    assert record.summary.status is Status.DONE
    by_name = {line["technique"]: line for line in record.result["trials"]}
    assert list(by_name) == list(names)
    assert by_name["one-shot"]["shown"] == 1
    assert by_name["retrieved-examples"]["shown"] == 4
    assert by_name["many-shot"]["shown"] == len(task(development=0).train)
    assert by_name["self-consistency"]["calls"] == 5 * 10
    voted = [c for c in server.calls if c["temperature"] == 0.7]
    assert len(voted) == 5 * 10
    thinking = [c for c in server.calls if "step by step" in system(c["messages"])]
    assert {c["max_tokens"] for c in thinking} == {32 + 512}
    assert by_name["chain-of-thought"]["score"] == 1.0


def test_the_nearest_examples_share_most_words_with_the_item() -> None:
    pool = [("late parcel from Rome", "a"), ("wrong invoice", "b"), ("parcel is late again", "c")]
    (form,) = technique_forms("retrieved-examples", ["Sort."], [2])
    prompter = Prompter(form, pool)
    nearest = prompter.choice.of("my parcel is late")
    assert nearest == [("late parcel from Rome", "a"), ("parcel is late again", "c")]
    assert prompter.choice.of("wrong invoice")[-1] == ("wrong invoice", "b")
    assert Prompter(form, [("", "a"), ("x", "b")]).choice.of("") != []


def test_passages_of_documents_stand_before_the_item() -> None:
    form = PromptForm("retrieval", "Answer.", documents=1)
    passages = ["The tower has 300 steps.", "The shop opens at nine."]
    messages = Prompter(form, [], passages).messages("When does the shop open?")
    assert "opens at nine" in messages[-1]["content"]
    assert "tower" not in messages[-1]["content"]


def test_structured_answers_fall_back_where_a_server_takes_no_schema(serve) -> None:
    def behave(body: dict) -> Reply:
        form = body.get("response_format", {}).get("type")
        if form == "json_schema":
            return 400, {"error": {"message": "response_format json_schema is unknown"}}, {}
        right = RIGHT[body["messages"][-1]["content"]]
        return 200, said(f'{{"answer": "{right}"}}'), {}

    server = serve(behave)
    record = run(server, PromptOptions(shots=(0,), structured=True), task=task(development=0))
    (line,) = record.result["trials"]
    assert line["score"] == 1.0
    assert server.calls[0]["response_format"]["json_schema"]["schema"]["properties"]["answer"][
        "enum"
    ] == list(task().scorer.labels)
    assert server.calls[-1]["response_format"] == {"type": "json_object"}


def test_repeats_and_paraphrases_show_how_much_answers_change(serve) -> None:
    calls: list[int] = []

    def behave(body: dict) -> Reply:
        calls.append(1)
        item = body["messages"][-1]["content"]
        flips = chance(item) < 0.3 and chance(len(calls)) < 0.5
        return 200, said("red" if flips else RIGHT[item]), {}

    server = serve(behave)
    options = PromptOptions(shots=(0,), repeats=2, paraphrases=2)
    record = run(server, options, task=task(development=0))
    (line,) = record.result["trials"]
    steady = line["consistency"]
    assert (steady["items"], steady["repeats"], steady["paraphrases"]) == (10, 2, 2)
    assert len(server.calls) == 10 + 2 * 10 + 2 * 10
    assert 0.0 <= steady["changed"] <= 0.5
    assert steady["sd"] >= 0.0


def test_a_model_proposes_instructions_whose_calls_count_in_the_search(serve) -> None:
    def behave(body: dict) -> Reply:
        text = body["messages"][-1]["content"]
        if "Write the instruction" in text:
            return 200, said(f'"{KEY}!"'), {}
        good = chance(body["messages"]) < (0.9 if KEY in system(body["messages"]) else 0.5)
        return 200, said(RIGHT[text] if good else "no idea at all"), {}

    server = serve(behave)
    options = PromptOptions(
        techniques=("zero-shot",), shots=(3,), search=SearchSpec(budget=80, proposals=2)
    )
    record = run(server, options)
    searched = record.result["trials"][-1]
    assert any(c["instruction"] == f"{KEY}!" for c in searched["choice"]["candidates"])
    proposals = [c for c in server.calls if "Write the instruction" in c["messages"][-1]["content"]]
    assert len(proposals) == 2
    with pytest.raises(UsageError, match=r"--search-calls 20: --proposals 19 leaves too few"):
        searched_forms(task(), PromptOptions(search=SearchSpec(20, proposals=19)), 0)
    assert searched["choice"]["calls"] <= 80
