"""Pictures of a report, drawn once as SVG; the tables beside them hold the same figures."""
