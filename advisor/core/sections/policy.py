"""What is allowed, whose prices apply, and which models may be used."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.question import ask


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed."""

    data_may_leave: bool = ask(
        "May data leave your machines?",
        "If not, hosted models are excluded.",
        "yes-no",
        True,
        "allowed, unless stated",
        basic=True,
    )
    zero_retention: bool = ask(
        "Must a provider retain nothing?",
        "By contract: providers that do not offer it are excluded.",
        "yes-no",
        False,
        "not required, unless stated",
    )
    residency: str = ask(
        "Where must data stay?",
        "eu: data at rest and in use stay there. Left out: anywhere.",
        "text",
        "",
        "anywhere, unless stated",
    )
    open_weights_only: bool = ask(
        "Only models with open weights?",
        "If so, closed models are excluded, prompted or tuned.",
        "yes-no",
        False,
        "not required, unless stated",
    )
    allowed_providers: tuple[str, ...] = ask(
        "Which providers are allowed?",
        "Names, such as azure. Empty: any.",
        "names",
        (),
        "any, unless stated",
    )


@dataclass(frozen=True, slots=True)
class Prices:
    """Own prices."""

    file: str = ask(
        "Is there a file of your own prices?",
        "TOML; its rows override the shipped ones.",
        "path",
        "",
        "shipped prices",
        registered=False,
    )


@dataclass(frozen=True, slots=True)
class Compare:
    """Which options are compared."""

    only: tuple[str, ...] = ask(
        "Which options alone are compared?",
        "Approaches (prompt), techniques (lora), models or patterns of ids (tune/*). Empty: all.",
        "names",
        (),
        "every option",
        registered=False,
    )


@dataclass(frozen=True, slots=True)
class Models:
    """Candidates. An empty list means no such option; `None` means our candidates."""

    prompt: tuple[str, ...] | None = ask(
        "Which models may be prompted?",
        "Left out: our candidates. An empty list: none.",
        "names",
        None,
        "our candidates: see docs/reference/formulas.md",
    )
    tune: tuple[str, ...] | None = ask(
        "Which models may be tuned?",
        "Encoders belong here too. Left out: our candidates. An empty list: none.",
        "names",
        None,
        "our candidates: see docs/reference/formulas.md",
    )
