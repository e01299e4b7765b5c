"""Models that are not language models, by name: what their training takes is not estimated here."""

from __future__ import annotations

import re

_PICTURES = "makes pictures or video by diffusion"
_SOUND = "reads or makes speech and sound"
_VISION = "labels or embeds pictures"
_MOLECULES = "reads molecules"

_KINDS: tuple[tuple[str, str], ...] = (
    (
        _PICTURES,
        r"flux(?:[.\-_]?[12]\b|1?-|$)|sdxl|sd-?(?:xl|turbo|1[.\-]?[45]|2[.\-]?[01]|3(?:[.\-]5)?)(?![a-z\d])"
        r"|stable-?(?:diffusion|video|cascade)|latent-diffusion|diffusion-?(?:xl|base|pipeline)"
        r"|wan-?2(?:[.\-_]\d)?|wan-(?:t2v|i2v|video|\d+b)|(?:t2v|i2v|ti2v)(?![a-z])|hunyuan-?(?:video|dit|image)"
        r"|cogvideo|cogview|ltx-?(?:video|\d)|mochi-?1|open-?sora|animatediff|allegro-t2v|step-?video"
        r"|pixart|kandinsky|kolors|auraflow|lumina-(?:image|next)|sana-\d|qwen-?image|z-image|hidream"
        r"|omnigen|playground-v\d|controlnet|ip-?adapter|dreambooth|dit-(?:s|b|l|xl)(?:-|$)|u-?vit|unet"
        r"|deepfloyd|dall-?e|imagen|ideogram",
    ),
    (
        _SOUND,
        r"whisper|wav2vec|hubert|wavlm|conformer|parakeet|canary-\d|seamless|speecht5|musicgen|audiogen"
        r"|audioldm|audiocraft|stable-audio|bark(?:-small)?$|vits|tacotron|xtts|f5-tts|melotts|encodec"
        r"|moonshine|mms-\d|mms-tts",
    ),
    (
        _VISION,
        r"vit-(?:tiny|small|base|large|huge|[tsblhg])(?:-|/|$)|yolo|resnet|convnext|efficientnet|swin-"
        r"|deit-|dinov?\d|segment-anything|sam2?-vit|clip-vit|openclip|siglip|mobilenet|detr(?:-|$)"
        r"|depth-anything|mask-?rcnn",
    ),
    (_MOLECULES, r"esm-?(?:2|fold|1b)|alphafold|openfold|protbert|prot-t5|nucleotide-transformer"),
)
_BY_KIND = tuple(
    (kind, re.compile(rf"(?<![a-z])(?:{pattern})", re.IGNORECASE)) for kind, pattern in _KINDS
)

MODEL_TYPES = {
    **dict.fromkeys(("whisper", "wav2vec2", "hubert", "wavlm", "speecht5", "musicgen"), _SOUND),
    **dict.fromkeys(("bark", "encodec", "seamless_m4t", "vits", "moonshine", "clap"), _SOUND),
    **dict.fromkeys(("vit", "clip", "siglip", "dinov2", "swin", "deit", "convnext"), _VISION),
    **dict.fromkeys(("resnet", "detr", "sam", "segformer", "yolos", "beit"), _VISION),
    **dict.fromkeys(("esm",), _MOLECULES),
}
"""`model_type` of a config.json in transformers, by what such a model does."""


def why_not_estimated(name: str) -> str:
    """Why nothing is said of a model with this name, and what to do; empty for language models."""
    file_name = name.replace("_", "-").rstrip("/").rpartition("/")[2]
    for kind, pattern in _BY_KIND:
        if pattern.search(file_name):
            return _sentence(name, kind)
    return ""


def why_not_estimated_by_type(model_type: str, name: str) -> str:
    """The same by the `model_type` of a config.json, or `diffusers` where that wrote it."""
    kind = _PICTURES if model_type == "diffusers" else MODEL_TYPES.get(model_type)
    return _sentence(name, kind) if kind else ""


def _sentence(name: str, kind: str) -> str:
    return (
        f"{name} {kind}, which is not estimated: only language models are; "
        "time a few steps with its own trainer and multiply"
    )
