"""advisor: engineer the prompt, fine-tune, or do both, with ranges and reasons that can be
traced.

    from advisor import Brief, estimate, recommend

Nothing is loaded before it is used: `import advisor` is as cheap as an empty module.
"""

TYPE_CHECKING = False  # type checkers take it for true; importing typing takes 4 ms

if TYPE_CHECKING:
    from advisor.interface import AdvisorError as AdvisorError
    from advisor.interface import Brief as Brief
    from advisor.interface import EstimateAnswer as EstimateAnswer
    from advisor.interface import RunRequest as RunRequest
    from advisor.interface import Verdict as Verdict
    from advisor.interface import as_json as as_json
    from advisor.interface import estimate as estimate
    from advisor.interface import read_brief as read_brief
    from advisor.interface import recommend as recommend

__version__ = "0.2.0"

__all__ = [
    "AdvisorError",
    "Brief",
    "EstimateAnswer",
    "RunRequest",
    "Verdict",
    "as_json",
    "estimate",
    "read_brief",
    "recommend",
]


def __getattr__(name: str) -> object:
    """The names of the interface, loaded when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    interface = import_module("advisor.interface")
    # `estimate` is a room of this package too, which can be called: the import has set it here
    return globals().setdefault(name, getattr(interface, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
