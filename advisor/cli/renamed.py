"""Flags that got a better name: the former one works for one more release, unlisted."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import click


class RenamedOption(click.Option):
    """An option that still takes its `former` names; `--help` lists the new ones only."""

    def __init__(
        self, param_decls: Sequence[str] | None = None, former: Sequence[str] = (), **rest: Any
    ) -> None:
        super().__init__((*(param_decls or ()), *former), **rest)
        self.former = tuple(former)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The line of `--help`, without the former names."""
        listed = copy.copy(self)
        listed.opts = [name for name in self.opts if name not in self.former]
        return click.Option.get_help_record(listed, ctx)
