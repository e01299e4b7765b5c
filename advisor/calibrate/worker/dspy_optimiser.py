"""Prompts by an optimiser of dspy (GEPA, Agrawal et al. 2025; MIPROv2, Opsahl-Ong et al. 2024).

Every call of it goes through our own, so that answers are kept, priced and limited as all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.worker.calls import Calls, Request
from advisor.calibrate.worker.stop import Stopped
from advisor.core.errors import MissingExtra
from advisor.endpoint.client import AnswerOptions

if TYPE_CHECKING:
    from advisor.calibrate.worker.endpoint import Bench

ANSWER_ROOM = 600
"""Tokens of a reply: the optimiser's own prompts ask for instructions and reasons."""

TRAINING_ROWS = 40
METRIC_SHARE = 0.7
"""Of the budget for answers; the rest is for what the optimiser asks to write instructions."""

NO_LIMIT = 10**6
"""Of errors: what is over the budget is refused, and ends an optimiser by its own count only."""


class BudgetSpent(Exception):
    """The optimiser asked for more than its share of the search's answers."""


def optimised(bench: Bench, start: PromptForm) -> list[PromptForm]:
    """What the optimiser makes of a prompt, on development items and rows of the pool; nothing
    where its budget ends before it has an answer.

    It takes at most what the search's budget leaves after its prompt and `start` have answered
    every development item. Raises MissingExtra without dspy, Stopped where the run was asked to
    stop.
    """
    dspy = _library()
    search = bench.spec.search
    assert search is not None
    budget = search.budget - 2 * len(bench.data.development_pairs)
    model = _model_of(dspy, bench, budget)
    examples = [_example(dspy, row) for row in bench.data.pool[:TRAINING_ROWS]]
    checks = [_example(dspy, row) for row in bench.data.development_pairs]
    signature = dspy.Signature("input -> answer", start.instruction or "Answer the input.")
    with dspy.context(lm=model, track_usage=False):
        try:
            program = _compiled(
                dspy, bench, dspy.Predict(signature), examples, checks, model, budget
            )
        except ImportError:
            raise MissingExtra(
                "--optimiser mipro needs optuna: pip install 'prompt-or-tune[optimise]'"
            ) from None
        except Exception:
            if not model.refused and not bench.stop.asked:
                raise
            program = None  # the optimiser gave up over a refused call
    if bench.stop.asked:
        raise Stopped(bench.stop.reason, {"spent_usd": bench.session.budget.spent_usd})
    return [_form(bench, start, program)] if program is not None else []


def _library() -> Any:
    try:
        import dspy
    except ImportError:
        raise MissingExtra(
            "--optimiser needs dspy: pip install 'prompt-or-tune[optimise]'"
        ) from None
    return dspy


def _compiled(
    dspy: Any,
    bench: Bench,
    program: Any,
    train: Sequence[Any],
    checks: Sequence[Any],
    model: Any,
    budget: int,
) -> Any:
    """The program after the optimiser has spent its budget of answers on it."""
    search = bench.spec.search
    assert search is not None
    scored = round(METRIC_SHARE * budget)

    def score(
        example: Any, prediction: Any, trace: Any = None, name: Any = None, part: Any = None
    ) -> Any:
        value = bench.marker.scorer.score(
            bench.marker.scorer.extract(str(getattr(prediction, "answer", ""))).text, example.answer
        )
        if search.optimiser != "gepa":
            return value
        feedback = "Right." if value >= 1.0 else f"Wrong: the answer is {example.answer!r}."
        return dspy.Prediction(score=value, feedback=feedback)

    if search.optimiser == "gepa":
        optimiser = dspy.GEPA(
            metric=score,
            max_metric_calls=scored,
            reflection_lm=model,
            gepa_kwargs={"stop_callbacks": lambda state: model.refused},
            num_threads=1,
            seed=bench.spec.seed,
        )
        return optimiser.compile(program, trainset=list(train), valset=list(checks))
    trials = max(min(scored // max(len(checks), 1), 12), 1)
    optimiser = dspy.MIPROv2(
        metric=score,
        auto=None,
        num_candidates=max(trials // 2, 2),
        max_bootstrapped_demos=0,
        max_labeled_demos=3,
        max_errors=NO_LIMIT,
        num_threads=1,
        seed=bench.spec.seed,
        verbose=False,
    )
    return optimiser.compile(
        program,
        trainset=list(train),
        valset=list(checks),
        num_trials=trials,
        minibatch=False,
    )


def _form(bench: Bench, start: PromptForm, program: Any) -> PromptForm:
    """The optimised program as a form: its instruction, and its examples where they are rows of the
    pool.
    """
    places = {row: place for place, row in enumerate(bench.data.pool)}
    rows = [(str(demo["input"]), str(demo["answer"])) for demo in program.demos]
    picks = tuple(places[row] for row in rows if row in places)
    return PromptForm(
        start.technique,
        str(program.signature.instructions),
        shots=len(picks),
        picks=picks,
        structured=start.structured,
    )


def _example(dspy: Any, row: tuple[str, str]) -> Any:
    return dspy.Example(input=row[0], answer=row[1]).with_inputs("input")


def _model_of(dspy: Any, bench: Bench, budget: int) -> Any:
    """The endpoint as a model of dspy, which gives at most `budget` answers."""

    class LedgerModel(dspy.BaseLM):  # type: ignore[misc]
        """Asks through the ledger; a run that is asked to stop answers nothing more."""

        refused = False

        def forward(
            self,
            prompt: str | None = None,
            messages: Sequence[Mapping[str, Any]] | None = None,
            **_: Any,
        ) -> Any:
            """The reply as a chat completion. Raises BudgetSpent, Stopped."""
            if len(bench.choosing) >= budget:
                self.refused = True
                raise BudgetSpent(f"{budget} answers are used up")
            chat = list(messages or [{"role": "user", "content": prompt or ""}])
            return _completion(bench, [{k: str(m[k]) for k in ("role", "content")} for m in chat])

    return LedgerModel(model=bench.spec.model, cache=False)


def _completion(bench: Bench, messages: list[dict[str, str]]) -> Any:
    options = AnswerOptions(max_tokens=max(bench.spec.max_tokens, ANSWER_ROOM))
    request = Request.of(bench.spec, messages, options)
    answers = Calls(bench.spec, bench.session, bench.stop, [request]).run(lambda done: None)
    if not answers:
        raise Stopped(bench.stop.reason, {"spent_usd": bench.session.budget.spent_usd})
    answer = answers[0]
    bench.choosing[answer.request] = answer
    message = SimpleNamespace(content=answer.text, tool_calls=None, reasoning_content=None)
    choice = SimpleNamespace(message=message, finish_reason=answer.finish_reason, logprobs=None)
    usage = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
    return SimpleNamespace(choices=[choice], usage=usage, model=bench.spec.model)
