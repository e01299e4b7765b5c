"""Records in, styled text out: what the panels show.

Pure, so that it is tested without a screen.
"""
