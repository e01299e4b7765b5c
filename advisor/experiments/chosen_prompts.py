"""From what a person chose to the prompts of a plan; both front ends plan by this."""

from __future__ import annotations

from pathlib import Path

from advisor.calibrate import hub
from advisor.calibrate.embeddings import EmbeddingSource
from advisor.calibrate.judge import DEFAULT_RUBRIC, JUDGE_TOKENS, JudgeSpec, read_judged
from advisor.calibrate.prompt_choices import PromptChoices, shot_counts
from advisor.calibrate.prompting.documents import read_passages
from advisor.calibrate.prompting.templates import read_instructions, read_prompts
from advisor.calibrate.prompts_plan import PromptOptions
from advisor.calibrate.quality_records import ModelWeights, PromptsSpec, SearchSpec
from advisor.core.errors import UsageError
from advisor.endpoint.client import checked_url

FEWEST_SHOWN = 3
"""Examples in a prompt file with `{{examples}}`, where no number of them is named."""


def prompt_options(choices: PromptChoices, url: str, folder: Path = Path()) -> PromptOptions:
    """The prompts of these choices, with the files they name read.

    Raises UsageError, MissingExtra.
    """
    counts = shot_counts(choices.shots)
    most = max([n for n in counts if n > 0], default=FEWEST_SHOWN)
    files = [_at(folder, name) for name in choices.prompts]
    return PromptOptions(
        techniques=choices.techniques,
        shots=counts,
        instructions=(
            read_instructions(_at(folder, choices.instructions)) if choices.instructions else ()
        ),
        templates=[form for path in files for form in read_prompts(path, shots=most)],
        structured=choices.structured,
        search=(
            SearchSpec(choices.search_calls, choices.proposals, choices.optimiser)
            if choices.searches
            else None
        ),
        repeats=choices.repeats,
        paraphrases=choices.paraphrases,
        passages=read_passages(_at(folder, choices.documents)) if choices.documents else (),
        judge=_judge(choices, url, folder),
        embedding=_embedding(choices, url),
    )


def _at(folder: Path, name: str) -> Path:
    return folder / Path(name).expanduser()


def _embedding(choices: PromptChoices, url: str) -> EmbeddingSource | None:
    """At an endpoint where the model is asked at one, else by weights on this machine."""
    if not choices.embedding_model:
        if choices.embedding_url or choices.embedding_usd is not None:
            raise UsageError("--embedding-url, --embedding-usd: name the model: --embedding-model")
        return None
    if not url:
        if choices.embedding_url:
            raise UsageError(
                "--embedding-url: needs --url; without it --embedding-model is an encoder's folder "
                "or a name on the hub"
            )
        return EmbeddingSource(weights=_encoder(choices.embedding_model))
    spec = PromptsSpec(
        url=checked_url(choices.embedding_url or url, "--embedding-url"),
        model=choices.embedding_model,
        key_env=choices.embedding_key_env,
        input_usd=choices.embedding_usd,
        output_usd=0.0,
        at_once=1,
        max_tokens=0,
    )
    return EmbeddingSource(endpoint=spec)


def _encoder(model: str) -> ModelWeights:
    try:
        return hub.weights(model)
    except UsageError as error:
        line = str(error).replace("--model", "--embedding-model", 1)
        raise UsageError(line) from None


def _judge(choices: PromptChoices, url: str, folder: Path) -> JudgeSpec | None:
    if not choices.judge_model:
        if choices.rubric or choices.pairwise or choices.judge_labels:
            raise UsageError("--rubric, --pairwise, --judge-labels: name the judge: --judge-model")
        return None
    spec = PromptsSpec(
        url=checked_url(choices.judge_url or url, "--judge-url"),
        model=choices.judge_model,
        key_env=choices.judge_key_env,
        input_usd=choices.judge_input_usd,
        output_usd=choices.judge_output_usd,
        max_tokens=JUDGE_TOKENS,
    )
    labels = read_judged(_at(folder, choices.judge_labels)) if choices.judge_labels else ()
    return JudgeSpec(spec, choices.rubric or DEFAULT_RUBRIC, choices.pairwise, labels)
