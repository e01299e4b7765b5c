"""The decision: simulate, rank, explain. Pure."""
