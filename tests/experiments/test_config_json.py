"""`--config`: any config.json, refused in one line where it describes no model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.experiments import config_json

SIZES = {"hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 100}


def written(folder: Path, document: object) -> Path:
    path = folder / "config.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_code_beside_a_native_type_is_left_aside(tmp_path: Path) -> None:
    coded = SIZES | {"model_type": "llama", "auto_map": {"AutoConfig": "evil.Config"}}
    assert config_json(written(tmp_path, coded)) == SIZES | {"model_type": "llama"}


def test_code_of_an_own_type_has_a_way_out(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    coded = SIZES | {"model_type": "own-make", "auto_map": {"AutoConfig": "evil.Config"}}
    with pytest.raises(
        UsageError, match=r"'own-make' of its own.*never run.*`advisor estimate --config`"
    ):
        config_json(written(tmp_path, coded))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("[" * 100_000, "not JSON"),
        ("{", "not JSON"),
        ([1], "is not a JSON object"),
        ({"model_type": "llama", "intermediate_size": [8, 8]}, "is a list of sizes per layer"),
        ({"model_type": "llama", "num_hidden_layers": "four"}, "is not a whole number"),
    ],
)
def test_what_describes_no_model_is_one_line(tmp_path: Path, document: object, words: str) -> None:
    with pytest.raises(UsageError, match=r"^--config .*config\.json: ") as caught:
        config_json(written(tmp_path, document))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
