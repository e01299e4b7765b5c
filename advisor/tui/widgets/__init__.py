"""The parts of the desk, one to a file."""
