"""The only code that imports torch, transformers and peft; runs as its own process."""
