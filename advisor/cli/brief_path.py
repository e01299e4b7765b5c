"""The argument BRIEF: a file, or the name of an example brief where there is no such file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def names_an_example(word: str) -> bool:
    """Whether a word that is not a file is the name of an example brief."""
    if not word or Path(word).suffix or Path(word).name != word:
        return False
    from advisor.brief.examples import examples

    return word in examples()


class BriefPath(click.Path):
    """A path; the bare name of an example brief stands for the file that comes with the program."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The file of a brief, whether it exists or not."""
        path = Path(str(value))
        if not path.exists() and names_an_example(str(value)):
            from advisor.brief.examples import example

            return example(str(value))
        return path

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files, and the names of the examples."""
        from click.shell_completion import CompletionItem

        from advisor.brief.examples import examples

        matching = [CompletionItem(name) for name in examples() if name.startswith(incomplete)]
        return [*super().shell_complete(ctx, param, incomplete), *matching]


BRIEF = BriefPath()
