"""The reference page of the brief: `python -m advisor.brief.reference >
docs/reference/brief.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from advisor.brief.groups import groups
from advisor.brief.register import in_words
from advisor.brief.values import bounds_in_words
from advisor.core.brief import LISTS, questions
from advisor.core.question import Question

_HEAD = """\
# The brief

A TOML file that says what is asked. The app's form, `advisor ask` and `--set KEY=VALUE` give the same answers;
`advisor schema` prints the JSON Schema. This page is made from the questions:
`python -m advisor.brief.reference > docs/reference/brief.md`.

- `schema = 1` is the version of the file. All keys may be left out, except in the rows of lists where marked *needed*.
- A key that is left out stands at its default and is listed in the report's assumption register.
- A number marked *range* may be written as `{low = 2e6, likely = 3e6, high = 5e6}`: in one case of ten it lies below
  `low` (P10), in one of two below `likely` (P50), in one of ten above `high` (P90). They are not limits.
- Numbers may be grouped: `3_000_000`. In the form, with `--set` and in `advisor ask` also `3M`, `15%`, `2.4M..3.6M`.
- Unknown keys and impossible values are refused, with the line. Paths are relative to the folder of the file.
- Questions in **bold** matter most.
"""


_KINDS = {
    "yes-no": "`true` or `false`",
    "names": "list of names",
    "score": "number",
    "whole": "whole number",
}


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for group in groups():
        optional = f" The table `[{group.optional}]` may be left out." if group.optional else ""
        summary = f"{group.summary[0].upper()}{group.summary[1:]}."
        parts.append(f"## {group.title}\n\n{summary}{optional}\n\n{_table(group.keys)}")
    for name, row in LISTS.items():
        keys = [k for k in questions() if k.startswith(f"{name}[].")]
        parts.append(f"## `[[{name}]]`\n\n{(row.__doc__ or '').strip()}\n\n{_table(keys)}")
    return "\n".join(parts)


def _table(keys: Iterable[str]) -> str:
    rows = [_row(key, questions()[key]) for key in keys]
    return (
        "\n".join(
            ["| Key | Question | Answer | Default and its source |", "|---|---|---|---|", *rows]
        )
        + "\n"
    )


def _row(key: str, question: Question) -> str:
    name = f"**`{key}`**" if question.basic else f"`{key}`"
    asked = f"{question.text} {question.help}"
    return (
        "| "
        + " | ".join(_cell(c) for c in (name, asked, _answer(question), _default(question)))
        + " |"
    )


def _answer(question: Question) -> str:
    """What may stand there: kind, unit and bounds."""
    if question.choices:
        return ", ".join(f"`{choice}`" for choice in question.choices)
    words = [_KINDS.get(question.kind, question.kind)]
    words += [question.unit] if question.unit not in ("", question.kind) else []
    words += [bounds_in_words(question)] if question.low is not None else []
    words += ["range"] if question.ranged else []
    return ", ".join(words)


def _default(question: Question) -> str:
    if question.required:
        return "*needed*"
    value = in_words(question, question.default) if question.default not in ("", ()) else ""
    source = f"{question.source}, {question.as_of}" if question.as_of else question.source
    return ": ".join(part for part in (value, source) if part) or "empty"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").strip()


if __name__ == "__main__":
    sys.stdout.write(page())
