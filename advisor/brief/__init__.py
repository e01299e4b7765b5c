"""The brief as a file: read, check, write, ask, describe."""
