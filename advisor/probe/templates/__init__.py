"""Chat templates: what they add to the texts, rendered in a process of their own."""
