"""From an estimate to a trainer's configuration, and back.

`source` finds the training run of a calibration or an option; one module per tool writes it as that
tool's configuration and reads it again; `formats` lists the tools.
"""

from advisor.trainers.formats import FORMATS, Export, exported, read_file
from advisor.trainers.recipe import Flags, Recipe, TrainingRows

__all__ = [
    "FORMATS",
    "Export",
    "Flags",
    "Recipe",
    "TrainingRows",
    "exported",
    "read_file",
]
