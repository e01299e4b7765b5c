"""One record of each kind that a plug-in may add to prompt-or-tune."""
