"""Probes: look at the data and at the machine. Effects live here."""
