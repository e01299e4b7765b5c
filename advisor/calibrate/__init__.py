"""Calibration: plan, start and follow the child process that measures."""
