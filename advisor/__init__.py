"""advisor: engineer the prompt, fine-tune, or do both, with ranges and reasons that can be
traced.
"""

__version__ = "0.2.0"
