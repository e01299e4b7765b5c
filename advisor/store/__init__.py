"""The local database: briefs, probes and verdicts with their history. The only SQL."""
