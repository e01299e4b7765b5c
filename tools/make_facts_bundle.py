"""Puts newer rows of our tables into a bundle and signs it, for `advisor facts update`.

    python -m tools.make_facts_bundle --generate-key maker.key          # also writes maker.pub
    python -m tools.make_facts_bundle new/gpu_prices.csv new/prices.toml \\
        --secret-key maker.key -o facts-2026-12-01.json

The signature goes into a file with `.minisig` behind the name of the bundle. A key that minisign
made with a password works, too: the password is asked for.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
from datetime import date
from pathlib import Path

import minisign

from advisor.core.errors import AdvisorError
from advisor.facts.bundle import read_bundle


def bundle(tables: list[Path], day: str, note: str) -> bytes:
    """The text of a bundle. Raises UsageError where a table is none of ours."""
    document = {
        "schema": 1,
        "made": day,
        "note": note,
        "tables": {table.name: table.read_text(encoding="utf-8") for table in tables},
    }
    content = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    read_bundle(content, "the bundle")
    return content


def generate_key(file: Path) -> Path:
    """A new pair of keys: the secret one for this user alone, the public one beside it."""
    pair = minisign.KeyPair.generate()
    public = file.with_suffix(".pub")
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as secret:
        secret.write(bytes(pair.secret_key))
    public.write_bytes(bytes(pair.public_key) + b"\n")
    return public


def sign(content: bytes, secret_key: Path, comment: str) -> bytes:
    """The minisign signature of a bundle; a password is asked for where the key has one."""
    with minisign.SecretKey.from_file(secret_key) as key:
        if key.is_encrypted():
            key.decrypt(getpass.getpass(f"password of {secret_key}: "))
        return bytes(key.sign(content, trusted_comment=comment)) + b"\n"


def main() -> None:
    """Make keys, or a bundle with its signature."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tables", nargs="*", type=Path)
    parser.add_argument("--generate-key", type=Path, metavar="FILE")
    parser.add_argument("--secret-key", type=Path, metavar="FILE")
    parser.add_argument("--made", default=date.today().isoformat())
    parser.add_argument("--note", default="")
    parser.add_argument("-o", "--output", type=Path)
    words = parser.parse_args()
    if words.generate_key:
        print(f"wrote {words.generate_key} (keep it secret) and {generate_key(words.generate_key)}")
        return
    if not words.tables or not words.secret_key or not words.output:
        parser.error("name the tables, --secret-key and -o, or use --generate-key")
    try:
        content = bundle(words.tables, words.made, words.note)
        signature = sign(content, words.secret_key, f"facts of {words.made}")
    except (AdvisorError, OSError, minisign.Error) as error:
        parser.error(str(error))
    words.output.write_bytes(content)
    words.output.with_name(words.output.name + ".minisig").write_bytes(signature)
    print(f"wrote {words.output} and its signature")


if __name__ == "__main__":
    main()
