"""The look of a firm: colours, a logo and a font, from a small TOML file."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from advisor.core import given_files, toml_text
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.text import printable

MARK = "#0b6e66"
"""The colour of headings, lines and the recommended option where no brand says otherwise."""

ACCENT = "#f0b429"
"""A second colour, for fills alone."""

Stated: TypeAlias = dict[str, "str | int | float | bool | list[str]"]
"""The keys of a brand file as they stand there."""

KEYS = ("name", "logo", "font", "mark", "accent")
LARGEST_LOGO = 2 << 20
ENDINGS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".svg": "svg"}
CONTRAST = 4.5
"""The least contrast of text with its background (WCAG 2.2, level AA)."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FONT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,60}")


@dataclass(frozen=True, slots=True)
class Brand:
    """`mark` is legible on white, `bright` on black; `logo` is a picture of the kind `kind`."""

    name: str = ""
    font: str = ""
    mark: str = MARK
    bright: str = "#4fc1b4"
    accent: str = ACCENT
    logo: bytes = b""
    kind: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether no brand is given."""
        return self == Brand()


def read_brand(path: Path) -> Brand:
    """The brand in a TOML file; the logo's path is relative to it. Raises UsageError."""
    name = printable(str(path))
    try:
        stated: Stated = toml_text.parse(given_files.read_text(path))
    except OSError as error:
        raise UsageError(f"--brand {name}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"--brand {name}: is not UTF-8 text; save it as UTF-8") from None
    except toml_text.TomlError as error:
        raise UsageError(f"{name}: line {error.line}: {error.problem}") from None
    for key in stated:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"; use {', '.join(KEYS)}"
            raise UsageError(f"{name}: unknown key {printable(key)!r}{hint}")
    mark = _colour(name, stated, "mark", MARK)
    logo, kind = _logo(path, name, _text(name, stated, "logo"))
    return Brand(
        name=_text(name, stated, "name")[:200],
        font=_font(name, _text(name, stated, "font")),
        mark=legible(mark, "#ffffff"),
        bright=legible(mark, "#12171c"),
        accent=_colour(name, stated, "accent", ACCENT),
        logo=logo,
        kind=kind,
    )


def branded(svg: str, brand: Brand) -> str:
    """A picture in the colours of a brand, for formats without a style sheet."""
    if brand.is_plain:
        return svg
    return svg.replace(MARK, brand.mark).replace(ACCENT, brand.accent)


def logo_svg(brand: Brand) -> str:
    """The logo as SVG, around a picture in dots too; empty without one."""
    if brand.kind == "svg":
        return brand.logo.decode(errors="replace")
    if not brand.logo:
        return ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 96"><image width="360" '
        f'height="96" preserveAspectRatio="xMinYMid meet" href="{logo_address(brand)}"/></svg>'
    )


def logo_address(brand: Brand) -> str:
    """The logo as an address that holds the picture itself; empty without one."""
    if not brand.logo:
        return ""
    kind = {"svg": "svg+xml", "jpg": "jpeg"}.get(brand.kind, brand.kind)
    return f"data:image/{kind};base64,{base64.b64encode(brand.logo).decode()}"


def contrast(colour: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((_luminance(colour), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def legible(colour: str, background: str) -> str:
    """The colour, darkened or lightened in small steps until text in it is legible."""
    towards = 0 if _luminance(background) > 0.5 else 255
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for step in range(51):
        mixed = [round(part + (towards - part) * step / 50) for part in parts]
        text = "#" + "".join(f"{part:02x}" for part in mixed)
        if contrast(text, background) >= CONTRAST:
            return text
    return "#000000" if towards == 0 else "#ffffff"


def _luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _text(name: str, stated: Stated, key: str) -> str:
    value = stated.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{name}: {key}: is a text; put it in quotes")
    return value


def _colour(name: str, stated: Stated, key: str, otherwise: str) -> str:
    text = _text(name, stated, key) or otherwise
    if _COLOUR.fullmatch(text) is None:
        raise UsageError(f"{name}: {key}: {printable(text)!r} is not a colour such as {MARK}")
    return text.lower()


def _font(name: str, text: str) -> str:
    if text and _FONT.fullmatch(text) is None:
        raise UsageError(f"{name}: font: {printable(text)!r} is not the name of one font")
    return text


def _logo(path: Path, name: str, text: str) -> tuple[bytes, str]:
    if not text:
        return b"", ""
    logo = path.parent / text
    kind = ENDINGS.get(logo.suffix.lower())
    if kind is None:
        raise UsageError(f"{name}: logo: {printable(text)} is not a PNG, JPEG or SVG file")
    try:
        content = given_files.read_bytes(logo)
    except OSError as error:
        raise UsageError(
            f"{name}: logo: {printable(text)} cannot be read ({error.strerror})"
        ) from None
    if len(content) > LARGEST_LOGO:
        raise UsageError(f"{name}: logo: {printable(text)} is larger than 2 MiB; use a smaller one")
    starts = {"png": b"\x89PNG", "jpg": b"\xff\xd8"}
    if not content.startswith(starts.get(kind, b"")) or (kind == "svg" and b"<svg" not in content):
        raise UsageError(f"{name}: logo: {printable(text)} is not what its ending says")
    return content, kind
