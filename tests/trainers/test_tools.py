"""Each tool's own parser accepts the configurations that we write for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.trainers import FORMATS, Recipe, exported
from tests.trainers.recipes import RECIPES
from tests.trainers.tools import python_of, run_there

PARSERS = {
    "trl": """
from trl import DPOConfig, ModelConfig, ScriptArguments, SFTConfig, TrlParser
from trl.scripts.utils import DatasetMixtureConfig
config = DPOConfig if "dpo" in NAME else SFTConfig
parser = TrlParser((ScriptArguments, config, ModelConfig, DatasetMixtureConfig))
_, args, model, data = parser.parse_args_and_config(
    ["--config", "config.yaml", "--use_cpu", "true"])
print(args.max_length, args.per_device_train_batch_size, model.model_name_or_path,
      len(data.datasets))
""",
    "axolotl": """
import yaml
from axolotl.utils.dict import DictDefault
from axolotl.utils.schemas.config import AxolotlInputConfig
text = yaml.safe_load(open("config.yaml"))
known = set(AxolotlInputConfig.model_fields) | {"liger_cross_entropy",
    "liger_fused_linear_cross_entropy"}
assert set(text) <= known, set(text) - known
config = AxolotlInputConfig.model_validate(DictDefault(text).to_dict())
print(config.sequence_len, config.micro_batch_size, config.base_model, len(config.datasets))
""",
    "llama-factory": """
import importlib.machinery, os, sys, types, yaml
sound = types.ModuleType("torchaudio")  # is asked for and not needed
sound.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules.setdefault("torchaudio", sound)
os.environ["DISABLE_VERSION_CHECK"] = "1"  # it pins an older transformers than its keys need
from transformers import HfArgumentParser
from llamafactory.hparams import parser as hparams
from llamafactory.data.parser import get_dataset_list
values = yaml.safe_load(open("config.yaml"))
model, data, args, finetuning, _ = HfArgumentParser(hparams._TRAIN_ARGS).parse_dict(
    {**values, "use_cpu": True, "bf16": False, "fp16": False, "deepspeed": None},
    allow_extra_keys=False)  # deepspeed's file is its own, and needs deepspeed here
rows = get_dataset_list(data.dataset, data.dataset_dir)
print(data.cutoff_len, args.per_device_train_batch_size, model.model_name_or_path, len(rows))
""",
    "unsloth": """
from pathlib import Path
from unsloth_cli.config import load_config
config = load_config(Path("config.yaml"))
print(config.training.max_seq_length, config.training.batch_size, config.model,
      len(config.data.local_dataset))
""",
    "torchtune": """
from omegaconf import OmegaConf
from torchtune import config
values = OmegaConf.load("config.yaml")
config.validate(values)
print(values.tokenizer.max_seq_len, values.batch_size, values.checkpointer.checkpoint_dir, 1)
""",
    "openai": """
import typing, yaml
from pydantic import ConfigDict, TypeAdapter, with_config
from openai.types.fine_tuning.job_create_params import JobCreateParams
values = yaml.safe_load(open("config.yaml"))
assert set(values) <= set(JobCreateParams.__annotations__)
TypeAdapter(JobCreateParams).validate_python(values, strict=True)
method = values["method"]
print(0, method[method["type"]]["hyperparameters"]["batch_size"], values["model"], 1)
""",
    "together": """
import inspect, yaml
from unittest import mock
from together import Together
values = yaml.safe_load(open("config.yaml"))
create = Together(api_key="x").fine_tuning.create
inspect.signature(create).bind(**values)
print(values["max_seq_length"], values["batch_size"], values["model"], 1)
""",
}
"""What prints longest sequence, batch, model and data sets as the tool's own parser has them."""


EACH = """
import os
say = print
for NAME in NAMES:
    os.chdir(os.path.join(HERE, NAME))
    try:
        exec(PARSER, {"NAME": NAME, "print": lambda *words: say("@", NAME, *words)})
    except Exception as error:
        say("@", NAME, "refused", type(error).__name__, str(error)[:300].replace(chr(10), " "))
"""
"""One start of the tool reads all files: it takes longer to import than to parse."""


def expected(tool: str, recipe: Recipe) -> str:
    request = recipe.request
    batch = request.micro_batch * (request.grad_accum if FORMATS[tool].is_hosted else 1)
    length = 0 if tool == "openai" else request.seq_len
    if tool == "llama-factory" and request.packed:
        length -= 1  # its parser takes one off, for its own padding
    model = recipe.weights
    if tool == "torchtune":
        model = f"/tmp/{model.rpartition('/')[2]}"
    return f"{length} {batch} {model} 1"


@pytest.mark.slow
@pytest.mark.parametrize("tool", list(FORMATS))
def test_the_tool_accepts_every_run_that_we_write(tool: str, tmp_path: Path) -> None:
    python = python_of(tool)
    names = []
    for name, recipe in RECIPES.items():
        try:
            export = exported(FORMATS[tool], recipe, "config.yaml")
        except UsageError:
            continue
        folder = tmp_path / name
        folder.mkdir()
        files = {"config.yaml": export.text, "train.jsonl": "{}\n", **export.beside}
        for file, text in files.items():
            (folder / file).write_text(text)
        names.append(name)
    assert "chat" in names or tool == "unsloth"
    head = f"NAMES = {names!r}\nHERE = {str(tmp_path)!r}\nPARSER = {PARSERS[tool]!r}\n"
    printed = run_there(python, head + EACH, tmp_path).splitlines()
    answers = dict(line[2:].split(" ", 1) for line in printed if line.startswith("@ "))
    assert {n: answers[n] for n in names} == {n: expected(tool, RECIPES[n]) for n in names}


def test_every_tool_has_its_parser() -> None:
    assert set(PARSERS) == set(FORMATS)
