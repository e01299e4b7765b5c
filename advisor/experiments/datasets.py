"""What a quality or prompts run reads, taken from a brief where it is not said."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.calibrate.metrics.scorer import metric_named
from advisor.calibrate.metrics.structured import read_schema
from advisor.calibrate.quality import DEVELOPMENT_ITEMS, MOST_ITEMS, EvaluationTask, task
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.experiments.rows import examples, groups

if TYPE_CHECKING:
    from advisor.facts import Facts

ASKS = {
    "classification": "Classify the input.",
    "extraction": "Extract what is asked for from the input.",
    "qa": "Answer the question.",
    "summarisation": "Summarise the input.",
    "translation": "Translate the input.",
    "generation": "Write what is asked for.",
    "dialogue": "Reply to the last message.",
    "code": "Write the code that is asked for.",
    "reasoning": "Solve the problem and give the result.",
}
FORMS = {
    "label": "Answer with the label alone.",
    "json": "Answer in JSON.",
    "short-text": "Answer in a few words.",
}
"""An instruction in the words of the brief: the kind of task, then the form of the answer."""

FORM_OF_METRIC = {
    "exact match": "Give the answer alone.",
    "token F1": "Give the answer alone.",
    "JSON match": FORMS["json"],
    "JSON validity": FORMS["json"],
}
"""How an answer has to look for its metric to read it, where nothing says what is asked: a sentence
around a right answer would count as wrong.
"""

_CACHED = re.compile(r"^models--(?P<owner>[^/]+?)--(?P<name>[^/]+)$")


@dataclass(frozen=True, slots=True)
class Material:
    """Files of rows, and how they are asked and scored.

    Empty `test`: a part of `data` is held out.
    """

    data: Path
    test: Path | None = None
    prompt_field: str = ""
    answer_field: str = ""
    metric: str = ""
    instruction: str = ""
    brief: Brief | None = None
    task_type: str = ""
    schema: JsonObject | None = None
    group_field: str = ""

    def task(
        self,
        most_items: int = MOST_ITEMS,
        seed: int = 0,
        development: int = DEVELOPMENT_ITEMS,
    ) -> EvaluationTask:
        """The rows split and the metric chosen; without an instruction one is made of the brief, or
        of the labels or the metric.

        Raises UsageError.
        """
        rows = examples(self.data, self.prompt_field, self.answer_field)
        items = (
            examples(self.test, self.prompt_field, self.answer_field)
            if self.test is not None
            else ()
        )
        split = task(
            rows,
            items,
            metric=self.metric,
            task_type=self.task_type,
            schema=self.schema,
            instruction=self.instruction,
            most_items=most_items,
            seed=seed,
            development=development,
            group_of=self._groups(),
        )
        if self.instruction:
            return split
        if self.brief is not None:
            return replace(split, instruction=instruction_of(self.brief, split.scorer.labels))
        return replace(split, instruction=self._asked(split))

    def _asked(self, split: EvaluationTask) -> str:
        """What is asked for where neither a person nor a brief says it: by the labels, else by the
        kind of task and what its metric reads.
        """
        if split.scorer.labels:
            return label_instruction(split.scorer.labels)
        parts = (ASKS.get(self.task_type, ""), FORM_OF_METRIC.get(split.metric, ""))
        return " ".join(filter(None, parts))

    def _groups(self) -> dict[tuple[str, str], str] | None:
        """The group of every row by its prompt and answer; None where no field names one."""
        if not self.group_field:
            return None
        named: dict[tuple[str, str], str] = {}
        for path in filter(None, (self.test, self.data)):
            rows = groups(path, self.group_field, self.prompt_field, self.answer_field)
            named = rows | named
        return named

    def about(self, model: str) -> dict[str, str]:
        """What a run on these rows belongs to: contents of the files, and the model's name."""
        from advisor.probe.files.fingerprint import fingerprint

        tested = fingerprint([self.test]) if self.test is not None else ""
        return {"data": fingerprint([self.data]), "eval": tested, "model": model}


def material(
    brief: Brief | None = None,
    *,
    data: Path | None = None,
    test: Path | None = None,
    prompt_field: str = "",
    answer_field: str = "",
    metric: str = "",
    task_type: str = "",
    schema: Path | None = None,
    instruction: str = "",
    group_field: str = "",
) -> Material:
    """What is said, and from the brief what is not.

    Raises UsageError where neither names rows, or for its metric.
    """
    if brief is not None and data is None:
        if not brief.data.path:
            raise UsageError("data.path: the brief names no rows; use --data FILE, or add the key")
        data = Path(brief.folder) / brief.data.path
        test = test or (Path(brief.folder) / brief.data.eval_path if brief.data.eval_path else None)
    if data is None:
        raise UsageError("name the rows with --data FILE, or a brief that does with --brief")
    if brief is not None and not metric and "quality.metric" in brief.origins:
        metric = brief.quality.metric
        metric_named(metric, where="quality.metric")
    if brief is not None and "task.type" in brief.origins:
        task_type = task_type or brief.task.type
    rules = read_schema(schema) if schema is not None else None
    return Material(
        data,
        test,
        prompt_field,
        answer_field,
        metric,
        instruction,
        brief,
        task_type,
        rules,
        group_field,
    )


def instruction_of(brief: Brief, labels: Sequence[str]) -> str:
    """One line that says what to do, with the labels where there are any."""
    if labels:
        return label_instruction(labels)
    return " ".join(
        part for part in (ASKS[brief.task.type], FORMS.get(brief.task.output, "")) if part
    )


def label_instruction(labels: Sequence[str]) -> str:
    """What is asked for where the answers are labels; empty where they are not."""
    if not labels:
        return ""
    return f"{ASKS['classification']} Answer with one of these labels alone: {', '.join(labels)}."


def model_name(folder: Path, facts: Facts, stated: str = "") -> str:
    """The name a brief knows the weights by: as stated, else of a hub's folder or id that we know,
    else the folder's.

    Names of `advisor facts models` are given as they stand there.
    """
    name = stated.strip() or _hub_id(folder) or folder.resolve().name
    model = facts.architecture(name)
    if model is not None:
        return model.name
    return name if stated else name.rpartition("/")[2]


def _hub_id(folder: Path) -> str:
    """The hub's id behind a folder: of a hub's cache by its path, else as the model's config.json
    tells it.
    """
    for part in folder.resolve().parts:
        if match := _CACHED.match(part):
            return f"{match['owner']}/{match['name']}"
    try:
        name = json.loads((folder / "config.json").read_text(encoding="utf-8")).get(
            "_name_or_path", ""
        )
    except (OSError, ValueError, AttributeError):
        return ""
    return name if isinstance(name, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", name) else ""
