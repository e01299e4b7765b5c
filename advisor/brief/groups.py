"""The questions in groups, in the order of an interview, and which of them matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from advisor.core.brief import Brief, questions


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that belong together.

    `optional` names the table that may be left out as a whole, else empty.
    """

    title: str
    summary: str
    keys: tuple[str, ...]
    optional: str = ""

    @property
    def basic_keys(self) -> tuple[str, ...]:
        """Those of its questions that matter most."""
        return tuple(k for k in self.keys if questions()[k].basic)

    @property
    def basic(self) -> bool:
        """Whether one of its questions matters most."""
        return bool(self.basic_keys)


@cache
def groups() -> tuple[QuestionGroup, ...]:
    """Every question of the tables that occur once, in exactly one group.

    Rows of lists are in `core.brief.LISTS`.
    """
    task = _keys_of("task")
    return (
        QuestionGroup("Task", "what the model has to do", ("name", *task)),
        QuestionGroup(
            "Traffic", "how many requests there are, and of what shape", _keys_of("traffic")
        ),
        QuestionGroup(
            "Quality", "how good it must be, and what an error costs", _keys_of("quality")
        ),
        QuestionGroup("Data", "examples to learn from and items to test on", _keys_of("data")),
        QuestionGroup("Budget", "what may be spent, and by when", _keys_of("budget")),
        QuestionGroup("Team", "working hours and their price", _keys_of("team")),
        QuestionGroup(
            "Hardware", "where a tuned open model is trained and served", _keys_of("hardware")
        ),
        QuestionGroup("Policy", "what is allowed", _keys_of("policy")),
        QuestionGroup(
            "Models", "which models are compared", (*_keys_of("models"), *_keys_of("compare"))
        ),
        QuestionGroup("Tuning", "how a tuned model is trained and prompted", _keys_of("tuning")),
        QuestionGroup(
            "Today", "what is in place today: the as-is option", _keys_of("current"), "current"
        ),
        QuestionGroup(
            "By hand",
            "what is done today without a model; compared with in the report",
            _keys_of("baseline"),
            "baseline",
        ),
        QuestionGroup(
            "Retrieval", "documents looked up for each request", _keys_of("retrieval"), "retrieval"
        ),
        QuestionGroup(
            "Report",
            "for whom, as of when, with whose prices, and who starts when",
            (
                "client",
                "author",
                "confidential",
                "as_of",
                *_keys_of("prices"),
                *_keys_of("plan"),
            ),
        ),
    )


def makes_sense(brief: Brief, key: str) -> bool:
    """Whether the question at `key` can still matter, given the other answers.

    Questions of absent tables do not.
    """
    table = key.partition(".")[0]
    if "." in key and "[" not in key and getattr(brief, table) is None:
        return False
    return _CONDITIONS.get(key, _always)(brief) and _CONDITIONS.get(f"{table}.*", _always)(brief)


def _keys_of(table: str) -> tuple[str, ...]:
    return tuple(k for k in questions() if k.startswith(f"{table}.") and "[" not in k)


def _always(brief: Brief) -> bool:
    return True


def _several_prefixes(brief: Brief) -> bool:
    return (brief.traffic.distinct_prefixes.p90 or 0) > 1


def _limited(brief: Brief) -> bool:
    return any(
        limit is not None
        for limit in (brief.budget.one_off_usd, brief.budget.monthly_usd, brief.budget.weeks)
    )


def _has_gpu(brief: Brief) -> bool:
    return brief.hardware.gpu.lower() != "none"


def _rented(brief: Brief) -> bool:
    return _has_gpu(brief) and not brief.hardware.owned


def _owned(brief: Brief) -> bool:
    return _has_gpu(brief) and brief.hardware.owned


def _tunable(brief: Brief) -> bool:
    return brief.models.tune != ()


def _leaves(brief: Brief) -> bool:
    return brief.policy.data_may_leave


def _changing(brief: Brief) -> bool:
    return (brief.task.knowledge_change_per_month.p90 or 0) > 0


def _several_adapters(brief: Brief) -> bool:
    return bool(brief.segments) or brief.task.tasks_sharing_model > 1


_CONDITIONS: Mapping[str, Callable[[Brief], bool]] = {
    "task.labels": lambda b: b.task.type == "classification" or b.task.output == "label",
    "task.factual_share": _changing,
    "traffic.shared_tokens": _several_prefixes,
    "traffic.shared_first": _several_prefixes,
    "traffic.batch_cache_hit_rate": lambda b: b.traffic.can_wait_24h,
    "data.sample": lambda b: bool(b.data.path),
    "budget.hard": _limited,
    "team.adapter_hours": _several_adapters,
    "team.tuning_hours": _tunable,
    "team.retrain_hours": _tunable,
    "team.retrain_every_months": _tunable,
    "team.ops_hours_per_month": _tunable,
    "team.training_runs": _tunable,
    "tuning.*": _tunable,
    "hardware.*": _tunable,
    "hardware.count": _has_gpu,
    "hardware.owned": _has_gpu,
    "hardware.usd_per_hour": _rented,
    "hardware.purchase_usd": _owned,
    "hardware.life_months": lambda b: _owned(b) and b.hardware.purchase_usd is not None,
    "hardware.provider": lambda b: _rented(b) and b.hardware.usd_per_hour is None,
    "hardware.electricity_usd_per_kwh": _owned,
    "hardware.watts": _owned,
    "hardware.train_tokens_per_second": _has_gpu,
    "hardware.prefill_tokens_per_second": _has_gpu,
    "hardware.decode_tokens_per_second": _has_gpu,
    "policy.zero_retention": _leaves,
    "policy.residency": _leaves,
    "policy.allowed_providers": _leaves,
}
"""When a question matters; `table.*` applies to the whole table. Questions not listed always do."""
