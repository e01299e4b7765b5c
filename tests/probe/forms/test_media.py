"""Pictures and sound: recognised in every provider's form, counted by its rule, never as text."""

import base64
import json
import struct
import zlib

import pytest

from advisor.probe.data import probe
from advisor.probe.forms.fields import recognise
from advisor.probe.forms.media import Medium, tokens_of

ASK = "What is in the picture?"
GOOD = "A red parcel."


def png(width, height):
    """A whole PNG of one colour."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\0" * width for _ in range(height)), 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def jpeg(width, height):
    """As much of a JPEG as tells its size, with a segment before the frame."""
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 9
    return b"\xff\xd8" + app + frame + b"\xff\xd9" + b"\0" * 3000


def wave(seconds, rate=16_000):
    size = seconds * rate * 2
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 1, rate,
                       rate * 2, 2, 16, b"data", size)  # fmt: skip
    return head + b"\0" * size


def coded(raw):
    return base64.b64encode(raw).decode()


DATA = coded(png(640, 480))
URL = f"data:image/png;base64,{DATA}"
PARTS = {
    "openai": ({"type": "image_url", "image_url": {"url": URL, "detail": "high"}}, "openai"),
    "openai text": ({"type": "image_url", "image_url": URL}, "openai"),
    "responses": ({"type": "input_image", "image_url": URL}, "openai"),
    "anthropic": ({"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                               "data": DATA}}, "anthropic"),
    "gemini": ({"inlineData": {"mimeType": "image/png", "data": DATA}}, "gemini"),
    "gemini snake": ({"inline_data": {"mime_type": "image/png", "data": DATA}}, "gemini"),
    "bedrock": ({"image": {"format": "png", "source": {"bytes": DATA}}}, ""),
    "hugging face": ({"type": "image", "image": URL}, ""),
}  # fmt: skip


def parts_of(row):
    return recognise([row]).read(row, False)


@pytest.mark.parametrize("name", PARTS)
def test_a_picture_in_a_message(name):
    part, form = PARTS[name]
    text = {"text": ASK} if name.startswith(("gemini", "bed")) else {"type": "text", "text": ASK}
    row = {"messages": [{"role": "user", "content": [text, part]},
                        {"role": "assistant", "content": GOOD}]}  # fmt: skip
    parts = parts_of(row)
    assert (parts.prompt, parts.answer) == (ASK, GOOD)
    assert [(m.kind, m.form, m.width, m.height) for m in parts.media] == [
        ("picture", form, 640, 480)
    ]


COLUMNS = {
    "paths": {"images": ["a.png", "b.png"]},
    "one path": {"image": "train/a.png"},
    "bytes": {"image": {"bytes": png(640, 480), "path": None}},
    "list of bytes": {"images": [{"bytes": png(640, 480), "path": "x.png"}]},
    "data": {"image": URL},
    "plain base64": {"image": DATA},
}


@pytest.mark.parametrize("form", ["chat", "alpaca"])
@pytest.mark.parametrize("name", COLUMNS)
def test_pictures_beside_placeholders(name, form):
    if form == "chat":
        row = {"conversations": [{"from": "human", "value": f"<image>\n{ASK}"},
                                 {"from": "gpt", "value": GOOD}]}  # fmt: skip
    else:
        row = {"instruction": f"<image>{ASK}", "input": "", "output": GOOD}
    parts = parts_of(row | COLUMNS[name])
    assert (parts.prompt, parts.answer) == (ASK, GOOD)
    assert {m.kind for m in parts.media} == {"picture"}


SOUND = {
    "openai": {"type": "input_audio", "input_audio": {"data": coded(wave(2)), "format": "wav"}},
    "gemini": {"inlineData": {"mimeType": "audio/wav", "data": coded(wave(2))}},
    "qwen": {"type": "audio", "audio": "call.wav"},
    "url": {"type": "audio_url", "audio_url": {"url": "https://a.example/call.mp3"}},
}


def test_pictures_of_a_message():
    row = {"messages": [{"role": "user", "content": ASK, "images": [DATA]},
                        {"role": "assistant", "content": GOOD}]}  # fmt: skip
    parts = parts_of(row)
    assert (parts.prompt, [m.width for m in parts.media]) == (ASK, [640])


@pytest.mark.parametrize("name", SOUND)
def test_sound_in_a_message(name):
    row = {"messages": [{"role": "user", "content": [{"text": ASK}, SOUND[name]]},
                        {"role": "assistant", "content": GOOD}]}  # fmt: skip
    parts = parts_of(row)
    assert (parts.prompt, [m.kind for m in parts.media]) == (ASK, ["sound"])


@pytest.mark.parametrize(
    "text",
    [f"See ![]({URL}) there", f"See {URL}", f'<img src="{URL}">', URL, DATA],
    ids=["markdown", "end", "html", "url", "data"],
)
@pytest.mark.parametrize("form", ["chat", "flat"])
def test_data_within_a_text_are_no_text(text, form):
    if form == "chat":
        row = {"messages": [{"role": "user", "content": text},
                            {"role": "assistant", "content": GOOD}]}  # fmt: skip
        parts = parts_of(row)
    else:
        row = {"prompt": text, "completion": GOOD}
        fields = recognise([{"prompt": ASK, "completion": GOOD}] * 9 + [row])
        parts = fields.read(row, False)
    assert len(parts.prompt) < 40
    assert len(parts.media) == 1


def test_prose_is_no_data():
    from advisor.probe.forms.media import is_base64

    assert not is_base64("word " * 500)
    assert not is_base64("a" * 5000)
    assert not is_base64("antidisestablishmentarianism" * 40)
    assert not is_base64("https://shop.example/a?b=c")
    assert is_base64(DATA)


@pytest.mark.parametrize(
    ("medium", "model", "tokens"),
    [
        # OpenAI's own examples: 1,024 × 1,024 at high detail, 2,048 × 4,096, and low detail
        (Medium("picture", width=1024, height=1024), "gpt-4o", 765),
        (Medium("picture", width=2048, height=4096), "gpt-4o", 1105),
        (Medium("picture", width=4096, height=8192, detail="low"), "gpt-4o", 85),
        (Medium("picture", width=1024, height=1024), "gpt-4o-mini", 2833 + 4 * 5667),
        (Medium("picture", width=1024, height=1024), "o1", 75 + 4 * 150),
        (Medium("picture", width=1024, height=1024), "gpt-5", 70 + 4 * 140),
        (Medium("picture", width=1024, height=1024), "gpt-4.1-mini", 1659),  # 1,024 patches × 1.62
        (Medium("picture", width=1800, height=2400), "gpt-4.1-mini", 2353),  # 1,452 patches × 1.62
        # Anthropic's table: 200 × 200, 1,000 × 1,000
        (Medium("picture", width=200, height=200), "claude-sonnet-5", 54),
        (Medium("picture", width=1000, height=1000), "claude-sonnet-5", 1334),
        (Medium("picture", width=384, height=300), "gemini-2.5-flash", 258),
        (Medium("picture", width=960, height=540), "gemini-2.5-flash", 258 * 6),
        (Medium("sound", seconds=60), "gemini-2.5-flash", 1920),
        (Medium("picture", "anthropic", width=1000, height=1000), "", 1334),
        (Medium("picture", "openai", detail="low"), "", 85),
        (Medium("picture", "openai"), "gpt-4o", None),  # no size in the data
        (Medium("picture", width=10, height=10), "phi-4-multimodal", None),  # no published rule
        (Medium("sound", seconds=60), "gpt-4o", None),
        (Medium("video"), "gemini-2.5-flash", None),
    ],
)
def test_the_published_rules(medium, model, tokens):
    assert tokens_of(medium, model) == tokens


@pytest.mark.parametrize("make", [png, jpeg])
def test_the_report_counts_pictures_in_the_prompt(tmp_path, make):
    part = {"type": "image", "source": {"type": "base64", "media_type": "image/x",
                                        "data": coded(make(1000, 750))}}  # fmt: skip
    row = {"messages": [{"role": "user", "content": [{"type": "text", "text": ASK}, part]},
                        {"role": "assistant", "content": GOOD}]}  # fmt: skip
    text = json.dumps({"prompt": ASK, "completion": GOOD})
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(row)}\n" * 4)
    (tmp_path / "b.jsonl").write_text(f"{text}\n")
    with_pictures = probe([tmp_path / "a.jsonl"], model="claude-sonnet-5")
    without = probe([tmp_path / "b.jsonl"], model="claude-sonnet-5")
    assert with_pictures.media_rows == {"picture": 4}
    assert with_pictures.media_tokens.likely == 1000
    band = with_pictures.prompt_tokens.likely - without.prompt_tokens.likely
    assert 900 < band < 1600  # × the tokenizer's band
    assert with_pictures.media_uncounted_rows == 0


def test_the_report_says_what_it_could_not_count(tmp_path):
    row = {"messages": [{"role": "user", "content": [{"type": "text", "text": ASK},
                                                     {"type": "image", "image": "a.png"}]},
                        {"role": "assistant", "content": GOOD}]}  # fmt: skip
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(row)}\n" * 3)
    report = probe([tmp_path / "a.jsonl"])
    assert report.media_uncounted_rows == 3
    assert any("3 rows with pictures" in warning for warning in report.warnings)
    assert report.prompt_tokens.likely < 10
