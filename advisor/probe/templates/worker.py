"""The process that renders a chat template: it may be killed, and its memory is bounded.

A line of JSON with the template comes first, then one per batch of rows; each gets a line back.
Started as `python -m advisor.probe.templates.worker`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from advisor.probe.forms.records import JsonObject

MEMORY_BYTES = 1024**3
MAX_CHARACTERS = 32 * 1024**2  # of one rendered row
LOOP_STEPS = 1_000_000  # of `range` per row
FILTERS = frozenset(
    (
        "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first",
        "float", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower",
        "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe",
        "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "trim",
        "truncate", "unique", "upper", "wordcount",
    )
)  # fmt: skip
PADDING = frozenset(("center", "ljust", "rjust", "zfill", "expandtabs", "format", "format_map"))
"""Methods of texts that make much of little."""

_DAY = datetime(2026, 1, 1)


def main() -> None:
    """Serve until the input ends."""
    _bound_memory()
    setup = json.loads(sys.stdin.readline())
    try:
        render = renderer(setup["source"], setup["marks"])
    except Exception as error:  # a program from outside may fail in any way
        _answer({"error": _line(error)})
        return
    _answer({"error": ""})
    for line in sys.stdin:
        _answer([_rendered(render, *row) for row in json.loads(line)])


def _answer(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _bound_memory() -> None:
    """Where the system can: a template that takes more fails with MemoryError."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _rendered(
    render: Callable[..., str], messages: list[JsonObject], tools: Any, documents: Any
) -> tuple[str, str]:
    """(text, reason why there is none)."""
    try:
        text = render(messages, tools, documents)
    except MemoryError:
        return "", "the template takes too much memory"
    except Exception as error:
        return "", _line(error)
    return (text, "") if len(text) <= MAX_CHARACTERS else ("", "the rendered row is too long")


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def renderer(source: str, marks: JsonObject) -> Callable[[list[JsonObject], Any, Any], str]:
    """A function of (messages, tools, documents) from a template's source.

    Raises Jinja's errors for a template that is damaged; the function may raise anything.
    """
    budget = [0]
    environment = sandbox(budget)
    template = environment.from_string(re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", source))

    def render(messages: list[JsonObject], tools: Any, documents: Any) -> str:
        budget[0] = LOOP_STEPS
        return str(
            template.render(
                messages=messages,
                add_generation_prompt=False,
                tools=tools or None,
                documents=documents or None,
                **marks,
            )
        )

    return render


def sandbox(budget: list[int]) -> Any:
    """Jinja as model hubs run it, with little in reach: counted loops, no repeated or padded
    texts.
    """
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(["*", "**", "%"])

        def wrap_str_format(self, value: Any) -> Any:
            if getattr(value, "__name__", "") in PADDING and isinstance(
                getattr(value, "__self__", None), str
            ):
                raise SecurityError("texts are not padded here")
            return None

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if (
                not (isinstance(left, int | float) and isinstance(right, int | float))
                or operator == "**"
            ):
                raise SecurityError("texts and lists are not multiplied here")
            return super().call_binop(context, operator, left, right)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return attr not in PADDING and super().is_safe_attribute(obj, attr, value)

    def counted(*bounds: int) -> range:
        budget[0] -= len(range(*bounds))
        if budget[0] < 0:
            raise SecurityError("the template loops too long")
        return range(*bounds)

    def refuse(message: str) -> str:
        raise ValueError(str(message))

    environment = Sandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters = {
        name: function for name, function in environment.filters.items() if name in FILTERS
    }
    environment.filters["tojson"] = _to_json
    environment.globals = {
        "range": counted,
        "raise_exception": refuse,
        "namespace": environment.globals["namespace"],
        "dict": dict,
        "strftime_now": _DAY.strftime,  # a fixed day, so that counts do not depend on when
    }
    return environment


def _to_json(value: Any, indent: int | None = None, **options: Any) -> str:
    return json.dumps(
        value,
        ensure_ascii=bool(options.get("ensure_ascii", False)),
        indent=indent if indent is None else min(indent, 8),
        separators=options.get("separators"),
        sort_keys=bool(options.get("sort_keys", False)),
        default=str,
    )


if __name__ == "__main__":
    main()
