"""The reference page of the brief.

`python -m advisor.brief.reference > docs/reference/brief.md`
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

A TOML file that describes the decision. The app's form, `advisor ask` and `--set KEY=VALUE` set
the same keys; `advisor schema` prints the JSON Schema. This page is generated from the questions:
`python -m advisor.brief.reference > docs/reference/brief.md`.

- `schema = 1` is the version of the file. Every key may be left out, except those marked *required*
  in the rows of lists.
- A key that is left out has its default and is listed in the report's assumption register.
- A number marked *range* may be written as `{low = 2e6, likely = 3e6, high = 5e6}`: in one case in
  ten it is below `low` (P10), in one in two below `likely` (P50), in one in ten above `high` (P90).
  These are not limits.
- Digits may be grouped: `3_000_000`. The form, `--set` and `advisor ask` also take `3M`, `15%` and
  `2.4M..3.6M`.
- Unknown keys and impossible values are refused, with the line. Paths are relative to the folder of
  the file.
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
    wording = f"{question.text} {question.help}"
    return (
        "| "
        + " | ".join(_cell(c) for c in (name, wording, _answer(question), _default(question)))
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
        return "*required*"
    value = in_words(question, question.default) if question.default not in ("", ()) else ""
    source = f"{question.source}, {question.as_of}" if question.as_of else question.source
    return ": ".join(part for part in (value, source) if part) or "empty"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").strip()


if __name__ == "__main__":
    sys.stdout.write(page())
