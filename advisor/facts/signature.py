"""Who signed a bundle of facts: minisign signatures, checked by py-minisign (an extra)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.core import given_files
from advisor.core.errors import MissingExtra, UsageError
from advisor.core.text import printable

TRUSTED_KEYS = "facts.pub"
"""In the config folder: public keys of the makers whose bundles are taken, a key per line."""

COMMENT = "untrusted comment:"


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that verified a bundle, and the comment that it signed with it."""

    public_key: str
    comment: str


def verify(content: bytes, signature: bytes, public_keys: Sequence[str], name: str) -> Signer:
    """Which of the trusted keys signed this content.

    Raises UsageError where none did, MissingExtra without py-minisign.
    """
    try:
        import minisign
    except ModuleNotFoundError:
        raise MissingExtra(
            "checking a signature needs py-minisign: pip install 'prompt-or-tune[update]'"
        ) from None
    try:
        signed = minisign.Signature.from_bytes(signature)
    except (ValueError, IndexError):
        raise UsageError(f"{name}.minisig: is not a minisign signature") from None
    for text in public_keys:
        try:
            minisign.PublicKey.from_base64(text).verify(content, signed)
        except minisign.VerifyError:
            continue
        except ValueError:
            raise UsageError(
                f"{printable(text[:60])!r}: is not a minisign public key; it begins with RW"
            ) from None
        return Signer(text, printable(signed.trusted_comment))
    raise UsageError(
        f"{name}: is not signed by a key you trust, or was changed since; nothing is updated"
    )


def trusted_keys(stated: Sequence[str], config: Path) -> tuple[str, ...]:
    """The keys that were stated (a key or a file of keys), else those of the config folder.

    Raises UsageError where there are none.
    """
    if stated:
        return tuple(key for text in stated for key in _keys(text))
    file = config / TRUSTED_KEYS
    if not file.is_file():
        raise UsageError(
            f"no key is trusted yet: name the maker's with --public-key, or put it into {file}"
        )
    return _keys(str(file))


def _keys(text: str) -> tuple[str, ...]:
    """A key, or those in a file of that name, without comments."""
    file = Path(text)
    try:
        content = given_files.read_text(file) if file.exists() else text
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{text}: cannot be read as a file of public keys") from None
    lines = (line.strip() for line in content.splitlines())
    return tuple(line for line in lines if line and not line.startswith((COMMENT, "#")))
