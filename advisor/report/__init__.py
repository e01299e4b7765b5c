"""Renderers: one Verdict in, text out. Pure."""
