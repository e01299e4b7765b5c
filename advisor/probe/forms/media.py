"""Pictures, sound and video in a row: recognised in every provider's form, never read as text.

Tokens are counted by the provider's published rule where there is one and the size is in the data:

- OpenAI (platform.openai.com/docs/guides/images-vision, "Calculating costs"): detail low is a base;
  else the picture is fitted into 2,048 × 2,048, its shorter side brought to 768, and each tile of
  512 × 512 counts on top of the base; newer small models count patches of 32 × 32, at most 1,536.
- Anthropic (docs.anthropic.com, "Vision"): width × height ÷ 750, after the longer side is brought
  to 1,568.
- open models that see: `open_vision`;
- Gemini (ai.google.dev/gemini-api/docs/tokens): 258 where both sides are at most 384, else 258 per
  tile of 768 × 768; sound 32 tokens per second.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any, NamedTuple

from advisor.probe.forms.open_vision import rule_of
from advisor.probe.forms.records import JsonObject

AS_OF = "2026-11-20"

OPENAI_TILES = {
    "gpt-4o-mini": (2833, 5667),
    "gpt-4o": (85, 170),
    "gpt-4.1-mini": (0, 0),
    "gpt-4.1-nano": (0, 0),
    "gpt-4.1": (85, 170),
    "gpt-5-mini": (0, 0),
    "gpt-5-nano": (0, 0),
    "gpt-5": (70, 140),
    "o4-mini": (0, 0),
    "o1": (75, 150),
    "o3": (75, 150),
}
"""Base and tokens per tile by the begin of a model's name; (0, 0): counted in patches."""

OPENAI_PATCHES = {"gpt-4.1-mini": 1.62, "gpt-4.1-nano": 2.46, "gpt-5-mini": 1.62,
                  "gpt-5-nano": 2.46, "o4-mini": 1.72}  # fmt: skip
MOST_PATCHES = 1536
ANTHROPIC_PIXELS = 750
ANTHROPIC_LONGEST = 1568
GEMINI_TILE = 258
GEMINI_SOUND_PER_SECOND = 32
_BASE64 = re.compile(r"data:([\w.+-]+)/[\w.+-]+(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=_\-\s]*")
_PLACEHOLDER = re.compile(r"<\|?(?:image|audio|video|img)(?:_?pad|_\d+)?\|?>\n?", re.IGNORECASE)
_TAGGED = re.compile(r"<(img|image|audio|video)>([^<]{1,2000})</\1>", re.IGNORECASE)
_KINDS_OF_TAGS = {"img": "picture", "image": "picture", "audio": "sound", "video": "video"}
_BASE64_ONLY = re.compile(r"[A-Za-z0-9+/_\-\r\n]+={0,2}")
LEAST_BASE64 = 400
HEAD_CHARACTERS = 96 * 1024  # of base64, in which a header is looked for


class Medium(NamedTuple):
    """One picture, sound or video; width and height in pixels, or seconds, where the data say so.

    `form` is the provider whose form it has (openai, anthropic, gemini), empty where it is open.
    """

    kind: str  # picture sound video file
    form: str = ""
    detail: str = ""
    width: int = 0
    height: int = 0
    seconds: float = 0.0


def tokens_of(medium: Medium, model: str) -> int | None:
    """Tokens by the published rule of the model's provider (of the form's, without a model).

    None where there is no rule, or the rule needs a size that the data do not hold.
    """
    name = model.lower().removeprefix("ft:").rpartition("/")[2]
    provider = _provider(name) if name else medium.form
    if medium.kind == "sound" and provider == "gemini" and medium.seconds:
        return math.ceil(medium.seconds * GEMINI_SOUND_PER_SECOND)
    if medium.kind != "picture":
        return None
    open_rule = rule_of(name) if name and not provider else None
    if open_rule is not None:
        return open_rule(medium.width, medium.height) if medium.width and medium.height else None
    if provider == "openai":
        return _openai(medium, name or "gpt-4o")
    if not medium.width or not medium.height:
        return None
    if provider == "anthropic":
        scale = min(1.0, ANTHROPIC_LONGEST / max(medium.width, medium.height))
        return math.ceil(medium.width * medium.height * scale**2 / ANTHROPIC_PIXELS)
    if provider == "gemini":
        return _gemini(medium)
    return None


def _provider(name: str) -> str:
    if name.startswith((*OPENAI_TILES, "chatgpt")):
        return "openai"
    if name.startswith("claude"):
        return "anthropic"
    return "gemini" if name.startswith("gemini") else ""


def _openai(medium: Medium, name: str) -> int | None:
    begin = next((b for b in OPENAI_TILES if name.startswith(b)), "gpt-4o")
    base, per_tile = OPENAI_TILES[begin]
    if per_tile and medium.detail == "low":
        return base
    if not medium.width or not medium.height:
        return None
    if not per_tile:
        return math.ceil(_patches(medium) * OPENAI_PATCHES[begin])
    scale = min(1.0, 2048 / max(medium.width, medium.height))
    scale *= min(1.0, 768 / (min(medium.width, medium.height) * scale))
    tiles = math.ceil(medium.width * scale / 512) * math.ceil(medium.height * scale / 512)
    return base + tiles * per_tile


def _patches(medium: Medium) -> int:
    """Patches of 32 × 32; beyond the most the picture is shrunk until whole patches fit."""
    patches = math.ceil(medium.width / 32) * math.ceil(medium.height / 32)
    if patches <= MOST_PATCHES:
        return patches
    shrink = math.sqrt(32**2 * MOST_PATCHES / (medium.width * medium.height))
    across = medium.width * shrink / 32
    down = medium.height * shrink / 32
    shrink *= min(math.floor(across) / across, math.floor(down) / down)
    return math.ceil(medium.width * shrink / 32) * math.ceil(medium.height * shrink / 32)


def _gemini(medium: Medium) -> int:
    if max(medium.width, medium.height) <= 384:
        return GEMINI_TILE
    tile = min(max(int(min(medium.width, medium.height) / 1.5), 256), 768)
    return GEMINI_TILE * math.ceil(medium.width / tile) * math.ceil(medium.height / tile)


def medium_of(part: JsonObject) -> Medium | None:
    """The picture, sound or video that a part of a message is; None: it is something else."""
    kind = str(part.get("type", "")).lower()
    for key, value in part.items():
        name = key.lower().replace("_", "")
        if name in _PART_KEYS and value is not None:
            return _PART_KEYS[name](part, key, value, kind)
    if kind in ("image", "image_url", "image_file", "input_image", "picture"):
        return Medium("picture")
    if kind in ("audio", "input_audio", "audio_url"):
        return Medium("sound")
    if kind in ("video", "video_url", "input_video"):
        return Medium("video")
    return Medium("file") if kind in ("file", "input_file") else None


def _image_url(part: JsonObject, key: str, value: Any, kind: str) -> Medium:
    url = value.get("url", "") if isinstance(value, dict) else value
    detail = value.get("detail", "") if isinstance(value, dict) else part.get("detail", "")
    return _sized(Medium("picture", "openai", str(detail or "")), str(url))


def _source(part: JsonObject, key: str, value: Any, kind: str) -> Medium | None:
    """Anthropic's `source`; a document of plain text is text."""
    if not isinstance(value, dict) or value.get("type") in ("text", "content"):
        return None
    if kind == "document":
        return Medium("file", "anthropic")
    if kind in ("audio", "video"):
        return Medium("sound" if kind == "audio" else "video")
    return _sized(Medium("picture", "anthropic"), str(value.get("data", "")))


def _inline(part: JsonObject, key: str, value: Any, kind: str) -> Medium | None:
    """Gemini's inlineData and fileData."""
    if not isinstance(value, dict):
        return None
    mime = str(value.get("mimeType", value.get("mime_type", "")))
    return _sized(Medium(_kind_of_mime(mime), "gemini"), str(value.get("data", "")))


def _sound(part: JsonObject, key: str, value: Any, kind: str) -> Medium:
    data = value.get("data", "") if isinstance(value, dict) else value
    form = "openai" if kind == "input_audio" else ""
    return _sized(Medium("sound", form), data if isinstance(data, str) else "")


def _open_picture(part: JsonObject, key: str, value: Any, kind: str) -> Medium | None:
    """`image` of Hugging Face and Bedrock: a path, bytes, or an object that holds them."""
    if isinstance(value, dict):
        source = value.get("source")
        value = source.get("bytes", "") if isinstance(source, dict) else value.get("bytes", "")
    return _sized(Medium("picture"), value if isinstance(value, str | bytes) else "")


def _video(part: JsonObject, key: str, value: Any, kind: str) -> Medium:
    return Medium("video")


def _file(part: JsonObject, key: str, value: Any, kind: str) -> Medium | None:
    return Medium("file") if isinstance(value, dict) or kind else None


_PART_KEYS = {
    "imageurl": _image_url,
    "source": _source,
    "inlinedata": _inline,
    "filedata": _inline,
    "inputaudio": _sound,
    "audio": _sound,
    "audiourl": _sound,
    "image": _open_picture,
    "imagefile": _open_picture,
    "video": _video,
    "videourl": _video,
    "file": _file,
}


def media_of(value: Any, kind: str) -> tuple[Medium, ...]:
    """The media in a field such as `images`: a path, bytes, an object, or a list of them."""
    if value in (None, "", []):
        return ()
    parts = value if isinstance(value, list) else [value]
    return tuple(_of_column(part, kind) for part in parts if part)


def _of_column(part: Any, kind: str) -> Medium:
    if isinstance(part, dict):
        medium = medium_of(part) or Medium(kind)
        data = part.get("bytes") or part.get("data") or ""
        return _sized(medium, data if isinstance(data, str | bytes) else "")
    return _sized(Medium(kind), part if isinstance(part, str | bytes) else "")


def without_media(text: str) -> tuple[str, tuple[Medium, ...]]:
    """A text without the base64 data and the tagged paths in it (`<img>a.png</img>`, as Qwen-VL
    has them), and what these are.
    """
    media: list[Medium] = []
    if "base64," in text:
        media = [
            _sized(Medium(_kind_of_mime(match[1]), ""), match[0][: HEAD_CHARACTERS + 64])
            for match in _BASE64.finditer(text)
        ]
        text = _BASE64.sub("", text)
    if has_tagged_media(text):
        media += [Medium(_KINDS_OF_TAGS[m[1].lower()]) for m in _TAGGED.finditer(text)]
        text = _TAGGED.sub("", text)
    return text, tuple(media)


def has_tagged_media(text: str) -> bool:
    """Whether a text may name a picture, a sound or a video in tags."""
    return "</img>" in text or "</audio>" in text or "</video>" in text or "</image>" in text


def without_placeholders(text: str) -> str:
    """A text without `<image>`, `<audio>` and the like, which stand for what is beside it."""
    return _PLACEHOLDER.sub("", text)


def is_base64(text: str) -> bool:
    """Whether a whole text is nothing but data in base64: long, without a blank, of any letters."""
    head = text[:4000].strip()
    if len(head) < LEAST_BASE64 or not _BASE64_ONLY.fullmatch(head):
        return False
    return sum(c.isdigit() or c.isupper() for c in head) > len(head) / 4


def _kind_of_mime(mime: str) -> str:
    main = mime.lower().partition("/")[0]
    return {"image": "picture", "audio": "sound", "video": "video"}.get(main, "file")


def _sized(medium: Medium, data: str | bytes) -> Medium:
    """With the size that the header of the data tells."""
    raw = data if isinstance(data, bytes) else _decoded(data)
    if medium.kind == "sound":
        return medium._replace(seconds=_wave_seconds(raw, _bytes_of(data)))
    if medium.kind != "picture" or not raw:
        return medium
    width, height = _pixels(raw)
    return medium._replace(width=width, height=height)


def _bytes_of(data: str | bytes) -> int:
    return len(data) if isinstance(data, bytes) else len(data) * 3 // 4


def _decoded(data: str) -> bytes:
    """The first bytes of base64 data, with or without `data:…;base64,` before; nothing for else."""
    if data.startswith(("http:", "https:", "file:", "gs:", "s3:")):
        return b""
    body = data[: HEAD_CHARACTERS + 64].partition("base64,")[2] if "base64," in data[:100] else data
    body = re.sub(r"\s", "", body[:HEAD_CHARACTERS])
    try:
        return base64.b64decode(body[: len(body) // 4 * 4], altchars=None, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _pixels(raw: bytes) -> tuple[int, int]:
    """(width, height) from the header of a PNG, GIF, BMP, WebP or JPEG; (0, 0): not told."""
    try:
        if raw.startswith(b"\x89PNG") and raw[12:16] == b"IHDR":
            return _pair(raw, ">II", 16)
        if raw.startswith((b"GIF87a", b"GIF89a")):
            return _pair(raw, "<HH", 6)
        if raw.startswith(b"BM"):
            width, height = _pair(raw, "<ii", 18)
            return abs(width), abs(height)
        if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
            return _webp(raw)
        return _jpeg(raw) if raw.startswith(b"\xff\xd8") else (0, 0)
    except struct.error:
        return 0, 0


def _pair(raw: bytes, form: str, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, raw, at)
    return int(first), int(second)


def _webp(raw: bytes) -> tuple[int, int]:
    """RFC 9649: lossy (VP8), lossless (VP8L) and extended (VP8X) form."""
    form = raw[12:16]
    if form == b"VP8 ":
        width, height = _pair(raw, "<HH", 26)
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        bits = int.from_bytes(raw[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width = int.from_bytes(raw[24:27], "little") + 1
    return width, int.from_bytes(raw[27:30], "little") + 1


def _jpeg(raw: bytes) -> tuple[int, int]:
    """Frame header (SOF0 to SOF15 without DHT, JPG and DAC), found from segment to segment."""
    at = 2
    while at + 9 < len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _pair(raw, ">HH", at + 5)
            return width, height
        (length,) = struct.unpack_from(">H", raw, at + 2)
        at += 2 + max(int(length), 2)
    return 0, 0


def _wave_seconds(raw: bytes, size: int) -> float:
    """Seconds of a WAVE: bytes of samples ÷ bytes per second; 0: another format."""
    if not raw.startswith(b"RIFF") or raw[8:12] != b"WAVE":
        return 0.0
    (rate,) = struct.unpack_from("<I", raw, 28) if len(raw) >= 32 else (0,)
    return max(size - 44, 0) / rate if rate else 0.0
