"""The words of one report: plain names of its options, and sentences freed of ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from advisor.core import format as fmt
from advisor.core.brief import questions
from advisor.core.naming import input_name, model_name, names, option_name
from advisor.core.verdict import OptionRecord, Verdict

_WORD = r"[\w./@+-]"


@dataclass(frozen=True, slots=True)
class Terms:
    """Plain names for what the record calls by id."""

    options: dict[str, str]
    _ids: re.Pattern[str] | None = field(repr=False)
    _replaced: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, verdict: Verdict) -> Terms:
        """The terms of a record: every option in it, ruled out or not, and every input."""
        options = names(dict.fromkeys(_option_ids(verdict)))
        replaced = {key: input_name(key) for key in _input_keys(verdict)}
        replaced |= {option.model: model_name(option.model) for option in verdict.arms}
        replaced |= {skill: option_name(skill) for skill in _skills(options)} | options
        replaced = {fmt.clean(text): name for text, name in replaced.items()}
        by_length = sorted(filter(None, replaced), key=len, reverse=True)
        alternatives = "|".join(map(re.escape, by_length))
        pattern = rf"(?<!{_WORD})(?:{alternatives})(?![\w/@+-])" if by_length else ""
        return cls(options, re.compile(pattern) if pattern else None, replaced)

    def option(self, option_id: str) -> str:
        """The plain name of an option."""
        return self.options.get(option_id) or option_name(option_id)

    def sentence(self, text: str) -> str:
        """A text of the record with every id in it replaced by the plain name, safe to show."""
        clean = fmt.clean(text)
        if self._ids is None:
            return clean
        return self._ids.sub(lambda match: self._replaced[match[0]], clean)


def _option_ids(verdict: Verdict) -> Iterator[str]:
    yield from (option.id for option in verdict.arms)
    yield from (excluded.id for excluded in verdict.excluded)
    yield from (flip.arm for flip in verdict.flip_points if flip.arm)
    yield from (stage.arm for stage in verdict.plan)
    yield from (segment.arm for segment in verdict.segments)


def _skills(options: dict[str, str]) -> set[str]:
    """The ids without how they are served, as sentences about quality name them."""
    return {skill for skill in map(skill_of, options) if skill not in options}


def skill_of(option_id: str) -> str:
    """`prompt/few-shot@m` for `prompt/few-shot@m+batch`."""
    return option_id.partition("+")[0]


def _input_keys(verdict: Verdict) -> Iterator[str]:
    yield from (key for key in questions() if "." in key and "[" not in key)
    yield from (entry.input for entry in verdict.sensitivity)
    yield from (entry.input for entry in verdict.information)


def approach_name(option: OptionRecord) -> str:
    """`Prompting`, `Fine-tuning`, `Hybrid` or `As today`."""
    return approach_word("as-is" if is_as_is(option) else option.approach)


def approach_word(approach: str) -> str:
    """What an approach is called where it stands alone."""
    words = {"prompt": "Prompting", "tune": "Fine-tuning", "hybrid": "Hybrid", "as-is": "As today"}
    return words.get(approach, fmt.clean(approach))


def is_as_is(option: OptionRecord) -> bool:
    """Whether the option is what is in place today."""
    return option.id.startswith("as-is/")
