"""The user's own keys, from `keys.toml` in the configuration folder. No Textual here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from advisor.core import toml_text
from advisor.core.errors import UsageError, did_you_mean

FILE = "keys.toml"
HEAD = """\
# Keys of the app: name = "key", several with commas between. Names that are left out keep theirs.
# Keys are written as in "ctrl+s", "f5", "plus", "P".
"""


def keymap_path() -> Path:
    """Where the file is, or would be."""
    from advisor.store.folders import folders

    return folders().config / FILE


def read_keymap(path: Path, names: Collection[str]) -> Mapping[str, str]:
    """The keys by the name of their action; empty without a file. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8; correct it or delete the file") from None
    try:
        table = toml_text.parse(text)
    except toml_text.TomlError as error:
        raise UsageError(f"{path}: {error}; correct it or delete the file") from None
    for name, keys in table.items():
        if name not in names:
            hint = did_you_mean(name, names) or "; delete the line"
            raise UsageError(f"{path}: {name}: no such action{hint}")
        if not isinstance(keys, str) or not keys.strip():
            raise UsageError(f'{path}: {name}: write a key in quotes, such as "ctrl+s"')
    return {name: str(keys) for name, keys in table.items()}


def template(keys: Mapping[str, str]) -> str:
    """A file that lists every action with the key it has now, as comments."""
    return HEAD + "".join(f'# {name} = "{key}"\n' for name, key in sorted(keys.items()))
