"""How an item is asked: forms of prompts, their examples and documents, templates, their search."""
