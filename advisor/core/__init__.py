"""Plain frozen values and words that every stage shares.

Standard library only; imports nothing of ours.
"""
