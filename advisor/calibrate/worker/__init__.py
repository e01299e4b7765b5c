"""The child process: trains and measures.

Only modules in here import torch, and only inside functions that need it.
"""
