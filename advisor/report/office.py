"""What office files share: pictures in dots, and an archive without the time it was made at."""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from pathlib import Path

from advisor.core.errors import MissingExtra
from advisor.report.brand import Brand, logo_svg

DOTS_PER_INCH = 180


@lru_cache(maxsize=32)
def dots(svg: str) -> bytes:
    """A picture as PNG, as office programs do not read SVG everywhere. Raises MissingExtra."""
    try:
        import font_lato
        import typst
    except ImportError:
        raise MissingExtra(
            "DOCX and PPTX need an extra that is not installed; "
            "run: pip install 'prompt-or-tune[report]'"
        ) from None
    drawn = typst.compile(
        Path(__file__).parent / "templates" / "picture.typ",
        format="png",
        ppi=DOTS_PER_INCH,
        font_paths=[Path(font_lato.__file__).parent / "files"],
        ignore_system_fonts=max(svg) < "\u2c00",
        sys_inputs={"svg": svg},
    )
    if isinstance(drawn, bytes):
        return drawn
    raise ValueError("a picture has one page")


def logo_dots(brand: Brand) -> bytes:
    """The logo as PNG or JPEG."""
    return dots(logo_svg(brand)) if brand.kind == "svg" else brand.logo


def stamped(content: bytes) -> bytes:
    """The same archive with a fixed time on every file in it."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            fixed = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(fixed, source.read(entry))
    return buffer.getvalue()
