"""Estimates: memory, throughput, time, cost and quality of every option. Pure."""
